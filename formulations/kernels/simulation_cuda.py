"""Simulating full schedules with CUDA, one thread for a candidate and a scenario."""

from typing import Any

import numpy as np

from formulations.candidates import Candidates
from formulations.kernels.cuda import cuda, launch, on_device, to_host
from formulations.kernels.profiles import Profiles
from formulations.kernels.simulation_cpu import simulate_range


@cuda.jit  # type: ignore[untyped-decorator]
def simulation_kernel(
    p: Profiles,
    candidates: Candidates,
    cost: Any,
    accuracy: Any,
    objective: Any,
    misses: Any,
    below_floor: Any,
) -> None:
    """Simulate one pair."""
    i = cuda.grid(1)
    if i < objective.size:
        simulate_range(
            p, candidates, cost, accuracy, i, i + 1, objective, misses, below_floor
        )


def simulate_pairs(
    profiles: Profiles, candidates: Candidates, cost: Any, accuracy: Any, pairs: int
) -> tuple[Any, ...]:
    """Return objectives, misses and stretches below the floor, each ``(C * S,)``."""
    found = (
        cuda.device_array(pairs, np.float64),
        cuda.device_array(pairs, np.int64),
        cuda.device_array(pairs, np.int64),
    )
    launch(
        simulation_kernel,
        pairs,
        on_device(profiles),
        Candidates(*map(cuda.to_device, candidates)),
        cuda.to_device(cost),
        cuda.to_device(accuracy),
        *found,
    )
    return tuple(map(to_host, found))
