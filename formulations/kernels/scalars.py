"""The window's rules for one stream as scalar functions, for CPU and CUDA alike."""

import math

from formulations.kernels.compiling import scalar
from formulations.kernels.profiles import STREAM, Profiles
from formulations.tolerances import TIME_TOLERANCE

NO_RETRAINING = -1
NEVER_SERVED = -math.inf


@scalar
def units_needed(gpus: float, units_per_gpu: float) -> int:
    """Return the units that a demand of some GPUs takes, a billionth forgiven."""
    units = gpus * units_per_gpu
    return math.ceil(units - 1e-9 * max(1.0, units))


@scalar
def kept_with(p: Profiles, v: int, units: int) -> float:
    """Return r_v(I): what the best inference config within the units keeps."""
    best = 0.0
    for entry in range(p.inference_offsets[v], p.inference_offsets[v + 1]):
        kept = p.kept[entry]
        if kept > best and units_needed(p.demand_gpus[entry], p.units_per_gpu) <= units:
            best = kept
    return best


@scalar
def completion_share(p: Profiles, entry: int, training_units: int) -> float:
    """Return when a retraining ends, as a share of the window; above 1: never."""
    seconds = p.delay[entry]
    cost = p.gpu_seconds[entry]
    if cost > 0:
        if training_units == 0:
            return 2.0
        seconds += cost / p.speed[training_units]
    if seconds > p.window:
        return 2.0
    return float(seconds / p.window)


@scalar
def choice_value(
    p: Profiles, v: int, entry: int, training_units: int, kept: float, freed: float
) -> float:
    """Return A_T of Eq. 1 for one retraining config; ``NEVER_SERVED`` below the floor.

    ``kept`` is r(I) and ``freed`` what the units keep after the completion.
    """
    share = completion_share(p, entry, training_units)
    if share > 1:
        return NEVER_SERVED
    before = p.accuracy[v] * kept
    after = p.retrained[entry] * freed
    if share > TIME_TOLERANCE and before < p.floor[v]:
        return NEVER_SERVED
    if share < 1 - TIME_TOLERANCE and after < p.floor[v]:
        return NEVER_SERVED
    return float(share * before + (1 - share) * after)


@scalar
def pick(
    p: Profiles, v: int, inference_units: int, training_units: int
) -> tuple[float, int]:
    """Return the best value of a share and its retraining config (Ekya, Algorithm 2).

    The first of equals, with ``NO_RETRAINING`` before all configs. A static window.
    """
    kept = kept_with(p, v, inference_units)
    freed = kept
    if p.mode == STREAM:
        freed = kept_with(p, v, inference_units + training_units)
    best = p.accuracy[v] * kept
    best_idx = NO_RETRAINING
    if best < p.floor[v]:
        best = NEVER_SERVED
    first = p.retraining_offsets[v]
    for entry in range(first, p.retraining_offsets[v + 1]):
        value = choice_value(p, v, entry, training_units, kept, freed)
        if value > best:
            best = value
            best_idx = entry - first
    return best, best_idx
