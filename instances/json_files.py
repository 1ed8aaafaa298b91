"""Strict reading and all-or-nothing writing of JSON files."""

import gzip
import hashlib
import json
import math
import os
import stat
import tempfile
import types
import typing
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from instances.checks import shown
from instances.errors import EkyaOptError, InvalidData

SCHEMA_VERSION = 1

Content = TypeVar("Content")


def read_json(path: Path, error: type[InvalidData]) -> Any:
    """Return the JSON value in a file (``.json``, or ``.gz`` compressed).

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidData
        Of the given class, if the content is not strict JSON in UTF-8: NaN,
        infinities and repeated keys are refused.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except OSError as problem:
        if path.suffix == ".gz" and not problem.errno:
            raise error("is not a gzip file", file=str(path)) from None
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{path}: cannot be read: {reason}") from None
    except ValueError as problem:
        raise EkyaOptError(f"{path}: cannot be read: {problem}") from None
    except (EOFError, zlib.error):
        raise error("is not a whole gzip file", file=str(path)) from None
    try:
        return parse_json(content.decode("utf-8"), error)
    except UnicodeDecodeError as problem:
        message = f"is not UTF-8 text (byte {problem.start})"
        raise error(message, file=str(path)) from None
    except InvalidData as problem:
        raise problem.in_file(str(path)) from None


def read_as(
    path: str | Path, make: Callable[[Any], Content], error: type[InvalidData]
) -> Content:
    """Return what is made of the JSON value in a file.

    Raises as :func:`read_json`; what ``make`` refuses names the file.
    """
    data = read_json(Path(path), error)
    try:
        return make(data)
    except InvalidData as problem:
        raise problem.in_file(str(path)) from None


def parse_json(text: str, error: type[InvalidData]) -> Any:
    """Return the value of a strict JSON text; raise ``error`` if it is not one."""

    def refuse_constant(constant: str) -> None:
        raise error(f"holds {constant}, expected finite numbers only")

    def finite_float(text: str) -> float:
        number = float(text)
        if math.isinf(number):
            raise error(f"holds {shown(text)}, expected finite numbers only")
        return number

    def refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = next(key for key in keys if keys.count(key) > 1)
            raise error(f"holds the key {shown(repeated)} twice in one object")
        return table

    try:
        return json.loads(
            text,
            parse_constant=refuse_constant,
            parse_float=finite_float,
            object_pairs_hook=refuse_repeated_keys,
        )
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise error(f"is not JSON: {problem.msg} ({where})") from None
    except RecursionError:
        raise error("is nested too deeply") from None
    except ValueError:
        raise error("holds a number with too many digits") from None


def decode(kind: type, data: Any, error: type[InvalidData]) -> Any:
    """Return an object of a data class from the JSON object that describes it.

    The class itself says which keys there are, which are required and which hold
    objects of other data classes; an unknown key is an error.
    """
    if not isinstance(data, Mapping):
        raise error(f"is {shown(data)}, expected an object")
    known, required, nested = _shape(kind)
    unknown = [key for key in data if key not in known]
    if unknown:
        message = f"is an unknown key, expected one of {', '.join(known)}"
        raise error(message, str(unknown[0]) if str(unknown[0]).isprintable() else "?")
    for name in required:
        if name not in data:
            raise error("is missing", name)
    values = dict(data)
    for name in nested:
        if data.get(name) is not None:
            values[name] = _decode_nested(*nested[name], name, data[name], error)
    return kind(**values)


@cache
def _shape(
    kind: type,
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, tuple[type, bool]]]:
    """Return a data class's fields, the required ones, and the nested ones.

    For each of the latter: its data class, and whether it holds a list of it.
    """
    required, nested = [], {}
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        if field.default is MISSING and field.default_factory is MISSING:
            required.append(field.name)
        hint = hints[field.name]
        inner = [part for part in _parts(hint) if is_dataclass(part)]
        if inner:
            assert isinstance(inner[0], type)
            nested[field.name] = (inner[0], typing.get_origin(hint) is tuple)
    return tuple(field.name for field in fields(kind)), tuple(required), nested


def _decode_nested(
    kind: type, several: bool, key: str, value: Any, error: type[InvalidData]
) -> Any:
    try:
        if not several:
            return decode(kind, value, error)
        if not isinstance(value, list):
            raise error(f"is {shown(value)}, expected a list")
        return tuple(
            _decode_item(kind, idx, item, error) for idx, item in enumerate(value)
        )
    except InvalidData as problem:
        raise problem.within(key) from None


def _decode_item(kind: type, idx: int, item: Any, error: type[InvalidData]) -> Any:
    try:
        return decode(kind, item, error)
    except InvalidData as problem:
        raise problem.within(f"[{idx}]") from None


def _parts(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (tuple, typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def encode(thing: Any) -> Any:
    """Return the JSON value of a data class, without fields left at their default."""
    if is_dataclass(thing):
        return {
            field.name: encode(getattr(thing, field.name))
            for field in fields(thing)
            if field.default is MISSING or getattr(thing, field.name) != field.default
        }
    if isinstance(thing, tuple | list):
        return [encode(item) for item in thing]
    if isinstance(thing, float) and thing.is_integer() and abs(thing) < 1e15:
        return int(thing)
    return thing


def check_schema_version(data: Any, error: type[InvalidData]) -> dict[str, Any]:
    """Return the JSON object without its ``schema_version`` after checking it."""
    if not isinstance(data, dict):
        raise error(f"is {shown(data)}, expected an object")
    version = data.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        found = "missing" if "schema_version" not in data else shown(version)
        raise error(f"is {found}, expected {SCHEMA_VERSION}", "schema_version")
    return {key: value for key, value in data.items() if key != "schema_version"}


def content_of_kind(data: Any, kind: str, error: type[InvalidData]) -> dict[str, Any]:
    """Return the JSON object without its version and ``kind`` after checking both."""
    content = check_schema_version(data, error)
    found = content.pop("kind", None)
    if found != kind:
        shape = "missing" if found is None else shown(found)
        raise error(f"is {shape}, expected {kind!r}", "kind")
    return content


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the start of the SHA-256 of a problem's canonical JSON.

    16 hexadecimal digits; ``name`` and ``metadata`` are left out.
    """
    stated = {key: content[key] for key in content if key not in ("name", "metadata")}
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value to a file (``.gz`` compresses it), all or nothing."""
    text = json.dumps(value, indent=1, allow_nan=False) + "\n"
    content = text.encode("utf-8")
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    write_atomically(path, content)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half-written.

    A link keeps pointing where it does. What is no file, such as ``/dev/stdout``, is
    written to directly.

    Raises
    ------
    EkyaOptError
        If the file cannot be written.
    """
    with opened_atomically(path) as file:
        file.write(content)


@contextmanager
def opened_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes its place when the block ends without error.

    For content too large to hold; otherwise as :func:`write_atomically`.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                yield device
            return
        target = path.resolve()
        handle, temporary = tempfile.mkstemp(
            prefix=f".{target.name}.", dir=target.parent
        )
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
            os.chmod(temporary, 0o666 & ~_umask() if mode is None else mode)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{path}: cannot be written: {reason}") from None
    except RuntimeError as problem:
        raise EkyaOptError(f"{path}: cannot be written: {problem}") from None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
