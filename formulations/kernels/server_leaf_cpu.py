"""The best schedule of given cells, exactly, by two dynamic programs.

The first gives the best serving of one slot for every number of units (a
multiple-choice knapsack, Dudziński and Walukiewicz, 1987), the second shares the units
of all slots between serving and training.
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled


@compiled
def serve_slot(
    arrays: Any,
    serving: np.ndarray,
    capacity: int,
    values: np.ndarray,
    picked: np.ndarray,
) -> None:
    """Write the best value of a slot for 0 to ``capacity`` units and its levels.

    ``serving`` holds each stream's model, shape ``(V,)``; ``values`` has shape
    ``(K + 1,)``, ``picked`` ``(V, K + 1)``: the stream's level with that many units for
    it and the streams before it. -inf and -1 where the floors cannot be kept.
    """
    values[: capacity + 1] = 0.0
    before = np.empty(capacity + 1)
    for v in range(len(serving)):
        before[:] = values[: capacity + 1]
        start = arrays.level_offsets[serving[v]]
        stop = arrays.level_offsets[serving[v] + 1]
        for k in range(capacity + 1):
            best, at = -np.inf, -1
            for level in range(start, stop):
                left = k - arrays.level_units[level]
                if left < 0:
                    break
                worth = before[left] + arrays.level_value[level]
                if worth > best:
                    best, at = worth, level
            values[k] = best
            picked[v, k] = at


@compiled
def best_of_cells(
    arrays: Any, model: np.ndarray, slot: np.ndarray, late: bool, levels: np.ndarray
) -> float:
    """Write the best levels of given cells, shape ``(V, T)``; return their value.

    Levels are indices into ``level_units``. The state is the units left for training
    so far: by each slot what ends there needs, and no more than what is released.
    -inf if nothing fits. Where units train whole slots the value is no less than that
    of any schedule, and just the best one's if all trainings are released together.
    With ``late`` all wait for the last release, so that the levels leave enough.
    """
    num_streams, slots, capacity = len(model), arrays.slots, arrays.capacity
    last_release, total = 0, 0
    for v in range(num_streams):
        if arrays.demand[model[v]] > 0:
            last_release = max(last_release, arrays.free_from[model[v]])
            total += arrays.demand[model[v]]
    needed = np.zeros(slots + 1, dtype=np.int64)
    released = np.zeros(slots, dtype=np.int64)
    for v in range(num_streams):
        if arrays.demand[model[v]] > 0:
            for c in range(slot[v], slots + 1):
                needed[c] += arrays.demand[model[v]]
            release = last_release if late else arrays.free_from[model[v]]
            for t in range(release, slots):
                released[t] += arrays.demand[model[v]]
    serving = np.empty(num_streams, dtype=np.int64)
    phase_of = np.empty(slots, dtype=np.int64)
    most = num_streams + 1
    values = np.empty((most, capacity + 1))
    picked = np.empty((most, num_streams, capacity + 1), dtype=np.int64)
    phases = 0
    for t in range(slots):
        changed = t == 0
        for v in range(num_streams):
            held = arrays.model_offsets[v]
            now = held if model[v] == held or t < slot[v] else model[v]
            changed = changed or now != serving[v]
            serving[v] = now
        if changed:
            serve_slot(arrays, serving, capacity, values[phases], picked[phases])
            phases += 1
        phase_of[t] = phases - 1
    worth = np.full(total + 1, -np.inf)
    worth[0] = 0.0
    reached = np.empty(total + 1)
    left = np.full((slots, total + 1), -1, dtype=np.int32)
    for t in range(slots):
        reached[:] = -np.inf
        value = values[phase_of[t]]
        for state in range(total + 1):
            if worth[state] == -np.inf:
                continue
            most_training = min(capacity, max(0, released[t] - state))
            for training in range(most_training + 1):
                gained = worth[state] + value[capacity - training]
                if gained > reached[state + training]:
                    reached[state + training] = gained
                    left[t, state + training] = training
        for state in range(min(needed[t + 1], total + 1)):
            reached[state] = -np.inf
        worth, reached = reached, worth
    best = float(worth[total])
    if best == -np.inf:
        return best
    state = total
    for t in range(slots - 1, -1, -1):
        training = left[t, state]
        units = capacity - training
        state -= training
        for v in range(num_streams - 1, -1, -1):
            level = picked[phase_of[t], v, units]
            levels[v, t] = level
            units -= arrays.level_units[level]
    return best


@compiled
def polish(
    arrays: Any,
    low: np.ndarray,
    high: np.ndarray,
    model: np.ndarray,
    slot: np.ndarray,
    moves: int,
    seed: int,
) -> float:
    """Improve cells in place, each trial by its best levels; return the value.

    Moves that lose nothing are kept: another model, some slots earlier or later, or a
    step of one stream against that of another. Slower than annealing, and exact where
    serving levels lie off the hull or take several units.
    """
    np.random.seed(seed)
    num_streams = len(model)
    levels = np.zeros((num_streams, arrays.slots), dtype=np.int64)
    value = best_of_cells(arrays, model, slot, False, levels)
    for _ in range(moves):
        v, w = np.random.randint(num_streams), -1
        held = arrays.model_offsets[v]
        old_model, old_slot, other_slot = model[v], slot[v], 0
        kind = np.random.random()
        if kind < 0.35 or old_model == held:
            new = held + np.random.randint(arrays.model_offsets[v + 1] - held)
            if low[new] > high[new]:
                continue
            model[v] = new
            if new == held:
                slot[v] = 0
            elif old_model != held and np.random.random() < 0.6:
                near = old_slot + np.random.randint(-1, 2)
                slot[v] = min(max(near, low[new]), high[new])
            else:
                slot[v] = low[new] + np.random.randint(high[new] - low[new] + 1)
        else:
            shift = 1 + np.random.randint(3)
            if np.random.random() < 0.5:
                shift = -shift
            slot[v] = min(max(old_slot + shift, low[old_model]), high[old_model])
            if kind >= 0.7:
                w = np.random.randint(num_streams)
                if w == v or model[w] == arrays.model_offsets[w]:
                    w = -1
                else:
                    other_slot = slot[w]
                    near = other_slot - shift
                    slot[w] = min(max(near, low[model[w]]), high[model[w]])
        trial = best_of_cells(arrays, model, slot, False, levels)
        if trial >= value:
            value = trial
        else:
            model[v], slot[v] = old_model, old_slot
            if w >= 0:
                slot[w] = other_slot
    return value
