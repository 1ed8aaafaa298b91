"""Grids of a study: every combination of the values that a table lists."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.text import word
from instances import EkyaOptError
from instances.checks import shown
from instances.generators import family_options, generate_problem
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from instances.problems import Problem

Table = Mapping[str, Any]

LARGEST_SEED = 2**31 - 1
CHANGEABLE = (
    "gpus",
    "units_per_gpu",
    "reallocation",
    "slot_seconds",
    "min_accuracy",
    "window_seconds",
    "training_throughput",
    "cached_models",
    "warm_gb",
)
"""Fields of a problem that a study may change."""

GENERATED = ("family", "streams", "gpus", "seeds")
"""Keys of every table that generates; the others are options of its family."""


def crossed(table: Table) -> Iterator[dict[str, Any]]:
    """Yield every combination of a table's values; a list gives each of its items."""
    values = [
        value if isinstance(value, tuple | list) else (value,)
        for value in table.values()
    ]
    for combination in itertools.product(*values):
        yield dict(zip(table, combination, strict=True))


def checked_grid(table: Any, place: str) -> dict[str, Any]:
    """Return a table with its lists as tuples, after checking that none is empty."""
    if not isinstance(table, Mapping):
        raise InvalidStudy(f"is {shown(table)}, expected a table", place)
    grid = {}
    for key, value in table.items():
        grid[str(key)] = _frozen(value, _at(place, key))
        if grid[str(key)] == ():
            raise InvalidStudy("is empty, expected a value or several", _at(place, key))
    return grid


def checked_seeds(value: Any, place: str) -> tuple[int, ...]:
    """Return seeds: 0 to n - 1 for a number n, or those of a list."""
    expected = f"a number from 1 on, or a list of seeds from 0 to {LARGEST_SEED}"
    if _is_integer(value) and 1 <= value <= LARGEST_SEED:
        return tuple(range(int(value)))
    several = isinstance(value, Iterable) and not isinstance(value, str | Mapping)
    seeds = tuple(value) if several else ()
    if not seeds or not all(_is_integer(seed) for seed in seeds):
        raise InvalidStudy(f"is {shown(value)}, expected {expected}", place)
    for idx, seed in enumerate(seeds):
        if not 0 <= seed <= LARGEST_SEED or seed in seeds[:idx]:
            message = f"is {seed}, expected another seed from 0 to {LARGEST_SEED}"
            raise InvalidStudy(message, f"{place}[{idx}]")
    return tuple(map(int, seeds))


def checked_generate(table: Any, place: str) -> dict[str, Any]:
    """Return a table that generates problems, checked but for its values."""
    grid = checked_grid(table, place)
    for key in GENERATED[:3]:
        if key not in grid:
            raise InvalidStudy("is missing", f"{place}.{key}")
    family = grid["family"]
    try:
        options = family_options(family)
    except (EkyaOptError, TypeError) as problem:
        raise InvalidStudy(
            f"is {shown(family)}: {problem}", f"{place}.family"
        ) from None
    for key in grid:
        if key not in GENERATED and key not in options:
            known = ", ".join((*GENERATED, *options))
            message = f"is an unknown key, expected one of {known}"
            raise InvalidStudy(message, _at(place, key))
    grid["seeds"] = checked_seeds(grid.get("seeds", 1), f"{place}.seeds")
    return grid


def checked_changes(table: Any, place: str) -> dict[str, Any]:
    """Return a table of changes, checked but for its values."""
    grid = checked_grid(table, place)
    for key in grid:
        if key not in CHANGEABLE:
            message = f"is an unknown key, expected one of {', '.join(CHANGEABLE)}"
            raise InvalidStudy(message, _at(place, key))
    return grid


def generated(table: Table, place: str) -> "Iterator[Problem]":
    """Yield the problems of a checked table, seeds last."""
    order = {key: table[key] for key in table if key != "seeds"}
    for values in crossed({**order, "seeds": table["seeds"]}):
        family, streams, gpus, seed = (values.pop(key) for key in GENERATED)
        try:
            yield generate_problem(family, streams, gpus, seed, **values)
        except (EkyaOptError, TypeError) as problem:
            chosen = {"streams": streams, "gpus": gpus, "seed": seed, **values}
            message = f"with {_words(chosen)}: {problem}"
            raise InvalidStudy(message, place) from None


def changed(problem: "Problem", table: Table, place: str) -> "Iterator[Problem]":
    """Yield a problem with every combination of changes, named after them."""
    known = {field.name for field in fields(problem)}
    if kind_of(problem) is Kind.PLACEMENT:
        known -= {"gpus"}
    for values in crossed(table):
        for key in values:
            if key not in known:
                message = f"{problem.name} is a {kind_of(problem)}, where it cannot "
                raise InvalidStudy(message + "be changed", _at(place, key))
        name = f"{problem.name} {_words(values)}" if values else problem.name
        try:
            yield replace(problem, **{**values, "name": name})
        except EkyaOptError as wrong:
            message = f"{problem.name} with {_words(values)}: {wrong}"
            raise InvalidStudy(message, place) from None


def _words(values: Table) -> str:
    return " ".join(f"{key}={word(value)}" for key, value in values.items())


def _at(place: str, key: object) -> str:
    return f"{place}.{key if str(key).isprintable() else '?'}"


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _frozen(value: Any, place: str) -> Any:
    """Return a value of a table with lists as tuples and plain numbers."""
    if isinstance(value, tuple | list | range):
        return tuple(_frozen(item, f"{place}[{idx}]") for idx, item in enumerate(value))
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    expected = "text, a number, true or false, or a list of them"
    raise InvalidStudy(f"is {shown(value)}, expected {expected}", place)
