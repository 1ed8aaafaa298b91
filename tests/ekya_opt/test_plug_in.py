"""Solvers of other packages, found by their entry points."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "plug_in"
METADATA = "Metadata-Version: 2.1\nName: fair-share\nVersion: 1.0\n"
SERVED_ONLY = (0.65 + 0.5) / 2


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a directory in which the example package is installed."""
    site = tmp_path / "site"
    information = site / "fair_share-1.0.dist-info"
    information.mkdir(parents=True)
    for name in ("fair_share.py", "slow.py"):
        shutil.copy(EXAMPLES / name, site)
    (information / "METADATA").write_text(METADATA, encoding="utf-8")
    shutil.copy(EXAMPLES / "entry_points.txt", information)
    return site


def test_a_plug_in_solves_like_a_built_in(
    run_process: Any, worked_file: Path, installed: Path, tmp_path: Path
) -> None:
    """Its schedule is certified and written, and check accepts it."""
    output = tmp_path / "schedule.json"
    words = ("solve", worked_file, "--solver", "fair-share", "--json")
    outcome = run_process(*words, "--output", output, path=installed)
    assert outcome.status == 0, outcome
    assert outcome.data["solver"] == "fair-share"
    assert outcome.data["status"] == "feasible"
    assert outcome.data["objective"] == pytest.approx(SERVED_ONLY, abs=1e-9)
    assert run_process("check", worked_file, output).status == 0


def test_a_plug_in_has_settings_and_a_line_in_the_list(
    run_process: Any, worked_file: Path, installed: Path
) -> None:
    """Its keyword-only parameters are settings, checked like the built-in ones."""
    listed = run_process("solvers", "--json", path=installed).data
    (entry,) = [entry for entry in listed if entry["name"] == "fair-share"]
    assert entry["kind"] == "plug-in"
    assert entry["summary"].startswith("Serve every stream")
    assert entry["settings"][0]["name"] == "reserved_units"
    words = ("solve", worked_file, "--solver", "fair-share", "--set")
    outcome = run_process(*words, "reserved_units=one", path=installed)
    assert outcome.status == 2
    assert "reserved_units is 'one'" in outcome.err
    outcome = run_process(*words, "reserved_units=1", path=installed)
    assert outcome.status == 0


def test_a_plug_in_that_breaks_a_rule_is_found_out(
    run_process: Any, worked_file: Path, installed: Path
) -> None:
    """Without units the floor of 0.4 is not kept: the referee says so."""
    words = ("solve", worked_file, "--solver", "fair-share")
    outcome = run_process(*words, "--set", "reserved_units=3", path=installed)
    assert outcome.status == 2
    (line,) = outcome.err.splitlines()
    assert "below its floor of 0.4" in line
    spec = "fair-share:reserved_units=3,dp"
    compare = ("compare", worked_file, "--json", "--solvers", spec)
    outcome = run_process(*compare, path=installed)
    assert outcome.status == 1
    broken, exact = outcome.data
    assert broken["status"] == "error"
    assert "below its floor of 0.4" in broken["error"]
    assert exact["status"] == "optimal"


def test_a_plug_in_that_cannot_be_loaded_is_named(
    run_process: Any, worked_file: Path, installed: Path
) -> None:
    """A broken plug-in is an error of its own only; the list tells the reason."""
    words = ("solve", worked_file, "--solver", "broken")
    outcome = run_process(*words, path=installed)
    assert outcome.status == 2
    assert "no_such_module" in outcome.err
    listed = run_process("solvers", path=installed)
    assert listed.status == 0
    assert "no_such_module" in listed.out
    compare = ("compare", worked_file, "--json", "--solvers", "broken,dp")
    rows = run_process(*compare, path=installed).data
    assert [row["status"] for row in rows] == ["error", "optimal"]


@pytest.fixture
def interrupted(
    python_environment: Callable[..., dict[str, str]], installed: Path
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command and sends a signal when it is ready."""

    def run_it(
        *words: object, by: signal.Signals = signal.SIGINT
    ) -> tuple[int, str, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "ekya_opt", *map(str, words)],
            env=python_environment(installed),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "ready\n"
            process.send_signal(by)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, out, err

    return run_it


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_the_best_schedule(
    interrupted: Any, worked_file: Path, by: signal.Signals
) -> None:
    """A solve that a signal interrupts prints its incumbent, with status 0."""
    words = ("solve", worked_file, "--solver", "slow", "--json")
    status, out, err = interrupted(*words, by=by)
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert result["stopped_by"] == "interrupt"
    assert result["status"] == "feasible"
    assert result["objective"] == pytest.approx(SERVED_ONLY, abs=1e-9)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_before_any_schedule_is_a_negative_answer(
    interrupted: Any, worked_file: Path
) -> None:
    """Without an incumbent the answer is no solution, status 1."""
    words = ("solve", worked_file, "--solver", "slow", "--set", "report=false")
    status, out, err = interrupted(*words, "--json")
    assert (status, err) == (1, "")
    assert json.loads(out)["status"] == "no_solution"


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_ends_a_comparison_with_the_rows_done(
    interrupted: Any, worked_file: Path, tmp_path: Path
) -> None:
    """The interrupted row is marked, later ones are not run, status 130."""
    table = tmp_path / "rows.csv"
    words = ("compare", worked_file, "--json", "--csv", table)
    status, out, err = interrupted(*words, "--solvers", "dp,slow,inference-only")
    assert (status, err) == (130, "")
    rows = json.loads(out)
    assert [row["solver"] for row in rows] == ["dp", "slow"]
    assert [row["stopped_by"] for row in rows] == [None, "interrupt"]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 3


def test_a_time_limit_stops_a_plug_in(
    run_process: Any, worked_file: Path, installed: Path
) -> None:
    """A plug-in that checks the time keeps the limit and its incumbent."""
    words = ("solve", worked_file, "--solver", "slow", "--json", "--time-limit", 0.2)
    outcome = run_process(*words, path=installed)
    assert outcome.status == 0
    assert outcome.data["stopped_by"] == "time_limit"
    assert outcome.data["runtime_seconds"] < 1.3


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
def test_a_closed_pipe_is_quiet(
    python_environment: Callable[..., dict[str, str]], worked_file: Path
) -> None:
    """A reader that has seen enough, as head does, causes no message."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ekya_opt", "solve", str(worked_file)],
        env=python_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141
