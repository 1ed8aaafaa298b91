"""Prove the best known objectives again with several exact solvers.

Prints a line for each instance. Exit status 1 means that solvers disagree with each
other or with the record, that none proved an optimum, or that there is no record.
"""

import argparse

from ekya_opt.text import number, one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="*",
        default=[],
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME] (default: all "
        "that is shipped)",
    )
    parser.add_argument(
        "--solvers",
        metavar="A,B,C",
        help="exact solvers that must agree (default: all but brute-force)",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=60.0,
        metavar="S",
        help="wall seconds for each solve",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write what is newly proven to the record in the package",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prove, print and perhaps write; return the exit status."""
    from ekya_opt.best_known import Verification, is_exact, updated, verify
    from ekya_opt.progress import Ticker
    from ekya_opt.reading import paths_of
    from instances import InvalidOption
    from instances.best_known import read_best_known, write_best_known
    from instances.problems import Kind
    from solvers import Options, get_solver

    engines = None
    if arguments.solvers is not None:
        named = map(str.strip, arguments.solvers.split(","))
        engines = [name for name in named if name]
        if not engines:
            raise InvalidOption("no solver is named, expected at least one")
        for engine in engines:
            get_solver(engine)
            if not any(is_exact(engine, kind) for kind in Kind):
                raise InvalidOption(f"solver {engine!r} is not exact")
    Options(time_limit=arguments.time_limit)
    record = read_best_known()
    done: list[Verification] = []
    status = 0
    paths = paths_of(arguments.paths or ["shipped:"])
    for path in paths:
        with Ticker(f"{len(done)}/{len(paths)} {path}"):
            (verification,) = verify(
                [path], record, engines=engines, time_limit=arguments.time_limit
            )
        done.append(verification)
        problems = list(verification.problems)
        if verification.recorded is None and not arguments.update:
            problems.append("There is no record of it.")
        proven = verification.proven
        shown = number(None if proven is None else proven.objective, 9)
        by = "" if proven is None else f" by {', '.join(proven.engines)}"
        print(one_line(f"{verification.instance}: {shown}{by}"), flush=True)
        for problem in problems:
            print(one_line(f"  {problem}"), flush=True)
            status = 1
    if arguments.update:
        entries = updated(record, done)
        if entries != record:
            write_best_known(entries)
    return status
