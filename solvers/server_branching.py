"""Where branch and bound over the cells of a server's window branches."""

from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Limits = tuple[Whole, Whole]

LEAST_DOUBT = 0.05
CLEAR_SLOTS = 4


class Part(Protocol):
    """A part of the cells, as :class:`solvers.server_tree.Node`."""

    low: Whole
    high: Whole
    often: Floats
    when: Floats
    spread: Floats


def widths(part: Part, offsets: Whole) -> Whole:
    """Return how many cells each stream has left, shape ``(V,)``."""
    width = np.maximum(part.high - part.low + 1, 0)
    found: Whole = np.add.reduceat(width, offsets[:-1])
    return found


def children(part: Part, offsets: Whole) -> list[Limits]:
    """Return two parts of a part: a stream's models, or their slots, in two.

    Of the stream whose models were chosen most evenly on the way to the prices, or
    whose model's slots differed most.
    """
    best = 0.0
    place: tuple[int, int | None, int | None] | None = None
    for v, (start, stop) in enumerate(pairwise(offsets.tolist())):
        models = np.arange(start, stop)
        left = models[part.low[models] <= part.high[models]]
        often = part.often[left]
        total = max(float(often.sum()), 1e-12)
        doubt = 1 - float(often.max()) / total
        if len(left) > 1 and doubt > max(LEAST_DOUBT, best):
            half = int(np.searchsorted(np.cumsum(often), often.sum() / 2)) + 1
            best, place = doubt, (v, int(left[min(half, len(left) - 1)]), None)
        for model in left[left > start].tolist():
            if part.low[model] == part.high[model]:
                continue
            deviation = float(np.sqrt(part.spread[model]) * part.often[model] / total)
            score = min(1.0, deviation / CLEAR_SLOTS)
            if score > best:
                slot = int(np.floor(part.when[model]))
                slot = min(max(slot, part.low[model]), part.high[model] - 1)
                best, place = score, (v, None, slot)
    return _split(part, offsets, *(place or _widest(part, offsets)))


def _widest(part: Part, offsets: Whole) -> tuple[int, int | None, int | None]:
    """Return a split of the stream with most cells, where nothing is in doubt."""
    v = int(widths(part, offsets).argmax())
    models = np.arange(offsets[v], offsets[v + 1])
    left = models[part.low[models] <= part.high[models]]
    if len(left) > 1:
        return v, int(left[len(left) // 2]), None
    return v, None, int((part.low[left[0]] + part.high[left[0]]) // 2)


def _split(
    part: Part, offsets: Whole, stream: int, model: int | None, slot: int | None
) -> list[Limits]:
    """Return both parts of a stream's cells: models before one, or slots up to one."""
    start, stop = offsets[stream : stream + 2]
    low, high = part.low, part.high
    if model is not None:
        before, after = high.copy(), high.copy()
        before[model:stop] = -1
        after[start:model] = -1
        return [(low.copy(), before), (low.copy(), after)]
    assert slot is not None
    early, late = high.copy(), low.copy()
    early[start] = -1
    early[start + 1 : stop] = np.minimum(high[start + 1 : stop], slot)
    late[start + 1 : stop] = np.maximum(low[start + 1 : stop], slot + 1)
    return [(low.copy(), early), (late, high.copy())]
