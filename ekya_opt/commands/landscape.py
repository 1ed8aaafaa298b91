"""Study local optima and plateaus of the Thief's neighbourhoods.

From random splits of the units it climbs by steals of one step, of any amount, and by
pairs of steals, and tells where that ends, for each step.
"""

import argparse
from pathlib import Path
from typing import Any

from ekya_opt.commands.arguments import (
    add_instance,
    add_json,
    check_writable,
    read_window_with_changes,
)
from ekya_opt.commands.frames import frame_objects, frame_text
from ekya_opt.text import number, percent, to_json
from instances import InvalidOption

SHOWN: dict[str, Any] = {
    "feasible": percent,
    "reach_best": percent,
    "reach_optimum": percent,
    "best_gap": percent,
    "mean_gap": percent,
    "worst_gap": percent,
    "neutral": percent,
    "moves": lambda value: number(value, 1),
    "pair_units": lambda value: number(value, 0),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "--steal-units",
        metavar="A,B,C",
        help="steps, in units (default: 1, 2 and 4 as far as there are units)",
    )
    parser.add_argument(
        "--starts", type=int, default=200, metavar="N", help="random starts"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of everything random"
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="threads that climb"
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where to climb",
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows to a CSV file")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Study, print and write; return the exit status."""
    from ekya_opt.landscapes import landscape
    from ekya_opt.progress import Ticker
    from instances.json_files import write_atomically
    from solvers import Options

    check_writable(arguments.csv)
    steps = _steps(arguments.steal_units)
    Options(seed=arguments.seed, workers=arguments.workers)
    instance = read_window_with_changes(arguments)
    with Ticker(f"landscape of {instance.name}") as ticker:
        frame = landscape(
            instance,
            steps,
            starts=arguments.starts,
            seed=arguments.seed,
            device=arguments.device,
            workers=arguments.workers,
            progress=ticker.note,
        )
    if arguments.csv is not None:
        content = frame.to_csv(index=False).encode()
        write_atomically(Path(arguments.csv), content)
    if arguments.json:
        print(to_json(frame_objects(frame)))
    else:
        print(f"{instance.name}: optimum {number(frame.attrs['optimum'])}\n")
        shown = frame.drop(columns="instance", errors="ignore")
        print(frame_text(shown, SHOWN))
    return 130 if frame.attrs["interrupted"] else 0


def _steps(text: str | None) -> list[int] | None:
    """Return the whole numbers in a list separated by commas."""
    if text is None:
        return None
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        message = f"--steal-units is {text!r}, expected whole numbers and commas"
        raise InvalidOption(message) from None
