"""Validate instance files.

Prints a line for each file. Exit status 1 means that a file is invalid.
"""

import argparse

from ekya_opt.text import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME]",
    )


def run(arguments: argparse.Namespace) -> int:
    """Validate and print; return the exit status."""
    from ekya_opt.reading import paths_of
    from instances import InvalidInstance, read_instance

    num_invalid = 0
    for path in paths_of(arguments.paths):
        try:
            instance = read_instance(path)
        except InvalidInstance as problem:
            num_invalid += 1
            print(one_line(f"{problem} [invalid]"))
            continue
        size = f"{len(instance.streams)} streams, {instance.gpus:g} GPUs"
        print(one_line(f"{path}: valid: {instance.name}, {size}"))
    return 1 if num_invalid else 0
