"""Value tables on the CPU: one stream's row after the other."""

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import (
    ROW,
    WORK_ROWS,
    best_split,
    fill_row,
    find_choices,
    find_levels,
)
from formulations.kernels.scalars import NEVER_SERVED


@compiled
def table_range(
    p: Profiles,
    width: int,
    start: int,
    stop: int,
    values: np.ndarray,
    inference: np.ndarray,
    training: np.ndarray,
) -> None:
    """Write the rows of the streams from start to stop; see ``ValueTable``."""
    work = np.empty((WORK_ROWS, width))
    most = values.shape[1] - 1
    for v in range(start, stop):
        levels = find_levels(p, v, work)
        choices = find_choices(p, v, work)
        fill_row(p, v, most, levels, choices, work)
        best, best_inference, best_training = NEVER_SERVED, 0, 0
        for k in range(most + 1):
            if work[ROW, k] > best:
                best = work[ROW, k]
                best_inference, _, _ = best_split(p, v, k, levels, choices, work)
                best_training = k - best_inference
            values[v, k] = best
            inference[v, k] = best_inference
            training[v, k] = best_training
