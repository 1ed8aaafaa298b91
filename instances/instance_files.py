"""Instance files: reading, writing and naming their content."""

import hashlib
import json
from pathlib import Path
from typing import Any

from instances.errors import InvalidData, InvalidInstance
from instances.instance import Instance
from instances.json_files import (
    SCHEMA_VERSION,
    check_schema_version,
    decode,
    encode,
    read_json,
    write_json,
)

INSTANCE_SUFFIXES = (".json", ".json.gz")


def read_instance(path: str | Path) -> Instance:
    """Return the instance in a ``.json`` or ``.json.gz`` file.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the format; the message names the file, the
        place in it, the value and what was expected.
    EkyaOptError
        If the file cannot be read.
    """
    file = Path(path)
    data = read_json(file, InvalidInstance)
    try:
        return instance_from_dict(data)
    except InvalidData as problem:
        raise problem.in_file(str(path)) from None


def instance_from_dict(data: Any) -> Instance:
    """Return the instance that a parsed JSON value describes (schema version 1)."""
    content = check_schema_version(data, InvalidInstance)
    instance = decode(Instance, content, InvalidInstance)
    assert isinstance(instance, Instance)
    return instance


def instance_to_dict(instance: Instance) -> dict[str, Any]:
    """Return the JSON value of an instance, ready for :func:`json.dumps`."""
    return {"schema_version": SCHEMA_VERSION, **encode(instance)}


def write_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance to a ``.json`` or ``.json.gz`` file, all or nothing."""
    write_json(Path(path), instance_to_dict(instance))


def instance_hash(instance: Instance) -> str:
    """Return 16 hexadecimal digits that name the problem an instance states.

    They are the start of the SHA-256 of its canonical JSON without ``name`` and
    ``metadata``, which are no part of the problem.
    """
    content = instance_to_dict(instance)
    content.pop("name")
    content.pop("metadata", None)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
