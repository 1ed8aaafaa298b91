"""Report how far estimates of retraining are off, and what plans on them lose.

PATH… are the windows of one server in their order. For each estimator, rule for time
and solver: errors of accuracy, rank correlation within a stream's window, relative
error of time, and plan regret, the objective of the plan made with true numbers less
that of the plan made with estimates, both scored on the truth. --csv holds every plan.
"""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_changes, add_json, check_writable
from ekya_opt.commands.studies import add_study, read_changed, report_study, study_words
from ekya_opt.text import number, percent

SHOWN: dict[str, Any] = {
    **dict.fromkeys(
        ("median", "mean", "p90", "bias", "objective", "regret"),
        lambda value: number(value, 4),
    ),
    "rank_correlation": lambda value: number(value, 2),
    "unranked_windows": lambda value: number(value, 0),
    "time_median": percent,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_study(parser, "thief,dp")
    parser.add_argument(
        "--estimators",
        default="recorded,history,combo",
        metavar="A,B,C",
        help="what tells the accuracies",
    )
    parser.add_argument(
        "--times",
        default="linear,history",
        metavar="A,B",
        help="what tells the GPU-seconds; linear is what the file holds",
    )
    parser.add_argument(
        "--history",
        choices=("earlier", "other-streams"),
        default="earlier",
        help="what is known: earlier windows, or all windows of the other streams",
    )
    add_changes(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Report, print and write; return the exit status."""
    from ekya_opt.estimator_report import estimator_report
    from ekya_opt.progress import Ticker

    check_writable(arguments.csv)
    with Ticker("reading") as ticker:
        report = estimator_report(
            read_changed(arguments),
            estimators=arguments.estimators.split(","),
            times=arguments.times.split(","),
            history=arguments.history,
            progress=ticker.note,
            **study_words(arguments),
        )
    return report_study(arguments, report.plans, report.summary(), SHOWN)
