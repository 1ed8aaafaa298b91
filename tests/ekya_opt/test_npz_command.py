"""Columns on the command line and in the public functions."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ekya_opt
from instances import instance_files, read_instance
from instances.columns import columns_of
from instances.generators import generate, generate_columns
from instances.npz_files import read_columns
from tests.comparing import assert_same_columns

FLEET = ("generate", "fleet", "--gpus", 2)


def refused(outcome: Any) -> str:
    """Return the one line in which a command was refused."""
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert "internal error" not in line
    return str(line)


@pytest.fixture
def fleet(run: Any, tmp_path: Path) -> Path:
    """Return a file with a generated fleet of 5 streams."""
    outcome = run(*FLEET, "--streams", 5, "--seed", 3, "-o", tmp_path / "fleets")
    assert outcome.status == 0
    return Path(outcome.out.strip())


def test_fleets_are_generated_as_columns(run: Any, tmp_path: Path) -> None:
    """Files are named by family, size and seed, and the same every time."""
    words = (*FLEET, "--streams", 5, "--count", 2, "--set", "num_types=2")
    for name in ("once", "again"):
        outcome = run(*words, "-o", tmp_path / name)
        assert outcome.status == 0
    names = ["fleet-5x2-seed0.npz", "fleet-5x2-seed1.npz"]
    assert outcome.out.split() == [str(tmp_path / "again" / name) for name in names]
    for seed, name in enumerate(names):
        once, again = tmp_path / "once" / name, tmp_path / "again" / name
        assert once.read_bytes() == again.read_bytes()
        made = generate_columns("fleet", 5, 2, seed, num_types=2)
        assert_same_columns(read_columns(once), made)


def test_every_family_has_both_formats(run: Any, tmp_path: Path) -> None:
    """--format says json or npz, and both hold the same instance."""
    for family, default in (("fleet", "npz"), ("trap", "json")):
        words = ("generate", family, "--streams", 4, "--gpus", 2, "-o", tmp_path)
        read = []
        for choice in ((), ("--format", "json"), ("--format", "npz")):
            outcome = run(*words, *choice)
            assert outcome.status == 0
            path = Path(outcome.out.strip())
            assert path.suffix == f".{choice[-1] if choice else default}"
            read.append(read_instance(path))
        assert read == [generate(family, 4, 2)] * 3
        assert read[1].metadata == read[2].metadata
    assert "'csv'" in refused(run(*words, "--format", "csv"))


def test_too_many_streams_are_refused(run: Any, tmp_path: Path) -> None:
    """Columns stop at 10,000,000 streams, objects at 100,000."""
    line = refused(run(*FLEET, "--streams", 10_000_001, "-o", tmp_path / "new"))
    assert "num_streams is 10000001, expected an integer from 1 to 10000000" in line
    words = ("--streams", 100_001, "--format", "json", "-o", tmp_path / "new")
    assert "num_streams is 100001" in refused(run(*FLEET, *words))
    assert not (tmp_path / "new").exists()


def test_validate_reads_columns_as_columns(
    run: Any, fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each file, valid or not, without making objects of the streams."""
    broken = tmp_path / "fleets" / "broken.npz"
    with np.load(fleet) as arrays:
        content = dict(arrays.items())
    content["gpu_seconds"][7] = -1
    np.savez(broken, **content)
    worked = tmp_path / "fleets" / "worked.json"
    ekya_opt.write_instance(ekya_opt.read("shipped:paper/window1"), worked)

    def fail(*_: object) -> None:
        raise AssertionError("objects were made")

    monkeypatch.setattr("instances.columns.Columns.instance", fail)
    assert run("validate", fleet).status == 0
    outcome = run("validate", tmp_path / "fleets")
    assert outcome.status == 1
    assert outcome.err == ""
    first, second, third = outcome.out.splitlines()
    assert first == (
        f"{broken}: gpu_seconds[7]: is -1.0, expected a number from 0 to 1e+12 "
        "[invalid]"
    )
    assert second == f"{fleet}: valid: fleet-n5-g2-s3, 5 streams, 2 GPUs"
    assert third.startswith(f"{worked}: valid: ")
    cut = tmp_path / "cut.npz"
    cut.write_bytes(fleet.read_bytes()[:-1])
    outcome = run("validate", cut)
    assert outcome.status == 1
    assert "is not a whole .npz file" in outcome.out
    assert "missing.npz" in refused(run("validate", tmp_path / "missing.npz"))


def test_other_commands_read_columns(run: Any, fleet: Path, tmp_path: Path) -> None:
    """Solve and compare give the same on columns as on the JSON of the instance."""
    same = tmp_path / "same.json"
    ekya_opt.write_instance(read_instance(fleet), same)
    results = [run("solve", path, "--json").data for path in (fleet, same)]
    for result in results:
        del result["runtime_seconds"]
    assert results[0] == results[1]
    assert results[0]["status"] == "optimal"
    rows = run("compare", fleet, same, "--solvers", "dp,greedy", "--json").data
    assert len(rows) == 4
    objectives = [row["objective"] for row in rows]
    assert objectives[:2] == objectives[2:]
    plan = tmp_path / "plan.json"
    assert run("solve", fleet, "--output", plan).status == 0
    assert run("check", same, plan).status == 0


def test_what_is_too_large_for_objects_says_so(
    run: Any, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that needs objects names the solver that does not."""
    monkeypatch.setattr(instance_files, "MOST_OBJECTS", 4)
    line = refused(run("solve", fleet))
    assert "holds 5 streams, too many as objects" in line
    assert "fleet works on columns" in line
    assert run("validate", fleet).status == 0


def test_broken_columns_are_refused_in_one_line(run: Any, tmp_path: Path) -> None:
    """Solve names the file and what is wrong with it."""
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\3\4")
    assert f"{path}: is not a whole .npz file" in refused(run("solve", path))
    np.savez(path, schema_version=1, name="a")
    assert f"{path}: window_seconds: is missing" in refused(run("solve", path))
    missing = tmp_path / "missing.npz"
    assert f"{missing}: cannot be read: No such" in refused(run("solve", missing))


def test_columns_come_from_every_source(fleet: Path, tmp_path: Path) -> None:
    """Columns of an .npz file, of JSON and of what is shipped."""
    columns = ekya_opt.read_columns(fleet)
    assert isinstance(columns, ekya_opt.Columns)
    assert_same_columns(columns, ekya_opt.generate_columns("fleet", 5, 2, 3))
    instance = ekya_opt.read(fleet)
    for name in ("fleet.json", "fleet.json.gz", "fleet.npz"):
        ekya_opt.write_instance(instance, tmp_path / name)
        read = ekya_opt.read_columns(str(tmp_path / name))
        assert_same_columns(read, ekya_opt.columns_of(instance))
    ekya_opt.write_columns(columns, tmp_path / "again.npz", compressed=True)
    assert_same_columns(ekya_opt.read_columns(tmp_path / "again.npz"), columns)
    shipped = ekya_opt.read("shipped:paper/window1")
    again = ekya_opt.read_columns("shipped:paper/window1")
    assert_same_columns(again, columns_of(shipped))
    with pytest.raises(ekya_opt.InvalidOption, match="stands for 5 instances"):
        ekya_opt.read_columns("shipped:paper")
    with pytest.raises(ekya_opt.EkyaOptError, match="cannot be read"):
        ekya_opt.read_columns(tmp_path / "missing.npz")


def test_validating_objects_needs_no_numpy(
    python_environment: Callable[[], dict[str, str]], worked_file: Path
) -> None:
    """Numpy is loaded for columns only."""
    words = json.dumps(["validate", str(worked_file)])
    code = f"from ekya_opt.cli import main; status = main({words})"
    code += "\nimport sys; sys.exit(status or 'numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=python_environment(), check=False
    )
    assert done.returncode == 0
