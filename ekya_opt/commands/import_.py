"""Import recordings as instance files.

From a clone of the Ekya authors' repository or what their profiler writes, or from a
table of one's own.
"""

import argparse
from importlib import import_module

KINDS = {"ekya": "import_ekya", "table": "import_table"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: one subcommand for each kind of recording."""
    kinds = parser.add_subparsers(
        title="recordings",
        dest="kind",
        metavar="KIND",
        required=True,
        help="whose recordings; each kind has options of its own",
    )
    for kind, name in KINDS.items():
        module = import_module(f"ekya_opt.commands.{name}")
        summary = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        text = summary[:1].lower() + summary[1:].rstrip(".")
        command = kinds.add_parser(kind, help=text, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run_kind=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Import and write; return the exit status."""
    return int(arguments.run_kind(arguments))
