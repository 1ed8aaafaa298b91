"""Report how far estimates of retraining are off, and what plans on them lose.

PATH… are the windows of one server in their order. A first table has for each
estimator and rule for time the errors of accuracy, rank correlation within a stream's
window and relative error of time; a second one for each solver the plan regret: the
objective of the plan made with true numbers less that of the plan made with estimates,
both scored on the truth. Beside instances of ekya-opt profile lies what was measured:
micro-profiles are known then, and errors against validation and test frames differ.
--csv holds every plan.
"""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_changes, add_json, check_writable
from ekya_opt.commands.frames import frame_text
from ekya_opt.commands.studies import (
    add_study,
    points_of,
    read_changed,
    report_study,
    study_words,
)
from ekya_opt.text import number, percent

KINDS = ("val", "test")
ERRORS = ("median", "mean", "p90", "bias")
SHOWN: dict[str, Any] = {
    **dict.fromkeys(
        (
            *(f"{kind}_{name}" for kind in KINDS for name in ERRORS),
            *("objective", "regret"),
        ),
        lambda value: number(value, 4),
    ),
    **dict.fromkeys([f"{kind}_rank" for kind in KINDS], lambda value: number(value, 2)),
    **dict.fromkeys(("time_median", "time_bias"), lambda value: percent(value, 1)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_study(parser, "thief,dp")
    parser.add_argument(
        "--estimators",
        type=_names,
        metavar="A,B,C",
        help="what tells the accuracies (default: recorded,history,combo,calibrated, "
        "or with measured points paper,samples,last,history,combo,calibrated)",
    )
    parser.add_argument(
        "--times",
        type=_names,
        metavar="A,B",
        help="what tells the GPU-seconds: linear (without points what the file holds), "
        "probe, nominal or history (default: all that are known)",
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
    from ekya_opt.estimator_study import estimator_report
    from ekya_opt.progress import Ticker

    check_writable(arguments.csv)
    with Ticker("reading") as ticker:
        report = estimator_report(
            read_changed(arguments),
            points=points_of(arguments),
            estimators=arguments.estimators,
            times=arguments.times,
            history=arguments.history,
            progress=ticker.note,
            **study_words(arguments),
        )
    if arguments.json:
        return report_study(arguments, report.plans, report.summary(), SHOWN)
    print(frame_text(report.errors_shown(), SHOWN))
    print()
    return report_study(arguments, report.plans, report.regrets(), SHOWN)


def _names(text: str) -> list[str]:
    return text.split(",")
