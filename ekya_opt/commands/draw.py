"""Draw a schedule: over time or, of a placement, on its GPUs.

Exit status 1 means that the schedule is drawn, but breaks a rule of the problem; the
first violation is told. For instance: ekya-opt draw shipped:paper/horizon SCHEDULE.json
-o timeline.svg.
"""

import argparse
import warnings
from typing import Any

from ekya_opt.commands.arguments import add_instance, check_writable, read_with_changes
from instances import InvalidData, InvalidOption
from instances.instance_files import holds_columns

ENDINGS = (".svg", ".pdf", ".png")

MOST_STREAMS = 1_000
"""Streams that are still drawn; more would be thinner than lines."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "schedule", metavar="SCHEDULE.json", help="schedule file to draw"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FIGURE",
        help="figure to write (.svg, .pdf or .png)",
    )
    parser.add_argument(
        "--size",
        choices=("notebook", "paper"),
        default="notebook",
        help="large, or for one column of a paper (default: notebook)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw and write; return the exit status."""
    from ekya_opt.cli import report
    from ekya_opt.plots import check_plots, save_figure
    from formulations.problems import evaluate_any, read_any_schedule

    figure = arguments.output
    if not figure.endswith(ENDINGS):
        message = f"--output is {figure}, expected a .svg, .pdf or .png file"
        raise InvalidOption(message)
    check_writable(figure)
    check_plots()
    if holds_columns(arguments.schedule):
        message = f"{arguments.schedule} holds columns, expected a .json file to draw"
        raise InvalidOption(message)
    problem = read_with_changes(arguments)
    if len(problem.streams) > MOST_STREAMS:
        message = f"{arguments.file} has {len(problem.streams):,} streams"
        raise InvalidOption(f"{message}, of which at most {MOST_STREAMS:,} are drawn")
    schedule = read_any_schedule(arguments.schedule).schedule
    try:
        verdict = evaluate_any(problem, schedule)
    except InvalidData as wrong:
        raise wrong.in_file(arguments.schedule) from None
    with warnings.catch_warnings():
        # What a font lacks is shown as a box, and by an SVG's reader as it is.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        save_figure(_drawn(problem, schedule, arguments.size), figure)
    if verdict.feasible:
        return 0
    count = len(verdict.violations)
    found = f"{count} violation{'s' if count > 1 else ''}"
    report(
        f"{arguments.schedule}: the referee finds {found}, first: "
        f"{verdict.violations[0]}"
    )
    return 1


def _drawn(problem: Any, schedule: Any, size: Any) -> Any:
    """Return axes of the figure that shows this kind of problem best."""
    from instances.problems import Kind, kind_of

    if kind_of(problem) is Kind.PLACEMENT:
        from ekya_opt.plots.gpus import plot_gpus

        return plot_gpus(problem, schedule, size=size)
    from ekya_opt.plots.timeline import plot_timeline

    return plot_timeline(problem, schedule, size=size)[0]
