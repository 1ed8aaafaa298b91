"""Static planners on a server's window: their plans carried out, and made anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from formulations.evaluate import evaluate
from formulations.remaining_window import (
    PlanAs,
    Running,
    continued,
    next_completion,
    remaining_window,
)
from formulations.replaying_slots import without_unfinished
from formulations.schedule import Schedule
from instances import Instance, Reallocation
from solvers.result import StoppedBy
from solvers.search import Answer, Search, TimeUp

__all__ = ["Adopt", "PlanAs", "Running", "carry_out", "rerun"]

Plan = Callable[[Instance, Search], Answer]
"""A static solver with its settings, for the window or for what is left of it."""

Adopt = Literal["better", "always"]
"""Whether a new plan counts only if it beats going on with the one before."""

SHORTEST_SECONDS = 1e-3
"""A rest of the window that is shorter is not planned anew; no window is shorter."""


class PartSearch(Search):
    """A search within another: on its clock, with its random numbers, unreported.

    Parameters
    ----------
    search
        The other.
    with_initial
        Whether the other's initial schedule is one for this, too.
    """

    def __init__(self, search: Search, with_initial: bool) -> None:
        options = search.options
        super().__init__(
            options if with_initial else replace(options, initial_schedule=None)
        )
        self.rng = search.rng
        self._start = search._start


def carry_out(
    plan: Plan, instance: Instance, search: Search, plan_as: PlanAs
) -> Answer:
    """Return a static planner's answer, on a server's window carried out in slots.

    Under ``server`` the window is planned as if static; a new model, and the units
    that its retraining frees, wait for the next slot.

    Parameters
    ----------
    plan
        The planner.
    instance, search
        As every solver's.
    plan_as
        Static reallocation to plan with under ``server``.
    """
    if instance.reallocation is not Reallocation.SERVER:
        return plan(instance, search)
    answer = _planned(plan, remaining_window(instance, None, 0, plan_as), search, True)
    if answer.schedule is None:
        return answer
    schedule = continued(instance, None, 0, answer.schedule)
    return _scored(instance, search, schedule, answer)


def rerun(
    plan: Plan,
    instance: Instance,
    search: Search,
    plan_as: PlanAs,
    *,
    running: Running = "keep",
    adopt: Adopt = "always",
) -> Answer:
    """Return a static planner's answer, on a server's window planned anew as it goes.

    Under ``server`` the window is planned as if static at its start; whenever
    retrainings complete, what is left of it is planned again at the next slot. A plan
    that breaks a floor is not adopted.

    Parameters
    ----------
    plan, instance, search, plan_as
        As :func:`carry_out` has them.
    running, adopt
        See the types.
    """
    if instance.reallocation is not Reallocation.SERVER:
        return plan(instance, search)
    assert instance.slot_seconds is not None
    answer = _planned(plan, remaining_window(instance, None, 0, plan_as), search, True)
    if answer.schedule is None:
        return answer
    # Retrainings that do not finish stay named until the end: they yet may.
    schedule = continued(instance, None, 0, answer.schedule)
    replans, adopted = 0, 0
    slot = next_completion(instance, schedule, 0)
    while slot is not None and answer.stopped_by is None:
        if search.remaining == 0:
            answer.stopped_by = StoppedBy.TIME_LIMIT
            break
        left = instance.window_seconds - slot * instance.slot_seconds
        if left < SHORTEST_SECONDS:
            break
        rest = remaining_window(instance, schedule, slot, plan_as, running)
        found = _planned(plan, rest, search, False)
        answer.stopped_by = found.stopped_by
        replans += 1
        if found.schedule is not None:
            trial = continued(instance, schedule, slot, found.schedule)
            if _is_adopted(instance, schedule, trial, adopt):
                schedule = trial
                adopted += 1
        slot = next_completion(instance, schedule, slot)
    answer.metadata.update(replans=replans, adopted=adopted)
    return _scored(instance, search, schedule, answer)


def _is_adopted(
    instance: Instance, schedule: Schedule, trial: Schedule, adopt: Adopt
) -> bool:
    """Return whether a new plan is carried out: its rest by its own, to the end."""
    verdict = evaluate(instance, without_unfinished(instance, trial))
    if adopt == "always" or not verdict.feasible:
        return verdict.feasible
    before = evaluate(instance, without_unfinished(instance, schedule))
    return not before.feasible or verdict.objective > before.objective


def _planned(
    plan: Plan, window: Instance, search: Search, with_initial: bool
) -> Answer:
    """Return what a planner finds for a static window, or had found when stopped."""
    part = PartSearch(search, with_initial)
    try:
        answer = plan(window, part)
        # What is proven of a static window is not proven of the server's.
        answer.bound, answer.infeasible = None, False
        return answer
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    return Answer(schedule=part.schedule, stopped_by=stopped_by)


def _scored(
    instance: Instance, search: Search, schedule: Schedule, answer: Answer
) -> Answer:
    """Return a heuristic's answer: the schedule with what it is worth in slots."""
    schedule = without_unfinished(instance, schedule)
    verdict = evaluate(instance, schedule)
    found = Answer(stopped_by=answer.stopped_by, metadata=answer.metadata)
    if verdict.feasible:
        found.schedule, found.objective = schedule, verdict.objective
        search.report(verdict.objective, lambda: schedule)
    else:
        found.metadata["violations"] = verdict.violations
    return found
