"""What each stream's plans are worth at prices of the slots.

The Lagrangian relaxation of the capacities: a unit of slot t costs a price, each
stream takes its best plan alone, and what all of them pay and gain bounds the
objective from above (Fisher, 1981).
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar


@scalar
def price_model(
    arrays: Any, prices: np.ndarray, model: int, serving: np.ndarray, sums: np.ndarray
) -> None:
    """Write what a model's best serving level is worth in each slot, less its price.

    ``serving`` has shape ``(M, T)``; ``sums`` ``(M, T + 1)`` holds the sums of the
    slots before. A model that no level keeps at its floor is worth -inf.
    """
    start, stop = arrays.vertex_offsets[model], arrays.vertex_offsets[model + 1]
    total = 0.0
    sums[model, 0] = 0.0
    for t in range(len(prices)):
        best = -np.inf
        for vertex in range(start, stop):
            worth = (
                arrays.vertex_value[vertex] - prices[t] * arrays.vertex_units[vertex]
            )
            best = max(best, worth)
        serving[model, t] = best
        total += best
        sums[model, t + 1] = total


@scalar
def price_serving(
    arrays: Any, prices: np.ndarray, serving: np.ndarray, sums: np.ndarray
) -> None:
    """Write the same for every model."""
    for model in range(len(serving)):
        price_model(arrays, prices, model, serving, sums)


@scalar
def price_training(
    arrays: Any,
    prices: np.ndarray,
    room: np.ndarray,
    model: int,
    last: int,
    costs: np.ndarray,
    kept: np.ndarray,
) -> int:
    """Write the least price of a model's training within the slots before each slot.

    ``costs`` has shape ``(T + 1,)`` and is written up to slot ``last``; infinite where
    the work does not fit. In slot t at most ``room[t]`` units train. The cheapest parts
    of slots are kept in order, as rows of ``kept``: price a unit of work, work, units,
    slot. The last one is taken in part, so that a cost is never too high. Returns how
    many are kept in the end.
    """
    work = arrays.work[model]
    first = arrays.release[model]
    for c in range(last + 1):
        costs[c] = np.inf if work > 0 else 0.0
    if work <= 0:
        return 0
    held = 0
    held_amount, held_cost = 0.0, 0.0
    for t in range(first, last):
        share = arrays.share[model] if t == first else 1.0
        left = room[t]
        for piece in range(len(arrays.piece_units)):
            if left <= 0:
                break
            units = min(left, arrays.piece_units[piece])
            left -= units
            amount = (
                share * arrays.piece_gain[piece] * units / arrays.piece_units[piece]
            )
            if amount <= 0:
                break
            unit_cost = prices[t] * units / amount
            full = held_amount >= work
            if full and unit_cost >= kept[held - 1, 0]:
                break
            at = held
            while at > 0 and kept[at - 1, 0] > unit_cost:
                for column in range(4):
                    kept[at, column] = kept[at - 1, column]
                at -= 1
            kept[at, 0], kept[at, 1] = unit_cost, amount
            kept[at, 2], kept[at, 3] = units, t
            held += 1
            held_amount += amount
            held_cost += unit_cost * amount
            while held_amount - kept[held - 1, 1] >= work:
                held -= 1
                held_amount -= kept[held, 1]
                held_cost -= kept[held, 0] * kept[held, 1]
        if held and held_amount >= work * (1 - 1e-12):
            over = max(0.0, held_amount - work)
            costs[t + 1] = held_cost - over * kept[held - 1, 0]
    return held


@compiled
def price_cells(
    arrays: Any,
    prices: np.ndarray,
    room: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    cells: np.ndarray,
    best_model: np.ndarray,
    best_slot: np.ndarray,
    best: np.ndarray,
) -> float:
    """Write the worth of all cells at given prices; return the Lagrangian bound.

    ``room``, shape ``(T,)``, limits the units that train in a slot; ``low`` and
    ``high``, shape ``(M,)``, the slots from which models may serve. ``cells`` has shape
    ``(M, T)``, that of a model held in column 0. The best cell of each stream is
    written to ``best_model``, ``best_slot`` and ``best``, shape ``(V,)``. Without any
    cell for a stream the bound is -inf.
    """
    models, slots = len(arrays.stream), arrays.slots
    serving = np.empty((models, slots))
    sums = np.empty((models, slots + 1))
    for model in range(models):
        held = arrays.model_offsets[arrays.stream[model]]
        if model == held or low[model] <= high[model]:
            price_model(arrays, prices, model, serving, sums)
    size = slots * len(arrays.piece_units) + 1
    kept = np.empty((size, 4))
    costs = np.empty(slots + 1)
    bound = 0.0
    for t in range(slots):
        bound += prices[t] * arrays.capacity
    for v in range(len(arrays.model_offsets) - 1):
        held = arrays.model_offsets[v]
        best[v] = -np.inf
        for model in range(held, arrays.model_offsets[v + 1]):
            if low[model] > high[model]:
                continue
            if model == held:
                cells[model, 0] = sums[model, slots]
                if cells[model, 0] > best[v]:
                    best[v], best_model[v], best_slot[v] = cells[model, 0], model, 0
                continue
            price_training(arrays, prices, room, model, high[model], costs, kept)
            later = 0.0
            for t in range(slots - 1, high[model], -1):
                later += serving[model, t]
            for c in range(high[model], low[model] - 1, -1):
                later += serving[model, c]
                before = sums[held, c] if c else 0.0
                worth = before + later - costs[c]
                cells[model, c] = worth
                if worth > best[v]:
                    best[v], best_model[v], best_slot[v] = worth, model, c
        bound += best[v]
    return bound


@compiled
def use_slots(
    arrays: Any,
    prices: np.ndarray,
    room: np.ndarray,
    best_model: np.ndarray,
    best_slot: np.ndarray,
    used: np.ndarray,
) -> None:
    """Write the units that the streams' best plans use in each slot, shape ``(T,)``."""
    slots = arrays.slots
    used[:] = 0.0
    size = slots * len(arrays.piece_units) + 1
    kept = np.empty((size, 4))
    costs = np.empty(slots + 1)
    for v in range(len(best_model)):
        model = best_model[v]
        held = arrays.model_offsets[v]
        change = slots if model == held else best_slot[v]
        for t in range(slots):
            serving = held if t < change else model
            best, units = -np.inf, 0
            for vertex in range(
                arrays.vertex_offsets[serving], arrays.vertex_offsets[serving + 1]
            ):
                worth = (
                    arrays.vertex_value[vertex]
                    - prices[t] * arrays.vertex_units[vertex]
                )
                if worth > best:
                    best, units = worth, arrays.vertex_units[vertex]
            used[t] += units
        left = arrays.work[model]
        if left <= 0:
            continue
        count = price_training(arrays, prices, room, model, change, costs, kept)
        for place in range(count):
            part = min(1.0, left / kept[place, 1])
            used[int(kept[place, 3])] += part * kept[place, 2]
            left -= part * kept[place, 1]
