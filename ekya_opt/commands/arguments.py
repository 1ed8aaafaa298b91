"""Arguments that several commands share."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from instances import EkyaOptError, Instance, InvalidData, InvalidOption, Reallocation
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from instances.columns import Columns
    from instances.problems import Problem as AnyProblem

Problem = TypeVar("Problem", bound="AnyProblem | Columns")

STORE_SUFFIX = ".sqlite"
"""Of the store of a study, beside its file, unless told otherwise."""

MODES = tuple(str(mode) for mode in Reallocation)


def add_instance(parser: argparse.ArgumentParser) -> None:
    """Add FILE and what may be changed in it."""
    parser.add_argument("file", metavar="FILE", help="instance file or shipped:NAME")
    add_changes(parser)


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Add what may be changed in an instance."""
    parser.add_argument(
        "--gpus",
        type=float,
        metavar="G",
        help="GPUs of the server (default: the file's)",
    )
    parser.add_argument(
        "--reallocation",
        choices=MODES,
        help="what may change during the window (default: the file's)",
    )
    parser.add_argument(
        "--slot-seconds",
        type=float,
        metavar="S",
        help="control period of reallocation server (default: the file's)",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a solve that are the same for every solver."""
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="wall seconds for each solve (default: no limit)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of everything random"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="threads that a backend may use",
    )
    parser.add_argument(
        "--plan-on",
        choices=("truth", "estimates"),
        default="truth",
        help="numbers to plan on; the plan is always scored on the truth",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of tables"
    )


def read_with_changes(arguments: argparse.Namespace) -> Any:
    """Return the problem in FILE with the changes of :func:`add_changes` applied."""
    from ekya_opt.reading import read

    return changed(read(arguments.file), arguments.file, arguments)


def read_window_with_changes(arguments: argparse.Namespace) -> Instance:
    """Return the same where FILE must be one window."""
    from ekya_opt.reading import read_window

    return changed(read_window(arguments.file), arguments.file, arguments)


def read_columns_with_changes(arguments: argparse.Namespace) -> "Columns":
    """Return the columns of what is in FILE with the same changes."""
    from ekya_opt.reading import read_columns

    return changed(read_columns(arguments.file), arguments.file, arguments)


def changed(problem: Problem, source: str, arguments: argparse.Namespace) -> Problem:
    """Return a problem with the changes of :func:`add_changes` applied."""
    names = ("gpus", "reallocation", "slot_seconds")
    changes = {
        name: getattr(arguments, name)
        for name in names
        if getattr(arguments, name) is not None
    }
    if not changes:
        return problem
    if kind_of(problem) is Kind.PLACEMENT:
        message = "is a placement, whose GPUs and shares only its file tells"
        raise InvalidOption(f"{source}: {message}")
    try:
        return replace(problem, **changes)
    except InvalidData as wrong:
        given = " ".join(
            f"--{key.replace('_', '-')} {value}" for key, value in changes.items()
        )
        raise InvalidOption(f"{source} with {given}: {wrong}") from None


def check_writable(file: str | None) -> None:
    """Raise ``EkyaOptError`` early if the file surely cannot be written later."""
    if file is None:
        return
    path = Path(file)
    if path.is_dir():
        raise EkyaOptError(f"{file}: cannot be written: is a directory")
    if not path.parent.is_dir():
        raise EkyaOptError(f"{file}: cannot be written: no directory {path.parent}")
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise EkyaOptError(f"{file}: cannot be written: permission denied")
