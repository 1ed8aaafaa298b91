"""The study of landscapes from the outside: table, command, bad input."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import EkyaOptError, InvalidOption, landscape, read, solve
from ekya_opt.landscapes import NEIGHBOURHOODS

TRAP = "shipped:trap/n05-g2"


def test_there_is_a_row_for_each_step_and_neighbourhood() -> None:
    """Larger neighbourhoods lose less; the optimum is reached and not exceeded."""
    frame = landscape(TRAP, (1, 3), starts=30)
    assert frame["steal_units"].tolist() == [1, 1, 1, 3, 3, 3]
    assert frame["neighbourhood"].tolist() == [*NEIGHBOURHOODS, *NEIGHBOURHOODS]
    assert frame.attrs["optimum"] == solve(TRAP).objective
    assert not frame.attrs["interrupted"]
    gaps = frame["mean_gap"].tolist()
    assert gaps[0] > gaps[1] >= gaps[2] >= 0
    assert (frame["best_gap"] <= frame["mean_gap"] + 1e-12).all()
    assert (frame["mean_gap"] <= frame["worst_gap"] + 1e-12).all()
    assert (frame["levels"] <= frame["local_optima"]).all()
    assert frame["reach_optimum"].tolist()[2] > 0
    assert frame["pair_units"].tolist()[2::3] == [1, 3]


def test_the_seed_decides_whatever_the_workers() -> None:
    """Equal tables on one thread and on two, others from another seed."""
    first = landscape(TRAP, (1,), starts=20, seed=5)
    assert first.equals(landscape(TRAP, (1,), starts=20, seed=5, workers=2))
    assert not first.equals(landscape(TRAP, (1,), starts=20, seed=6))


def test_ctrl_c_keeps_the_rows_so_far() -> None:
    """Interrupted before its third row, the study returns two."""

    def stop(done: int, _total: int, _what: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    frame = landscape(TRAP, starts=2, progress=stop)
    assert len(frame) == 2
    assert frame.attrs["interrupted"]


def test_the_command_prints_a_table_json_and_csv(run: Any, tmp_path: Path) -> None:
    """All three tell the same; --reallocation changes the instance."""
    path = tmp_path / "rows.csv"
    words = "landscape", TRAP, "--steal-units", "2", "--starts", "5", "--csv", path
    shown = run(*words)
    assert shown.status == 0
    assert f"optimum {solve(TRAP).objective:.6f}" in shown.out
    assert len(shown.out.splitlines()) == 4 + len(NEIGHBOURHOODS)
    objects = run(*words, "--json").data
    assert [each["neighbourhood"] for each in objects] == list(NEIGHBOURHOODS)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean_gap"]) for row in rows] == [
        each["mean_gap"] for each in objects
    ]
    assert objects[0]["pair_units"] is None
    joined = run(*words, "--json", "--reallocation", "stream").data
    assert joined[0]["mean_gap"] != objects[0]["mean_gap"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steal-units", "1,x"), "--steal-units is '1,x'"),
        (("--steal-units", "0"), "steal_units has 0, expected 1 to 40"),
        (("--steal-units", "41"), "steal_units has 41"),
        (("--starts", "0"), "starts is 0"),
        (("--seed", "-1"), "seed"),
        (("--gpus", "0.1"), "infeasible"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Any, words: Any, message: str) -> None:
    """Exit status 2, nothing on standard output."""
    done = run("landscape", "shipped:recorded-like/n10-g2-floor", *words)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_an_infeasible_window_has_no_landscape() -> None:
    """Without an optimum there are no gaps to tell."""
    tight = read("shipped:recorded-like/n10-g2-floor")
    with pytest.raises(EkyaOptError, match="infeasible"):
        landscape(replace(tight, gpus=0.1))
    with pytest.raises(InvalidOption, match="starts"):
        landscape(tight, starts=0)
