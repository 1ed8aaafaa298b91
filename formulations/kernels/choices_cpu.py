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
    units: np.ndarray,
    width: int,
    start: int,
    stop: int,
    inference: np.ndarray,
    retraining: np.ndarray,
    values: np.ndarray,
) -> None:
    """Write the best split of exactly ``units[v]`` units, its config and its value."""
    work = np.empty((WORK_ROWS, width))
    for v in range(start, stop):
        levels = find_levels(p, v, units[v], work)
        choices = find_choices(p, v, work)
        inference[v], retraining[v], values[v] = best_split(
            p, v, units[v], levels, choices, work
        )
