"""Compare solvers on instances.

Runs every solver on every instance and prints their objectives and gaps. Exit status
1 means that a solver failed on an instance; its row tells why.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ekya_opt.commands.arguments import (
    add_changes,
    add_json,
    add_options,
    changed,
    check_writable,
)
from ekya_opt.commands.frames import frame_objects, frame_text
from ekya_opt.text import number, percent, to_json

SHOWN: dict[str, Callable[[Any], str]] = {
    "objective": number,
    "bound": number,
    "gap": percent,
    "gap_to_reference": percent,
    "seconds": lambda value: number(value, 3),
    "mean_gap": percent,
    "median_gap": percent,
    "max_gap": percent,
    "mean_seconds": lambda value: number(value, 3),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME]",
    )
    parser.add_argument(
        "--solvers",
        metavar="A,B,C",
        help="names, NAME:KEY=VALUE:…, or NAME:* for every choice of its settings "
        "(default: some that fit; for a window dp, both Thiefs, greedy and uniform)",
    )
    add_changes(parser)
    add_options(parser)
    parser.add_argument(
        "--reference",
        default="best",
        help="what gaps refer to: best (of the rows), best-known, or a solver's name",
    )
    parser.add_argument(
        "--settings",
        action="store_true",
        help="show all settings in effect, not only those given",
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows to a CSV file")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print and write; return the exit status."""
    from ekya_opt.comparison import compare, summarise
    from ekya_opt.progress import Ticker
    from ekya_opt.reading import paths_of
    from instances.json_files import write_atomically
    from instances.problems import read_problem

    check_writable(arguments.csv)
    with Ticker("reading") as ticker:
        instances = [
            changed(read_problem(path), str(path), arguments)
            for path in paths_of(arguments.paths)
        ]
        frame = compare(
            instances,
            arguments.solvers,
            time_limit=arguments.time_limit,
            seed=arguments.seed,
            workers=arguments.workers,
            reference=arguments.reference,
            plan_on=arguments.plan_on,
            settings=arguments.settings,
            progress=ticker.note,
        )
    if arguments.csv is not None:
        content = frame.to_csv(index=False).encode()
        write_atomically(Path(arguments.csv), content)
    if arguments.json:
        named = frame.rename(columns={"seconds": "runtime_seconds"})
        print(to_json(frame_objects(named)))
    else:
        print(frame_text(frame.drop(columns=["reference", "error"]), SHOWN))
        for row in frame[frame["status"] == "error"].itertuples():
            print(f"{row.solver} on {row.instance}: {row.error}")
        if frame["instance"].nunique() > 1:
            print(f"\n{frame_text(summarise(frame), SHOWN)}")
    if frame.attrs["interrupted"]:
        return 130
    return 1 if (frame["status"] == "error").any() else 0
