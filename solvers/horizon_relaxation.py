"""The Lagrangian relaxation of a horizon: a price for the units of each window.

At given prices every stream goes its own longest path; with what the capacity is worth
at them, the paths' lengths are an upper bound (Fisher, 1981).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.horizon_schedule import HorizonSchedule
from formulations.lineage import Arcs, Lineage
from formulations.lineage_plans import horizon_schedule, path_value
from instances.horizon import Horizon
from solvers.horizon_rolling import roll
from solvers.search import Search

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The relaxation at some prices.

    Parameters
    ----------
    prices, memory_prices
        Shapes ``(n,)`` and ``(W,)``: objective for a unit, in a window or slot, and for
        a GB of warm memory in a window.
    bound
        Upper bound on the objective; ``-inf`` if a stream has no path.
    units, memory
        Shapes ``(n,)`` and ``(W,)``: what the longest paths use.
    """

    prices: Floats
    memory_prices: Floats
    bound: float
    units: Floats
    memory: Floats


class HorizonRelaxation:
    """The longest paths of all streams, at prices.

    Making one and using it loads and compiles code.

    Parameters
    ----------
    horizon, lineages
        The problem and what each stream may do.
    """

    def __init__(self, horizon: Horizon, lineages: Sequence[Lineage]) -> None:
        from formulations.kernels import lineage_paths_cpu

        self.horizon = horizon
        self.lineages = lineages
        self._kernels = lineage_paths_cpu
        self._at = [lineage.arrays.hull_offsets[:-1].copy() for lineage in lineages]

    @property
    def num_prices(self) -> int:
        """Number of prices of units, one for each window."""
        return self.horizon.num_windows

    def at(self, prices: Floats, memory_prices: Floats) -> Point:
        """Return the relaxation's bound at prices of at least 0."""
        horizon = self.horizon
        bound = float(prices.sum()) * horizon.total_units
        bound += float(memory_prices.sum()) * horizon.warm_gb
        units, memory = np.zeros(len(prices)), np.zeros(len(prices))
        for v, (lineage, at) in enumerate(zip(self.lineages, self._at, strict=True)):
            arrays = lineage.arrays
            _, togo, best = self._ways(v, prices, memory_prices)
            bound += float(togo[0])
            if bound == -np.inf:
                break
            self._kernels.used_on_path(arrays, at, best, units, memory)
        return Point(
            prices=prices,
            memory_prices=memory_prices,
            bound=bound,
            units=units,
            memory=memory,
        )

    def rolled(
        self, point: Point, search: Search
    ) -> tuple[float, Callable[[], HorizonSchedule]] | None:
        """Return what rolling forward by the prices is worth, and its schedule."""
        togo = [
            self._ways(v, point.prices, point.memory_prices)[1]
            for v in range(len(self.lineages))
        ]
        paths = roll(self.horizon, self.lineages, togo, point.memory_prices, search)
        if paths is None:
            return None
        value = sum(map(path_value, self.lineages, paths))
        return value, lambda: horizon_schedule(self.horizon, self.lineages, paths)

    def undominated_above(
        self, point: Point, objective: float, check_time: Callable[[], None]
    ) -> list[Arcs]:
        """Return each stream's arcs that may be part of more than an objective.

        The others are fixed by their reduced costs: with any of them on its stream's
        path the bound at these prices is at most the objective. So are those that
        another arc dominates.
        """
        slack = point.bound - objective
        found: list[Arcs] = []
        for v, lineage in enumerate(self.lineages):
            check_time()
            top, togo, _ = self._ways(v, point.prices, point.memory_prices)
            come = np.empty_like(togo)
            arrays = lineage.arrays
            self._kernels.longest_from_start(arrays, point.memory_prices, top, come)
            least = togo[0] - slack
            prices = point.prices, point.memory_prices
            near = lineage.arcs_near(*prices, come, togo, least)
            found.append(lineage.undominated(near))
        return found

    def _ways(
        self, v: int, prices: Floats, memory_prices: Floats
    ) -> tuple[Floats, Floats, Whole]:
        """Return the rows' best values, the nodes' longest ways and their moves."""
        arrays = self.lineages[v].arrays
        top = np.empty(len(arrays.rows))
        togo = np.empty(arrays.num_nodes)
        best = np.empty(arrays.num_nodes, dtype=np.int64)
        self._kernels.find_tops(arrays, prices, self._at[v], top)
        self._kernels.longest_to_end(arrays, memory_prices, top, togo, best)
        return top, togo, best
