"""Output files are whole or not there at all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OLD = b"what was there before\n"


def commands(worked_file: Path, output: Path) -> dict[str, tuple[object, ...]]:
    """Return the commands that write the output file."""
    return {
        "solve": ("solve", worked_file, "--output", output),
        "solve, compressed": ("solve", worked_file, "--output", f"{output}.gz"),
        "compare": ("compare", worked_file, "--solvers", "dp", "--csv", output),
    }


def fail(*_: object, **__: object) -> None:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


def interrupt(*_: object, **__: object) -> None:
    """Fail as Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["os.replace", "os.chmod", "os.fdopen"])
@pytest.mark.parametrize("failure", [fail, interrupt])
@pytest.mark.parametrize("name", ["solve", "solve, compressed", "compare"])
def test_a_failed_write_leaves_everything_as_it_was(
    run: Any,
    worked_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    step: str,
    failure: Callable[..., None],
) -> None:
    """Neither part of a file nor a temporary file stays, and the old file does."""
    directory = tmp_path / "results"
    directory.mkdir()
    output = directory / "output.json"
    output.write_bytes(OLD)
    words = commands(worked_file, output)[name]
    with monkeypatch.context() as patch:
        patch.setattr(step, failure)
        outcome = run(*words)
    assert outcome.status == (2 if failure is fail else 130)
    (line,) = outcome.err.splitlines()
    if failure is fail:
        assert "output.json" in line
        assert "No space left on device" in line
    assert [path.name for path in directory.iterdir()] == ["output.json"]
    assert output.read_bytes() == OLD


@pytest.mark.parametrize("name", ["solve", "compare"])
def test_a_whole_file_replaces_the_old_one(
    run: Any, worked_file: Path, tmp_path: Path, name: str
) -> None:
    """Without a failure the new content is there, and nothing else."""
    directory = tmp_path / "results"
    directory.mkdir()
    output = directory / "output.json"
    output.write_bytes(OLD)
    assert run(*commands(worked_file, output)[name]).status == 0
    assert [path.name for path in directory.iterdir()] == ["output.json"]
    assert output.read_bytes() != OLD


@pytest.mark.parametrize("name", ["solve", "compare"])
def test_an_impossible_output_is_refused_before_the_work(
    run: Any,
    worked_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """A missing directory and a directory as file are found before any solve."""
    monkeypatch.setattr("solvers.dp.solve_dp", fail)
    for output in (tmp_path / "missing" / "output.json", tmp_path):
        outcome = run(*commands(worked_file, output)[name])
        assert outcome.status == 2
        assert "cannot be written" in outcome.err
        assert outcome.out == ""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_directory_without_permission_is_refused(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """A directory that may not be written to has a line with the reason."""
    directory = tmp_path / "read-only"
    directory.mkdir()
    directory.chmod(0o500)
    outcome = run("solve", worked_file, "--output", directory / "output.json")
    assert outcome.status == 2
    assert "permission denied" in outcome.err.lower()


def test_an_infeasible_instance_keeps_the_old_file(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """Without a schedule nothing is written."""
    output = tmp_path / "output.json"
    output.write_bytes(OLD)
    assert run("solve", worked_file, "--gpus", 1, "--output", output).status == 1
    assert output.read_bytes() == OLD
