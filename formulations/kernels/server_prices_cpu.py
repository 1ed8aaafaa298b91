"""Prices of the slots: what each stream does at given prices, and their descent.

The Lagrangian relaxation of the capacities: a unit of slot t costs a price, each
stream takes its best plan alone, and what all of them pay and gain bounds the
objective from above (Fisher, 1981).
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar

SHRINK_AFTER = 20
SHRINK_BY = 0.7
CAMERINI = 1.5


@scalar
def price_serving(
    arrays: Any, prices: np.ndarray, serving: np.ndarray, sums: np.ndarray
) -> None:
    """Write what each model's best serving level is worth in each slot, less its price.

    ``serving`` has shape ``(M, T)``; ``sums`` ``(M, T + 1)`` holds the sums of the
    slots before. A model that no level keeps at its floor is worth -inf.
    """
    for model in range(len(arrays.stream)):
        start, stop = arrays.vertex_offsets[model], arrays.vertex_offsets[model + 1]
        total = 0.0
        sums[model, 0] = 0.0
        for t in range(arrays.slots):
            best = -np.inf
            for vertex in range(start, stop):
                worth = (
                    arrays.vertex_value[vertex]
                    - prices[t] * arrays.vertex_units[vertex]
                )
                best = max(best, worth)
            serving[model, t] = best
            total += best
            sums[model, t + 1] = total


@scalar
def price_training(
    arrays: Any,
    prices: np.ndarray,
    model: int,
    costs: np.ndarray,
    unit_costs: np.ndarray,
    amounts: np.ndarray,
) -> None:
    """Write the least price of a model's training within the slots before each slot.

    ``costs`` has shape ``(T + 1,)``; infinite where the work does not fit. The cheapest
    parts of slots are kept in order; the last one is taken in part, so that a cost is
    never too high.
    """
    work = arrays.work[model]
    first = arrays.release[model]
    for c in range(arrays.slots + 1):
        costs[c] = np.inf if work > 0 else 0.0
    if work <= 0:
        return
    held = 0
    held_amount, held_cost = 0.0, 0.0
    for t in range(first, arrays.slots):
        share = arrays.share[model] if t == first else 1.0
        for piece in range(len(arrays.piece_units)):
            amount = share * arrays.piece_gain[piece]
            if amount <= 0:
                continue
            unit_cost = prices[t] * arrays.piece_units[piece] / amount
            full = held_amount >= work
            if full and unit_cost >= unit_costs[held - 1]:
                continue
            at = held
            while at > 0 and unit_costs[at - 1] > unit_cost:
                unit_costs[at] = unit_costs[at - 1]
                amounts[at] = amounts[at - 1]
                at -= 1
            unit_costs[at] = unit_cost
            amounts[at] = amount
            held += 1
            held_amount += amount
            held_cost += unit_cost * amount
            while held_amount - amounts[held - 1] >= work:
                held -= 1
                held_amount -= amounts[held]
                held_cost -= unit_costs[held] * amounts[held]
        if held and held_amount >= work * (1 - 1e-12):
            over = max(0.0, held_amount - work)
            costs[t + 1] = held_cost - over * unit_costs[held - 1]


@compiled
def price_cells(
    arrays: Any,
    prices: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    cells: np.ndarray,
    best_model: np.ndarray,
    best_slot: np.ndarray,
    best: np.ndarray,
) -> float:
    """Write the worth of all cells at given prices; return the Lagrangian bound.

    ``low`` and ``high``, shape ``(M,)``, limit the slots from which models may serve;
    ``cells`` has shape ``(M, T)``, that of a model held in column 0. The best cell of
    each stream is written to ``best_model``, ``best_slot`` and ``best``, shape
    ``(V,)``. Without any cell for a stream the bound is -inf.
    """
    models, slots = len(arrays.stream), arrays.slots
    serving = np.empty((models, slots))
    sums = np.empty((models, slots + 1))
    price_serving(arrays, prices, serving, sums)
    size = slots * len(arrays.piece_units) + 1
    unit_costs, amounts = np.empty(size), np.empty(size)
    costs = np.empty(slots + 1)
    bound = prices.sum() * arrays.capacity
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
            price_training(arrays, prices, model, costs, unit_costs, amounts)
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
    best_model: np.ndarray,
    best_slot: np.ndarray,
    used: np.ndarray,
) -> None:
    """Write the units that the streams' best plans use in each slot, shape ``(T,)``."""
    slots = arrays.slots
    used[:] = 0.0
    entries = slots * len(arrays.piece_units)
    unit_costs, at = np.empty(entries), np.empty(entries, dtype=np.int64)
    for v in range(len(best_model)):
        model, c = best_model[v], best_slot[v]
        held = arrays.model_offsets[v]
        change = slots if model == held else c
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
        count = 0
        first = arrays.release[model]
        for t in range(first, change):
            share = arrays.share[model] if t == first else 1.0
            for piece in range(len(arrays.piece_units)):
                gain = share * arrays.piece_gain[piece]
                unit_costs[count] = (
                    prices[t] * arrays.piece_units[piece] / gain if gain > 0 else np.inf
                )
                at[count] = t * len(arrays.piece_units) + piece
                count += 1
        for entry in np.argsort(unit_costs[:count], kind="mergesort"):
            t, piece = divmod(at[entry], len(arrays.piece_units))
            share = arrays.share[model] if t == first else 1.0
            gain = share * arrays.piece_gain[piece]
            part = min(1.0, left / gain) if gain > 0 else 0.0
            used[t] += part * arrays.piece_units[piece]
            left -= part * gain
            if left <= 0:
                break


@compiled
def descend(
    arrays: Any,
    prices: np.ndarray,
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
    ``cells`` and ``best`` become those of the least bound. Of the plans chosen on the way,
    ``often`` is how often each model was, ``when`` the mean of the slot from which it
    serves and ``spread`` its mean square, all of shape ``(M,)``.
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
            arrays, trial, low, high, trial_cells, model, slot, trial_best
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
        use_slots(arrays, trial, model, slot, used)
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
