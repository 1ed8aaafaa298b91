"""Redo the evaluation of Ekya: claim beside measurement beside optimum.

Writes a page, index.html, the same in Markdown, and every figure and table as a file.
Exit status 1 means that an experiment failed; the page tells why.
"""

import argparse
import os
from pathlib import Path

from ekya_opt.commands.arguments import add_json
from ekya_opt.text import text_table, to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="directory for the page, the figures and the tables",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="less of everything: under 5 minutes on 2 cores",
    )
    parser.add_argument(
        "--only",
        metavar="A,B",
        help="experiments to run, such as fig-8,table-2 (default: all)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="seeds of generated instances (default: 2 if quick, else 5)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=min(os.cpu_count() or 1, 2),
        metavar="N",
        help="processes that may run at once",
    )
    parser.add_argument(
        "--recorded",
        action="append",
        default=[],
        metavar="PATH",
        help="recorded windows to measure on besides, a file or a directory; "
        "may be repeated",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write and print; return the exit status."""
    from ekya_opt.paper.making import paper_page
    from ekya_opt.paper.page import PAGE, findings
    from ekya_opt.progress import Ticker

    directory = Path(arguments.output)
    with Ticker("reading") as ticker:
        evaluation = paper_page(
            directory,
            quick=arguments.quick,
            only=arguments.only,
            seeds=arguments.seeds,
            workers=arguments.workers,
            recorded=arguments.recorded,
            progress=ticker.note,
        )
    if arguments.json:
        print(to_json(findings(evaluation)))
    else:
        rows = [
            (each.name, each.where, str(each.verdict), f"{each.seconds:.1f}")
            for each in evaluation.findings
        ]
        rows += [(each.name, each.where, "failed", "-") for each in evaluation.failures]
        print(text_table(("name", "where", "verdict", "seconds"), rows))
        for failed in evaluation.failures:
            print(f"{failed.name}: {failed.error}")
        print(f"written: {directory / PAGE}")
    if evaluation.interrupted:
        return 130
    return 1 if evaluation.failures else 0
