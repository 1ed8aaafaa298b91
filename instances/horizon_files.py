"""Horizon files: the JSON value of a horizon, read and written."""

from typing import Any

from instances.errors import InvalidInstance
from instances.horizon import Horizon
from instances.json_files import (
    SCHEMA_VERSION,
    content_of_kind,
    decode,
    encode,
)

KIND = "horizon"
"""What the key ``kind`` of a file says."""


def horizon_from_dict(data: Any) -> Horizon:
    """Return the horizon that a parsed JSON value describes.

    The object has ``"schema_version": 1``, ``"kind": "horizon"`` and the fields of
    :class:`instances.horizon.Horizon`.
    """
    content = content_of_kind(data, KIND, InvalidInstance)
    horizon = decode(Horizon, content, InvalidInstance)
    assert isinstance(horizon, Horizon)
    return horizon


def horizon_to_dict(horizon: Horizon) -> dict[str, Any]:
    """Return the JSON value of a horizon, ready for :func:`json.dumps`."""
    return {"schema_version": SCHEMA_VERSION, "kind": KIND, **encode(horizon)}
