"""Placement files: the JSON value of a placement, read and written."""

from typing import Any

from instances.errors import InvalidInstance
from instances.json_files import (
    SCHEMA_VERSION,
    content_of_kind,
    decode,
    encode,
)
from instances.placement import Placement

KIND = "placement"
"""What the key ``kind`` of a file says."""


def placement_from_dict(data: Any) -> Placement:
    """Return the placement that a parsed JSON value describes.

    The object has ``"schema_version": 1``, ``"kind": "placement"`` and the fields of
    :class:`Placement`.
    """
    content = content_of_kind(data, KIND, InvalidInstance)
    placement = decode(Placement, content, InvalidInstance)
    assert isinstance(placement, Placement)
    return placement


def placement_to_dict(placement: Placement) -> dict[str, Any]:
    """Return the JSON value of a placement, ready for :func:`json.dumps`."""
    return {"schema_version": SCHEMA_VERSION, "kind": KIND, **encode(placement)}
