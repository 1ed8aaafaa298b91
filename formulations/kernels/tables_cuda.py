"""Value tables with CUDA: one thread for each number of units of each stream."""

from typing import Any

import numpy as np

from formulations.kernels.cuda import cuda, kernel, launch, on_device, to_host
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import (
    BEST,
    best_split,
    find_choices,
    find_levels,
    work_width,
)
from formulations.kernels.scalars import NEVER_SERVED


@kernel
def prepare_kernel(p: Profiles, work: Any, levels: Any, choices: Any) -> None:
    """Write one stream's levels and choices to its work array."""
    v = cuda.grid(1)
    if v < len(levels):
        own = work[v]
        levels[v] = find_levels(p, v, own)
        choices[v] = find_choices(p, v, own)


@kernel
def split_kernel(
    p: Profiles, work: Any, levels: Any, choices: Any, values: Any, inference: Any
) -> None:
    """Write the best value of exactly k units of one stream."""
    cell = cuda.grid(1)
    columns = values.shape[1]
    if cell < values.shape[0] * columns:
        v, k = cell // columns, cell % columns
        share, _, value = best_split(p, v, k, levels[v], choices[v], work[v])
        values[v, k] = value
        inference[v, k] = share


@kernel
def accumulate_kernel(values: Any, inference: Any, training: Any) -> None:
    """Turn one stream's row of exactly k units into that of at most k units."""
    v = cuda.grid(1)
    if v < values.shape[0]:
        best, best_inference, best_training = NEVER_SERVED, 0, 0
        for k in range(values.shape[1]):
            if values[v, k] > best:
                best = values[v, k]
                best_inference = inference[v, k]
                best_training = k - best_inference
            values[v, k] = best
            inference[v, k] = best_inference
            training[v, k] = best_training


def fill_table(profiles: Profiles, values: Any, inference: Any, training: Any) -> None:
    """Write the rows of all streams; see ``ValueTable``."""
    count, resident = len(values), on_device(profiles)
    width = work_width(profiles, 0)
    work = cuda.device_array((count, BEST, width), np.float64)
    levels = cuda.device_array(count, np.int64)
    choices = cuda.device_array(count, np.int64)
    results = [
        cuda.device_array(part.shape, part.dtype)
        for part in (values, inference, training)
    ]
    launch(prepare_kernel, count, resident, work, levels, choices)
    launch(split_kernel, values.size, resident, work, levels, choices, *results[:2])
    launch(accumulate_kernel, count, *results)
    for part, result in zip((values, inference, training), results, strict=True):
        part[:] = to_host(result)
