"""Columns in .npz files: lossless, plain, and strict about everything else."""

import io
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instances import (
    EkyaOptError,
    InstanceTooLarge,
    InvalidInstance,
    instance_files,
    npz_arrays,
    read_instance,
    write_instance,
)
from instances.columns import Columns, columns_of
from instances.names import Names
from instances.npz_files import read_columns, write_columns
from tests.comparing import assert_same_columns
from tests.strategies import instances

# A warning would be a second line on standard error.
pytestmark = pytest.mark.filterwarnings("error")

MINIMAL: dict[str, Any] = {
    "schema_version": 1,
    "name": "two",
    "window_seconds": 100,
    "gpus": 2,
    "units_per_gpu": 10,
    "accuracy": [0.5, 0.75],
    "retraining_offsets": [0, 2, 2],
    "gpu_seconds": [8, 40],
    "retrained_accuracy": [0.7, 0.9],
    "inference_offsets": [0, 1, 3],
    "demand_gpus": [0.5, 0.25, 1],
    "relative_accuracy": [1, 0.5, 1],
}
FULL: dict[str, Any] = MINIMAL | {
    "reallocation": "server",
    "slot_seconds": 25,
    "min_accuracy": 0.25,
    "training_throughput": [[0.5, 0.75], [1, 1]],
    "metadata": '{"source": ["a", 1.5, null]}',
    "weight": [1, 2],
    "stream_min_accuracy": [np.nan, 0.5],
    "delay_seconds": [0, 5],
    "estimated_gpu_seconds": [np.nan, 50],
    "estimated_accuracy": [np.nan, 0.8],
    "stream_names": ["north", "süd"],
    "stream_names_codes": [1, 0],
    "retraining_names": ["long", "short"],
    "retraining_names_codes": [1, 0],
    "inference_names": ["all", "half"],
    "inference_names_codes": [0, 1, 0],
}


def packed(arrays: dict[str, Any], save: Callable[..., None] = np.savez) -> bytes:
    """Return the archive that NumPy alone makes of some arrays."""
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def full_columns() -> Columns:
    """Return the columns that FULL describes."""
    fields = {key: value for key, value in FULL.items() if key != "schema_version"}
    for name in ("stream_names", "retraining_names", "inference_names"):
        codes = np.array(fields.pop(f"{name}_codes"))
        fields[name] = Names(tuple(fields[name]), codes)
    return Columns(**fields | {"metadata": {"source": ["a", 1.5, None]}})


def refused(path: Path, *said: str) -> None:
    """Check that the file is refused in a line that names it and its fault."""
    with pytest.raises(InvalidInstance) as caught:
        read_columns(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message) < 1000 + len(str(path))
    for part in said:
        assert part in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    instance=instances(metadata={"source": ["a", {"b": 1}]}), compressed=st.booleans()
)
def test_every_instance_survives_its_file(
    tmp_path: Path, instance: Any, compressed: bool
) -> None:
    """Columns and objects come back equal in every field, metadata included."""
    columns = columns_of(instance)
    write_columns(columns, tmp_path / "a.npz", compressed=compressed)
    assert_same_columns(read_columns(tmp_path / "a.npz"), columns)
    write_instance(instance, tmp_path / "b.npz")
    again = read_instance(tmp_path / "b.npz")
    assert again == instance
    assert again.metadata == instance.metadata


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_field_has_its_array(tmp_path: Path, save: Callable[..., None]) -> None:
    """What NumPy alone writes is read, and written the same by us."""
    path = tmp_path / "full.npz"
    path.write_bytes(packed(FULL, save))
    columns = read_columns(path)
    assert_same_columns(columns, full_columns())
    assert [stream.name for stream in columns.instance().streams] == ["süd", "north"]
    write_columns(columns, path)
    with np.load(path) as written:
        assert set(written.files) == set(FULL)
        for name, array in written.items():
            if name != "metadata":
                assert np.array_equal(array, FULL[name], array.dtype.kind == "f")


def test_what_only_says_the_default_is_not_written(tmp_path: Path) -> None:
    """A plain instance has the required arrays and nothing is lost."""
    path = tmp_path / "minimal.npz"
    path.write_bytes(packed(MINIMAL))
    columns = read_columns(path)
    write_columns(columns, path)
    with np.load(path) as written:
        assert set(written.files) == {*MINIMAL, "reallocation", "min_accuracy"}
    assert_same_columns(read_columns(path), columns)


def test_numbers_of_any_type_are_read(tmp_path: Path) -> None:
    """Halves, big-endian numbers, small integers and format 2.0 mean the same."""
    path = tmp_path / "types.npz"
    types = {"accuracy": ">f4", "gpu_seconds": "u1", "demand_gpus": "f2"}
    types |= {"retraining_offsets": ">i2", "units_per_gpu": "u1", "gpus": "f4"}
    odd = {name: np.array(MINIMAL[name], dtype=kind) for name, kind in types.items()}
    file = io.BytesIO(packed(MINIMAL | odd))
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    second = io.BytesIO()
    weights = np.array([1.0, 1.0])
    np.lib.format.write_array(second, weights, version=(2, 0))
    members["weight.npy"] = second.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    plain = tmp_path / "plain.npz"
    plain.write_bytes(packed(MINIMAL))
    assert_same_columns(read_columns(path), read_columns(plain))


def test_the_same_columns_give_the_same_bytes(tmp_path: Path) -> None:
    """A file depends on its content only."""
    for name in ("a.npz", "b.npz"):
        write_columns(full_columns(), tmp_path / name)
    first, second = (tmp_path / name for name in ("a.npz", "b.npz"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": [1]}, "colour: is an unknown array, expected one of name, window"),
        ({"two\nlines": 1}, "?: is an unknown array"),
        ({"stream_names_code": [0, 1]}, "stream_names_code: is an unknown array"),
        ({"schema_version": None}, "schema_version: is missing, expected 1"),
        ({"schema_version": 2}, "schema_version: is 2, expected 1"),
        ({"schema_version": "1"}, "schema_version: is '1'"),
        ({"schema_version": [1]}, "schema_version: has the shape (1,), expected a sin"),
        ({"schema_version": True}, "schema_version: holds 'bool', expected numbers"),
        ({"name": None}, "name: is missing"),
        ({"name": 7}, "name: is 7"),
        ({"name": ["a"]}, "name: has the shape (1,), expected a single value"),
        ({"gpus": "many"}, "gpus: is 'many'"),
        ({"gpus": np.nan}, "gpus: is nan"),
        ({"gpus": [2]}, "gpus: has the shape (1,)"),
        ({"units_per_gpu": 10.0}, "units_per_gpu: is 10.0"),
        ({"reallocation": 1}, "reallocation: is 1"),
        ({"slot_seconds": 30}, "slot_seconds: is 30, expected a divisor"),
        ({"training_throughput": [0.5, 1]}, "training_throughput[0]: is 0.5"),
        ({"training_throughput": 1.0}, "training_throughput: is 1.0, expected a list"),
        ({"training_throughput": "fast"}, "training_throughput: is 'fast'"),
        ({"training_throughput": [["a", "b"]]}, "training_throughput[0]: is 'a'"),
        ({"metadata": 1}, "metadata: is 1, expected JSON text"),
        ({"metadata": "{"}, "metadata: is not JSON"),
        ({"metadata": "[NaN]"}, "metadata: holds NaN"),
        ({"metadata": "[]"}, "metadata: is [], expected an object"),
        ({"metadata": "[" * 100_000}, "metadata: is nested too deeply"),
        ({"accuracy": None}, "accuracy: is missing"),
        ({"accuracy": [0.5, np.nan]}, "accuracy[1]: is nan"),
        ({"accuracy": [0.5, 0.5, 0.5]}, "retraining_offsets: is int64 of shape (3,)"),
        ({"accuracy": ["a", "b"]}, "accuracy: is <U1 of shape (2,), expected 2 num"),
        ({"accuracy": [[0.5, 0.5]]}, "accuracy: has the shape (1, 2)"),
        ({"accuracy": [0.5j, 0]}, "accuracy: holds 'complex128', expected numbers"),
        ({"gpu_seconds": np.array([1, None])}, "gpu_seconds: holds 'object'"),
        ({"gpu_seconds": np.array([b"a"])}, "gpu_seconds: holds '|S1'"),
        ({"gpu_seconds": np.zeros(2, "f8,f8")}, "gpu_seconds: holds "),
        ({"gpu_seconds": np.array([0, 1], "m8[s]")}, "gpu_seconds: holds 'timedelta"),
        ({"gpu_seconds": np.array([1, np.inf], "f2")}, "gpu_seconds[1]: is inf"),
        ({"weight": [1, -1]}, "weight[1]: is -1.0, expected a number from 1e-06"),
        ({"retraining_offsets": [0, 2, 3]}, "gpu_seconds: is int64 of shape (2,)"),
        ({"retraining_offsets": [0, 2, 2.0]}, "retraining_offsets: is float64"),
        ({"stream_names_codes": None}, "stream_names_codes: is missing"),
        ({"stream_names": None}, "stream_names: is missing"),
        ({"stream_names": [1, 2]}, "stream_names: is int64 of shape (2,), expected te"),
        ({"stream_names": "ab"}, "stream_names: is <U2 of shape (), expected texts"),
        ({"stream_names": ["a", ""]}, "stream_names[1]: is ''"),
        (
            {"stream_names": ["a", "a"]},
            "stream_names[1]: is 'a', which stream_names[0]",
        ),
        ({"stream_names_codes": [0, 2]}, "stream_names_codes[1]: is 2"),
        ({"stream_names_codes": [0, -1]}, "stream_names_codes[1]: is -1"),
        ({"stream_names_codes": [0.0, 1]}, "stream_names_codes: is float64"),
        ({"stream_names_codes": [0, 1, 1]}, "stream_names: has 3 names, expected 2"),
        ({"stream_names_codes": [0, 0]}, "stream_names[1]: is 'north', which"),
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
    refused(path, said)


def test_characters_that_there_are_not_are_refused(tmp_path: Path) -> None:
    """Text is stored as numbers, which may stand for no character."""
    nothing = np.array([0x110000], dtype=np.uint32).view("<U1")
    path = tmp_path / "broken.npz"
    for name in ("stream_names", "training_throughput"):
        path.write_bytes(packed(FULL | {name: np.repeat(nothing, 2)}))
        refused(path, f"{name}", "holds a character that Unicode has not")
    path.write_bytes(packed(FULL | {"name": nothing[0:1].reshape(())}))
    refused(path, "name: holds a character that Unicode has not")


class Trap:
    """Something that acts when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return os.abort, ()


def with_member(name: str, content: bytes) -> bytes:
    """Return the archive of MINIMAL with one more member."""
    file = io.BytesIO(packed(MINIMAL))
    with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(name, content)
    return file.getvalue()


def member(header: str, content: bytes = b"") -> bytes:
    """Return an array's file with a header of one's own."""
    length = len(header).to_bytes(2, "little")
    return b"\x93NUMPY\x01\x00" + length + header.encode() + content


def described(kind: str, shape: str, order: str = "False") -> str:
    """Return the text of an array's header."""
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a whole .npz file"),
        (b"PK", "is not a whole .npz file"),
        (b"{}", "is not a whole .npz file"),
        (pickle.dumps(Trap()), "is not a whole .npz file"),
        (member(described("'<f8'", "(1,)"), bytes(8)), "is not a whole .npz file"),
        (with_member("readme.txt", b""), "readme.txt: is an unknown array"),
        (with_member("weight", b""), "weight: is an unknown array"),
        (with_member("accuracy.npy", b""), "accuracy: is in the archive twice"),
        (with_member("weight.npy", b""), "is not a whole .npz file"),
        (with_member("weight.npy", pickle.dumps(Trap())), "is not a whole .npz file"),
        (
            with_member("weight.npy", member(described("'|O'", "()"), b"x")),
            "weight: holds 'object', expected numbers or text",
        ),
        (
            with_member("weight.npy", member(described("'<f8'", "(10**12,)"))),
            "is not a whole .npz file",
        ),
        (
            with_member("weight.npy", member(described("'<f8'", "(1000000000000,)"))),
            "weight: has 0 bytes, expected 1000000000000 of float64 for its shape",
        ),
        (
            with_member("weight.npy", member(described("'<f8'", "(2,)"), bytes(15))),
            "weight: has 15 bytes, expected 2 of float64",
        ),
        (
            with_member("weight.npy", member(described("'<f8'", "(2,)"), bytes(17))),
            "weight: has 17 bytes, expected 2 of float64",
        ),
        (
            with_member("weight.npy", member(described("'<U0'", "(10000000000000,)"))),
            "weight: holds '<U0', expected numbers or text",
        ),
        (
            with_member(
                "weight.npy", member(described("'<f8'", "(-1, -2)"), bytes(16))
            ),
            "is not a whole .npz file",
        ),
        (with_member("weight.npy", member(described("()", "(2,)"))), "is not a whole"),
        (with_member("weight.npy", member("(" * 9000)), "is not a whole"),
        (with_member("weight.npy", member("'")), "is not a whole .npz file"),
        (with_member("weight.npy", member("{1L: 2}")), "is not a whole .npz file"),
        (with_member("weight.npy", b"\x93NUMPY\x03\x00"), "is in .npy format (3, 0)"),
    ],
)
def test_broken_archives_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Nothing is unpickled, nothing huge is allocated, and one line says why."""
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    refused(path, said)


def test_every_cut_is_found(tmp_path: Path) -> None:
    """A file that ends early anywhere is no whole archive."""
    content = packed(MINIMAL)
    path = tmp_path / "cut.npz"
    for length in range(0, len(content), 13):
        path.write_bytes(content[:length])
        refused(path, "is not a whole .npz file")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_found_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes changed anywhere: refused in one line, or the same columns are read."""
    save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    content = bytearray(packed(FULL, save))
    for _ in range(data.draw(st.integers(1, 3))):
        # Half of the places are in the archive's list of contents, at its end.
        end = data.draw(st.sampled_from([len(content), min(2500, len(content))]))
        content[-data.draw(st.integers(1, end))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    found = read_or_blame(path)
    if isinstance(found, str):
        assert found == str(path)
    else:
        assert_same_columns(found, full_columns())


def read_or_blame(path: Path) -> Columns | str:
    """Return the columns in a file, or the file that an error names."""
    try:
        return read_columns(path)
    except InvalidInstance as problem:
        return problem.file


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name have a line with the reason."""
    for path, said in (
        (tmp_path / "missing.npz", "No such file"),
        (tmp_path, "directory"),
        (Path("a\0b.npz"), "null"),
    ):
        with pytest.raises(EkyaOptError, match="cannot be read") as caught:
            read_columns(path)
        assert said in str(caught.value)


def test_what_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many bytes in the list of contents, or a lack of memory, are one line."""
    path = tmp_path / "full.npz"
    path.write_bytes(packed(FULL))

    def full(*_: object, **__: object) -> None:
        raise MemoryError

    for place, value in (("LARGEST_ARCHIVE", 1000), ("npy.read_array", full)):
        with monkeypatch.context() as patch:
            patch.setattr(f"instances.npz_arrays.{place}", value)
            with pytest.raises(InstanceTooLarge, match=r"full\.npz: holds arrays that"):
                read_columns(path)
    assert npz_arrays.LARGEST_ARCHIVE > 10**10
    assert read_columns(path).num_streams == 2


def test_many_streams_are_not_made_into_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 20,000 streams the error says which solver works on columns."""
    path = tmp_path / "two.npz"
    path.write_bytes(packed(MINIMAL))
    assert instance_files.MOST_OBJECTS == 20_000
    monkeypatch.setattr(instance_files, "MOST_OBJECTS", 2)
    assert len(read_instance(path).streams) == 2
    monkeypatch.setattr(instance_files, "MOST_OBJECTS", 1)
    with pytest.raises(InstanceTooLarge, match=r"2 streams.* solver fleet"):
        read_instance(path)
    assert read_columns(path).num_streams == 2


@pytest.mark.parametrize("place", ["os.replace", "numpy.savez"])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """No part of a file, no temporary one, and the old content stays."""
    path = tmp_path / "fleet.npz"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, fail)
    with pytest.raises(EkyaOptError, match=r"fleet\.npz: cannot be written: No space"):
        write_columns(full_columns(), path)
    assert [each.name for each in tmp_path.iterdir()] == ["fleet.npz"]
    assert path.read_bytes() == b"old"
