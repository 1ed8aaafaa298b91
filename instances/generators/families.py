"""The families of generated instances by name."""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from instances.checks import shown
from instances.columns import Columns, columns_of
from instances.errors import InvalidOption
from instances.generators.assembly import (
    GENERATOR_VERSION,
    MOST_STREAMS,
    ServerOptions,
    check_integer,
)
from instances.generators.contention import contention
from instances.generators.drift import drift
from instances.generators.fleet import fleet
from instances.generators.hard_knapsack import hard_knapsack
from instances.generators.memory_tight import memory_tight
from instances.generators.recorded_like import recorded_like
from instances.generators.ties import ties
from instances.generators.trap import trap
from instances.instance import Instance

if TYPE_CHECKING:
    from instances.problems import Problem

OBJECT_FAMILIES: dict[str, Callable[..., Instance]] = {
    "recorded-like": recorded_like,
    "contention": contention,
    "trap": trap,
    "ties": ties,
    "hard-knapsack": hard_knapsack,
}
COLUMN_FAMILIES: dict[str, Callable[..., Columns]] = {"fleet": fleet}
"""Families whose streams are made as columns."""

FAMILIES = (*OBJECT_FAMILIES, *COLUMN_FAMILIES)
"""Names of all families of windows."""

PROBLEM_FAMILIES: dict[str, Callable[..., "Problem"]] = {
    "drift": drift,
    "memory-tight": memory_tight,
}
"""Families of horizons and of placements."""


def generate(
    family: str, num_streams: int, gpus: float, seed: int = 0, **options: Any
) -> Instance:
    """Return an instance of a family; the same arguments give the same instance.

    Parameters
    ----------
    family
        Name in ``FAMILIES``.
    num_streams
        Number of streams, from 1 to 100,000.
    gpus
        GPUs of the server; may be a fraction if it makes a whole number of units.
    seed
        From 0 to 2**31 - 1.
    options
        The family's own keyword options and the fields in ``ServerOptions``.

    Raises
    ------
    InvalidOption
        If the family or an option is unknown, or an option lies outside its domain.
    InvalidInstance
        If a field of the instance lies outside its domain.
    """
    if family in COLUMN_FAMILIES:
        check_integer("num_streams", num_streams, 1, MOST_STREAMS)
        return COLUMN_FAMILIES[family](num_streams, gpus, seed, **options).instance()
    _check_family(family)
    if family in PROBLEM_FAMILIES:
        message = f"family {family} makes no single windows, expected one that does"
        raise InvalidOption(f"{message}: {', '.join(FAMILIES)}")
    return OBJECT_FAMILIES[family](num_streams, gpus, seed, **options)


def generate_problem(
    family: str, num_streams: int, gpus: float, seed: int = 0, **options: Any
) -> "Problem":
    """Return what :func:`generate` does, and of ``PROBLEM_FAMILIES`` a horizon say."""
    if family in PROBLEM_FAMILIES:
        return PROBLEM_FAMILIES[family](num_streams, gpus, seed, **options)
    return generate(family, num_streams, gpus, seed, **options)


def generate_columns(
    family: str, num_streams: int, gpus: float, seed: int = 0, **options: Any
) -> Columns:
    """Return the columns of what :func:`generate` returns.

    Those of ``COLUMN_FAMILIES`` are made without objects, up to 10,000,000 streams.
    """
    if family in COLUMN_FAMILIES:
        return COLUMN_FAMILIES[family](num_streams, gpus, seed, **options)
    return columns_of(generate(family, num_streams, gpus, seed, **options))


def family_options(family: str) -> tuple[str, ...]:
    """Return the names of a family's options: its own, then the server's.

    Raises
    ------
    InvalidOption
        If the family is unknown.
    """
    _check_family(family)
    makers: dict[str, Callable[..., Any]] = {
        **OBJECT_FAMILIES,
        **COLUMN_FAMILIES,
        **PROBLEM_FAMILIES,
    }
    own = [
        name
        for name, parameter in inspect.signature(makers[family]).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return (*own, *ServerOptions.__annotations__)


def regenerate(metadata: Mapping[str, Any]) -> Instance:
    """Return the instance that a generated instance's metadata describe.

    Raises
    ------
    InvalidOption
        If they are no generator's metadata, or another version's.
    """
    return generate(*_arguments(metadata), **metadata["options"])


def regenerate_problem(metadata: Mapping[str, Any]) -> "Problem":
    """Return the problem that a generated problem's metadata describe.

    Raises
    ------
    InvalidOption
        If they are no generator's metadata, or another version's.
    """
    return generate_problem(*_arguments(metadata), **metadata["options"])


def regenerate_columns(metadata: Mapping[str, Any]) -> Columns:
    """Return the columns that a generated instance's metadata describe.

    Raises
    ------
    InvalidOption
        If they are no generator's metadata, or another version's.
    """
    return generate_columns(*_arguments(metadata), **metadata["options"])


def _arguments(metadata: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return family, num_streams, gpus and seed after checking the metadata."""
    keys = ("family", "num_streams", "gpus", "seed", "options", "generator_version")
    missing = [key for key in keys if key not in metadata]
    if missing:
        message = f"metadata have no {missing[0]}, expected those of a generator"
        raise InvalidOption(message)
    version = metadata["generator_version"]
    if version != GENERATOR_VERSION:
        message = f"generator_version is {shown(version)}, expected {GENERATOR_VERSION}"
        raise InvalidOption(message)
    return tuple(metadata[key] for key in keys[:4])


def _check_family(family: str) -> None:
    if family not in (*FAMILIES, *PROBLEM_FAMILIES):
        known = ", ".join((*FAMILIES, *PROBLEM_FAMILIES))
        raise InvalidOption(f"there is no family {shown(family)}; there are: {known}")
