"""Checks of whole columns, shared by every columnar data class."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.names import Names

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]

Kind = TypeVar("Kind", bound=np.generic)

MOST_ENTRIES = 2**40
GROUPS_AT_ONCE = 2**16


def read_only(array: NDArray[Kind]) -> NDArray[Kind]:
    """Return a read-only view; the caller's own array stays as it is."""
    view = array.view()
    view.flags.writeable = False
    return view


def checked_floats(
    given: Any, name: str, count: int, low: float, high: float, *, gaps: bool = False
) -> Floats:
    """Return a column as contiguous read-only float64, uncopied where it is that.

    Raises ``InvalidInstance`` unless it holds ``count`` numbers from low to high, or
    NaN where there may be gaps.
    """
    column = np.asarray(given)
    if column.shape != (count,) or column.dtype.kind not in "fiu":
        message = f"is {column.dtype} of shape {column.shape}, expected"
        raise InvalidInstance(f"{message} {count} numbers", name)
    with np.errstate(over="ignore"):
        column = np.ascontiguousarray(column, dtype=np.float64)
    # Of all comparisons with NaN this one is false.
    inside = (column >= low) & (column <= high)
    if gaps:
        inside |= np.isnan(column)
    if not inside.all():
        at = int(inside.argmin())
        message = f"is {shown(float(column[at]))}, expected a number from {low:g}"
        raise InvalidInstance(f"{message} to {high:g}", f"{name}[{at}]")
    return read_only(column)


def checked_offsets(given: Any, name: str, groups: int, fewest: int) -> Offsets:
    """Return where each group's entries start, then where the last one's end.

    Raises ``InvalidInstance`` unless it holds ``groups + 1`` integers that start at 0
    and rise by at least ``fewest`` each.
    """
    offsets = np.asarray(given)
    if offsets.shape != (groups + 1,) or offsets.dtype.kind not in "iu":
        message = f"is {offsets.dtype} of shape {offsets.shape}, expected"
        raise InvalidInstance(f"{message} {groups + 1} integers", name)
    # Far larger ones would wrap around in the differences.
    outside = (offsets < 0) | (offsets > MOST_ENTRIES)
    at = int(outside.argmax()) if outside.any() else 0
    if at == 0 and offsets[0] == 0:
        steps = np.diff(offsets.astype(np.int64))
        if steps.min() >= fewest:
            return read_only(np.ascontiguousarray(offsets, dtype=np.int64))
        at = int((steps < fewest).argmax()) + 1
    message = f"is {offsets[at]}, expected offsets from 0 that rise by at least"
    raise InvalidInstance(f"{message} {fewest}", f"{name}[{at}]")


def check_unique_entries(names: Names, place: str, offsets: Offsets) -> None:
    """Raise ``InvalidInstance`` if two entries of a group share their name."""
    codes = names.codes
    inner = np.ones(len(codes), dtype=bool)
    inner[offsets[:-1][np.diff(offsets) > 0]] = False
    if not (inner[1:] & (codes[1:] <= codes[:-1])).any():
        return
    for first in range(0, len(offsets) - 1, GROUPS_AT_ONCE):
        ends = offsets[first : first + GROUPS_AT_ONCE + 1]
        group = np.repeat(np.arange(len(ends) - 1, dtype=np.int64), np.diff(ends))
        keys = group * len(names.values) + codes[ends[0] : ends[-1]]
        ordered = np.sort(keys)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if len(repeated):
            one, two = (np.flatnonzero(keys == repeated[0])[:2] + ends[0]).tolist()
            message = f"is {shown(names[two])}, which {place}[{one}] already is in the"
            raise InvalidInstance(f"{message} same list", f"{place}[{two}]")
