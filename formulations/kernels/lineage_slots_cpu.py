"""What a stream's moves are worth at prices of a server's slots, on the CPU."""

from typing import NamedTuple

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.server_prices_cpu import price_serving, price_training

STAYS = -1
"""Change of a row that is none."""


class SlotArrays(NamedTuple):
    """One stream in one window of a horizon with reallocation ``server``.

    Parameters
    ----------
    slots
        Number of slots T.
    stream
        Shape ``(A,)``: 0 for each distinct accuracy of a model.
    vertex_offsets, vertex_units, vertex_value
        For each accuracy the serving levels that keep it at its floor, on their upper
        concave hull; value is what a slot adds to the objective.
    work, release, share, first
        Shape ``(C,)``: unit-slots of training of each change, the first slot with time
        for it, the part of that slot that is left, and the first slot in which the new
        model may serve.
    piece_units, piece_gain
        Units and work of the steps along the upper concave hull of the work that units
        do in a slot.
    row_before, row_after, row_change
        Shape ``(r,)``: the accuracies before and after the change, and the change of
        each row; ``STAYS`` for none.
    """

    slots: int
    stream: np.ndarray
    vertex_offsets: np.ndarray
    vertex_units: np.ndarray
    vertex_value: np.ndarray
    work: np.ndarray
    release: np.ndarray
    share: np.ndarray
    first: np.ndarray
    piece_units: np.ndarray
    piece_gain: np.ndarray
    row_before: np.ndarray
    row_after: np.ndarray
    row_change: np.ndarray


@compiled
def price_rows(
    s: SlotArrays, prices: np.ndarray, top: np.ndarray, change_slot: np.ndarray
) -> None:
    """Write what each row is worth at the slots' prices, and when its model changes.

    A change in slot T, at the very end, is one for the next window only.
    """
    slots, models = s.slots, len(s.stream)
    serving = np.empty((models, slots))
    sums = np.empty((models, slots + 1))
    price_serving(s, prices, serving, sums)
    size = slots * len(s.piece_units) + 1
    kept = np.empty((size, 4))
    room = np.full(slots, s.piece_units.sum())
    costs = np.empty((len(s.work), slots + 1))
    for change in range(len(s.work)):
        price_training(s, prices, room, change, slots, costs[change], kept)
    for row in range(len(top)):
        before, change = s.row_before[row], s.row_change[row]
        serves = s.vertex_offsets[before + 1] > s.vertex_offsets[before]
        top[row] = -np.inf
        change_slot[row] = slots
        if change == STAYS:
            if serves:
                top[row] = sums[before, slots]
            continue
        after = s.row_after[row]
        follows = s.vertex_offsets[after + 1] > s.vertex_offsets[after]
        for c in range(s.first[change], slots + 1):
            if (c > 0 and not serves) or (c < slots and not follows):
                continue
            worth = -costs[change, c]
            if c > 0:
                worth += sums[before, c]
            if c < slots:
                worth += sums[after, slots] - sums[after, c]
            if worth > top[row]:
                top[row] = worth
                change_slot[row] = c


@compiled
def use_slots_of(
    s: SlotArrays, prices: np.ndarray, row: int, change_slot: int, used: np.ndarray
) -> None:
    """Add the units that a row's best plan uses in each slot, shape ``(T,)``."""
    for t in range(s.slots):
        model = s.row_before[row] if t < change_slot else s.row_after[row]
        best, units = -np.inf, 0.0
        for vertex in range(s.vertex_offsets[model], s.vertex_offsets[model + 1]):
            worth = s.vertex_value[vertex] - prices[t] * s.vertex_units[vertex]
            if worth > best:
                best, units = worth, float(s.vertex_units[vertex])
        used[t] += units
    change = s.row_change[row]
    left = 0.0 if change == STAYS else s.work[change]
    if left <= 0:
        return
    first, pieces = s.release[change], len(s.piece_units)
    taken = np.zeros((s.slots, pieces), dtype=np.bool_)
    while left > 0:
        cheapest, slot, step = np.inf, -1, -1
        for t in range(first, change_slot):
            share = s.share[change] if t == first else 1.0
            for piece in range(pieces):
                gain = share * s.piece_gain[piece]
                if taken[t, piece] or gain <= 0:
                    continue
                cost = prices[t] * s.piece_units[piece] / gain
                if cost < cheapest:
                    cheapest, slot, step = cost, t, piece
        if slot < 0:
            break
        taken[slot, step] = True
        gain = (s.share[change] if slot == first else 1.0) * s.piece_gain[step]
        part = min(1.0, left / gain)
        used[slot] += part * s.piece_units[step]
        left -= part * gain
