"""Report what dropping configs far from the Pareto front saves and loses.

PATH… are the windows of one server in their order. From the second window on, the
retraining configs that stayed further than a tolerance from the front of cost and
accuracy in the windows before are not profiled: how many are kept, which share of the
GPU-seconds of profiling all, and what the plan loses without the others.
"""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_changes, add_json, check_writable
from ekya_opt.commands.studies import (
    add_study,
    points_of,
    read_changed,
    report_study,
    study_words,
)
from ekya_opt.text import number, percent

SHOWN: dict[str, Any] = {
    "tolerance": lambda value: number(value, 3),
    "kept": lambda value: number(value, 1),
    "configs": lambda value: number(value, 1),
    "gpu_seconds_kept": lambda value: percent(value, 1),
    **dict.fromkeys(
        ("unpruned", "objective", "loss", "worst_loss"), lambda value: number(value, 4)
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_study(parser, "dp")
    parser.add_argument(
        "--tolerances",
        type=_numbers,
        default=(0.02, 0.05),
        metavar="A,B",
        help="accuracy that a config may lack to the front on average, in [0, 1]",
    )
    add_changes(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Report, print and write; return the exit status."""
    from ekya_opt.progress import Ticker
    from ekya_opt.pruning_study import pruning_report, summarise_pruning

    check_writable(arguments.csv)
    with Ticker("reading") as ticker:
        frame = pruning_report(
            read_changed(arguments),
            points=points_of(arguments),
            tolerances=arguments.tolerances,
            progress=ticker.note,
            **study_words(arguments),
        )
    return report_study(arguments, frame, summarise_pruning(frame), SHOWN)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        message = f"is {text!r}, expected numbers such as 0.02,0.05"
        raise argparse.ArgumentTypeError(message) from None
