"""Measure speed and model sizes at the paper's size, medians with the machine named."""

import argparse
from dataclasses import asdict

from ekya_opt.commands.arguments import add_json
from ekya_opt.text import text_table, to_json
from instances import InvalidOption

SHIPPED = "shipped:paper/window1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "what", nargs="?", choices=("window",), default="window", help="what to measure"
    )
    parser.add_argument(
        "--repeat", type=int, default=5, metavar="N", help="runs of each timed thing"
    )
    parser.add_argument(
        "--literal",
        action="store_true",
        help="build the literal model as well: minutes and about 6 GB",
    )
    parser.add_argument(
        "--instance",
        default=SHIPPED,
        metavar="FILE",
        help="instance to solve from a cold shell",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; return the exit status."""
    if arguments.repeat < 1:
        raise InvalidOption(f"--repeat is {arguments.repeat}, expected at least 1")
    from ekya_opt.benchmarks.window import bench_window
    from ekya_opt.progress import Ticker
    from ekya_opt.reading import read

    read(arguments.instance)
    with Ticker("bench") as ticker:
        report = bench_window(
            repeat=arguments.repeat,
            literal=arguments.literal,
            instance=arguments.instance,
            progress=ticker.say,
        )
    if arguments.json:
        print(to_json(asdict(report)))
    else:
        for key, value in {**report.machine, **report.versions}.items():
            print(f"{key}: {value}")
        print(f"date: {report.date}\n")
        rows = [
            (
                part.name,
                f"{part.value:.3g}" if part.unit == "s" else f"{part.value:.0f}",
                part.unit,
                part.remark,
            )
            for part in report.measurements
        ]
        print(text_table(("measured", "median", "unit", "remark"), rows))
    return 130 if report.interrupted else 0
