"""Import the recordings of Ekya's authors, or what their profiler writes.

PATH is your own clone of their public repository (its root, a folder above or below
it, or the notebook with the micro-profiling table), or a folder or file that their
profiler wrote. Nothing in it is executed. Writes an instance for each window. Their
repository has no licence: the files are for your own use.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ekya_opt.commands.arguments import add_json
from ekya_opt.commands.servers import add_server, server_words
from ekya_opt.text import number, one_line, text_table, to_json
from instances import Instance, InvalidData, InvalidOption
from instances.checks import shown

OPTIONS = (
    *("window", "camera", "partial", "epochs", "sampling_curves"),
    *("hyperparameter_map", "name"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", metavar="PATH", help="clone, notebook, folder or file")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="directory to write to; made if missing",
    )
    parser.add_argument(
        "--window", type=int, metavar="W", help="one window (default: all)"
    )
    parser.add_argument(
        "--streams",
        metavar="A,B,C|N",
        help="these streams, or the first N (default: all)",
    )
    add_server(parser, gpus=4.0)
    parser.add_argument(
        "--throughput",
        choices=("linear", "mps"),
        default="linear",
        help="speed of a retraining on a share of a GPU: the share, or as measured "
        "under MPS (clone only)",
    )
    parser.add_argument(
        "--camera",
        metavar="C",
        help="frame-sampling curve of every stream; Ekya's simulator takes c1 "
        "(default: the cameras in turn)",
    )
    parser.add_argument(
        "--partial",
        action="store_true",
        help="accept other numbers of cities, windows, cameras and points than the "
        "authors' (clone only)",
    )
    parser.add_argument(
        "--epochs",
        type=_numbers,
        metavar="A,B,C",
        help="epochs of the retraining configs (not for a clone)",
    )
    parser.add_argument(
        "--sampling-curves",
        metavar="FILE",
        help="frame-sampling curves, CSV (not for a clone)",
    )
    parser.add_argument(
        "--hyperparameter-map",
        metavar="FILE",
        help="hyp_map….json of the runs (not for a clone)",
    )
    parser.add_argument(
        "--name", help="start of the instances' names (not for a clone)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import, write and print a summary; return the exit status."""
    from instances import write_instance
    from instances.importers.ekya import import_ekya

    options = {name: getattr(arguments, name) for name in OPTIONS}
    options |= server_words(arguments)
    try:
        instances = import_ekya(
            arguments.path,
            streams=_streams(arguments.streams),
            mps=arguments.throughput == "mps",
            **options,
        )
    except InvalidData as problem:
        if problem.file:
            raise
        raise InvalidOption(f"{arguments.path}: {problem}") from None
    directory = Path(arguments.output)
    for instance in instances:
        if Path(instance.name).name != instance.name:
            message = f"the name {shown(instance.name)} is none of a file"
            raise InvalidOption(f"{arguments.path}: {message}")
    directory.mkdir(parents=True, exist_ok=True)
    files = [directory / f"{instance.name}.json" for instance in instances]
    for instance, file in zip(instances, files, strict=True):
        write_instance(instance, file)
    summary = {
        "source": arguments.path,
        "rows_verified": instances[0].metadata.get("rows_verified"),
        **_errors(instances),
        "files": [str(file) for file in files],
    }
    if arguments.json:
        print(to_json(summary))
    else:
        _print(summary, instances)
    return 0


def _numbers(text: str) -> list[int]:
    """Return the whole numbers in a text, for argparse."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        message = f"is {shown(text)}, expected whole numbers such as 5,15,30"
        raise argparse.ArgumentTypeError(message) from None


def _streams(text: str | None) -> Sequence[str] | int | None:
    """Return the names in --streams, or the number."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return [name.strip() for name in text.split(",")]


def _errors(instances: Sequence[Instance]) -> dict[str, Any]:
    """Return the size of what was imported and the errors of its estimates."""
    from instances.profiler.estimator_errors import recorded_errors

    streams = [stream for instance in instances for stream in instance.streams]
    found = recorded_errors(instances)
    errors = found and found.test
    return {
        "streams": len({stream.name for stream in streams}),
        "stream_windows": len(streams),
        "retraining_configs": sum(len(stream.retraining) for stream in streams),
        "median_accuracy_error": errors and errors.median,
        "mean_accuracy_error": errors and errors.mean,
        "p90_accuracy_error": errors and errors.p90,
        "rank_correlation": errors and errors.rank_correlation,
        "num_rankings": errors and errors.windows - errors.unranked_windows,
    }


def _print(summary: dict[str, Any], instances: Sequence[Instance]) -> None:
    """Print the summary for people."""
    lines = [("source", summary["source"])]
    if summary["rows_verified"] is not None:
        lines.append(("rows verified", summary["rows_verified"]))
    lines += [
        ("streams", summary["streams"]),
        ("streams × windows", summary["stream_windows"]),
        ("retraining configs", summary["retraining_configs"]),
    ]
    if summary["median_accuracy_error"] is not None:
        rankings = f"(mean of {summary['num_rankings']} streams × windows)"
        lines += [
            ("estimates: median |accuracy error|", _4(summary, "median")),
            (
                "estimates: mean, 90th percentile",
                f"{_4(summary, 'mean')}, {_4(summary, 'p90')}",
            ),
            (
                "estimates: rank correlation",
                f"{number(summary['rank_correlation'], 2)} {rankings}",
            ),
        ]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(one_line(f"{name.ljust(width)}  {value}"))
    rows = [
        [file, len(instance.streams), f"{instance.gpus:g}", instance.reallocation]
        for file, instance in zip(summary["files"], instances, strict=True)
    ]
    print(text_table(["written", "streams", "gpus", "reallocation"], rows))


def _4(summary: dict[str, Any], name: str) -> str:
    return number(summary[f"{name}_accuracy_error"], 4)
