"""Schedules as tables for people, one for each kind of problem."""

from typing import TYPE_CHECKING, Any

from ekya_opt.text import number, text_table
from instances.problems import Kind, is_columns, kind_of

if TYPE_CHECKING:
    from formulations import Schedule
    from formulations.evaluate import StreamEvaluation
    from formulations.horizon_schedule import HorizonSchedule
    from formulations.placed_schedule import PlacedSchedule
    from formulations.schedule_columns import ScheduleColumns
    from instances import Instance
    from instances.columns import Columns
    from instances.horizon import Horizon
    from instances.placement import Placement
    from instances.problems import Problem
    from solvers import Result

COLUMNS = (
    "stream",
    "retraining",
    "done at, s",
    "training units",
    "inference units",
    "inference before",
    "inference after",
    "accuracy",
)
MOST_CHANGES = 4
"""Numbers of units in a row that are still all shown."""


def schedule_table(problem: "Problem | Columns", result: "Result") -> str:
    """Return the table of a result's schedule; empty without one."""
    if is_columns(problem):
        if result.schedule_columns is None:
            return ""
        return _fleet_table(problem, result.schedule_columns)
    if result.schedule is None:
        return ""
    tables: dict[Kind, Any] = {
        Kind.WINDOW: _window_table,
        Kind.HORIZON: _horizon_table,
        Kind.PLACEMENT: _placement_table,
    }
    table: str = tables[kind_of(problem)](problem, result.schedule)
    return table


def _fleet_table(columns: "Columns", schedule: "ScheduleColumns") -> str:
    """Return what a fleet's streams do, in numbers."""
    retrained = int((schedule.retraining >= 0).sum())
    rows = [
        ("streams", f"{schedule.num_streams:,}"),
        ("retrained", f"{retrained:,}"),
        ("training units", f"{int(schedule.training_units.sum()):,}"),
        ("inference units", f"{int(schedule.inference_units.sum()):,}"),
        ("units in all", f"{columns.total_units:,}"),
    ]
    return text_table(("schedule", ""), rows)


def _window_table(instance: "Instance", schedule: "Schedule") -> str:
    from formulations.evaluate import evaluate

    plans = {plan.stream: plan for plan in schedule.streams}
    rows = [
        _row(plans[verdict.stream], verdict)
        for verdict in evaluate(instance, schedule).streams
    ]
    return text_table(COLUMNS, rows)


def _horizon_table(horizon: "Horizon", schedule: "HorizonSchedule") -> str:
    from formulations.evaluate_horizon import evaluate_horizon

    verdict = evaluate_horizon(horizon, schedule)
    held = {each.stream: each.held for each in verdict.streams}
    rows = []
    for w, (window, plans) in enumerate(
        zip(verdict.windows, schedule.windows, strict=True)
    ):
        own = {plan.stream: plan for plan in plans.streams}
        for each in window.streams:
            plan = own[each.stream]
            retraining = plan.retraining
            if plan.reuse is not None:
                retraining = f"{'warm' if plan.warm else 'reuse'} {plan.reuse}"
            rows.append(
                (w + 1, *_row(plan, each, retraining), held[each.stream][w + 1])
            )
    return text_table(("window", *COLUMNS, "model at the end"), rows)


def _placement_table(placement: "Placement", schedule: "PlacedSchedule") -> str:
    from formulations.evaluate_placement import evaluate_placement

    plans = {plan.stream: plan for plan in schedule.streams}
    rows = []
    for verdict in evaluate_placement(placement, schedule).streams:
        plan = plans[verdict.stream]
        places = " ".join(plan.training_gpus), " ".join(plan.inference_gpus)
        rows.append((*_row(plan, verdict), *places))
    return text_table((*COLUMNS, "trains on", "serves on"), rows)


def _row(
    plan: Any, verdict: "StreamEvaluation", retraining: str | None = None
) -> tuple[Any, ...]:
    first, last = plan.segments[0], plan.segments[-1]
    return (
        verdict.stream,
        retraining or plan.retraining,
        number(verdict.completion_seconds, 1),
        _changes([segment.training_units for segment in plan.segments]),
        _changes([segment.inference_units for segment in plan.segments]),
        first.inference,
        last.inference,
        number(verdict.accuracy, 4),
    )


def _changes(units: list[int]) -> str:
    """Return the different numbers in a row, the middle of many left out."""
    changes = [str(k) for i, k in enumerate(units) if i == 0 or k != units[i - 1]]
    if len(changes) > MOST_CHANGES:
        changes = [*changes[: MOST_CHANGES - 2], "…", changes[-1]]
    return " -> ".join(changes)
