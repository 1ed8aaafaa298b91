"""The descent of the slots' prices, and what their bound settles.

At prices near the best, reduced costs show which cells lead to no better schedule, and
how many units can train in a slot at all. The fewer they are, the longer a training
takes, and the lower the bound.
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar
from formulations.kernels.server_prices_cpu import price_cells, use_slots

SHRINK_AFTER = 20
SHRINK_BY = 0.7
CAMERINI = 1.5
MOST_STEPS = 16


@compiled
def descend(
    arrays: Any,
    prices: np.ndarray,
    room: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    target: float,
    cutoff: float,
    rounds: int,
    theta: float,
    cells: np.ndarray,
    best: np.ndarray,
    often: np.ndarray,
    when: np.ndarray,
    spread: np.ndarray,
) -> float:
    """Lower the bound by a deflected subgradient method; return the least one found.

    Polyak's step towards ``target`` along the direction of Camerini, Fratta and
    Maffioli (1975); ends early when the bound falls to ``cutoff``. ``prices``,
    ``cells`` and ``best`` become those of the least bound. Of the plans chosen on the
    way, ``often`` is how often each model was, ``when`` the mean of the slot from which
    it serves and ``spread`` its variance, all of shape ``(M,)``.
    """
    num_streams = len(arrays.model_offsets) - 1
    trial, direction = prices.copy(), np.zeros(arrays.slots)
    used = np.empty(arrays.slots)
    trial_cells, trial_best = cells.copy(), best.copy()
    model = np.empty(num_streams, dtype=np.int64)
    slot = np.empty(num_streams, dtype=np.int64)
    least = np.inf
    stale = 0
    total = 0.0
    often[:] = 0.0
    when[:] = 0.0
    spread[:] = 0.0
    for step in range(rounds):
        bound = price_cells(
            arrays, trial, room, low, high, trial_cells, model, slot, trial_best
        )
        stale += 1
        if bound < least:
            if bound < least - 1e-4 * abs(least - target):
                stale = 0
            least = bound
            prices[:] = trial
            cells[:] = trial_cells
            best[:] = trial_best
        if least <= cutoff or least == -np.inf:
            break
        if stale >= SHRINK_AFTER:
            stale = 0
            theta *= SHRINK_BY
            trial[:] = prices
            direction[:] = 0.0
            if theta < 1e-4:
                break
            continue
        fade = 0.9 if step < rounds // 2 else 0.95
        total = fade * total + 1.0
        for m in range(len(often)):
            often[m] *= fade
            when[m] *= fade
            spread[m] *= fade
        for v in range(num_streams):
            often[model[v]] += 1.0
            when[model[v]] += slot[v]
            spread[model[v]] += slot[v] * slot[v]
        use_slots(arrays, trial, room, model, slot, used)
        inner, norm = 0.0, 0.0
        for t in range(arrays.slots):
            inner += (used[t] - arrays.capacity) * direction[t]
            norm += direction[t] * direction[t]
        keep = max(0.0, -CAMERINI * inner / norm) if norm > 0 else 0.0
        norm = 0.0
        for t in range(arrays.slots):
            direction[t] = used[t] - arrays.capacity + keep * direction[t]
            if trial[t] <= 0 and direction[t] < 0:
                direction[t] = 0.0
            norm += direction[t] * direction[t]
        if norm <= 1e-18:
            break
        length = theta * max(bound - target, 1e-12) / norm
        for t in range(arrays.slots):
            trial[t] = max(0.0, trial[t] + length * direction[t])
    if total > 0:
        for m in range(len(often)):
            if often[m] > 0:
                when[m] /= often[m]
                spread[m] = max(0.0, spread[m] / often[m] - when[m] * when[m])
            often[m] /= total
    return least


@compiled
def tighten(
    arrays: Any,
    bound: float,
    cutoff: float,
    cells: np.ndarray,
    best: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> float:
    """Narrow the slots to those of cells that may still beat ``cutoff``.

    A cell's reduced cost is what its stream's best one is worth more. Returns the
    largest bound of the cells left out, -inf without any.
    """
    closed = -np.inf
    for model in range(len(low)):
        worst = bound - best[arrays.stream[model]]
        while low[model] <= high[model] and worst + cells[model, low[model]] <= cutoff:
            closed = max(closed, worst + cells[model, low[model]])
            low[model] += 1
        while low[model] <= high[model] and worst + cells[model, high[model]] <= cutoff:
            closed = max(closed, worst + cells[model, high[model]])
            high[model] -= 1
    return closed


@compiled
def cap_training(
    arrays: Any,
    prices: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    bound: float,
    cutoff: float,
    room: np.ndarray,
) -> float:
    """Lower the units that train in each slot to what may still beat ``cutoff``.

    Where r units train in a slot, K - r are left for serving. With a further price
    π on serving there, the bound falls by at least what all streams' best levels lose,
    each with the model that loses least, less π·(K - r). Returns the largest bound of
    what is left out, -inf without any.
    """
    capacity, edges = arrays.capacity, len(arrays.edge_model)
    steps = min(edges, MOST_STEPS)
    closed = -np.inf
    for t in range(arrays.slots):
        for step in range(steps):
            edge = step * (edges - 1) // max(1, steps - 1)
            extra = arrays.edge_value[edge] / arrays.edge_units[edge] - prices[t]
            if extra <= 0:
                break
            lost = _least_lost(arrays, prices[t], extra, low, high, t)
            most = max(0.0, np.floor(capacity + (bound - cutoff - lost) / extra))
            if most < room[t]:
                room[t] = most
                closed = max(closed, bound - lost + extra * (capacity - most - 1))
    return closed


@scalar
def _least_lost(
    arrays: Any,
    price: float,
    extra: float,
    low: np.ndarray,
    high: np.ndarray,
    t: int,
) -> float:
    """Return what a higher price of a slot takes from all streams, whatever serves."""
    lost = 0.0
    for v in range(len(arrays.model_offsets) - 1):
        least = np.inf
        held = arrays.model_offsets[v]
        may_hold = low[held] <= high[held]
        for model in range(held + 1, arrays.model_offsets[v + 1]):
            may_hold = may_hold or (high[model] > t and high[model] >= low[model])
        for model in range(held, arrays.model_offsets[v + 1]):
            if model == held:
                if not may_hold:
                    continue
            elif low[model] > min(t, high[model]):
                continue
            free, paid = -np.inf, -np.inf
            for vertex in range(
                arrays.vertex_offsets[model], arrays.vertex_offsets[model + 1]
            ):
                units = arrays.vertex_units[vertex]
                worth = arrays.vertex_value[vertex] - price * units
                free = max(free, worth)
                paid = max(paid, worth - extra * units)
            if free > -np.inf:
                least = min(least, free - paid)
        lost += least
    return lost
