"""What given cells are worth, and annealing over them.

With every stream's model and slot fixed, serving levels compete for the units that
trainings leave. Which trainings fit together is told by sums over stretches of slots
(Horn, 1974), and steps along the serving hulls are taken by falling value a unit while
they still fit: exact for steps of one unit, where they form a matroid.
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled

MOST_STRETCHES = 4096


@compiled
def evaluate_cells(
    arrays: Any,
    model: np.ndarray,
    slot: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    free: np.ndarray,
    stretches: np.ndarray,
    slack: np.ndarray,
    bounds: np.ndarray,
) -> float:
    """Return a value that the cells reach, -inf if their trainings do not fit.

    ``model`` and ``slot`` have shape ``(V,)``. The rest is room to work in: ``starts``
    and ``stops`` ``(M,)``, ``free`` ``(T,)``, ``stretches`` ``(S, 2)``, ``slack``
    ``(S,)``, ``bounds`` ``(2V + 2,)``.
    """
    slots, capacity = arrays.slots, arrays.capacity
    num_streams = len(model)
    starts[:] = 0
    stops[:] = 0
    free[:] = capacity
    value = 0.0
    for v in range(num_streams):
        held = arrays.model_offsets[v]
        new = model[v]
        change = slots if new == held else slot[v]
        starts[held], stops[held] = 0, change
        if new != held:
            starts[new], stops[new] = change, slots
        for part in range(2):
            serving = held if part == 0 else new
            begin, end = (0, change) if part == 0 else (change, slots)
            if begin >= end:
                continue
            vertex = arrays.vertex_offsets[serving]
            if vertex == arrays.vertex_offsets[serving + 1]:
                return -np.inf
            value += arrays.vertex_value[vertex] * (end - begin)
            for t in range(begin, end):
                free[t] -= arrays.vertex_units[vertex]
    for t in range(slots):
        if free[t] < 0:
            return -np.inf
    count, last_bound = _stretches(arrays, model, slot, free, stretches, slack, bounds)
    if count < 0:
        return -np.inf
    for edge in range(len(arrays.edge_model)):
        serving = arrays.edge_model[edge]
        begin, end = starts[serving], stops[serving]
        if begin >= end:
            continue
        units = arrays.edge_units[edge]
        taken = 0
        for phase in range(last_bound):
            left, right = max(begin, bounds[phase]), min(end, bounds[phase + 1])
            if left >= right:
                continue
            most = capacity * slots
            for s in range(count):
                if stretches[s, 0] <= left and right <= stretches[s, 1]:
                    most = min(most, slack[s])
            most //= units
            here = 0
            for t in range(left, right):
                if here == most:
                    break
                if free[t] >= units:
                    free[t] -= units
                    here += 1
            if here:
                taken += here
                for s in range(count):
                    if stretches[s, 0] <= left and right <= stretches[s, 1]:
                        slack[s] -= here * units
        value += taken * arrays.edge_value[edge]
    return value


@compiled
def _stretches(
    arrays: Any,
    model: np.ndarray,
    slot: np.ndarray,
    free: np.ndarray,
    stretches: np.ndarray,
    slack: np.ndarray,
    bounds: np.ndarray,
) -> tuple[int, int]:
    """Write the stretches of slots that trainings need, and what they leave free.

    Returns the number of stretches, -1 if one leaves less than nothing, and the number
    of phases between the bounds.
    """
    num_streams = len(model)
    count, places = 0, 0
    for v in range(num_streams):
        if arrays.demand[model[v]] == 0:
            continue
        release, end = arrays.free_from[model[v]], slot[v]
        bounds[places] = release
        bounds[places + 1] = end
        places += 2
        for other in range(num_streams):
            if arrays.demand[model[other]] == 0:
                continue
            begin = arrays.free_from[model[other]]
            if begin >= end:
                if other == v:
                    return -1, 0
                continue
            known = False
            for s in range(count):
                if stretches[s, 0] == begin and stretches[s, 1] == end:
                    known = True
                    break
            if known or count == len(slack):
                continue
            room = 0
            for t in range(begin, end):
                room += free[t]
            for inner in range(num_streams):
                job = model[inner]
                if (
                    arrays.demand[job] > 0
                    and arrays.free_from[job] >= begin
                    and slot[inner] <= end
                ):
                    room -= arrays.demand[job]
            if room < 0:
                return -1, 0
            stretches[count, 0], stretches[count, 1] = begin, end
            slack[count] = room
            count += 1
    bounds[places] = 0
    bounds[places + 1] = arrays.slots
    ordered = np.sort(bounds[: places + 2])
    last = 0
    for place in range(places + 2):
        if place == 0 or ordered[place] != bounds[last]:
            if place:
                last += 1
            bounds[last] = ordered[place]
    return count, last


@compiled
def anneal(
    arrays: Any,
    low: np.ndarray,
    high: np.ndarray,
    model: np.ndarray,
    slot: np.ndarray,
    warmest: float,
    coldest: float,
    moves: int,
    seed: int,
    best_model: np.ndarray,
    best_slot: np.ndarray,
) -> float:
    """Anneal from the given cells; return the best value and write its cells.

    Moves (Kirkpatrick, Gelatt and Vecchi, 1983): another cell of a stream, a few slots
    earlier or later, two streams' slots exchanged. The temperature falls geometrically
    from ``warmest`` to ``coldest``. ``model`` and ``slot`` end at the last cells.
    """
    np.random.seed(seed)
    num_streams = len(model)
    starts = np.empty(len(low), dtype=np.int64)
    stops = np.empty(len(low), dtype=np.int64)
    free = np.empty(arrays.slots, dtype=np.int64)
    room = min(MOST_STRETCHES, num_streams * num_streams)
    stretches = np.empty((room, 2), dtype=np.int64)
    slack = np.empty(room, dtype=np.int64)
    bounds = np.empty(2 * num_streams + 2, dtype=np.int64)
    value = evaluate_cells(
        arrays, model, slot, starts, stops, free, stretches, slack, bounds
    )
    best = value
    best_model[:] = model
    best_slot[:] = slot
    temperature = warmest
    fall = (coldest / warmest) ** (1.0 / max(1, moves))
    for _ in range(moves):
        temperature *= fall
        v = np.random.randint(num_streams)
        w = v
        old_model, old_slot = model[v], slot[v]
        kind = np.random.random()
        held = arrays.model_offsets[v]
        if kind < 0.4 or old_model == held:
            new = held + np.random.randint(arrays.model_offsets[v + 1] - held)
            if low[new] > high[new]:
                continue
            model[v] = new
            if new == held:
                slot[v] = 0
            elif old_model != held and np.random.random() < 0.5:
                slot[v] = min(max(old_slot, low[new]), high[new])
            else:
                slot[v] = low[new] + np.random.randint(high[new] - low[new] + 1)
        elif kind < 0.75:
            shift = 1 + np.random.randint(3)
            if np.random.random() < 0.5:
                shift = -shift
            slot[v] = min(max(old_slot + shift, low[old_model]), high[old_model])
        else:
            w = np.random.randint(num_streams)
            if w == v or model[w] == arrays.model_offsets[w]:
                continue
            slot[v] = min(max(slot[w], low[old_model]), high[old_model])
        other_slot = slot[w]
        if w != v:
            slot[w] = min(max(old_slot, low[model[w]]), high[model[w]])
        trial = evaluate_cells(
            arrays, model, slot, starts, stops, free, stretches, slack, bounds
        )
        if trial >= value or (
            trial > -np.inf
            and np.random.random() < np.exp((trial - value) / temperature)
        ):
            value = trial
            if value > best:
                best = value
                best_model[:] = model
                best_slot[:] = slot
        else:
            model[v] = old_model
            if w != v:
                slot[w] = other_slot
            slot[v] = old_slot
    return best
