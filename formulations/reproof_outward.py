"""A window at a price for whole fleets: NumPy, with every rounding on the safe side.

The result is never below L(λ): the streams' parts are rounded up block by block (see
:mod:`formulations.reproof_block`), sums are exact until one last rounding
(``math.fsum``), and what comes out is stepped up to the next float. Memory beyond the
columns is some arrays of a block for each thread, and one number a stream.
"""

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from formulations.reproof_block import LESS, StreamBlock, Training, up
from instances.columns import Columns

STREAMS_AT_ONCE = 8192
MOST_UNITS = 20_000
MOST_CELLS = 40_000_000
MOST_OPTIONS = 3_000_000
"""Units of one stream, numbers of units of all, and those of them within the gap,
that are enumerated."""

Floats = NDArray[np.float64]


class OutwardRelaxation:
    """All streams of a fleet at a price, each on its own.

    Parameters
    ----------
    columns
        A static window.
    price
        Multiplier λ of the capacity.

    Attributes
    ----------
    total_units
        Capacity K.
    bound
        L(λ) or more; ``-inf`` if a stream cannot be kept at its floor.
    """

    method = "outward rounding"

    def __init__(self, columns: Columns, price: float) -> None:
        assert columns.weight is not None
        self.total_units = columns.total_units
        self._columns = columns
        self._price = max(0.0, math.nextafter(price * LESS, 0.0))
        self._total_weight = math.fsum(columns.weight.tolist())
        self._training = Training(columns)
        ranges = _ranges(columns.num_streams, STREAMS_AT_ONCE)
        with ThreadPoolExecutor(_workers()) as pool:
            best = list(pool.map(lambda each: self._block(*each).best(), ranges))
        self._best = np.concatenate(best)
        self.bound = -math.inf
        if self._best.min() > -np.inf:
            sums = [up(math.fsum(part.tolist())) for part in best]
            reduced = up(math.fsum(sums))
            self.bound = up(reduced + up(price * self.total_units))

    def options(
        self, gap: Fraction
    ) -> Iterator[tuple[Sequence[int], Sequence[float]]] | None:
        """Return units and losses of each stream's options that lose less.

        ``None`` if they, or the numbers of units that may be among them, are too many.
        """
        within = up(float(gap))
        furthest = self._furthest(within)
        if furthest.max() > MOST_UNITS or (furthest + 1).sum() > MOST_CELLS:
            return None
        size = max(1, min(STREAMS_AT_ONCE, MOST_CELLS // 20 // int(furthest.max() + 1)))
        found: list[tuple[Sequence[int], Sequence[float]]] = []
        count = 0
        for start, stop in _ranges(self._columns.num_streams, size):
            block = self._block(start, stop)
            rows = block.rows(int(furthest[start:stop].max()))
            loss = self._best[start:stop, None] - rows
            # The best worth has more to spare than the rows; else nothing is proven.
            if (loss < 0).any():
                return None
            loss = np.maximum(np.nextafter(loss, -np.inf), 0.0)
            kept = loss < within
            count += int(kept.sum())
            if count > MOST_OPTIONS:
                return None
            found.extend(
                (np.flatnonzero(which).tolist(), lost[which].tolist())
                for which, lost in zip(kept, loss, strict=True)
            )
        return iter(found)

    def _furthest(self, within: float) -> Floats:
        """Return for each stream the units beyond which all options lose more."""
        if self._price == 0:
            return np.full(self._columns.num_streams, float(self.total_units))
        parts = []
        for start, stop in _ranges(self._columns.num_streams, STREAMS_AT_ONCE):
            block = self._block(start, stop)
            left = block.most() + within - self._best[start:stop]
            with np.errstate(over="ignore"):
                parts.append(np.ceil(left / self._price) + 1)
        furthest: Floats = np.clip(np.concatenate(parts), 0, self.total_units)
        return furthest

    def _block(self, start: int, stop: int) -> StreamBlock:
        columns, training = self._columns, self._training
        return StreamBlock(
            columns, training, start, stop, self._price, self._total_weight
        )


def _ranges(count: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def _workers() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
