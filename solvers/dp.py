"""Dynamic programming over units: the multiple-choice knapsack solved exactly."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from formulations.value_tables import ValueTable, value_table
from instances import Instance, Reallocation
from solvers.compiled_work import compiled_pays, in_time
from solvers.rerun import Adopt, PlanAs, Running, rerun
from solvers.search import Answer, Search

CELLS_AT_ONCE = 1_000_000
PAIRS_AT_ONCE = 50_000_000
PAIRS_A_SECOND = 2e9
"""Pairs (k, j) that NumPy goes through, those with j > k included."""

Floats = NDArray[np.float64]
Join = Callable[[Floats, Floats, Search], Floats]


def solve_dp(
    instance: Instance,
    search: Search,
    *,
    plan_as: PlanAs = "stream",
    running: Running = "keep",
    adopt: Adopt = "better",
) -> Answer:
    """Exact dynamic program over streams and units, O(V · K²).

    The recursion is Bellman's for the multiple-choice knapsack (Dudziński and
    Walukiewicz, 1987); F_v(k) is the best sum of the first v streams with k units.
    Under ``server`` it is a heuristic without a bound: exact for the rest of the window
    as if static, at the start and again whenever a retraining completes.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    plan_as, running, adopt
        Under ``server``: the static reallocation to plan with; whether a running
        retraining keeps its config or may be dropped for another; whether a new plan
        counts only if it beats going on with the one before, both carried out to the
        end. With ``better`` the result is never below the first plan's.
    """
    answer = rerun(
        _solve_static, instance, search, plan_as, running=running, adopt=adopt
    )
    if instance.reallocation is Reallocation.SERVER:
        answer.metadata["exact"] = False
    return answer


def _solve_static(instance: Instance, search: Search) -> Answer:
    table = value_table(instance, search.check_time)
    units = best_units(table, search)
    if units is None:
        return Answer(infeasible=True)
    objective = table.objective(units)
    search.report(objective, lambda: table.schedule(instance, units), objective)
    return Answer(
        schedule=search.schedule,
        objective=objective,
        bound=objective,
        metadata={"cells": table.values.size},
    )


def best_units(table: ValueTable, search: Search) -> list[int] | None:
    """Return an optimal number of units for each stream; ``None`` if infeasible."""
    rows = table.weights[:, None] * table.values
    sums = [np.zeros(rows.shape[1]), *best_sums(rows[:-1], search)]
    units: list[int] = []
    left = table.total_units
    for row, before in zip(rows[::-1], sums[::-1], strict=True):
        candidates = row[: left + 1] + before[left::-1]
        k = int(candidates.argmax())
        if candidates[k] == -np.inf:
            return None
        units.append(k)
        left -= k
    return units[::-1]


def best_sums(rows: Floats, search: Search) -> Iterator[Floats]:
    """Yield F_1, F_2, …: F_v(k) = max over j of F_{v-1}(k - j) + w_v · A_v(j)."""
    size = rows.shape[1]
    padded = np.full(2 * size - 1, -np.inf)
    join: Join = _joined
    seconds = (len(rows) - 1) * size**2 / PAIRS_A_SECOND
    if compiled_pays(seconds, "formulations.kernels.programs_cpu"):
        join = in_time(search, lambda _: _compiled_join())
    joined = np.zeros(size)
    for v, row in enumerate(rows):
        search.check_time()
        joined = join(padded, row, search) if v else row
        padded[size - 1 :] = joined
        yield joined


def _joined(padded: Floats, row: Floats, search: Search) -> Floats:
    """Return F_v(k) for all k, given K times -inf and then F_{v-1}(0 to K)."""
    size = len(row)
    before = sliding_window_view(padded, size)[:, ::-1]
    rises = np.flatnonzero(row[1:] > row[:-1]) + 1
    steps = np.concatenate(([0], rises)) if 2 * len(rises) < size else None
    joined = np.empty(size)
    at_once = max(1, CELLS_AT_ONCE // size)
    for start in range(0, size, at_once):
        search.check_time()
        stop = min(start + at_once, size)
        used: Any = slice(stop) if steps is None else steps[steps < stop]
        np.max(before[start:stop, used] + row[used], axis=1, out=joined[start:stop])
    return joined


def _compiled_join() -> Join:
    """Return the compiled form of :func:`_joined`, which gives the same numbers."""
    from formulations.kernels.programs_cpu import BLOCK, join_range

    one = np.zeros(1)
    join_range(one, np.zeros(4, dtype=np.int64), np.zeros(4), one.copy(), 0, 1)

    def join(padded: Floats, row: Floats, search: Search) -> Floats:
        size = len(row)
        # F does not fall: a step that adds nothing is no better than the one before.
        rises = np.flatnonzero(row[1:] > row[:-1])
        steps = np.zeros(-(-(len(rises) + 1) // 4) * 4, dtype=np.int64)
        steps[1 : len(rises) + 1] = rises + 1
        steps[len(rises) + 1 :] = steps[len(rises)]
        gains, joined = row[steps], np.empty(size)
        at_once = BLOCK * max(1, PAIRS_AT_ONCE // (size * BLOCK))
        for start in range(0, size, at_once):
            search.check_time()
            stop = min(start + at_once, size)
            join_range(padded, steps, gains, joined, start, stop)
        return joined

    return join
