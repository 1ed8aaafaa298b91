"""Checked access to the parts of a parsed JSON value."""

import re
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from instances.checks import LARGEST_NUMBER, shown
from instances.errors import InvalidInstance


def object_at(value: Any, place: str) -> dict[str, Any]:
    """Return the value after checking that it is a non-empty JSON object."""
    if not isinstance(value, dict) or not value:
        raise InvalidInstance(f"is {shown(value)}, expected a non-empty object", place)
    return value


def list_at(value: Any, place: str, lengths: tuple[int, ...] = ()) -> list[Any]:
    """Return the value after checking that it is a list, of one of the lengths."""
    if not isinstance(value, list):
        raise InvalidInstance(f"is {shown(value)}, expected a list", place)
    if lengths and len(value) not in lengths:
        expected = " or ".join(str(length) for length in lengths)
        raise InvalidInstance(f"has {len(value)} values, expected {expected}", place)
    return value


def member_at(content: dict[str, Any], key: str, place: str) -> Any:
    """Return the value under a key of an object after checking that it is there."""
    if key not in content:
        raise InvalidInstance("is missing", joined(place, key))
    return content[key]


def number_at(
    value: Any,
    place: str,
    *,
    low: float = 0.0,
    high: float = LARGEST_NUMBER,
    above: bool = False,
) -> float:
    """Return the value as a float after checking ``low <= value <= high``.

    With ``above`` the lower end is excluded.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not (low < value <= high if above else low <= value <= high):
        expected = f"a number {'above' if above else 'of at least'} {low:g}"
        message = f"is {shown(value)}, expected {expected} and at most {high:g}"
        raise InvalidInstance(message, place)
    return float(value)


def count_at(value: Any, place: str) -> int:
    """Return the value after checking that it is an integer of at least 0."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        message = f"is {shown(value)}, expected an integer of at least 0"
        raise InvalidInstance(message, place)
    return int(value)


def key_number(key: str, place: str) -> int:
    """Return the number that a key writes: digits without leading zeros."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", key):
        message = f"has the key {shown(key)}, expected a number such as 1"
        raise InvalidInstance(message, place)
    return int(key)


def text_at(value: Any, place: str) -> str:
    """Return the value after checking that it is a non-empty printable string."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        message = f"is {shown(value)}, expected a non-empty printable string"
        raise InvalidInstance(message, place)
    return value


def joined(place: str, key: str) -> str:
    """Return the path of a key inside the object at a place."""
    return f"{place}.{_named(key)}" if place else _named(key)


def listed(values: Iterable[Any], most: int = 8) -> str:
    """Return the first few values in order, separated by commas."""
    ordered = sorted(values)
    text = ", ".join(_named(str(value)) for value in ordered[:most])
    return text + ", ..." if len(ordered) > most else text


def _named(key: str) -> str:
    """Return a key that may be anything as part of a one-line message."""
    return key if key.isprintable() and len(key) <= 60 else "?"
