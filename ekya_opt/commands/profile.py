"""Measure retraining and inference of small models here, and write instances.

Streams are drifting ones made of scikit-learn's digits, or your own labelled frames:
FRAMES/STREAM/WINDOW/CLASS/IMAGE, with tracks told by names such as 12_003.png (object
12, frame 3). DIR receives every measured point at once, so that the same command goes
on where an interrupted one ended, and then one instance for each window. Needs
ekya-opt[profile].
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ekya_opt.commands.arguments import add_json
from ekya_opt.commands.servers import add_server, server_words
from ekya_opt.text import one_line, text_table, to_json

if TYPE_CHECKING:
    from ekya_opt.profile_report import ProfileReport
    from instances.profiler.profile import Profile

    pass

SETTINGS = (
    *("seed", "device", "frames", "frame_size", "frames_per_second", "drift"),
    *("golden", "replay", "num_exemplars", "incremental"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--preset",
        choices=("quick", "full"),
        default="quick",
        help="3 streams in 2 windows, or 6 in 4; 18 retraining configs each",
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where models train"
    )
    parser.add_argument(
        "--frames", metavar="DIR", help="your labelled frames (default: digits)"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="directory to write to; made if missing",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of everything random"
    )
    _add_streams(parser)
    _add_training(parser)
    parser.add_argument(
        "--cost",
        choices=("measured", "nominal"),
        default="measured",
        help="seconds as measured, or by formula from operations and steps, which are "
        "the same on every machine",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=100.0,
        metavar="X",
        help="GPU-seconds of the server for a second of the device",
    )
    parser.add_argument(
        "--estimator",
        default="calibrated",
        metavar="NAME",
        help="what fills the estimates: paper, samples, last, history, combo "
        "or calibrated",
    )
    add_server(parser, gpus=4.0)
    add_json(parser)


def _add_streams(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--frame-size",
        type=int,
        default=32,
        metavar="P",
        help="pixels to which your frames are scaled",
    )
    parser.add_argument(
        "--frames-per-second",
        type=float,
        default=30.0,
        metavar="F",
        help="of each camera; says what serving demands",
    )
    parser.add_argument(
        "--drift",
        type=float,
        default=0.5,
        metavar="D",
        help="how fast the streams of digits drift; 0 stands still",
    )
    parser.add_argument(
        "--incremental",
        action="store_true",
        help="the streams of digits begin with four classes and meet one more a window",
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--golden",
        action="store_true",
        help="a teacher model labels the training frames; its time delays retraining",
    )
    parser.add_argument(
        "--replay",
        choices=("none", "exemplars", "distilled"),
        default="none",
        help="train on herded exemplars of earlier windows too, and distill the old "
        "model besides (iCaRL)",
    )
    parser.add_argument(
        "--num-exemplars",
        type=int,
        default=100,
        metavar="N",
        help="frames kept for --replay, over all classes",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, write and print a report; return the exit status."""
    from ekya_opt.cli import INTERRUPTED, report
    from ekya_opt.profile_report import profile_report
    from ekya_opt.progress import Ticker
    from instances.profiler.costs import CostSource
    from instances.profiler.device import check_packages
    from instances.profiler.profiled import Server
    from instances.profiler.recipes import PRESETS

    check_packages()
    from instances.profiler.profile import profile
    from instances.profiler.settings import Settings

    words = {name: getattr(arguments, name) for name in SETTINGS}
    settings = Settings(preset=PRESETS[arguments.preset], **words)
    server = Server(
        **server_words(arguments),
        scale=arguments.scale,
        cost_source=CostSource(arguments.cost),
    )
    done = total = 0

    def note(now: int, of: int, what: str) -> None:
        nonlocal done, total
        done, total = now, of
        ticker.note(now, of, what)

    with Ticker("loading") as ticker:
        try:
            found = profile(
                Path(arguments.output),
                settings,
                server,
                estimator=arguments.estimator,
                progress=note,
            )
        except KeyboardInterrupt:
            kept = f"{done} of {total} points are kept in {arguments.output}"
            report(f"interrupted: {kept}; the same command goes on from there")
            return INTERRUPTED
    _print(profile_report(found), found, arguments)
    return 0


def _print(
    made: "ProfileReport", found: "Profile", arguments: argparse.Namespace
) -> None:
    """Print what was measured, what micro-profiling is worth, and the files."""
    from ekya_opt.commands.estimators import SHOWN
    from ekya_opt.commands.frames import frame_objects, frame_text
    from ekya_opt.estimator_study import shown_errors

    directory = Path(arguments.output)
    files = [str(directory / f"{each.name}.json") for each in found.instances]
    if arguments.json:
        facts = {"points": str(found.path), **made.facts()}
        errors = frame_objects(made.errors)
        print(to_json({**facts, "estimators": errors, "files": files}))
        return
    speed = made.speed_up
    device = found.settings["environment"]
    lines = (
        (
            "measured",
            f"{made.streams} streams × {made.windows} windows × {made.configs} "
            f"retraining configs on {device['device_name']} ({device['device']})",
        ),
        (
            "accuracy",
            f"{made.start_accuracy:.3f} at the start of a window, "
            f"{made.best_accuracy:.3f} with the best config; "
            f"{made.configs_below_start:.0%} of the configs end below the start",
        ),
        (
            "cost spread",
            f"{made.least_spread:.0f} to {made.largest_spread:.0f} times between "
            "the configs of a stream's window",
        ),
        (
            "speed-up",
            f"micro-profiling takes {speed.micro_seconds:.2f} s; training each config "
            f"on its own {speed.separate:.0f} times that, each recipe once "
            f"{speed.shared:.0f} times",
        ),
        (
            "",
            f"with evaluations {speed.separate_with_evaluations:.0f} and "
            f"{speed.shared_with_evaluations:.0f} times (the paper says 100, each "
            "config on its own)",
        ),
    )
    for name, text in lines:
        print(one_line(f"{name:<11}  {text}"))
    print()
    print(frame_text(shown_errors(made.errors), SHOWN))
    print("val: against the validation frames, as the paper's median of 0.058 is")
    print("test: against the window's own frames")
    print()
    rows = [
        [file, len(each.streams), f"{each.gpus:g}", each.reallocation]
        for file, each in zip(files, found.instances, strict=True)
    ]
    print(text_table(["written", "streams", "gpus", "reallocation"], rows))
