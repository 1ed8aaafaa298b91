"""Simulation of many full schedules over many scenarios, one thread a pair.

All reallocation modes, with the referee's semantics. In a static window a candidate
keeps its decisions and its retrainings end when they end in the scenario: a value
equals that of ``evaluate(perturbed, replay(perturbed, schedule))``, and under
``server`` that of ``evaluate(perturbed, schedule)``. NumPy, the CPU, CUDA and the
referee agree on objectives within 1e-12 for up to 4,000 streams (the rounding of a sum
over V streams is at most V · 2⁻⁵³), or 4e-9 where a retraining ends within 2e-9 of the
window's length from its ends; the counts are equal. On one device the same input
gives the same bits, whatever the number of threads.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.candidates import Candidates, exceeds_capacity
from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import Device, chosen_device
from formulations.kernels.profiles import profiles_of
from formulations.kernels.simulation_cpu import simulate_range
from instances.columns import Columns
from instances.scenarios import Scenarios

WORTH_A_DEVICE = 200_000_000
"""Streams simulated from which on starting CUDA pays, some seconds on one core."""

STREAMS_A_MILLISECOND = 100_000

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """What candidates are worth in scenarios.

    Parameters
    ----------
    objective
        Shape ``(C, S)``, in [0, 1]: the weighted mean of the streams' accuracies.
    misses
        Shape ``(C, S)``: planned retrainings that do not finish inside the window;
        they give nothing and the old model serves on.
    below_floor
        Shape ``(C, S)``: stretches of time in which a stream is served below its
        floor, as the referee counts them.
    over_capacity
        Shape ``(C,)``: whether the candidate ever uses more units than there are.
    """

    objective: NDArray[np.float64]
    misses: Counts
    below_floor: Counts
    over_capacity: NDArray[np.bool_]


def simulate(
    columns: Columns,
    candidates: Candidates,
    scenarios: Scenarios,
    *,
    device: Device = "auto",
    workers: int = 1,
) -> Simulation:
    """Return what each candidate is worth in each scenario.

    Parameters
    ----------
    columns
        The instance.
    candidates
        Of this instance; see :mod:`formulations.candidates`.
    scenarios
        Of this instance; their numbers take the place of the instance's.
    device, workers
        Where to run, and on how many threads of a CPU.

    Raises
    ------
    SolverUnavailable
        If CUDA is asked for and not available.
    """
    # The candidates bring their training speeds along.
    profiles = profiles_of(columns, most_units=0)
    cost, accuracy = (
        np.ascontiguousarray(part.T)
        for part in (scenarios.gpu_seconds, scenarios.accuracy)
    )
    pairs = candidates.num_candidates * scenarios.count
    found = (np.empty(pairs), *np.empty((2, pairs), dtype=np.int64))
    if chosen_device(device, pairs * columns.num_streams, WORTH_A_DEVICE) == "cuda":
        from formulations.kernels.simulation_cuda import simulate_pairs

        found = simulate_pairs(profiles, candidates, cost, accuracy, pairs)
    else:

        def work(start: int, stop: int) -> None:
            simulate_range(profiles, candidates, cost, accuracy, start, stop, *found)

        at_least = max(1, STREAMS_A_MILLISECOND // columns.num_streams)
        run_chunks(work, pairs, workers, at_least=at_least)
    objective, misses, below = (
        part.reshape(candidates.num_candidates, scenarios.count) for part in found
    )
    return Simulation(
        objective=objective,
        misses=misses,
        below_floor=below,
        over_capacity=exceeds_capacity(columns, candidates),
    )


def nominal(columns: Columns) -> Scenarios:
    """Return the one scenario in which everything is as the columns say."""
    return Scenarios(
        gpu_seconds=columns.gpu_seconds[None],
        accuracy=columns.retrained_accuracy[None],
    )
