"""The kinds of problems, and their files: windows, horizons, placements."""

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.checks import shown
from instances.errors import InvalidData, InvalidInstance, InvalidOption
from instances.estimates import as_estimated
from instances.instance import Instance, Reallocation
from instances.instance_files import holds_columns, read_instance, write_instance
from instances.json_files import (
    check_schema_version,
    content_hash,
    read_as,
    write_json,
)

if TYPE_CHECKING:
    from typing import TypeGuard

    from instances.columns import Columns
    from instances.horizon import Horizon
    from instances.placement import Placement

    Problem = Instance | Horizon | Placement


class Kind(StrEnum):
    """What a file of schema version 1 states, under its key ``kind``."""

    WINDOW = "window"
    HORIZON = "horizon"
    PLACEMENT = "placement"


_FILES = {
    Kind.WINDOW: ("instances.instance_files", "instance"),
    Kind.HORIZON: ("instances.horizon_files", "horizon"),
    Kind.PLACEMENT: ("instances.placement_files", "placement"),
}


_KINDS = {
    "Instance": Kind.WINDOW,
    "Columns": Kind.WINDOW,
    "Horizon": Kind.HORIZON,
    "Placement": Kind.PLACEMENT,
}


def kind_of(problem: "Problem | Columns") -> Kind:
    """Return the kind of a problem.

    Raises
    ------
    InvalidData
        If it is none.
    """
    kind = kind_by_name(problem, _KINDS)
    if kind is None:
        message = f"is {shown(problem)}, expected an instance, horizon or placement"
        raise InvalidData(message)
    return kind


def kind_by_name(thing: Any, kinds: Mapping[str, Kind]) -> Kind | None:
    """Return the kind under the name of a thing's class, or of one that it extends.

    By name, so that the modules of the classes need not be imported.
    """
    names = [each.__name__ for each in type(thing).__mro__]
    return next((kinds[name] for name in names if name in kinds), None)


def is_columns(problem: "Problem | Columns") -> "TypeGuard[Columns]":
    """Return whether a problem is a window given as columns."""
    return type(problem).__name__ == "Columns"


def is_server(problem: "Problem | Columns") -> bool:
    """Return whether everything may change during a window of the problem."""
    return getattr(problem, "reallocation", None) is Reallocation.SERVER


def estimated(problem: "Problem") -> "Problem":
    """Return the problem with every estimate in the place of the true numbers.

    Raises
    ------
    InvalidOption
        If it is a placement.
    """
    if isinstance(problem, Instance):
        return as_estimated(problem)
    from instances.horizon import Horizon

    if isinstance(problem, Horizon):
        from instances.estimates import horizon_as_estimated

        return horizon_as_estimated(problem)
    raise InvalidOption("plans on estimates are made for windows and horizons only")


def problem_from_dict(data: Any) -> "Problem":
    """Return the problem that a parsed JSON value describes.

    Raises
    ------
    InvalidInstance
        If a value lies outside its domain; the message names the place.
    """
    content = check_schema_version(data, InvalidInstance)
    kind = content.get("kind", Kind.WINDOW)
    if kind not in list(Kind):
        message = f"is {shown(kind)}, expected one of {', '.join(Kind)}"
        raise InvalidInstance(message, "kind")
    module, name = _FILES[Kind(kind)]
    problem: Problem = getattr(import_module(module), f"{name}_from_dict")(data)
    return problem


def problem_to_dict(problem: "Problem") -> dict[str, Any]:
    """Return the JSON value of a problem, ready for :func:`json.dumps`."""
    module, name = _FILES[kind_of(problem)]
    content: dict[str, Any] = getattr(import_module(module), f"{name}_to_dict")(problem)
    return content


def read_problem(path: str | Path) -> "Problem":
    """Return the problem in a ``.json``, ``.json.gz`` or ``.npz`` file.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the format; the message names the file, the
        place in it, the value and what was expected.
    InstanceTooLarge
        If an ``.npz`` file holds more than 20,000 streams.
    EkyaOptError
        If the file cannot be read.
    """
    if holds_columns(path):
        return read_instance(path)
    return read_as(path, problem_from_dict, InvalidInstance)


def write_problem(problem: "Problem", path: str | Path) -> None:
    """Write a problem to a ``.json``, ``.json.gz`` or ``.npz`` file, all or nothing.

    An ``.npz`` file holds a window as columns, and nothing else.
    """
    if isinstance(problem, Instance):
        write_instance(problem, path)
    elif holds_columns(path):
        message = f"is a {kind_of(problem)}, expected a window in an .npz file"
        raise InvalidInstance(message, "kind", str(path))
    else:
        write_json(Path(path), problem_to_dict(problem))


def problem_hash(problem: "Problem") -> str:
    """Return 16 hexadecimal digits that name what a problem states.

    ``name`` and ``metadata`` are no part of it.
    """
    return content_hash(problem_to_dict(problem))
