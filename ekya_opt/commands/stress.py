"""Report what solvers' plans are worth when the profiles are wrong.

Each solver plans on the instance's numbers, and its plan is carried out in scenarios
around them. Exit status 1 means that a solver failed; its message is told.
"""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_changes, add_json, check_writable
from ekya_opt.commands.studies import add_study, read_changed, report_study, study_words
from ekya_opt.text import number, percent


def _short(value: Any) -> str:
    return number(value, 4)


SHOWN: dict[str, Any] = dict.fromkeys(
    ("objective", "mean", "std", "q05", "q50", "q95", "cvar"), _short
)
SHOWN |= dict.fromkeys(("regret_mean", "regret_q50", "regret_q95"), _short)
SHOWN |= {"misses": percent, "below_floor": percent}
SHOWN["seconds"] = lambda value: number(value, 3)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_study(parser, "dp,expected,cvar,thief,uniform")
    parser.add_argument(
        "--scenarios", type=int, default=200, metavar="N", help="scenarios to draw"
    )
    parser.add_argument(
        "--accuracy-error",
        type=float,
        default=0.1,
        metavar="E",
        help="standard deviation of the errors in accuracy",
    )
    parser.add_argument(
        "--cost-error",
        type=float,
        default=0.1,
        metavar="E",
        help="standard deviation of the logarithm of the errors in cost",
    )
    parser.add_argument(
        "--from-estimates",
        action="store_true",
        help="draw the errors from the instance's own estimates instead",
    )
    parser.add_argument(
        "--confidence",
        type=float,
        default=0.9,
        metavar="A",
        help="CVaR is the mean of the worst share 1 - A of the scenarios",
    )
    add_changes(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Report, print and write; return the exit status."""
    from ekya_opt.progress import Ticker
    from ekya_opt.stress_report import stress

    check_writable(arguments.csv)
    with Ticker("reading") as ticker:
        frame = stress(
            read_changed(arguments),
            scenarios=arguments.scenarios,
            accuracy_error=arguments.accuracy_error,
            cost_error=arguments.cost_error,
            from_estimates=arguments.from_estimates,
            confidence=arguments.confidence,
            progress=ticker.note,
            **study_words(arguments),
        )
    return report_study(arguments, frame, frame, SHOWN)
