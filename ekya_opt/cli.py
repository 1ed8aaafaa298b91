"""The command line: ``ekya-opt COMMAND …``.

Exit status: 0 done; 1 the answer is negative (infeasible, no solution, invalid, a
check or a solver failed); 2 bad usage or bad input, with one line on standard error;
130 interrupted; 141 nobody reads the output any more.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

from ekya_opt.text import one_line
from instances import EkyaOptError

DONE, NEGATIVE, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141

COMMANDS = (
    "solve",
    "compare",
    "check",
    "draw",
    "generate",
    "chain",
    "import",
    "profile",
    "validate",
    "export",
    "help",
    "solvers",
    "versions",
    "bench",
    "best_known",
    "stress",
    "robust",
    "landscape",
    "price_list",
    "estimators",
    "pruning",
    "paper",
    "study",
    "report",
)


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Help that names every default which is a value."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default in (False, []):
            return action.help
        return super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser that reports bad usage in one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", HelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Report bad usage and exit with status 2."""
        report(f"{message} (see {self.prog} --help)")
        raise SystemExit(BAD_INPUT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; ``None`` takes the process's own."""
    _escape_what_cannot_be_encoded()
    if arguments is None:
        # A scheduler's SIGTERM ends a run as Ctrl-C does, backends included.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(arguments)
    except KeyboardInterrupt as stop:
        report(str(stop) or "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return BROKEN_PIPE
    except EkyaOptError as problem:
        report(str(problem))
    except OSError as problem:
        report(f"{problem.filename or 'input or output'}: {problem.strerror}")
    except Exception as problem:
        report(f"internal error: {type(problem).__name__}: {problem}")
    return BAD_INPUT


def report(message: str) -> None:
    """Write one line to standard error."""
    print(f"ekya-opt: {one_line(message)}", file=sys.stderr)


def module_of(command: str) -> str:
    """Return the name of a command's module."""
    # No module can be imported under a keyword of Python.
    name = f"{command}_" if iskeyword(command) else command
    return f"ekya_opt.commands.{name}"


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="ekya-opt",
        description="Exact models, heuristics and optimality gaps for one retraining "
        "window of video analytics on edge GPUs.",
        epilog="FILE is an instance file (.json, .json.gz, .npz) or a shipped "
        "instance such as shipped:paper/window1. Exit status: 0 done, 1 the answer is "
        "negative, 2 bad usage or bad input.",
    )
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )
    for name in COMMANDS:
        module = import_module(module_of(name))
        summary = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        text = summary[:1].lower() + summary[1:].rstrip(".")
        command = commands.add_parser(
            name.replace("_", "-"), help=text, description=module.__doc__
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _run(arguments: Sequence[str] | None) -> int:
    try:
        parsed = make_parser().parse_args(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else DONE
    status = int(parsed.run(parsed))
    if sys.stdout is not None:
        sys.stdout.flush()
    return status


def _escape_what_cannot_be_encoded() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Keep the interpreter from flushing into the broken pipe when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
