"""The checks of what the profiler measured."""

from dataclasses import fields
from typing import Any, get_args, get_type_hints

from instances.checks import (
    LARGEST_NUMBER,
    check_name,
    set_integer,
    set_number,
    set_tuple,
)
from instances.errors import InvalidData

MOST = 10**9


class InvalidPoint(InvalidData):
    """A measured point breaks a rule of its record."""


def check_point(point: Any) -> None:
    """Check every field of a record against its type, and store lists as tuples.

    Names are printable, counts integers of at least 0, numbers finite and not
    negative; accuracies and shares of classes lie in [0, 1].

    Raises
    ------
    InvalidPoint
        With the name of the field, the value and what was expected.
    """
    hints = get_type_hints(type(point))
    for field in fields(point):
        kind = hints[field.name]
        if kind is str:
            check_name(point, field.name)
        elif kind is int:
            set_integer(point, field.name, low=0, high=MOST)
        elif kind is float:
            set_number(point, field.name, high=_highest(field.name))
        else:
            _check_list(point, field.name, get_args(kind)[0])


def _check_list(point: Any, name: str, kind: type) -> None:
    set_tuple(point, name, int | float if kind is float else kind)
    if kind is float:
        items = [
            _Item(point.error, name, *pair) for pair in enumerate(getattr(point, name))
        ]
        for item in items:
            set_number(item, "value", high=_highest(name))
        object.__setattr__(point, name, tuple(item.value for item in items))


def _highest(name: str) -> float:
    share = name.endswith("_accuracy") and name != "relative_accuracy"
    return 1.0 if share or name.startswith("class_mix") else LARGEST_NUMBER


class _Item:
    """One number of a list, which reports its own place."""

    def __init__(
        self, error: type[InvalidPoint], name: str, idx: int, value: float
    ) -> None:
        self.kind = error
        self.place = f"{name}[{idx}]"
        self.value = value

    def error(self, problem: str, _: str) -> InvalidPoint:
        return self.kind(problem, self.place)
