"""The benchmark of server windows: what it checks and reports, not how fast it is."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.benchmarks import server
from ekya_opt.benchmarks.page import SERVER, marks
from ekya_opt.benchmarks.server import ServerRow, bench_server, contradictions
from ekya_opt.benchmarks.studies import StudyReport
from instances import write_instance
from tests.small import retraining, stream, window


def test_all_engines_agree(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generated windows and a static one of a file; the table lands in its section."""
    small = partial(bench_server, sizes=((2, 1),))
    monkeypatch.setattr(server, "bench_server", small)
    page, file = tmp_path / "page.md", tmp_path / "static.json"
    page.write_text("\n".join(marks(SERVER)), encoding="utf-8")
    one = stream(retraining=(retraining(10, 0.9),))
    write_instance(window(one, name="static"), file)
    arguments = ("bench", "server", "--path", file, "--time-limit", 30)
    outcome = run(*arguments, "--json", "--page", page)
    assert outcome.status == 0, outcome
    told = outcome.data
    assert told["failures"] == []
    names = [(row["streams"], row["engine"]) for row in told["rows"]]
    assert names == [(count, name) for count in (2, 1) for name in server.ENGINES]
    for row in told["rows"]:
        assert row["objective"] <= row["bound"]
        if row["instance"] == "static":
            # All ten units train for 10 s: nothing is served in two slots of 5 s, and
            # 0.9 in the other 18. Five units would train 20 s: 0.2·0.5 + 0.8·0.9.
            assert row["objective"] == pytest.approx(0.82, abs=0.001)
    text = page.read_text(encoding="utf-8")
    assert f"| static | 1 | 1 | {next(iter(server.ENGINES))} |" in text
    assert "--time-limit 30 --path static.json" in text


def row(engine: str, objective: float | None, bound: float | None) -> ServerRow:
    """Return what an engine may have found."""
    return ServerRow(
        instance="w",
        streams=1,
        gpus=1,
        engine=engine,
        seconds=1,
        status="feasible",
        objective=objective,
        bound=bound,
        gap=None,
        cells=None,
        cells_left=None,
        variables=None,
        constraints=None,
        nodes=None,
    )


def test_bounds_below_another_objective_are_told() -> None:
    """The sentence names both engines; rounding is no contradiction."""
    rows = [row("a", 0.5, 0.6), row("b", 0.6 + 1e-7, 0.7), row("c", None, None)]
    assert contradictions(rows) == []
    (text,) = contradictions([*rows, row("d", 0.61, 0.62)])
    assert text.startswith("w: the bound 0.6 of a lies below the objective 0.61 of d")


def test_a_contradiction_is_an_exit_status(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence on standard error, and status 1."""
    report = StudyReport(failures=["a contradicts b."])
    monkeypatch.setattr(server, "bench_server", lambda **_: report)
    outcome = run("bench", "server")
    assert outcome.status == 1
    assert outcome.err == "a contradicts b.\n"


def test_what_is_no_option_is_refused(run: Any, tmp_path: Path) -> None:
    """In one line, before anything is measured."""
    for words in (
        ("--repeat", 3),
        ("--count", 0),
        ("--large",),
        ("--streams", 3),
        ("--page", tmp_path / "none.md"),
    ):
        outcome = run("bench", "server", *words)
        assert outcome.status == 2
        assert len(outcome.err.splitlines()) == 1
