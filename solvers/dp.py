"""Dynamic programming over units: the multiple-choice knapsack solved exactly."""

import numpy as np
from numpy.typing import NDArray

from formulations.value_table import ValueTable, value_table
from instances import Instance
from solvers.search import Answer, Search

CELLS_AT_ONCE = 1_000_000

Floats = NDArray[np.float64]


def solve_dp(instance: Instance, search: Search) -> Answer:
    """Exact dynamic program over streams and units, O(V · K²).

    The recursion is Bellman's for the multiple-choice knapsack (Dudziński and
    Walukiewicz, 1987); F_v(k) is the best sum of the first v streams with k units.
    """
    table = value_table(instance)
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
    sums = [np.zeros(rows.shape[1])]
    for row in rows[:-1]:
        search.check_time()
        sums.append(_joined(sums[-1], row, search))
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


def _joined(before: Floats, row: Floats, search: Search) -> Floats:
    """Return F_v(k) = max over j of F_{v-1}(k - j) + w_v · A_v(j), shape (K + 1,)."""
    steps = np.flatnonzero(np.diff(row, prepend=-np.inf) > 0)
    size = len(before)
    if not len(steps):
        return np.full(size, -np.inf)
    padded = np.concatenate((np.full(size, -np.inf), before))
    joined = np.empty(size)
    at_once = max(1, CELLS_AT_ONCE // len(steps))
    for start in range(0, size, at_once):
        search.check_time()
        k = np.arange(start, min(start + at_once, size))[:, None]
        joined[k[:, 0]] = (padded[size + k - steps] + row[steps]).max(axis=1)
    return joined
