"""Checks of single values, shared by every data class."""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from types import UnionType
from typing import Any

LARGEST_NUMBER = 1e12


def set_number(
    owner: Any,
    name: str,
    *,
    low: float = 0.0,
    high: float = LARGEST_NUMBER,
    above: bool = False,
) -> None:
    """Store the attribute as a float after checking ``low <= value <= high``.

    With ``above`` the lower end is excluded. Raises the owner's error class.
    """
    value = getattr(owner, name)
    expected = f"a number {'above' if above else 'of at least'} {low:g}"
    expected += f" and at most {high:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise owner.error(f"is {shown(value)}, expected {expected}", name)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    inside = low < number <= high if above else low <= number <= high
    if not inside:
        raise owner.error(f"is {shown(value)}, expected {expected}", name)
    object.__setattr__(owner, name, number)


def set_integer(owner: Any, name: str, *, low: int, high: int) -> None:
    """Store the attribute as an int after checking ``low <= value <= high``."""
    value = getattr(owner, name)
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        message = f"is {shown(value)}, expected an integer from {low} to {high}"
        raise owner.error(message, name)
    object.__setattr__(owner, name, int(value))


def check_name(owner: Any, name: str) -> None:
    """Check that the attribute is a non-empty string of printable characters."""
    value = getattr(owner, name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        message = f"is {shown(value)}, expected a non-empty printable string"
        raise owner.error(message, name)


def set_tuple(
    owner: Any, name: str, kind: type | UnionType, *, at_least: int = 0
) -> None:
    """Store the attribute as a tuple after checking the kind of its items."""
    value = getattr(owner, name)
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise owner.error(f"is {shown(value)}, expected a list", name)
    items = tuple(value)
    for idx, item in enumerate(items):
        if not isinstance(item, kind):
            message = f"is {shown(item)}, expected {_called(kind)}"
            raise owner.error(message, f"{name}[{idx}]")
    if len(items) < at_least:
        raise owner.error(f"has {len(items)} items, expected at least {at_least}", name)
    object.__setattr__(owner, name, items)


def check_unique_names(owner: Any, name: str, key: str = "name") -> None:
    """Check that no two items of the attribute share the name under ``key``."""
    seen: dict[str, int] = {}
    for idx, item in enumerate(getattr(owner, name)):
        label = getattr(item, key)
        if label in seen:
            message = f"is {shown(label)}, which {name}[{seen[label]}] already has"
            raise owner.error(message, f"{name}[{idx}].{key}")
        seen[label] = idx


def shown(value: object) -> str:
    """Return a short one-line picture of a value for an error message."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def _called(kind: type | UnionType) -> str:
    return "a list" if isinstance(kind, UnionType) else f"a {kind.__name__}"
