"""Prove the best known objectives again, or raise them by the runs of a store.

Several exact solvers prove each instance file again. With --from, every schedule that
the store keeps is judged by the referee again instead, and entries are added or
improved, never worsened; that is only shown unless --update is given. Prints a line
for each instance, or change. Exit status 1 means that solvers disagree with each other
or with the record, that none proved an optimum, or that there is no record; with
--from that an objective lies above a bound or is not confirmed, and then nothing is
written.
"""

import argparse
from typing import TYPE_CHECKING

from ekya_opt.text import number, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from ekya_opt.best_known_runs import Change


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
        "--from",
        dest="store",
        metavar="STORE",
        help="take the runs of a store of studies in the place of instance files",
    )
    parser.add_argument(
        "--registry",
        metavar="FILE",
        help="record to read and write (default: the one in the package)",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write what is newly proven, or better, to the record",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prove or judge, print and perhaps write; return the exit status."""
    from pathlib import Path

    from instances import InvalidOption
    from instances.best_known import BEST_KNOWN_FILE

    registry = Path(arguments.registry or BEST_KNOWN_FILE)
    if arguments.store is None:
        return _prove(arguments, registry)
    if arguments.paths or arguments.solvers is not None:
        what = "instance files" if arguments.paths else "--solvers"
        raise InvalidOption(f"--from does not go with {what}")
    return _judge(arguments, registry)


def _prove(arguments: argparse.Namespace, registry: "Path") -> int:
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
    record = read_best_known(registry)
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
            write_best_known(entries, registry)
    return status


def _judge(arguments: argparse.Namespace, registry: "Path") -> int:
    from ekya_opt.best_known_runs import changes_of
    from ekya_opt.progress import Ticker
    from ekya_opt.studies.store import open_store
    from instances.best_known import read_best_known, write_best_known

    record = read_best_known(registry)
    with Ticker(f"runs of {arguments.store}"):
        changes = list(changes_of(open_store(arguments.store), record))
    entries = dict(record)
    false = False
    for change in changes:
        if change.new is not None:
            entries[change.new.hash] = change.new
            print(one_line(_told(change)))
        for problem in change.problems:
            print(one_line(f"{change.instance}: {problem}"))
            false = True
    count = sum(change.new is not None for change in changes)
    what = f"{count} {'entry' if count == 1 else 'entries'} of {registry}"
    if false:
        print("Nothing is written, because of what cannot be true.")
        return 1
    if arguments.update and count:
        write_best_known(entries, registry)
        print(one_line(f"{what} written"))
    else:
        hint = "; --update writes them" if count else ""
        print(one_line(f"{what} to change{hint}"))
    return 0


def _told(change: "Change") -> str:
    """Return what changes in an entry."""
    new, old = change.new, change.old
    assert new is not None
    bound = number(new.bound, 9)
    parts = []
    if old is None or old.objective != new.objective:
        before = "new," if old is None else f"objective {number(old.objective, 9)} to"
        by = ", ".join(new.engines)
        parts.append(f"{before} {number(new.objective, 9)} by {by}")
    if old is None:
        parts.append(f"bound {bound}")
    elif old.bound != new.bound:
        parts.append(f"bound {number(old.bound, 9)} to {bound}")
    return f"{change.instance}: {', '.join(parts)}"
