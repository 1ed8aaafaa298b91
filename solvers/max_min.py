"""Max-min fairness: the worst-served stream first, then the mean."""

from dataclasses import replace

import numpy as np

from formulations.tolerances import ACCURACY_TOLERANCE
from formulations.value_tables import ValueTable, value_table
from instances import Instance
from solvers.dp import best_units
from solvers.search import Answer, Search


def solve_max_min(instance: Instance, search: Search) -> Answer:
    """Best accuracy of the worst-served stream, exactly; then the best mean there.

    The bottleneck multiple-choice knapsack: a stream reaches an accuracy θ with a
    fewest number of units, and the best θ is the largest one in the value table whose
    fewest units fit. Among the schedules that give every stream θ, the dynamic program
    finds the best weighted mean. The objective is that mean; no schedule's
    ``least_accuracy``, in the metadata, is higher.
    """
    table = value_table(instance, search.check_time)
    least = best_least(table)
    if least is None:
        return Answer(infeasible=True)
    reached = table.values >= least - ACCURACY_TOLERANCE
    fair = replace(table, values=np.where(reached, table.values, -np.inf))
    units = best_units(fair, search)
    assert units is not None
    return Answer(
        schedule=table.schedule(instance, units),
        objective=table.objective(units),
        metadata={"least_accuracy": least},
    )


def best_least(table: ValueTable) -> float | None:
    """Return the best accuracy that all streams can have; ``None`` if infeasible.

    A bisection over the values of the table, θ* = max {θ : Σ_v min {k : A_v(k) ≥ θ}
    ≤ K}.
    """
    candidates = np.unique(table.values[np.isfinite(table.values)])
    best, beyond = -1, len(candidates)
    while beyond - best > 1:
        middle = (best + beyond) // 2
        reached = table.values >= candidates[middle]
        fewest = np.where(reached.any(axis=1), reached.argmax(axis=1), np.inf)
        if fewest.sum() <= table.total_units:
            best = middle
        else:
            beyond = middle
    return None if best < 0 else float(candidates[best])
