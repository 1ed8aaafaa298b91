"""The core of the multiple-choice knapsack: which streams leave the relaxation's base.

At the price λ of the relaxation's break every stream has a base option that is best,
and all bases fit with some room left. A schedule that changes streams by d_i units and
loses l_i >= 0 thereby is worth the relaxation's bound less Σ l_i less λ times the room
that it leaves idle. What loses more than the gap is in no better schedule (Pisinger,
1995).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.search import Search

ROUNDING = 1e-12
"""Slack in comparisons of sums of weighted accuracies."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Options that streams have besides their bases.

    Parameters
    ----------
    stream
        Shape ``(n,)``: the stream that each belongs to; a stream takes one at most.
    units
        Shape ``(n,)``: units that it adds to the base's, not 0.
    loss
        Shape ``(n,)``: weighted accuracy that it loses at the price, at least 0.
    """

    stream: Whole
    units: Whole
    loss: Floats

    def __len__(self) -> int:
        return len(self.stream)

    def taken(self, index: Whole) -> "Changes":
        """Return some of the changes."""
        return Changes(
            stream=self.stream[index], units=self.units[index], loss=self.loss[index]
        )


def cheapest_changes(changes: Changes, most: int) -> Whole:
    """Return the indices of the ``most`` changes that lose least of each size."""
    order = np.lexsort((changes.loss, changes.units))
    size = changes.units[order]
    first = np.searchsorted(size, size)
    return np.sort(order[np.arange(len(size)) - first < most])


def most_changes(changes: Changes, room: int, price: float, gap: float) -> int:
    """Return how many streams an optimal schedule changes at most.

    Put the changes of an optimal schedule in an order that adds units whenever the
    sum so far is not positive and removes some otherwise, while both kinds last. Two
    equal sums would enclose changes that add up to nothing and can be taken back, so
    all sums differ; and they lie between the largest removal, or the idle units that
    the gap allows, and the largest addition, or the room (the argument of Steinitz's
    lemma; Eisenbrand and Weismantel, 2018). Equal streams thus need no more care
    than others, however many there are.
    """
    above = max(0, int(changes.units.max(initial=0)), room)
    idle = gap / price if price > 0 else np.inf
    below = max(0, -int(changes.units.min(initial=0)))
    if np.isfinite(idle):
        return above + max(below, int(idle) - room + 1, 0)
    return len(changes)


def best_changes(
    changes: Changes, room: int, price: float, gap: float, search: Search
) -> tuple[float, Whole]:
    """Return the least loss, idle units included, and the changes that reach it.

    Exact if some choice loses no more than the gap. The index array refers to the
    changes given. Dynamic programming over the streams with states (units added,
    loss); one that adds no fewer units and is worth no more than another is dropped.
    """
    limit = gap + ROUNDING
    possible = np.flatnonzero(changes.loss <= limit)
    most = most_changes(changes.taken(possible), room, price, limit)
    possible = possible[cheapest_changes(changes.taken(possible), most)]
    possible = possible[np.argsort(changes.stream[possible], kind="stable")]
    starts = np.flatnonzero(np.diff(changes.stream[possible], prepend=-1))
    groups = np.split(possible, starts[1:]) if len(possible) else []
    least, largest = _extremes(changes, groups)

    added, lost = np.zeros(1, dtype=np.int64), np.zeros(1)
    history: list[tuple[Whole, Whole]] = []
    for position, group in enumerate(groups):
        search.check_time()
        units = np.concatenate(([0], changes.units[group]))
        grown = (added[:, None] + units).ravel()
        loss = np.concatenate(([0.0], changes.loss[group]))
        total = (lost[:, None] + loss).ravel()
        spare = room - grown
        idle = np.maximum(spare - largest[position + 1], 0)
        keep = (spare >= least[position + 1]) & (total + price * idle <= limit)
        index = np.flatnonzero(keep)
        index = index[np.lexsort((total[index], grown[index]))]
        worth = price * grown[index] - total[index]
        record = np.maximum.accumulate(np.concatenate(([-np.inf], worth[:-1])))
        index = index[worth > record]
        history.append(np.divmod(index, len(units)))
        added, lost = grown[index], total[index]
    ends = lost + price * (room - added)
    state = int(ends.argmin())
    least_loss = float(ends[state])
    chosen = []
    for group, (parent, option) in zip(groups[::-1], history[::-1], strict=True):
        if option[state]:
            chosen.append(int(group[option[state] - 1]))
        state = int(parent[state])
    return least_loss, np.array(chosen[::-1], dtype=np.int64)


def _extremes(changes: Changes, groups: list[Whole]) -> tuple[Whole, Whole]:
    """Return the fewest and most units that the groups from each on can add."""
    fewest = [min(0, int(changes.units[group].min())) for group in groups]
    most = [max(0, int(changes.units[group].max())) for group in groups]
    zero = np.zeros(1, dtype=np.int64)
    return (
        np.concatenate((np.cumsum(fewest[::-1], dtype=np.int64)[::-1], zero)),
        np.concatenate((np.cumsum(most[::-1], dtype=np.int64)[::-1], zero)),
    )
