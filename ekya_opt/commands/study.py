"""Run a study, see how far it is, and show its gaps.

A study is a TOML file; its runs go to a store, one SQLite file. Each run that ends is
kept at once, and the same command again does exactly what is missing. Exit status 1
means that a run of the study failed; its row tells why.
"""

import argparse

from ekya_opt.commands.arguments import STORE_SUFFIX, add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their arguments."""
    actions = parser.add_subparsers(
        title="actions",
        dest="action",
        metavar="ACTION",
        required=True,
        help="run, status or show",
    )
    _add_run(actions.add_parser("run", help="do the runs that the store lacks"))
    _add_status(actions.add_parser("status", help="count the runs by solver"))
    _add_show(actions.add_parser("show", help="show gaps by solver and failures"))


def run(arguments: argparse.Namespace) -> int:
    """Run, count or show; return the exit status."""
    from ekya_opt.commands import study_actions

    if arguments.action == "run":
        return study_actions.run(arguments)
    if arguments.action == "status":
        return study_actions.status(arguments)
    return study_actions.show(arguments)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="study file (.toml)")
    _add_store(parser)
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="runs at once on this machine (default: one for each core)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="dask://HOST:PORT",
        help="run on the workers of a dask scheduler instead",
    )
    parser.add_argument(
        "--retry",
        metavar="KIND,…",
        help="do runs again that failed in these ways (exception, disagreement, "
        "memory, overtime, crash, worker-lost), or all",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="wall seconds for each solve (default: the file's)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only count the runs by solver; no store is made",
    )


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE_OR_STORE", help="study file (.toml) or store"
    )
    _add_store(parser)
    add_json(parser)


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE", help="store of studies")
    parser.add_argument("--study", metavar="NAME", help="only the runs of this study")
    parser.add_argument(
        "--by",
        default="streams_per_gpu",
        metavar="COLUMN",
        help="column of the runs whose values the gaps are shown by",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only runs with this value in a column, such as reallocation=never or "
        "solver=thief,dp, or failure=- for none; may be repeated",
    )
    parser.add_argument(
        "--gap",
        choices=("bound", "best-found", "best-known"),
        default="bound",
        help="what gaps refer to: the best bound that a run proved, the best "
        "objective that one found, or the recorded one",
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows to a CSV file")
    parser.add_argument(
        "--markdown", action="store_true", help="print the gaps as a Markdown table"
    )
    parser.add_argument(
        "--digits", type=int, default=3, metavar="N", help="decimals of the per cents"
    )
    parser.add_argument(
        "--figure", metavar="FILE", help="draw the gaps (.svg, .pdf, .png)"
    )
    add_json(parser)


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="PATH",
        help=f"the study's store (default: FILE with the suffix {STORE_SUFFIX})",
    )
