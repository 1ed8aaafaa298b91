"""Benchmarks of simulated schedules and of local searches."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ekya_opt.benchmarks.cases import (
    Case,
    Resident,
    Sizes,
    largest_difference,
    unequal,
)
from ekya_opt.benchmarks.table_cases import (
    AGREEMENT,
    MODES,
    named,
    profile_bytes,
    random_splits,
    window_of,
)
from formulations.candidates import Candidates, candidates_of_shares
from formulations.kernels import operations
from formulations.kernels.batches_numpy import evaluate
from formulations.kernels.profiles import profiles_of
from formulations.kernels.shares import Gains, share_table
from formulations.kernels.simulation import Simulation, simulate
from formulations.kernels.simulation_numpy import simulate_plainly
from formulations.kernels.steals import climb_all
from formulations.kernels.steals_numpy import steals
from formulations.tolerances import LEAST_IMPROVEMENT
from instances.columns import Columns
from instances.scenarios import ErrorModel, draw_scenarios

REFERENCE_STARTS = 2
"""Starts from which the NumPy reference climbs, listing all neighbours."""

CHECKED_ENDS = 4


def search_cases(sizes: Sizes) -> Iterator[Case]:
    """Return simulations and local searches, one after the other."""
    for mode in MODES:
        for num_streams, units in sizes.shared:
            columns = window_of(num_streams, units, mode)
            candidates = max(1, 10 * sizes.pairs // num_streams)
            yield simulation_case(columns, candidates, sizes.pairs)
    yield climbing_case(window_of(*sizes.shared[0], "never"), sizes.starts)


def simulation_case(columns: Columns, candidates: int, scenarios: int) -> Case:
    """Return the case of random plans in random scenarios."""
    rng = np.random.default_rng(2)
    splits = random_splits(columns.num_streams, columns.total_units, candidates, 3)
    configs = np.diff(columns.retraining_offsets)
    shape = candidates, columns.num_streams
    retraining = rng.integers(-1, configs, shape)
    plans = candidates_of_shares(columns, retraining, splits[..., 0], splits[..., 1])
    drawn = draw_scenarios(columns, ErrorModel(), scenarios, rng)
    found = simulate(columns, plans, drawn, device="cpu")
    profiles, pairs = profiles_of(columns), candidates * scenarios
    planned = int((plans.retraining >= 0).sum()) * scenarios
    counted = operations.simulation_operations(
        pairs * columns.num_streams, planned, int(found.misses.sum())
    )
    inputs = sum(part.nbytes for part in (*plans, drawn.gpu_seconds, drawn.accuracy))

    def resident() -> Resident:
        from formulations.kernels import simulation_cuda
        from formulations.kernels.cuda import cuda, launch, on_device, to_host

        cost, accuracy = (
            cuda.to_device(np.ascontiguousarray(part.T))
            for part in (drawn.gpu_seconds, drawn.accuracy)
        )
        kinds = (np.float64, np.int64, np.int64)
        results = [cuda.device_array(pairs, kind) for kind in kinds]
        there = on_device(profiles), Candidates(*map(cuda.to_device, plans))
        arguments = *there, cost, accuracy, *results
        run = partial(launch, simulation_cuda.simulation_kernel, pairs, *arguments)
        return Resident(run, lambda: _simulation(found, map(to_host, results)))

    return Case(
        kernel="simulation",
        size=f"{named(columns)}, {candidates:,} plans × {scenarios:,} scenarios",
        item="pair",
        items=pairs,
        bytes_moved=profile_bytes(profiles) + inputs + 24 * pairs,
        operations=counted,
        device_operations=counted,
        reference=lambda: simulate_plainly(columns, plans, drawn),
        reference_items=pairs,
        on_cpu=lambda workers: simulate(
            columns, plans, drawn, device="cpu", workers=workers
        ),
        on_device=lambda: simulate(columns, plans, drawn, device="cuda"),
        resident=resident,
        difference=simulation_difference,
        tolerance=AGREEMENT,
    )


def climbing_case(columns: Columns, starts: int) -> Case:
    """Return the case of local searches over all steals."""
    profiles = profiles_of(columns)
    table = share_table(profiles, "penalised", device="cpu")
    gains = table.gains(profiles.weight)
    begun = random_splits(columns.num_streams, columns.total_units, starts, 4)

    def climb(**own: Any) -> Any:
        units = begun.copy()
        climb_all(gains, units, 1, "all-amounts", **own)
        return units

    neighbours = columns.total_units * (2 * columns.num_streams - 1)
    return Case(
        kernel="local search",
        size=f"{named(columns)}, {neighbours:,} steals around each allocation",
        item="start",
        items=starts,
        bytes_moved=gains.values.nbytes + 2 * begun.nbytes,
        reference=lambda: [climbed(gains, each) for each in begun[:REFERENCE_STARTS]],
        reference_items=min(starts, REFERENCE_STARTS),
        on_cpu=lambda workers: climb(device="cpu", workers=workers),
        on_device=lambda: climb(device="cuda"),
        difference=lambda _, ends: max(
            improvement(gains, each)[1] for each in ends[:CHECKED_ENDS]
        ),
        tolerance=2 * LEAST_IMPROVEMENT,
    )


def climbed(gains: Gains, units: Any) -> Any:
    """Return the local optimum that the best steals lead to."""
    while True:
        best, gained = improvement(gains, units)
        if gained <= LEAST_IMPROVEMENT:
            return units
        units = best


def improvement(gains: Gains, units: Any) -> tuple[Any, float]:
    """Return the best allocation that a steal leads to, and what it gains if at all."""
    found = np.concatenate((units[None], steals(units, 1)))
    codes = gains.codes(found[..., 0], found[..., 1])
    worth = evaluate(gains.values, gains.offsets, codes)
    best = int(worth.argmax())
    return found[best], float(worth[best] - worth[0])


def simulation_difference(expected: Simulation, found: Simulation) -> float:
    """Return the largest difference of objectives; all counts must be the same."""
    return max(
        largest_difference(expected.objective, found.objective),
        unequal(expected.misses, found.misses),
        unequal(expected.below_floor, found.below_floor),
    )


def _simulation(like: Simulation, results: Any) -> Simulation:
    shape = like.objective.shape
    objective, misses, below = (part.reshape(shape) for part in results)
    return Simulation(
        objective=objective,
        misses=misses,
        below_floor=below,
        over_capacity=like.over_capacity,
    )
