"""Comparing columns, which have no equality of their own."""

from dataclasses import fields
from typing import Any

import numpy as np

from instances.columns import Columns
from instances.names import Names


def assert_same_columns(one: Columns, other: Columns) -> None:
    """Check that two columnar instances agree in the type and value of every field."""
    for field in fields(Columns):
        assert_same(getattr(one, field.name), getattr(other, field.name), field.name)


def assert_same(one: Any, other: Any, place: str) -> None:
    """Check that two fields are equal; NaN equals NaN."""
    assert type(one) is type(other), place
    if isinstance(one, Names):
        assert one.values == other.values, place
        one, other = one.codes, other.codes
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, place
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), place
    else:
        assert one == other, place
