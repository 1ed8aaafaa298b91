"""What each kind of problem brings: its referee and the files of its schedules."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from formulations.evaluate import Evaluation, evaluate
from formulations.feasibility import is_infeasible
from formulations.replaying import replay
from formulations.schedule import Schedule
from formulations.schedule_files import (
    ScheduleFile,
    schedule_from_dict,
    schedule_to_dict,
)
from instances import Instance, InvalidSchedule
from instances.checks import shown
from instances.json_files import check_schema_version, read_as
from instances.problems import Kind, kind_by_name, kind_of

if TYPE_CHECKING:
    from formulations.evaluate_horizon import HorizonEvaluation
    from formulations.horizon_schedule import HorizonSchedule
    from formulations.horizon_schedule_files import HorizonScheduleFile
    from formulations.placed_schedule import PlacedSchedule
    from formulations.placed_schedule_files import PlacedScheduleFile
    from instances.problems import Problem

    AnySchedule: TypeAlias = Schedule | HorizonSchedule | PlacedSchedule
    AnyScheduleFile: TypeAlias = ScheduleFile | HorizonScheduleFile | PlacedScheduleFile
    AnyEvaluation: TypeAlias = Evaluation | HorizonEvaluation

_SCHEDULES = {
    "Schedule": Kind.WINDOW,
    "HorizonSchedule": Kind.HORIZON,
    "PlacedSchedule": Kind.PLACEMENT,
}


def evaluate_any(problem: "Problem", schedule: Any) -> "AnyEvaluation":
    """Return the verdict of the problem's referee on a schedule.

    Raises
    ------
    InvalidSchedule
        If the schedule is one of another kind of problem.
    """
    _check_kind(problem, schedule)
    if isinstance(problem, Instance):
        return evaluate(problem, schedule)
    from instances.horizon import Horizon

    if isinstance(problem, Horizon):
        from formulations.evaluate_horizon import evaluate_horizon

        return evaluate_horizon(problem, schedule)
    from formulations.evaluate_placement import evaluate_placement

    return evaluate_placement(problem, schedule)


def proves_infeasible(problem: "Problem") -> bool:
    """Return whether it is certain, without a search, that no schedule exists.

    Exact for windows; of horizons and placements only a necessary condition is looked
    at, so that ``False`` says nothing of them.
    """
    if isinstance(problem, Instance):
        return is_infeasible(problem)
    from instances.horizon import Held, Horizon

    if isinstance(problem, Horizon):
        return is_infeasible(problem.window(0, [Held()] * len(problem.streams)))
    from formulations.placement_feasibility import is_infeasible as cannot_be_placed

    return cannot_be_placed(problem)


def replay_any(problem: "Problem", schedule: Any) -> "AnySchedule":
    """Return a schedule made on other numbers, carried out on a problem's own."""
    if isinstance(problem, Instance):
        return replay(problem, schedule)
    from formulations.horizon_replaying import replay_horizon
    from instances.horizon import Horizon

    assert isinstance(problem, Horizon)
    return replay_horizon(problem, schedule)


def any_schedule_to_dict(schedule: "AnySchedule", **claims: Any) -> dict[str, Any]:
    """Return the JSON value of a schedule file of any kind.

    ``claims`` are instance, solver, objective, bound and certificate, as in
    :func:`formulations.schedule_files.schedule_to_dict`.
    """
    if isinstance(schedule, Schedule):
        return schedule_to_dict(schedule, **claims)
    claims.pop("certificate", None)
    from formulations.horizon_schedule import HorizonSchedule

    if isinstance(schedule, HorizonSchedule):
        from formulations.horizon_schedule_files import horizon_schedule_to_dict

        return horizon_schedule_to_dict(schedule, **claims)
    from formulations.placed_schedule_files import placed_schedule_to_dict

    return placed_schedule_to_dict(schedule, **claims)


def any_schedule_from_dict(data: Any) -> "AnyScheduleFile":
    """Return the content of a schedule file of any kind from its parsed JSON value."""
    kind = check_schema_version(data, InvalidSchedule).get("kind", Kind.WINDOW)
    if kind not in list(Kind):
        message = f"is {shown(kind)}, expected one of {', '.join(Kind)}"
        raise InvalidSchedule(message, "kind")
    if kind == Kind.WINDOW:
        return schedule_from_dict(
            {key: value for key, value in data.items() if key != "kind"}
        )
    if kind == Kind.HORIZON:
        from formulations.horizon_schedule_files import horizon_schedule_from_dict

        return horizon_schedule_from_dict(data)
    from formulations.placed_schedule_files import placed_schedule_from_dict

    return placed_schedule_from_dict(data)


def read_any_schedule(path: str | Path) -> "AnyScheduleFile":
    """Return the content of a schedule file (``.json``, or ``.gz`` compressed).

    Raises
    ------
    InvalidSchedule
        If the file breaks a rule of the format; the message names the file, the
        place in it, the value and what was expected.
    EkyaOptError
        If the file cannot be read.
    """
    return read_as(path, any_schedule_from_dict, InvalidSchedule)


def is_schedule(thing: Any) -> bool:
    """Return whether a thing is a schedule of some kind of problem."""
    return kind_by_name(thing, _SCHEDULES) is not None


def _check_kind(problem: "Problem", schedule: Any) -> None:
    found, expected = kind_by_name(schedule, _SCHEDULES), kind_of(problem)
    if found is not expected:
        what = shown(schedule) if found is None else f"one of a {found}"
        message = f"is {what}, expected one of a {expected}"
        raise InvalidSchedule(message, "schedule")
