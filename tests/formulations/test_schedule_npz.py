"""Columnar schedule files: lossless, and strict about everything else."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.schedule_columns import ScheduleColumns
from formulations.schedule_npz import (
    CLAIMS,
    ScheduleColumnsFile,
    read_schedule_columns,
    write_schedule_columns,
)
from instances import EkyaOptError, InvalidInstance, InvalidSchedule
from instances.generators import generate_columns
from instances.npz_files import read_columns, write_columns

pytestmark = pytest.mark.filterwarnings("error")

FULL: dict[str, Any] = {
    "schema_version": 1,
    "instance": "two",
    "solver": "fleet",
    "objective": 0.625,
    "bound": 0.75,
    "price": 0.0625,
    "retraining": [0, -1],
    "inference_units": [2, 5],
    "training_units": [3, 0],
}
COLUMNS = ("retraining", "inference_units", "training_units")

units = st.integers(0, 10**12)
rows = st.lists(
    st.tuples(st.integers(-1, 30), units, units), min_size=1, max_size=6
).map(lambda table: dict(zip(COLUMNS, np.array(table).T, strict=True)))
names = st.none() | st.sampled_from(["dp", "ö", "two words"])
shares = st.none() | st.floats(0, 1)


def packed(arrays: dict[str, Any]) -> bytes:
    """Return the archive that NumPy alone makes of some arrays."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def assert_same(one: ScheduleColumnsFile, other: ScheduleColumnsFile) -> None:
    """Check that two schedules agree in every number and every claim."""
    for name in CLAIMS:
        assert getattr(one, name) == getattr(other, name)
        assert type(getattr(one, name)) is type(getattr(other, name))
    for name in COLUMNS:
        first, second = getattr(one.schedule, name), getattr(other.schedule, name)
        assert first.dtype == second.dtype == np.int64
        assert first.tolist() == second.tolist()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=rows,
    instance=names,
    solver=names,
    objective=shares,
    bound=st.none() | st.floats(0, 1e12),
    price=shares,
    compressed=st.booleans(),
)
def test_every_schedule_survives_its_file(
    tmp_path: Path, table: Any, compressed: bool, **claims: Any
) -> None:
    """Numbers and claims come back as they were; what is not claimed stays so."""
    file = ScheduleColumnsFile(schedule=ScheduleColumns(**table), **claims)
    path = tmp_path / "schedule.npz"
    write_schedule_columns(path, file, compressed=compressed)
    assert_same(read_schedule_columns(path), file)


def test_what_numpy_writes_is_read(tmp_path: Path) -> None:
    """A file is plain arrays, of any integer type, and written the same by us."""
    path = tmp_path / "schedule.npz"
    small = {name: np.array(FULL[name], dtype=">i2") for name in COLUMNS}
    path.write_bytes(packed(FULL | small))
    file = read_schedule_columns(path)
    assert [getattr(file, name) for name in CLAIMS] == [FULL[name] for name in CLAIMS]
    write_schedule_columns(path, file)
    with np.load(path) as written:
        assert set(written.files) == set(FULL)
        assert all(np.array_equal(written[name], FULL[name]) for name in FULL)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": 1}, "colour: is an unknown array, expected one of instance, sol"),
        ({"schema_version": None}, "schema_version: is missing"),
        ({"schema_version": 2}, "schema_version: is 2, expected 1"),
        ({"instance": 7}, "instance: is 7"),
        ({"instance": ["a"]}, "instance: has the shape (1,)"),
        ({"solver": "a\nb"}, "solver: is 'a\\nb'"),
        ({"objective": 1.5}, "objective: is 1.5"),
        ({"objective": np.nan}, "objective: is nan"),
        ({"objective": "high"}, "objective: is 'high'"),
        ({"bound": -1}, "bound: is -1"),
        ({"bound": np.inf}, "bound: is inf"),
        ({"price": -0.5}, "price: is -0.5"),
        ({"price": np.nan}, "price: is nan"),
        ({"price": [0.5]}, "price: has the shape (1,)"),
        ({"retraining": None}, "retraining: is missing"),
        ({"retraining": [0, -2]}, "retraining[1]: is -2"),
        ({"retraining": []}, "retraining: has the shape (0,)"),
        ({"retraining": ["a", "b"]}, "retraining: is <U1"),
        ({"inference_units": [1]}, "inference_units: is int64 of shape (1,)"),
        ({"training_units": [0.5, 1]}, "training_units: is float64"),
        ({"training_units": np.array([0, None])}, "training_units: holds 'object'"),
    ],
)
def test_what_breaks_a_rule_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """The error names the file, the array, the entry, the value and the range."""
    arrays = {
        name: value for name, value in (FULL | changes).items() if value is not None
    }
    path = tmp_path / "broken.npz"
    path.write_bytes(packed(arrays))
    with pytest.raises(InvalidSchedule) as caught:
        read_schedule_columns(path)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_only_a_schedule_is_written() -> None:
    """What is no columnar schedule is refused when the file's content is made."""
    with pytest.raises(InvalidSchedule, match=r"schedule: is \[0\], expected a Sched"):
        ScheduleColumnsFile(schedule=[0])  # type: ignore[arg-type]


def test_an_instance_is_no_schedule_and_a_schedule_is_no_instance(
    tmp_path: Path,
) -> None:
    """Each kind of file is refused, by name, where the other is expected."""
    instance, schedule = tmp_path / "instance.npz", tmp_path / "schedule.npz"
    write_columns(generate_columns("fleet", 2, 1), instance)
    schedule.write_bytes(packed(FULL))
    with pytest.raises(InvalidSchedule, match=r"instance\.npz: .*is an unknown array"):
        read_schedule_columns(instance)
    with pytest.raises(InvalidInstance, match=r"schedule\.npz: .*is an unknown array"):
        read_columns(schedule)


def test_every_cut_is_found(tmp_path: Path) -> None:
    """A file that ends early anywhere is no whole archive."""
    content = packed(FULL)
    path = tmp_path / "cut.npz"
    for length in range(0, len(content), 31):
        path.write_bytes(content[:length])
        with pytest.raises(InvalidSchedule, match=r"cut\.npz: is not a whole \.npz"):
            read_schedule_columns(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_found_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes changed anywhere: refused in one line, or the same schedule is read."""
    content = bytearray(packed(FULL))
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    original = read_schedule_columns(path)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content)
    found = read_or_blame(path)
    if isinstance(found, str):
        assert found == str(path)
    else:
        assert_same(found, original)


def read_or_blame(path: Path) -> ScheduleColumnsFile | str:
    """Return the content of a file, or the file that an error names."""
    try:
        return read_schedule_columns(path)
    except InvalidSchedule as problem:
        return problem.file


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No part of a file, no temporary one, and the old content stays."""
    path = tmp_path / "schedule.npz"
    path.write_bytes(packed(FULL))
    file = read_schedule_columns(path)
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(EkyaOptError, match=r"schedule\.npz: cannot be written: No sp"):
        write_schedule_columns(path, file)
    assert [each.name for each in tmp_path.iterdir()] == ["schedule.npz"]
    assert path.read_bytes() == b"old"
