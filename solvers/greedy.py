"""Marginal gains on the hull: the classic greedy of the multiple-choice knapsack."""

from formulations.hull import Increments, hull_increments
from formulations.value_tables import value_table
from instances import Instance
from solvers.rerun import PlanAs, carry_out
from solvers.search import Answer, Search


def solve_greedy(
    instance: Instance, search: Search, *, plan_as: PlanAs = "stream"
) -> Answer:
    """Units go where they gain most along the streams' concave hulls.

    The steps are taken by falling gain a unit; a stream whose next step no longer
    fits keeps what it has (Sinha and Zoltners, 1979).

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    plan_as
        Under ``server``: the static reallocation to plan with.
    """
    return carry_out(_solve_static, instance, search, plan_as)


def _solve_static(instance: Instance, search: Search) -> Answer:
    table = value_table(instance, search.check_time)
    increments = hull_increments(table, search.check_time)
    units = greedy_units(increments, table.total_units) if increments else None
    if units is None:
        return Answer()
    schedule = table.schedule(instance, units)
    return Answer(schedule=schedule, objective=table.objective(units))


def greedy_units(increments: Increments, total_units: int) -> list[int] | None:
    """Return the greedy number of units of each stream; ``None`` if infeasible."""
    units = increments.base_units.tolist()
    left = total_units - sum(units)
    if left < 0:
        return None
    full: set[int] = set()
    for v, after, cost in zip(
        increments.stream_idx.tolist(),
        increments.units.tolist(),
        increments.cost.tolist(),
        strict=True,
    ):
        if v in full:
            continue
        if cost > left:
            full.add(v)
            continue
        units[v] = after
        left -= cost
    return list(units)
