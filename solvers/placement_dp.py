"""Dynamic programming of placements: exact where every size divides the next."""

import numpy as np

from formulations.placement_options import PlacementOptions, placement_options
from formulations.placement_packing import placed_schedule
from formulations.value_tables import MOST_CELLS, ValueTable
from instances import InstanceTooLarge
from instances.placement import Placement
from solvers.dp import best_units
from solvers.search import Answer, Search


def solve_placement_dp(placement: Placement, search: Search) -> Answer:
    """Exact dynamic program over units for shares of powers of two on equal GPUs.

    Where every size divides the next larger one and memory does not bind, first-fit
    decreasing packs all that fits in the sum of units, and what is left is a
    multiple-choice knapsack. Of any other placement that knapsack is a relaxation: its
    value is a bound, and there is a schedule only if its choice happens to be packed.
    """
    options = placement_options(placement, search.check_time)
    units = best_units(_table(options), search)
    if units is None:
        return Answer(infeasible=True)
    chosen = [_best_within(options, v, most) for v, most in enumerate(units)]
    value = options.objective(chosen)
    schedule = placed_schedule(options, chosen)
    metadata = {
        "packed": schedule is not None,
        "options": sum(map(len, options.streams)),
    }
    if schedule is None:
        search.report_bound(value)
        return Answer(bound=value, metadata=metadata)
    search.report(value, lambda: schedule, value)
    return Answer(schedule=schedule, objective=value, bound=value, metadata=metadata)


def _table(options: PlacementOptions) -> ValueTable:
    """Return what each stream yields with at most k units of whatever GPUs."""
    shape = (len(options.streams), options.placement.total_units + 1)
    if shape[0] * shape[1] > MOST_CELLS:
        message = f"{options.placement.name}: {shape[0]} streams and {shape[1] - 1}"
        raise InstanceTooLarge(
            f"{message} units are beyond a table of {MOST_CELLS} cells"
        )
    values = np.full(shape, -np.inf)
    for row, stream in zip(values, options.streams, strict=True):
        for option in stream:
            units = sum(share.units for share in option.shares)
            if units < shape[1]:
                row[units] = max(row[units], option.value)
    none = np.zeros(shape, dtype=np.int32)
    return ValueTable(
        values=np.maximum.accumulate(values, axis=1),
        inference_units=none,
        training_units=none,
        weights=options.weights,
    )


def _best_within(options: PlacementOptions, v: int, most: int) -> int:
    """Return the best option of a stream within a number of units."""
    row = options.streams[v]
    fitting = (
        o
        for o in range(len(row))
        if sum(share.units for share in row[o].shares) <= most
    )
    return max(fitting, key=lambda o: row[o].value)
