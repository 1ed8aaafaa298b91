"""The shares and configs behind numbers of units, on the CPU."""

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import (
    WORK_ROWS,
    best_split,
    find_choices,
    find_levels,
)


@compiled
def choices_range(
    p: Profiles,
    streams: np.ndarray,
    units: np.ndarray,
    width: int,
    start: int,
    stop: int,
    inference: np.ndarray,
    retraining: np.ndarray,
    worth: np.ndarray,
) -> None:
    """Write the best split of exactly ``units[i]`` units, its config and its worth."""
    work = np.empty((WORK_ROWS, width))
    for i in range(start, stop):
        v = streams[i]
        levels = find_levels(p, v, work)
        choices = find_choices(p, v, work)
        inference[i], retraining[i], value = best_split(
            p, v, units[i], levels, choices, work
        )
        worth[i] = p.weight[v] * value
