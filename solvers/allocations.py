"""What the solvers that decide on units alone have in common."""

from collections.abc import Sequence

from formulations.pick_configs import PickConfigs, Share
from formulations.schedule import Schedule
from instances import Instance
from solvers.search import Answer, Search


def fair_split(total: int, parts: int) -> list[int]:
    """Return ``total`` units in equal parts; the first parts get what remains."""
    each, remainder = divmod(total, parts)
    return [each + (idx < remainder) for idx in range(parts)]


def allocation_of(instance: Instance, schedule: Schedule) -> list[Share]:
    """Return the units that a schedule gives each stream at the window's start."""
    first = {plan.stream: plan.segments[0] for plan in schedule.streams}
    segments = [first[stream.name] for stream in instance.streams]
    return [(part.inference_units, part.training_units) for part in segments]


def report_allocation(
    search: Search, picks: PickConfigs, allocation: Sequence[Share]
) -> None:
    """Report an allocation as an incumbent if it keeps every floor."""
    schedule = picks.schedule(allocation)
    if schedule is not None:
        search.report(picks.objective(allocation), lambda: schedule)


def answer_allocation(picks: PickConfigs, allocation: Sequence[Share]) -> Answer:
    """Return the answer that an allocation is; an empty one if it breaks a floor."""
    schedule = picks.schedule(allocation)
    if schedule is None:
        return Answer()
    return Answer(schedule=schedule, objective=picks.objective(allocation))
