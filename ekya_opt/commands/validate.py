"""Validate files of instances, horizons and placements.

Prints a line for each file. Exit status 1 means that a file is invalid.
"""

import argparse
from pathlib import Path

from ekya_opt.text import one_line
from instances import Instance, InvalidInstance
from instances.horizon import Horizon
from instances.instance_files import holds_columns
from instances.problems import read_problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME]",
    )


def run(arguments: argparse.Namespace) -> int:
    """Validate and print; return the exit status."""
    from ekya_opt.reading import paths_of

    num_invalid = 0
    for path in paths_of(arguments.paths):
        try:
            content = _content(path)
        except InvalidInstance as problem:
            num_invalid += 1
            print(one_line(f"{problem} [invalid]"))
            continue
        print(one_line(f"{path}: valid: {content}"))
    return 1 if num_invalid else 0


def _content(path: Path) -> str:
    """Return the name and the size of the instance in a file, once it is valid."""
    if holds_columns(path):
        from instances.npz_files import read_columns

        columns = read_columns(path)
        return _size(columns.name, columns.num_streams, columns.gpus)
    problem = read_problem(path)
    num_streams = len(problem.streams)
    if isinstance(problem, Horizon):
        size = _size(problem.name, num_streams, problem.gpus)
        return f"{size}, {problem.num_windows} windows"
    if isinstance(problem, Instance):
        return _size(problem.name, num_streams, problem.gpus)
    size = _size(problem.name, num_streams, len(problem.gpus))
    return f"{size}, placed in shares {problem.shares}"


def _size(name: str, num_streams: int, gpus: float) -> str:
    return f"{name}, {num_streams} streams, {gpus:g} GPUs"
