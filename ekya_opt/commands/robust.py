"""Study what noise in the profiles costs each solver.

Solvers plan on profiles with noise of several sizes, and their plans are scored on the
true ones (Ekya, Fig. 11b). Prints the means over instances and draws; --csv holds every
plan. Exit status 1 means that a solver failed; the first message is told.
"""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_changes, add_json, check_writable
from ekya_opt.commands.studies import add_study, read_changed, report_study, study_words
from ekya_opt.text import number, percent
from instances import InvalidOption

SHOWN: dict[str, Any] = {
    "noise": lambda value: number(value, 3),
    "objective": lambda value: number(value, 4),
    "low": lambda value: number(value, 4),
    "high": lambda value: number(value, 4),
    "loss": percent,
    "regret": number,
    "misses": lambda value: number(value, 2),
    "below_floor": lambda value: number(value, 2),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_study(parser, "dp,thief,uniform,expected")
    parser.add_argument(
        "--errors",
        default="0,0.05,0.1,0.15,0.2",
        metavar="E,F,G",
        help="sizes of the noise: standard deviations",
    )
    parser.add_argument(
        "--draws", type=int, default=20, metavar="N", help="noisy profiles of each size"
    )
    parser.add_argument(
        "--noise-on",
        choices=("accuracy", "cost", "both"),
        default="accuracy",
        help="numbers that are noisy: accuracies, the logarithm of costs, or both",
    )
    add_changes(parser)
    parser.add_argument(
        "--figure", metavar="FILE", help="draw the means (.svg, .pdf or .png)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Study, print, write and draw; return the exit status."""
    from ekya_opt.noise_study import robustness, summarise_robustness
    from ekya_opt.plots import check_plots, save_figure
    from ekya_opt.progress import Ticker

    errors = _numbers(arguments.errors)
    check_writable(arguments.csv)
    check_writable(arguments.figure)
    if arguments.figure and not arguments.figure.endswith((".svg", ".pdf", ".png")):
        message = f"--figure is {arguments.figure}, expected a .svg, .pdf or .png file"
        raise InvalidOption(message)
    if arguments.figure is not None:
        check_plots()
    with Ticker("reading") as ticker:
        frame = robustness(
            read_changed(arguments),
            errors=errors,
            draws=arguments.draws,
            noise_on=arguments.noise_on,
            progress=ticker.note,
            **study_words(arguments),
        )
    status = report_study(arguments, frame, summarise_robustness(frame), SHOWN)
    if arguments.figure is not None and len(frame):
        from ekya_opt.plots.noise import plot_robustness

        save_figure(plot_robustness(frame), arguments.figure)
    return status


def _numbers(text: str) -> list[float]:
    """Return the numbers in a list separated by commas."""
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        message = f"--errors is {text!r}, expected numbers separated by commas"
        raise InvalidOption(message) from None
