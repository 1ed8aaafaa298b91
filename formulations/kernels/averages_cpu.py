"""Value rows averaged over weighted scenarios, on the CPU."""

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.profiles import STREAM, Profiles
from formulations.kernels.scalars import (
    NEVER_SERVED,
    NO_RETRAINING,
    choice_value,
    units_needed,
)
from formulations.kernels.simulation_cpu import finish


@compiled
def averages_range(
    p: Profiles,
    cost: np.ndarray,
    accuracy: np.ndarray,
    scenario: np.ndarray,
    weight: np.ndarray,
    start: int,
    stop: int,
    values: np.ndarray,
    retraining: np.ndarray,
    inference: np.ndarray,
    training: np.ndarray,
) -> None:
    """Write the rows of the streams from start to stop; see ``averages.Averages``.

    ``cost`` has the shape ``(N, S)`` and rises in each row; ``accuracy`` and
    ``scenario`` are in the same order; ``weight`` has the shape ``(S,)``.
    """
    size = values.shape[1]
    kept = np.empty(size)
    levels = np.empty(size, dtype=np.int64)
    waiting = np.empty(size)
    gained = np.empty(size)
    for v in range(start, stop):
        count = find_kept(p, v, kept, levels)
        held, floor = p.accuracy[v], p.floor[v]
        row, idx = values[v], retraining[v]
        row[:] = NEVER_SERVED
        idx[:] = NO_RETRAINING
        training[v] = 0
        for level in range(count):
            if held * kept[levels[level]] >= floor:
                row[levels[level]] = held * kept[levels[level]]
        first = p.retraining_offsets[v]
        for entry in range(first, p.retraining_offsets[v + 1]):
            average_completions(
                p.inverse_speed,
                p.speed,
                p.delay[entry],
                p.window,
                cost[entry],
                accuracy[entry],
                scenario[entry],
                weight,
                waiting,
                gained,
            )
            for level in range(count):
                serving = levels[level]
                before = held * kept[serving]
                later = level
                for r in range(size - serving):
                    # The after-levels that start at k or later, k itself first.
                    k = serving + r
                    while later < count and levels[later] <= k:
                        later += 1
                    ahead = later
                    while True:
                        after = kept[k] if p.mode == STREAM else kept[serving]
                        value = before * waiting[r] + after * gained[r]
                        if value > row[k]:
                            allowed = choice_value(p, v, entry, r, kept[serving], after)
                            if allowed > NEVER_SERVED:
                                row[k] = value
                                idx[k] = entry - first
                                training[v, k] = r
                        if p.mode != STREAM or ahead == count:
                            break
                        k = levels[ahead]
                        ahead += 1
                        if kept[k - r] > kept[serving]:
                            break
        for k in range(size):
            inference[v, k] = k - training[v, k]
            if k > 0 and not row[k] > row[k - 1]:
                row[k] = row[k - 1]
                idx[k] = idx[k - 1]
                inference[v, k] = inference[v, k - 1]
                training[v, k] = training[v, k - 1]


@compiled
def find_kept(p: Profiles, v: int, kept: np.ndarray, levels: np.ndarray) -> int:
    """Write r_v of each number of units, and the numbers at which it rises.

    The first of these is 0. Return how many there are.
    """
    kept[:] = 0.0
    for entry in range(p.inference_offsets[v], p.inference_offsets[v + 1]):
        units = units_needed(p.demand_gpus[entry], p.units_per_gpu)
        if units < len(kept):
            kept[units] = max(kept[units], p.kept[entry])
    levels[0] = 0
    count = 1
    for units in range(1, len(kept)):
        if kept[units] > kept[units - 1]:
            levels[count] = units
            count += 1
        else:
            kept[units] = kept[units - 1]
    return count


@compiled
def average_completions(
    inverse_speed: np.ndarray,
    speed: np.ndarray,
    delay: float,
    window: float,
    cost: np.ndarray,
    accuracy: np.ndarray,
    scenario: np.ndarray,
    weight: np.ndarray,
    waiting: np.ndarray,
    gained: np.ndarray,
) -> None:
    """Write two means for each number R of training units.

    With q the weights and s(R) the completion's share of the window, 1 if it is not
    in the window: ``waiting`` is Σ q s(R), and ``gained`` Σ q (1 - s(R)) a'. Costs
    rise, so more units add scenarios at the end of those that finish, and running
    sums are enough: the work is that of S + K steps.
    """
    total = weight.sum()
    finished = costs = accuracies = products = 0.0
    j = 0
    for r in range(len(waiting)):
        while j < len(cost) and finish(cost[j], delay, speed[r], window) <= window:
            q = weight[scenario[j]]
            finished += q
            costs += q * cost[j]
            accuracies += q * accuracy[j]
            products += q * accuracy[j] * cost[j]
            j += 1
        pace = inverse_speed[r] / window
        late = delay / window
        waiting[r] = total - finished + finished * late + costs * pace
        gained[r] = accuracies * (1 - late) - products * pace
