"""The share table in NumPy: the rules once more, without numba."""

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.profiles import NEVER, Profiles
from formulations.tolerances import TIME_TOLERANCE

Floats = NDArray[np.float64]


def stream_shares(
    p: Profiles, v: int, most_inference: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return what a stream yields with 0 to ``most_inference`` units and 0 to K.

    All have the shape ``(most_inference + 1, K + 1)``: the best value, ``-inf`` below
    the floor; the best value without a floor; and the retraining config of the first,
    -1 for none. Axes: retraining config c (0 is none), inference units, training units.
    """
    units = np.arange(p.total_units + 1)
    configs = slice(p.retraining_offsets[v], p.retraining_offsets[v + 1])
    cost, delay = p.gpu_seconds[configs, None], p.delay[configs, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = np.where(cost > 0, cost / p.speed, 0.0) + delay
    share = np.full((1 + len(cost), 1, len(units)), 1.0)
    share[1:, 0] = seconds / p.window
    finishes = np.concatenate(([np.full(len(units), True)], seconds <= p.window))

    serving = np.arange(most_inference + 1)[:, None]
    kept = _kept(p, v, serving)
    freed = kept + 0 * units if p.mode == NEVER else _kept(p, v, serving + units)
    before = p.accuracy[v] * kept
    after = np.concatenate(([0.0], p.retrained[configs]))[:, None, None] * freed
    share = np.broadcast_to(share, after.shape)
    with np.errstate(invalid="ignore"):
        value = np.where(share == 1, before, share * before + (1 - share) * after)
    value[~np.broadcast_to(finishes[:, None, :], value.shape)] = -np.inf
    unfloored = value.max(axis=0)
    early = (share > TIME_TOLERANCE) & (before < p.floor[v])
    late = (share < 1 - TIME_TOLERANCE) & (after < p.floor[v])
    value[early | late] = -np.inf
    return value.max(axis=0), unfloored, value.argmax(axis=0) - 1


def _kept(p: Profiles, v: int, units: NDArray[np.int64]) -> Floats:
    """Return r_v of numbers of units, of any shape."""
    configs = slice(p.inference_offsets[v], p.inference_offsets[v + 1])
    demand = p.demand_gpus[configs] * p.units_per_gpu
    needed = np.ceil(demand - 1e-9 * np.maximum(1.0, demand))
    kept: Floats = np.where(needed <= units[..., None], p.kept[configs], 0.0)
    best: Floats = kept.max(axis=-1)
    return best
