"""Schedules of a server's window from training orders, and random changes of orders.

An order says which model each stream trains, which training comes first, how many
units one may take, and how many all may take together in each slot. The first training
takes what it can, the next what is left; serving gets the rest, by falling value a
unit. With speeds linear in the units and one common start nothing is lost: trained one
after another by their completions, no training of any schedule ends later.
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.tolerances import TIME_TOLERANCE

ROUNDING = 1e-15
NO_LEVEL = -1

SWAP, INSERT, RETRAIN, BUDGET, SHIFT, CAP, EXCHANGE = range(7)
"""Kinds of changes."""

NUM_KINDS = 7


@compiled
def decode_range(
    arrays: Any,
    gains: np.ndarray,
    model: np.ndarray,
    order: np.ndarray,
    cap: np.ndarray,
    budget: np.ndarray,
    training: np.ndarray,
    level: np.ndarray,
    serves: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Write the schedules of the orders from start to stop.

    ``model``, ``order`` and ``cap`` have shape ``(C, V)``, ``budget`` ``(C, T)``.
    Written are units ``training`` and serving levels ``level``, ``(C, V, T)``, and the
    slots ``serves``, ``(C, V)``, from which new models serve; the number of slots for
    those that do not end.
    """
    streams = model.shape[1]
    serving = np.empty(streams, dtype=np.int64)
    left = np.empty(streams)
    edges = np.empty(len(arrays.edge_model), dtype=np.int64)
    is_own = np.zeros(len(arrays.stream), dtype=np.bool_)
    units = np.empty(streams, dtype=np.int64)
    # A training may end a little after a slot and still count as ended in it.
    late = TIME_TOLERANCE * arrays.slots
    for c in range(start, stop):
        for v in range(streams):
            m = model[c, v]
            is_own[arrays.model_offsets[v]] = is_own[m] = True
            left[v] = arrays.work[m]
            serving[v] = arrays.model_offsets[v]
            serves[c, v] = arrays.slots
            if m != serving[v] and left[v] == 0:
                serves[c, v] = arrays.first[m]
        num_edges = 0
        for e in range(len(arrays.edge_model)):
            if is_own[arrays.edge_model[e]]:
                edges[num_edges] = e
                num_edges += 1
        for v in range(streams):
            is_own[arrays.model_offsets[v]] = is_own[model[c, v]] = False
        before = -1
        for t in range(arrays.slots):
            changed = t == 0
            free = arrays.capacity
            for v in range(streams):
                if serves[c, v] == t:
                    serving[v] = model[c, v]
                    changed = True
                first = arrays.level_offsets[serving[v]]
                if first < arrays.level_offsets[serving[v] + 1]:
                    free -= arrays.level_units[first]
            room = min(budget[c, t], free)
            for i in range(streams):
                v = order[c, i]
                training[c, v, t] = 0
                m = model[c, v]
                if left[v] == 0 or t < arrays.release[m] or room <= 0:
                    continue
                share = arrays.share[m] if t == arrays.release[m] else 1.0
                used = _fewest(gains, min(cap[c, v], room), left[v] / (share + late))
                training[c, v, t] = used
                done = left[v] * (1 - ROUNDING) <= gains[used] * (share + late)
                left[v] = 0.0 if done else left[v] - gains[used] * share
                room -= used
                free -= used
                if done:
                    serves[c, v] = max(t + 1, arrays.first[m])
            if changed or free != before:
                _serve(arrays, serving, edges[:num_edges], free, units, level[c, :, t])
            else:
                for v in range(streams):
                    level[c, v, t] = level[c, v, t - 1]
            before = free


@compiled
def _fewest(gains: np.ndarray, most: int, work: float) -> int:
    """Return the fewest units that do some work in a slot, or as much as the most."""
    low, high = 0, most
    goal = min(work, gains[most])
    while low < high:
        middle = (low + high) // 2
        if gains[middle] < goal:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _serve(
    arrays: Any,
    serving: np.ndarray,
    edges: np.ndarray,
    free: int,
    units: np.ndarray,
    level: np.ndarray,
) -> None:
    """Write the serving levels that free units buy beyond the floors' own."""
    for v in range(len(serving)):
        first = arrays.level_offsets[serving[v]]
        level[v] = NO_LEVEL
        units[v] = 0
        if first < arrays.level_offsets[serving[v] + 1]:
            level[v] = first
            units[v] = arrays.level_units[first]
    if free < 0:
        return
    for e in edges:
        v = arrays.stream[arrays.edge_model[e]]
        # A step after one that did not fit starts from where the stream is not.
        if (
            arrays.edge_model[e] == serving[v]
            and arrays.edge_units[e] <= free
            and units[v] == arrays.edge_from[e]
        ):
            free -= arrays.edge_units[e]
            units[v] += arrays.edge_units[e]
    for v in range(len(serving)):
        last = arrays.level_offsets[serving[v] + 1]
        while level[v] + 1 < last and arrays.level_units[level[v] + 1] <= units[v]:
            level[v] += 1
    while free > 0:
        best, taken, to = 0.0, -1, 0
        for v in range(len(serving)):
            if level[v] == NO_LEVEL:
                continue
            at = level[v] + 1
            while at < arrays.level_offsets[serving[v] + 1]:
                if arrays.level_units[at] > units[v] + free:
                    break
                gain = arrays.level_value[at] - arrays.level_value[level[v]]
                if gain > best:
                    best, taken, to = gain, v, at
                at += 1
        if taken < 0:
            break
        free -= arrays.level_units[to] - units[taken]
        units[taken] = arrays.level_units[to]
        level[taken] = to


@compiled
def count_range(
    training: np.ndarray,
    level: np.ndarray,
    counts: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Write the number of segments of each stream of the schedules."""
    for c in range(start, stop):
        for v in range(training.shape[1]):
            found = 1
            for t in range(1, training.shape[2]):
                found += int(
                    training[c, v, t] != training[c, v, t - 1]
                    or level[c, v, t] != level[c, v, t - 1]
                )
            counts[c, v] = found


@compiled
def segment_range(
    arrays: Any,
    training: np.ndarray,
    level: np.ndarray,
    speeds: np.ndarray,
    slot_seconds: float,
    offsets: np.ndarray,
    seconds: np.ndarray,
    kept: np.ndarray,
    speed: np.ndarray,
    units: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Write the schedules' segments at their offsets."""
    streams = training.shape[1]
    for c in range(start, stop):
        for v in range(streams):
            q = offsets[c * streams + v]
            for t in range(training.shape[2]):
                if (
                    t == 0
                    or training[c, v, t] != training[c, v, t - 1]
                    or level[c, v, t] != level[c, v, t - 1]
                ):
                    at = level[c, v, t]
                    seconds[q] = t * slot_seconds
                    kept[q] = 0.0 if at == NO_LEVEL else arrays.level_kept[at]
                    speed[q] = speeds[training[c, v, t]]
                    units[q] = training[c, v, t]
                    if at != NO_LEVEL:
                        units[q] += arrays.level_units[at]
                    q += 1


@compiled
def change_range(
    arrays: Any,
    model: np.ndarray,
    order: np.ndarray,
    cap: np.ndarray,
    budget: np.ndarray,
    serves: np.ndarray,
    chances: np.ndarray,
    most: int,
    start: int,
    stop: int,
) -> None:
    """Change the orders from start to stop in place, once or a few times each.

    ``chances``, ``(C, N, 8)``, are uniform in [0, 1): the first of each row tells
    whether there is one more change; ``serves`` are the slots of the parents' models.
    """
    for c in range(start, stop):
        for n in range(chances.shape[1]):
            if n > 0 and chances[c, n, 0] > 0.5:
                break
            _change(
                arrays,
                model[c],
                order[c],
                cap[c],
                budget[c],
                serves[c],
                chances[c, n],
                most,
            )


@compiled
def _change(
    arrays: Any,
    model: np.ndarray,
    order: np.ndarray,
    cap: np.ndarray,
    budget: np.ndarray,
    serves: np.ndarray,
    chance: np.ndarray,
    most: int,
) -> None:
    streams, slots = len(model), len(budget)
    kind = int(chance[1] * NUM_KINDS)
    i, k = int(chance[2] * streams), int(chance[3] * streams)
    if kind == SWAP:
        k = min(i + 1, streams - 1) if chance[4] < 0.5 else k
        order[i], order[k] = order[k], order[i]
    elif kind == INSERT:
        moved = order[i]
        step = 1 if k > i else -1
        while i != k:
            order[i] = order[i + step]
            i += step
        order[k] = moved
    elif kind == RETRAIN:
        _retrain(arrays, model, i, chance[3])
    elif kind == EXCHANGE:
        _retrain(arrays, model, i, chance[4])
        _retrain(arrays, model, k, chance[5])
    elif kind == CAP:
        cap[i] = most if chance[3] < 0.4 else 1 + int(chance[4] * most)
    else:
        begin, end = _stretch(slots, serves, chance[2], chance[3], chance[4])
        size = 1 + int(chance[5] * chance[5] * most)
        if kind == SHIFT:
            later = min(slots, end + max(1, int(chance[6] * (end - begin) * 2)))
            sign = 1 if chance[7] < 0.5 else -1
            for t in range(begin, end):
                budget[t] = min(most, max(0, budget[t] + sign * size))
            for t in range(end, later):
                budget[t] = min(most, max(0, budget[t] - sign * size))
        elif chance[6] < 0.2:
            for t in range(begin, end):
                budget[t] = int(chance[7] * (most + 1))
        else:
            sign = 1 if chance[7] < 0.5 else -1
            for t in range(begin, end):
                budget[t] = min(most, max(0, budget[t] + sign * size))


@compiled
def _retrain(arrays: Any, model: np.ndarray, v: int, chance: float) -> None:
    """Give a stream another of its models."""
    first, last = arrays.model_offsets[v], arrays.model_offsets[v + 1]
    model[v] = first + int(chance * (last - first))


@compiled
def _stretch(
    slots: int, serves: np.ndarray, where: float, length: float, how: float
) -> tuple[int, int]:
    """Return a stretch of slots: between completions, some slots, or all to the end."""
    begin = int(where * slots)
    if how < 0.4:
        end = slots
        first = 0
        for slot in serves:
            if slot <= begin:
                first = max(first, slot)
            else:
                end = min(end, slot)
        return first, end
    if how < 0.8:
        return begin, min(slots, begin + 1 + int(length * length * 8))
    return begin, slots
