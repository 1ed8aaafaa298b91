"""What a solve writes: schedule files as objects or, for fleets, as columns."""

from typing import TYPE_CHECKING, Any

from instances import Instance, InvalidOption
from instances.instance_files import MOST_OBJECTS, holds_columns
from instances.problems import is_columns

if TYPE_CHECKING:
    from instances.columns import Columns
    from instances.problems import Problem
    from solvers import Result
    from solvers.registry import Solver

MOST_PRINTED = 10_000
"""Streams of a fleet whose schedule is still printed."""


def check_output(
    path: str | None, problem: "Problem | Columns", solver: "Solver"
) -> None:
    """Raise ``InvalidOption`` early if a schedule cannot be written in that form."""
    if path is None:
        return
    if holds_columns(path) and not solver.on_columns:
        message = f"--output {path}: {solver.name} makes no columns; the solver fleet"
        raise InvalidOption(f"{message} does, for others write a .json file")
    if not is_columns(problem):
        return
    if problem.num_streams > MOST_OBJECTS and not holds_columns(path):
        message = f"--output {path}: the schedule of {problem.num_streams:,} streams is"
        raise InvalidOption(f"{message} written as columns only, to a .npz file")


def schedule_content(
    result: "Result", problem: "Problem | Columns", most_streams: int = MOST_PRINTED
) -> dict[str, Any] | None:
    """Return the JSON value of a result's schedule file.

    ``None`` without a schedule, and for columns of more streams than ``most_streams``.
    """
    from formulations.problems import any_schedule_to_dict

    schedule = result.schedule
    if schedule is None and result.schedule_columns is not None:
        assert isinstance(problem, Instance) or is_columns(problem)
        if result.schedule_columns.num_streams > most_streams:
            return None
        schedule = result.schedule_columns.schedule(problem)
    if schedule is None:
        return None
    return any_schedule_to_dict(
        schedule,
        instance=result.instance,
        solver=result.solver,
        objective=result.objective,
        bound=result.bound,
        certificate=_certificate(result),
    )


def write_output(path: str, result: "Result", problem: "Problem | Columns") -> None:
    """Write a result's schedule to a ``.json``, ``.json.gz`` or ``.npz`` file."""
    from formulations.schedule_files import write_schedule

    if not holds_columns(path):
        content = schedule_content(result, problem, MOST_OBJECTS)
        if content is not None:
            write_schedule(path, content)
        return
    if result.schedule_columns is None:
        return
    from formulations.schedule_npz import ScheduleColumnsFile, write_schedule_columns

    certificate = _certificate(result)
    file = ScheduleColumnsFile(
        instance=result.instance,
        solver=result.solver,
        objective=None if result.objective is None else min(result.objective, 1.0),
        bound=result.bound,
        price=None if certificate is None else certificate["price"],
        schedule=result.schedule_columns,
    )
    write_schedule_columns(path, file)


def _certificate(result: "Result") -> dict[str, Any] | None:
    """Return what proves the bound.

    A plan made on estimates has no bound, and what proved that on them is no claim.
    """
    if result.bound is None:
        return None
    certificate: dict[str, Any] | None = result.metadata.get("certificate")
    return certificate
