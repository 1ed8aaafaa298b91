"""What the commands that study plans under errors have in common."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.arguments import changed
from ekya_opt.commands.frames import frame_objects, frame_text
from ekya_opt.text import to_json
from instances import Instance, InvalidOption

if TYPE_CHECKING:
    import pandas as pd

    from instances.profiler.points import Point


def add_study(parser: argparse.ArgumentParser, solvers: str) -> None:
    """Add the instances, the solvers and the options of every solve."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME]",
    )
    parser.add_argument(
        "--solvers",
        default=solvers,
        metavar="A,B,C",
        help="names, or NAME:KEY=VALUE:… with settings",
    )
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
        help="threads that a solver may use",
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows to a CSV file")


def study_words(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the solvers and the options of every solve as keyword arguments."""
    names = ("solvers", "time_limit", "seed", "workers")
    return {name: getattr(arguments, name) for name in names}


def read_changed(arguments: argparse.Namespace) -> list[Instance]:
    """Return the windows in PATH… with --gpus and --reallocation applied."""
    return [
        changed(window, str(path), arguments)
        for path, window in windows_of(arguments.paths)
    ]


def windows_of(arguments: list[str]) -> list[tuple[Path, Instance]]:
    """Return the files in PATH… that hold a window, at least one in each.

    What else a directory holds is left out.
    """
    from ekya_opt.reading import paths_of
    from instances.problems import read_problem

    windows: dict[Path, Instance] = {}
    for argument in arguments:
        problems = {path: read_problem(path) for path in paths_of([argument])}
        found = {
            path: each for path, each in problems.items() if isinstance(each, Instance)
        }
        if not found:
            raise InvalidOption(f"{argument}: holds no single window")
        windows |= found
    return list(windows.items())


def points_of(arguments: argparse.Namespace) -> "list[Point] | None":
    """Return what all instances in PATH… were made of; ``None`` if it is not there."""
    from instances.profiler.journal import journal_beside, read_journal

    files = {
        journal_beside(path, window) for path, window in windows_of(arguments.paths)
    }
    (file,) = files if len(files) == 1 else (None,)
    return None if file is None else read_journal(file)[1]


def report_study(
    arguments: argparse.Namespace,
    rows: "pd.DataFrame",
    summary: "pd.DataFrame",
    formats: Mapping[str, Callable[[Any], str]],
) -> int:
    """Write the rows, print the summary and the first failure; return the status."""
    if arguments.csv is not None:
        from instances.json_files import write_atomically

        write_atomically(Path(arguments.csv), rows.to_csv(index=False).encode())
    failed = rows[rows["status"] == "error"]
    if arguments.json:
        print(to_json(frame_objects(summary)))
    else:
        print(frame_text(summary.drop(columns="error", errors="ignore"), formats))
        for row in failed.drop_duplicates(["solver", "error"]).itertuples():
            print(f"{row.solver} on {row.instance}: {row.error}")
    if rows.attrs["interrupted"]:
        return 130
    return 1 if len(failed) else 0
