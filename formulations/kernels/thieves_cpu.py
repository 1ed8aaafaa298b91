"""The Thief's inner loops (Ekya, Algorithm 1) on the CPU."""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.shares_cpu import share_gain
from formulations.tolerances import LEAST_IMPROVEMENT


@compiled
def rob(
    gains: Any,
    units: np.ndarray,
    jobs: np.ndarray,
    steal_units: int,
    position: int,
    most_pairs: int,
) -> tuple[int, int]:
    """Try pairs of jobs in turn until one has stolen; change ``units`` in place.

    Pair ``i · len(jobs) + j`` is thief ``jobs[i]`` and victim ``jobs[j]``; job
    ``2 v + kind`` has ``units[v, kind]``, kind 0 being inference. Returns the position
    of the next pair and the number of steals, 0 after ``most_pairs`` in vain.
    """
    count = len(jobs)
    end = min(position + most_pairs, count * count)
    while position < end:
        thief, victim = jobs[position // count], jobs[position % count]
        position += 1
        steals = 0
        if thief != victim:
            steals = steal(gains, units, thief, victim, steal_units)
        if steals > 0:
            return position, steals
    return position, 0


@compiled
def steal(
    gains: Any, units: np.ndarray, thief: int, victim: int, steal_units: int
) -> int:
    """Steal while the mean accuracy improves; return how often."""
    t, v = thief // 2, victim // 2
    steals = 0
    while units[v, victim % 2] >= steal_units:
        before = _worth(gains, units, t, v)
        units[v, victim % 2] -= steal_units
        units[t, thief % 2] += steal_units
        if _worth(gains, units, t, v) <= before + LEAST_IMPROVEMENT:
            units[t, thief % 2] -= steal_units
            units[v, victim % 2] += steal_units
            return steals
        steals += 1
    return steals


@compiled
def _worth(gains: Any, units: np.ndarray, t: int, v: int) -> float:
    """Return what two streams, or one, add to the mean accuracy."""
    worth = share_gain(gains, v, units[v, 0], units[v, 1])
    if t != v:
        worth += share_gain(gains, t, units[t, 0], units[t, 1])
    return worth
