"""The benchmark of fleets: what it checks and reports, not how fast it is."""

from pathlib import Path
from typing import Any

import pytest

from ekya_opt.benchmarks import fleet
from ekya_opt.benchmarks.fleet import bench_fleet
from ekya_opt.benchmarks.fleet_process import measure, peak_bytes
from ekya_opt.benchmarks.page import CPU_FLEETS, SECTIONS, marks
from instances import EkyaOptError
from instances.generators import generate_columns
from instances.npz_files import write_columns
from solvers import solve


def test_every_fleet_is_proven(run: Any, tmp_path: Path) -> None:
    """Distinct streams and types, both modes; the table lands in its section."""
    page = tmp_path / "page.md"
    page.write_text("\n".join("\n".join(marks(name)) for name in SECTIONS))
    outcome = run(
        *("bench", "fleet", "--streams", 40, "--units", 4, "--repeat", 1),
        *("--device", "cpu", "--json", "--page", page),
    )
    assert outcome.status == 0, outcome
    told = outcome.data
    assert told["passed"]
    kinds = [(row["kind"], row["mode"]) for row in told["rows"]]
    assert kinds == [
        (kind, mode) for kind in ("distinct", "2 types") for mode in ("never", "stream")
    ]
    for row in told["rows"]:
        assert row["status"] == "optimal"
        assert row["lp_gap"] >= -1e-12
        assert row["peak_bytes"] >= row["bytes_before"] > 0
        assert (row["reproof_holds"] is True) == (row["kind"] == "distinct")
    text = page.read_text(encoding="utf-8")
    begin, end = marks(CPU_FLEETS)
    section = text[text.index(begin) : text.index(end)]
    assert "| 40 | distinct | never | 4 |" in section
    assert "bench fleet --repeat 1 --device cpu --streams 40 --units 4" in section


def test_a_process_solves_the_fleet_that_it_is_given(tmp_path: Path) -> None:
    """Capacity and mode are the task's; the objective is that of the same fleet."""
    file = tmp_path / "fleet.npz"
    write_columns(generate_columns("fleet", 30, 1, 0), file)
    found = measure(
        file=str(file),
        gpus=9,
        mode="stream",
        repeat=2,
        settings={"device": "cpu"},
        reprove=False,
    )
    same = generate_columns("fleet", 30, 9, 0, reallocation="stream")
    assert found["objective"] == solve(same, "fleet").objective
    assert len(found["samples"]) == 2
    assert found["reproof_seconds"] is None
    assert 10e6 < found["peak_bytes"] <= peak_bytes() < 1e12


def test_a_fleet_without_a_proof_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status other than optimal, or a proof that fails, is no pass."""
    found = {
        "first_seconds": 2.0,
        "samples": [1.0, 3.0, 1.5],
        "bytes_before": 1,
        "peak_bytes": 2,
        "status": "optimal",
        "objective": 0.5,
        "lp_gap": 0.0,
        "reproof_seconds": 1.0,
        "reproof_holds": True,
    }
    for change in ({}, {"status": "feasible"}, {"reproof_holds": False}):
        told = found | change
        monkeypatch.setattr(fleet, "_in_a_process", lambda task, told=told: dict(told))
        report = bench_fleet(streams=(10,), units=(2,), device="cpu")
        assert report.passed == (not change)
        assert report.rows[0].seconds == 1.5
        assert report.rows[0].microseconds_a_stream == pytest.approx(150_000)


def test_an_interrupt_keeps_what_is_measured() -> None:
    """Ctrl-C ends the benchmark with the fleets so far."""

    def stop(what: str) -> None:
        if "stream, " in what:
            raise KeyboardInterrupt

    report = bench_fleet(streams=(10,), units=(2,), device="cpu", progress=stop)
    assert report.interrupted
    assert [row.mode for row in report.rows] == ["never"]


def test_a_process_that_fails_is_told() -> None:
    """The last line of what it says is in the error."""
    with pytest.raises(EkyaOptError, match=r"failed: .*FileNotFoundError|failed: .*"):
        fleet._in_a_process({"file": "missing.npz", "nonsense": 1})
