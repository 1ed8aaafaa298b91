"""Generate instance files of a family.

Writes FAMILY-STREAMSxGPUS-seedSEED.json or .npz for each seed from --seed on.
Families: those of `instances.generators.FAMILIES`; an unknown name lists them. The
family fleet goes to 10,000,000 streams in .npz files; all else to 100,000.
"""

import argparse
from pathlib import Path
from typing import Any

from instances import InvalidData, InvalidOption
from instances.instance_files import holds_columns
from instances.json_files import parse_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("family", metavar="FAMILY", help="family of instances")
    parser.add_argument(
        "--streams", type=int, required=True, metavar="N", help="number of streams"
    )
    parser.add_argument(
        "--gpus", type=float, required=True, metavar="G", help="GPUs of the server"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of the first instance"
    )
    parser.add_argument(
        "--count", type=int, default=1, metavar="M", help="number of instances"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the family or a field of the server; may be repeated",
    )
    parser.add_argument(
        "--format",
        choices=("json", "npz"),
        help="objects as JSON, or columns as .npz (default: npz for the family fleet, "
        "json for all others)",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="directory to write to; made if missing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Generate and write; return the exit status."""
    from ekya_opt.solver_specs import parse_settings
    from instances.generators import family_options
    from instances.generators.families import COLUMN_FAMILIES

    family, gpus = arguments.family, arguments.gpus
    known_options = family_options(family)
    if arguments.count < 1:
        raise InvalidOption(f"--count is {arguments.count}, expected at least 1")
    options = {key: _read(text) for key, text in parse_settings(arguments.set).items()}
    for key in options:
        if key not in known_options:
            message = f"family {family} has no option {key!r}; it has: "
            raise InvalidOption(message + ", ".join(known_options))
    form = arguments.format or ("npz" if family in COLUMN_FAMILIES else "json")
    directory = Path(arguments.output)
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        size = f"{arguments.streams}x{gpus:g}"
        path = directory / f"{family}-{size}-seed{seed}.{form}"
        _generate(path, family, arguments.streams, gpus, seed, options)
        print(path)
    return 0


def _generate(
    path: Path,
    family: str,
    num_streams: int,
    gpus: float,
    seed: int,
    options: dict[str, Any],
) -> None:
    """Generate an instance and write it in the format that its file name says."""
    from instances.generators import generate_columns, generate_problem
    from instances.npz_files import write_columns
    from instances.problems import write_problem

    if holds_columns(path):
        columns = generate_columns(family, num_streams, gpus, seed, **options)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_columns(columns, path)
    else:
        problem = generate_problem(family, num_streams, gpus, seed, **options)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_problem(problem, path)


def _read(text: str) -> Any:
    """Return the JSON value of an option, or the text itself if it is none."""
    try:
        return parse_json(text, InvalidData)
    except InvalidData:
        return text
