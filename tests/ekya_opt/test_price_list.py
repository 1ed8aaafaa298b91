"""The price list: levels, prices and the command."""

import math
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.prices import (
    COLUMNS,
    horizon_levels,
    price_list,
    summarise_prices,
    window_levels,
)
from instances import write_instance
from tests.small import retraining, serving, stream, window

SHARED = window(
    stream("A", 0.5, retraining=(retraining(20, 0.9),)),
    stream("B", 0.6),
    gpus=2,
)
"""Both serve on half a GPU; ten of twenty units are free to train A.

A trains 20 GPU-seconds on a whole GPU: 20 s at 0.5, 80 s at 0.9, 0.82 on average.
"""


def row(frame: Any, level: str) -> Any:
    """Return the row of a level."""
    (found,) = frame[frame["level"] == level].itertuples()
    return found


def test_levels_are_solved_and_priced() -> None:
    """The optimum on paper is (0.82 + 0.6) / 2 on every level of a roomy window."""
    frame = price_list([("small", [SHARED])])
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["level"]) == [level.name for level in window_levels()]
    for level in ("never", "floor", "placed", "stream", "server"):
        assert row(frame, level).optimum == pytest.approx(0.71)
        assert row(frame, level).bound >= 0.71 - 1e-9
    # A floor of 0.5 can be kept, and none above: A serves with 0.5 at first.
    assert row(frame, "highest floor").optimum == pytest.approx(0.71)
    prices = summarise_prices(frame).set_index("level")
    assert prices.loc["stream", "price"] == pytest.approx(0, abs=1e-9)
    assert prices.loc["server", "against"] == "stream"
    assert math.isnan(prices.loc["never", "price"])


def test_a_price_is_the_difference_of_two_optima() -> None:
    """Under stream freed units serve: 12 units, A's full serving after completion.

    A needs 5 units to serve at 1, 2 to serve at 0.6; B is not there. With 6 units it
    serves at 0.6 on 2 and trains on 4: 20 / 0.4 = 50 s. never: 0.6 · (0.5 + 0.9) / 2 =
    0.42, below 0.5 of plain serving; serving on 5 trains on 1: not in time. stream:
    (0.3 + 0.9) / 2 = 0.6.
    """
    levels = (serving(0.2, 0.6), serving(0.5, 1.0))
    own = stream("A", 0.5, retraining=(retraining(20, 0.9),), inference=levels)
    frame = price_list([("one", [window(own, gpus=0.6)])])
    assert row(frame, "never").optimum == pytest.approx(0.5)
    assert row(frame, "stream").optimum == pytest.approx(0.6)
    prices = summarise_prices(frame).set_index("level")
    assert prices.loc["stream", "price"] == pytest.approx(10)
    # Six units are no whole GPU.
    assert row(frame, "placed").error == "there is no such version of it"


def test_a_failure_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that fails leaves its message and the other columns."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("out of luck")

    monkeypatch.setattr("solvers.thief.solve_thief", broken)
    frame = price_list([("small", [SHARED])])
    never = row(frame, "never")
    assert never.error == "thief: ValueError: out of luck"
    assert never.optimum == pytest.approx(0.71)
    assert math.isnan(never.thief)


def test_horizons_have_their_own_levels() -> None:
    """A joint plan is compared with the same windows one by one."""
    against = {level.name: level.against for level in horizon_levels()}
    assert against["joint never"] == "never"
    assert against["joint stream"] == "stream"


def test_the_command_prints_writes_and_draws(run: Any, tmp_path: Path) -> None:
    """Table, CSV and figure of one file; no generated groups with --count 0."""
    file = tmp_path / "small.json"
    write_instance(SHARED, file)
    rows, figure = tmp_path / "rows.csv", tmp_path / "prices.svg"
    words = ("price-list", file, "--count", 0, "--csv", rows, "--figure", figure)
    outcome = run(*words)
    assert outcome.status == 0, outcome.out
    assert "highest floor" in outcome.out
    assert rows.read_text().count("\n") == 1 + len(window_levels())
    assert "optimum" in figure.read_text()
    data = run(*words[:4], "--json").data
    assert [each["level"] for each in data] == [each.name for each in window_levels()]
    assert run("price-list", "--count", 0).status == 2
    assert run("price-list", file, "--floor", 2).status == 2
