"""Export a model of an instance for another solver.

Writes the LP, MPS or protocol buffer file of a formulation.
"""

import argparse
import sys

from ekya_opt.commands.arguments import (
    add_instance,
    check_writable,
    read_with_changes,
)

FORMATS = ("lp", "mps", "proto")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "--formulation",
        required=True,
        metavar="NAME",
        help="model to export; an unknown name lists them",
    )
    parser.add_argument(
        "--format", choices=FORMATS, required=True, help="format of the file"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="file to write"
    )


def run(arguments: argparse.Namespace) -> int:
    """Build and write the model; return the exit status."""
    check_writable(arguments.output)
    instance = read_with_changes(arguments)
    from formulations.export import export

    export(instance, arguments.formulation, arguments.format, arguments.output)
    print(arguments.output, file=sys.stderr)
    return 0
