"""Arguments that describe the server of instances made from measurements."""

import argparse
from typing import Any

from ekya_opt.commands.arguments import MODES

SERVER = (
    *("gpus", "units_per_gpu", "window_seconds"),
    *("reallocation", "slot_seconds", "min_accuracy"),
)


def add_server(parser: argparse.ArgumentParser, *, gpus: float) -> None:
    """Add the fields of an instance that no measurement of streams holds."""
    parser.add_argument(
        "--gpus", type=float, default=gpus, metavar="G", help="GPUs of the server"
    )
    parser.add_argument(
        "--units-per-gpu", type=int, default=20, metavar="U", help="units of a GPU"
    )
    parser.add_argument(
        "--window-seconds",
        type=float,
        default=200.0,
        metavar="S",
        help="length of a window",
    )
    parser.add_argument(
        "--reallocation",
        choices=MODES,
        default="never",
        help="what may change during a window",
    )
    parser.add_argument(
        "--slot-seconds",
        type=float,
        metavar="S",
        help="the server's control period, for --reallocation server",
    )
    parser.add_argument(
        "--min-accuracy",
        type=float,
        default=0.0,
        metavar="A",
        help="floor of every stream without its own, in [0, 1]",
    )


def server_words(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the server as keyword arguments."""
    return {name: getattr(arguments, name) for name in SERVER}
