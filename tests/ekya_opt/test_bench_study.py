"""The benchmark of a study that is killed: small, but through the command."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.benchmarks import study as benchmark
from ekya_opt.benchmarks.killed_study import (
    KilledStudyReport,
    Overhead,
    overhead_of,
)
from ekya_opt.benchmarks.page import marks
from ekya_opt.benchmarks.study import bench_study
from instances import EkyaOptError

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")


@linux
def test_a_study_killed_twice_keeps_every_row(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """30 runs, killed at 10 and 20; the page gets both tables and the command."""
    # The second solver is slow enough for the kills to come in the middle.
    monkeypatch.setattr(benchmark, "SOLVERS", ("dp", "thief-released"))
    monkeypatch.setattr(benchmark, "STREAMS", (4,))
    monkeypatch.setattr(benchmark, "GPUS", (2,))
    page = tmp_path / "page.md"
    page.write_text("\n".join(["before", *marks(benchmark.SECTION), "after"]))
    words = ("bench", "study", "--runs", 30, "--kills", 2, "--workers", 2)
    outcome = run(*words, "--json", "--page", page)
    assert (outcome.status, outcome.err) == (0, "")
    found = outcome.data
    assert found["runs"] == 30
    assert [found[name] for name in ("lost", "doubled", "torn", "different")] == [0] * 4
    first, second = found["kills"]
    assert 10 <= first["rows"] < second["rows"] < 30
    assert second["rows"] >= 20
    assert [kill["victim"] for kill in (first, second)] == [
        "study",
        "study, workers and runs",
    ]
    assert {(kill["integrity"], kill["outlived"]) for kill in (first, second)} == {
        ("ok", 0)
    }
    assert [each["solver"] for each in found["overheads"]] == [
        *("dp", "thief-released", "all")
    ]
    assert sum(each["runs"] for each in found["overheads"]) == 2 * 30
    text = page.read_text()
    assert "| rows lost | 0 |" in text
    assert "| `dp` | 15 |" in text
    assert "by `ekya-opt bench study --runs 30 --kills 2 --workers 2 --page" in text


def test_rows_that_are_wrong_are_found(tmp_path: Path) -> None:
    """A vanished, a changed and a worthless row each count, on a store made here."""
    from ekya_opt import Study
    from ekya_opt.studies.store_files import writing

    report = KilledStudyReport(workers=1, runs=4, seconds=1.0)
    bench = benchmark._Bench(tmp_path, report, lambda what: None)
    study = Study(
        name="bench", instances=["shipped:paper/window1"], solvers=["dp"], seeds=4
    )
    study.run(bench.path, workers=1)
    _, bench.before = bench._look()
    first, second, third, _ = sorted(bench.before)
    with writing(str(bench.path)) as connection:
        connection.execute("DELETE FROM runs WHERE key = ?", (first,))
        connection.execute("UPDATE runs SET started = '' WHERE key = ?", (second,))
        connection.execute("UPDATE runs SET objective = 1 WHERE key = ?", (third,))
        connection.commit()
    bench.check_and_compare()
    # The vanished row is missing and not as it was: two findings.
    assert (report.lost, report.doubled, report.torn, report.different) == (3, 0, 1, 1)
    assert len(report.failures) == 3


def test_overheads_are_of_the_same_tasks() -> None:
    """Process less bare is taken row by row: 9, 9 and 18 ms."""
    times = [(0.001, 0.001, 0.01), (0.011, 0.01, 0.02), (0.002, 0.002, 0.02)]
    expected = Overhead(
        solver="dp", runs=3, bare=2, solve=2, process=20, median=9, mean=12
    )
    found = overhead_of("dp", times)
    for name in ("bare", "solve", "process", "median", "mean"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name))


def test_wrong_numbers_are_refused(run: Any) -> None:
    """Options of other benchmarks and counts out of range end with status 2."""
    for words in (("--runs", 0), ("--kills", -1), ("--repeat", 2), ("--count", 3)):
        assert run("bench", "study", *words).status == 2
    assert run("bench", "window", "--runs", 3).status == 2


def test_a_study_that_does_not_run_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The message holds the command's own."""
    monkeypatch.setattr(benchmark, "SOLVERS", ("no-such",))
    with pytest.raises(EkyaOptError, match=r"ended before.* no solver 'no-such'"):
        bench_study(1, 1, 1)
