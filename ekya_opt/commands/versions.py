"""Print the versions of ekya-opt, Python and every dependency."""

import argparse

from ekya_opt.commands.arguments import add_json
from ekya_opt.text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the versions; return the exit status."""
    from ekya_opt.versions import versions

    found = versions()
    if arguments.json:
        print(to_json(found))
    else:
        width = max(map(len, found))
        for name, version in found.items():
            print(f"{name:<{width}}  {version}")
    return 0
