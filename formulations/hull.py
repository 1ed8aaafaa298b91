"""Upper concave hulls of value rows: the linear relaxation of the knapsack."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.value_tables import ValueTable

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Increments:
    """Steps along all streams' hulls by falling slope (Sinha and Zoltners, 1979).

    The steps of one stream keep their order.

    Parameters
    ----------
    stream_idx
        Shape ``(n,)``: the stream of each step.
    units
        Shape ``(n,)``: units that the stream holds after the step.
    cost
        Shape ``(n,)``: units that the step adds, at least 1.
    gain
        Shape ``(n,)``: weighted accuracy that it adds, above 0.
    base_units
        Shape ``(V,)``: units of every stream before any step; its fewest.
    base_value
        Weighted accuracy before any step.
    """

    stream_idx: Whole
    units: Whole
    cost: Whole
    gain: Floats
    base_units: Whole
    base_value: float

    @property
    def slope(self) -> Floats:
        """Gain a unit, shape ``(n,)``; falls along the steps, up to rounding."""
        slopes: Floats = self.gain / self.cost
        return slopes


def hull_increments(
    table: ValueTable, between_rows: Callable[[], None] = lambda: None
) -> Increments | None:
    """Return the hull steps of all rows; ``None`` if a stream cannot be served.

    ``between_rows`` is called before each and may raise to stop the work.
    """
    streams, units, costs, gains, slopes = [], [], [], [], []
    base_units, base_value = [], 0.0
    for v in range(len(table.weights)):
        between_rows()
        at, values = table.options(v)
        if not len(at):
            return None
        worth = table.weights[v] * values
        kept = concave_hull(at, worth)
        base_units.append(int(at[0]))
        base_value += float(worth[0])
        streams.append(np.full(len(kept) - 1, v))
        units.append(at[kept[1:]])
        costs.append(np.diff(at[kept]))
        gains.append(np.diff(worth[kept]))
        # On nearly straight stretches rounding may turn two slopes around.
        slopes.append(np.minimum.accumulate(gains[-1] / costs[-1]))
    cost, gain = np.concatenate(costs), np.concatenate(gains)
    order = np.argsort(-np.concatenate(slopes), kind="stable")
    return Increments(
        stream_idx=np.concatenate(streams)[order],
        units=np.concatenate(units)[order],
        cost=cost[order],
        gain=gain[order],
        base_units=np.array(base_units),
        base_value=base_value,
    )


def concave_hull(units: Whole, worth: Floats) -> Whole:
    """Return the indices of the points on the upper concave hull.

    Andrew's monotone chain; ``units`` and ``worth`` increase strictly, the first and
    the last point are always on it, points on a straight stretch are left out.
    """
    hull: list[int] = []
    for idx in range(len(units)):
        while len(hull) > 1:
            last, before = hull[-1], hull[-2]
            rise = (worth[last] - worth[before]) * (units[idx] - units[before])
            chord = (worth[idx] - worth[before]) * (units[last] - units[before])
            if rise > chord:
                break
            hull.pop()
        hull.append(idx)
    return np.array(hull)
