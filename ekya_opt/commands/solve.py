"""Solve one instance, horizon or placement.

Prints the certified result and the schedule. Of streams given as columns it prints only
what they do in numbers, and of more than 10,000 null in JSON; --output writes them all.
Exit status 1 means that there is no schedule: the instance is infeasible or none was
found in time.
"""

import argparse
import contextlib
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.arguments import (
    add_instance,
    add_json,
    add_options,
    check_writable,
    read_columns_with_changes,
    read_with_changes,
)
from ekya_opt.schedule_output import check_output, schedule_content, write_output
from ekya_opt.schedule_tables import schedule_table
from ekya_opt.text import number, percent, text_table, to_json
from instances.instance_files import holds_columns
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from instances.columns import Columns
    from instances.problems import Problem
    from solvers import Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "--solver", default="dp", metavar="NAME", help="one of `ekya-opt solvers`"
    )
    add_options(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the solver; may be repeated",
    )
    parser.add_argument(
        "--initial", metavar="SCHEDULE.json", help="schedule file to start from"
    )
    parser.add_argument(
        "--output",
        metavar="SCHEDULE",
        help="schedule file to write: .json, .json.gz or, with fleet, .npz",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="print the log of the solver's backend to standard error",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Solve, print and write; return the exit status."""
    from ekya_opt.backend_logs import logs_to_stderr
    from ekya_opt.progress import Ticker
    from ekya_opt.solver_specs import parse_settings
    from formulations.problems import read_any_schedule
    from solvers import Options, solve
    from solvers.registry import get_solver

    check_writable(arguments.output)
    problem = _read(arguments)
    solver = get_solver(arguments.solver, kind_of(problem))
    check_output(arguments.output, problem, solver)
    initial = arguments.initial and read_any_schedule(arguments.initial).schedule
    options = Options(
        time_limit=arguments.time_limit,
        seed=arguments.seed,
        workers=arguments.workers,
        initial_schedule=initial,
        verbosity=int(arguments.verbose),
        plan_on=arguments.plan_on,
        settings=parse_settings(arguments.set),
    )
    with contextlib.ExitStack() as around:
        if arguments.verbose:
            around.enter_context(logs_to_stderr())
        else:
            around.enter_context(Ticker(f"{arguments.solver} on {problem.name}"))
        result = solve(problem, arguments.solver, options)
    if arguments.json:
        print(to_json(result_content(result, problem)))
    else:
        print(_shown(result))
        table = schedule_table(problem, result)
        print(f"\n{table}" if table else "")
    if arguments.output is not None:
        write_output(arguments.output, result, problem)
    return 0 if result.has_schedule else 1


def _read(arguments: argparse.Namespace) -> Any:
    """Return FILE in the form that the solver works on."""
    from solvers.registry import get_solver

    columns = holds_columns(arguments.file)
    if columns and get_solver(arguments.solver, Kind.WINDOW).on_columns:
        return read_columns_with_changes(arguments)
    return read_with_changes(arguments)


def result_content(result: "Result", problem: "Problem | Columns") -> dict[str, Any]:
    """Return the JSON object of a result."""
    return {
        "instance": result.instance,
        "solver": result.solver,
        "status": str(result.status),
        "stopped_by": None if result.stopped_by is None else str(result.stopped_by),
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "runtime_seconds": result.runtime,
        "schedule": schedule_content(result, problem),
    }


def _shown(result: "Result") -> str:
    rows = [
        ("instance", result.instance),
        ("solver", result.solver),
        ("status", result.status),
        ("stopped by", result.stopped_by),
        ("objective", number(result.objective)),
        ("bound", number(result.bound)),
        ("gap", percent(result.gap)),
        ("seconds", number(result.runtime, 3)),
    ]
    return text_table(("result", ""), rows)
