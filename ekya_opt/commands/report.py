"""Write the report of a store: one page that opens offline.

Summary, figures, tables that sort and filter, failures, environment, and the command
that makes each number again. For instance: ekya-opt report STORE -o report.html.
"""

import argparse

from ekya_opt.commands.arguments import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("store", metavar="STORE", help="store of studies")
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="page to write (.html)"
    )
    parser.add_argument("--study", metavar="NAME", help="only the runs of this study")
    parser.add_argument(
        "--title", metavar="T", help="title of the page (default: the studies' names)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page; return the exit status."""
    from ekya_opt.progress import Ticker
    from ekya_opt.reports.store_report import write_report

    check_writable(arguments.output)
    with Ticker(f"reporting {arguments.store}"):
        write_report(
            arguments.store,
            arguments.output,
            study=arguments.study,
            title=arguments.title,
        )
    return 0
