"""Explain a topic: the model, a file, a solver with its settings, a command, ….

Without a topic it lists all of them. Every public name of the Python package is a
topic, too.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "topic", nargs="?", metavar="TOPIC", help="what to explain (default: list all)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the text; return the exit status."""
    from ekya_opt.topics import topic_list, topic_text

    print(topic_list() if arguments.topic is None else topic_text(arguments.topic))
    return 0
