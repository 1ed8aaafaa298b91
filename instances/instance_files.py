"""Instance files: the fields of an instance and its parts as JSON.

An object with ``"schema_version": 1`` and the fields of
:class:`instances.instance.Instance` as keys; its streams and their configs are objects
of their fields in turn. Keys with a default may be left out. In ``.json``, ``.json.gz``
or, as columns for large fleets, ``.npz`` (:mod:`instances.npz_files`). The key ``kind``
is ``window`` or absent; ``horizon`` and ``placement`` are files of the other problems.

Reading is strict: an unknown or repeated key, a number that is not finite or outside
its domain, or a name twice in its list is an error that names the file, the place in it
(``streams[3].retraining[0].gpu_seconds``), the value and what was expected. Accuracies
and shares are fractions in [0, 1], not per cent.
"""

from pathlib import Path
from typing import Any

from instances.checks import shown
from instances.errors import InstanceTooLarge, InvalidInstance
from instances.instance import Instance
from instances.json_files import (
    SCHEMA_VERSION,
    check_schema_version,
    content_hash,
    decode,
    encode,
    read_as,
    write_json,
)

WINDOW = "window"
"""Kind of the problem that an instance states."""

COLUMNS_SUFFIX = ".npz"
INSTANCE_SUFFIXES = (".json", ".json.gz", COLUMNS_SUFFIX)
MOST_OBJECTS = 20_000
"""Streams of an ``.npz`` file that are still made into objects."""


def holds_columns(path: str | Path) -> bool:
    """Return whether the name of a file says that it holds columns."""
    return str(path).endswith(COLUMNS_SUFFIX)


def read_instance(path: str | Path) -> Instance:
    """Return the instance in a ``.json``, ``.json.gz`` or ``.npz`` file.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the format; the message names the file, the
        place in it, the value and what was expected.
    InstanceTooLarge
        If an ``.npz`` file holds more than 20,000 streams.
    EkyaOptError
        If the file cannot be read.
    """
    if holds_columns(path):
        return _read_from_columns(path)
    return read_as(path, instance_from_dict, InvalidInstance)


def _read_from_columns(path: str | Path) -> Instance:
    from instances.npz_files import read_columns

    columns = read_columns(path)
    if columns.num_streams > MOST_OBJECTS:
        message = f"{path}: holds {columns.num_streams:,} streams, too many as objects"
        message += f" (at most {MOST_OBJECTS:,}); the solver fleet works on columns"
        raise InstanceTooLarge(message)
    return columns.instance()


def instance_from_dict(data: Any) -> Instance:
    """Return the instance that a parsed JSON value describes (schema version 1)."""
    content = check_schema_version(data, InvalidInstance)
    kind = content.pop("kind", WINDOW)
    if kind != WINDOW:
        message = f"is {shown(kind)}, expected {WINDOW!r} (or none) here"
        raise InvalidInstance(message, "kind")
    instance = decode(Instance, content, InvalidInstance)
    assert isinstance(instance, Instance)
    return instance


def instance_to_dict(instance: Instance) -> dict[str, Any]:
    """Return the JSON value of an instance, ready for :func:`json.dumps`."""
    return {"schema_version": SCHEMA_VERSION, **encode(instance)}


def write_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance to a ``.json``, ``.json.gz`` or ``.npz`` file, all or nothing.

    An ``.npz`` file holds it as columns, which have no place for ``memory_gb``.

    Raises
    ------
    InvalidInstance
        If an ``.npz`` file would lose the memory of a config.
    EkyaOptError
        If the file cannot be written.
    """
    if holds_columns(path):
        _refuse_memory(instance, path)
        from instances.columns import columns_of
        from instances.npz_files import write_columns

        write_columns(columns_of(instance), path)
    else:
        write_json(Path(path), instance_to_dict(instance))


def _refuse_memory(instance: Instance, path: str | Path) -> None:
    for v, stream in enumerate(instance.streams):
        for kind in ("retraining", "inference"):
            for idx, config in enumerate(getattr(stream, kind)):
                if config.memory_gb:
                    message = f"is {config.memory_gb:g}, which an .npz file does not"
                    message += " hold; write a .json file"
                    place = f"streams[{v}].{kind}[{idx}].memory_gb"
                    raise InvalidInstance(message, place, str(path))


def instance_hash(instance: Instance) -> str:
    """Return 16 hexadecimal digits that name the problem an instance states.

    ``name`` and ``metadata`` are no part of it.
    """
    return content_hash(instance_to_dict(instance))
