"""Strict reading and all-or-nothing writing of ``.npz`` archives of plain arrays."""

import io
import math
import sys
import warnings
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from instances.checks import shown
from instances.errors import EkyaOptError, InstanceTooLarge, InvalidData
from instances.json_files import (
    SCHEMA_VERSION,
    check_schema_version,
    opened_atomically,
)

Arrays = dict[str, NDArray[Any]]

LARGEST_ARCHIVE = 2**36
"""Bytes of all arrays together; more is refused before any array is read."""

_READ_HEADER = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def read_arrays(
    path: Path,
    known: Collection[str],
    required: Collection[str],
    error: type[InvalidData],
) -> Arrays:
    """Return the arrays of numbers and of text in an ``.npz`` file, by name.

    Nothing is unpickled, and no array is read before the file's list of contents has
    been checked. ``schema_version`` is required, checked and left out.

    Parameters
    ----------
    known, required
        Names of the arrays that may and that must be there.
    error
        Class of the error for a broken rule.

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InstanceTooLarge
        If the arrays take more than 64 GiB or than there is memory.
    InvalidData
        Of the given class, if the file is no whole archive, an array is unknown,
        missing or repeated, or holds neither numbers nor text.
    """
    try:
        file = path.open("rb")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise EkyaOptError(f"{path}: cannot be read: {reason}") from None
    with file:
        try:
            return _read_archive(file, known, required, error)
        except InvalidData as problem:
            raise problem.in_file(str(path)) from None
        except (MemoryError, _TooLarge):
            message = f"{path}: holds arrays that do not fit into memory"
            raise InstanceTooLarge(message) from None
        except Exception as problem:
            # Damaged bytes make zipfile, zlib and NumPy raise errors of many kinds.
            message = f"is not a whole .npz file: {shown(str(problem))}"
            raise error(message, file=str(path)) from None


def write_arrays(
    path: Path, arrays: Mapping[str, Any], *, compressed: bool = False
) -> None:
    """Write arrays of numbers and of text to an ``.npz`` file, all or nothing.

    The same arrays give the same bytes. Raises ``EkyaOptError`` if the file cannot be
    written.
    """
    save = np.savez_compressed if compressed else np.savez
    with opened_atomically(path) as file:
        save(file, **{"schema_version": SCHEMA_VERSION, **arrays})


def scalar(array: NDArray[Any], name: str, error: type[InvalidData]) -> Any:
    """Return the number or the text in an array without dimensions."""
    if array.shape != ():
        raise error(f"has the shape {array.shape}, expected a single value", name)
    return array.item()


class _TooLarge(Exception):
    """The archive's list of contents names too many bytes."""


def _read_archive(
    file: BinaryIO,
    known: Collection[str],
    required: Collection[str],
    error: type[InvalidData],
) -> Arrays:
    with zipfile.ZipFile(file) as archive, warnings.catch_warnings():
        warnings.simplefilter("error")
        if len(archive.infolist()) != _announced_members(file):
            raise error("is not a whole .npz file: its list of contents is damaged")
        members: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name == info.filename or name not in ("schema_version", *known):
                message = f"is an unknown array, expected one of {', '.join(known)}"
                raise error(message, name if name.isprintable() else "?")
            if name in members:
                raise error("is in the archive twice", name)
            members[name] = info
        version = {}
        if "schema_version" in members:
            array = _read_member(archive, "schema_version", members, error)
            version["schema_version"] = scalar(array, "schema_version", error)
        check_schema_version(version, error)
        for name in required:
            if name not in members:
                raise error("is missing", name)
        if sum(info.file_size for info in members.values()) > LARGEST_ARCHIVE:
            raise _TooLarge
        return {
            name: _read_member(archive, name, members, error)
            for name in known
            if name in members
        }


def _announced_members(file: BinaryIO) -> int:
    """Return the number of members in a zip archive's last record; -1 for none.

    The library does not compare it, so a damaged list may seem to end early.
    """
    file.seek(-22, io.SEEK_END)
    record = file.read()
    return int.from_bytes(record[10:12], "little") if record[:4] == b"PK\5\6" else -1


def _read_member(
    archive: zipfile.ZipFile,
    name: str,
    members: Mapping[str, zipfile.ZipInfo],
    error: type[InvalidData],
) -> NDArray[Any]:
    info = members[name]
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version not in _READ_HEADER:
            raise error(f"is in .npy format {version}, expected (1, 0)", name)
        shape, _, dtype = _READ_HEADER[version](member)
        if dtype.kind not in "fiuU" or dtype.itemsize == 0:
            raise error(f"holds {shown(str(dtype))}, expected numbers or text", name)
        found, expected = info.file_size - member.tell(), math.prod(shape)
        if found != expected * dtype.itemsize:
            message = f"has {found} bytes, expected {expected} of {dtype} for its shape"
            raise error(f"{message} {shown(shape)}", name)
    with archive.open(info) as member:
        array = npy.read_array(member, allow_pickle=False)
    if dtype.kind == "U":
        characters = array.reshape(-1).view(
            np.dtype("u4").newbyteorder(dtype.byteorder)
        )
        if characters.max(initial=0) > sys.maxunicode:
            raise error("holds a character that Unicode has not", name)
    return array
