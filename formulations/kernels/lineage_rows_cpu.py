"""What a move of a lineage yields with each number of units, on the CPU."""

from typing import NamedTuple

import numpy as np

from formulations.kernels.compiling import compiled, scalar
from formulations.kernels.scalars import NEVER_SERVED
from formulations.tolerances import TIME_TOLERANCE


class Serving(NamedTuple):
    """A stream in one window of a horizon, whatever model it holds.

    Parameters
    ----------
    level_units, level_kept
        Shape ``(L,)``: units and relative accuracy of the serving levels within the
        capacity K, both rising; level 0 is no inference.
    kept
        Shape ``(K + 1,)``: what 0 to K inference units keep.
    speed
        Shape ``(K + 1,)``: training speed of 0 to K units.
    window
        Seconds.
    floor
        Floor of the accuracy less the tolerance.
    joins
        Whether the training units join the inference at the completion.
    """

    level_units: np.ndarray
    level_kept: np.ndarray
    kept: np.ndarray
    speed: np.ndarray
    window: float
    floor: float
    joins: bool


class Change(NamedTuple):
    """A change of the model within a window, or none.

    Parameters
    ----------
    before, after
        Accuracy of the model held at the window's start and of the one that follows.
    cost, delay
        GPU-seconds and seconds; infinite for no change.
    """

    before: float
    after: float
    cost: float
    delay: float


@scalar
def split_value(s: Serving, c: Change, level: int, training: int) -> float:
    """Return the average accuracy of one split; ``NEVER_SERVED`` if it is forbidden.

    A change must be complete by the window's end; then, even if it is too late to
    serve, the next window starts with the new model.
    """
    before = c.before * s.level_kept[level]
    if c.delay == np.inf:
        return before if before >= s.floor else NEVER_SERVED
    share = c.delay
    if c.cost > 0:
        if s.speed[training] == 0:
            return NEVER_SERVED
        share += c.cost / s.speed[training]
    share /= s.window
    if share > 1 + TIME_TOLERANCE / 2:
        return NEVER_SERVED
    share = min(share, 1.0)
    kept = s.level_kept[level]
    if s.joins:
        kept = s.kept[int(s.level_units[level]) + training]
    after = c.after * kept
    if share > TIME_TOLERANCE and before < s.floor:
        return NEVER_SERVED
    if share < 1 - TIME_TOLERANCE and after < s.floor:
        return NEVER_SERVED
    return float(share * before + (1 - share) * after)


@compiled
def fill_rows(
    s: Serving,
    before: np.ndarray,
    after: np.ndarray,
    cost: np.ndarray,
    delay: np.ndarray,
    rows: np.ndarray,
) -> None:
    """Write the best average accuracy with at most 0 to K units, a row a change.

    Shapes ``(n,)`` and ``(n, K + 1)``. Without GPU-seconds training units are of no
    use: more serve from the start.
    """
    most = rows.shape[1] - 1
    for row in range(len(rows)):
        change = Change(before[row], after[row], cost[row], delay[row])
        best = rows[row]
        best[:] = NEVER_SERVED
        trains = change.cost > 0 and change.delay != np.inf
        for level in range(len(s.level_units)):
            units = s.level_units[level]
            last = most - units if trains else 0
            for training in range(last + 1):
                value = split_value(s, change, level, training)
                if value > best[units + training]:
                    best[units + training] = value
        for k in range(1, most + 1):
            best[k] = max(best[k], best[k - 1])


@compiled
def best_split(s: Serving, c: Change, units: int) -> tuple[int, int]:
    """Return inference and training units of the best split of at most ``units``.

    Of equals the fewest units in all, and then the fewest for inference.
    """
    best, best_inference, best_training = NEVER_SERVED, 0, 0
    for level in range(len(s.level_units)):
        inference = int(s.level_units[level])
        for training in range(units - inference + 1):
            value = split_value(s, c, level, training)
            fewer = inference + training < best_inference + best_training
            if value > best or (value == best and fewer):
                best, best_inference, best_training = value, inference, training
    return best_inference, best_training
