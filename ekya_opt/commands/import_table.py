"""Import a table of measurements, CSV or Parquet.

One row for each retraining config of a stream in a window. Columns: stream, config,
gpu_seconds, accuracy; window if there are several; start_accuracy, or a row whose
config is empty or none and whose accuracy is the stream's at the window's start.
Optional: delay_seconds, estimated_gpu_seconds with estimated_accuracy, weight,
min_accuracy. Writes NAME-windowW.json for each window.
"""

import argparse
from pathlib import Path

from ekya_opt.commands.arguments import add_json
from ekya_opt.commands.servers import add_server, server_words
from instances import InvalidOption


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE", help="CSV (also .gz) or Parquet file")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="directory to write to; made if missing",
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="a column's own name, such as gpu_seconds=cost_s; may be repeated",
    )
    parser.add_argument(
        "--scale",
        action="append",
        default=[],
        metavar="NAME=FACTOR",
        help="what to multiply a column with, such as gpu_seconds=0.001; may be "
        "repeated",
    )
    parser.add_argument(
        "--percent",
        action="store_true",
        help="the accuracies in FILE are percentages",
    )
    parser.add_argument(
        "--delimiter", default=",", metavar="CHAR", help="between the cells of CSV"
    )
    parser.add_argument(
        "--inference",
        metavar="FILE",
        help="table of inference configs: config, gpus, relative_accuracy, and stream "
        "unless each is for all (default: one config every-frame)",
    )
    parser.add_argument(
        "--inference-gpus",
        type=float,
        default=0.25,
        metavar="G",
        help="GPUs that every-frame needs",
    )
    parser.add_argument("--window", metavar="W", help="the only window to import")
    parser.add_argument(
        "--name", help="start of the instances' names (default: the file's)"
    )
    add_server(parser, gpus=1.0)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import, write and print what was written; return the exit status."""
    from ekya_opt.solver_specs import parse_settings
    from ekya_opt.text import one_line, to_json
    from instances import write_instance
    from instances.importers.tables import file_names, import_table

    factors = parse_settings(arguments.scale)
    imported = import_table(
        arguments.file,
        inference=arguments.inference,
        inference_gpus=arguments.inference_gpus,
        columns=parse_settings(arguments.column),
        scale={name: _factor(text) for name, text in factors.items()},
        percent=arguments.percent,
        window=arguments.window,
        name=arguments.name,
        delimiter=arguments.delimiter,
        **server_words(arguments),
    )
    directory = Path(arguments.output)
    paths = [directory / name for name in file_names(imported)]
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for instance, path in zip(imported, paths, strict=True):
        write_instance(instance, path)
        num_configs = sum(len(stream.retraining) for stream in instance.streams)
        written.append((str(path), len(instance.streams), num_configs))
    unused = imported[0].metadata["unused_columns"]
    if arguments.json:
        keys = ("file", "streams", "retraining_configs")
        rows = [dict(zip(keys, row, strict=True)) for row in written]
        print(to_json({"written": rows, "unused_columns": unused}))
        return 0
    for file, num_streams, num_configs in written:
        content = f"{num_streams} streams, {num_configs} retraining configs"
        print(one_line(f"{file}: {content}"))
    if unused:
        print(one_line(f"columns not used: {', '.join(unused)}"))
    return 0


def _factor(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidOption(f"--scale has {text!r}, expected a number") from None
