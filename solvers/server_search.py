"""Schedules of a server's window: annealing over cells, and the best of given ones."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from formulations.server_plan import Cell, ServerPlan, plan_of_levels
from formulations.server_window import ROUNDING, ServerWindow

if TYPE_CHECKING:
    from formulations.kernels.server_arrays import ServerArrays

Whole = NDArray[np.int64]

WARM_SLOTS = 5
"""Slots without a better model whose loss is often accepted at first."""

MORE_UNITS = (0, 1, 2, 3, 5, 8, 13)
"""Unit-slots added to what a training takes at least, until a plan is found."""

FALL = 500
"""How much colder annealing ends than it begins."""


class ServerSearch:
    """Finds plans of a server's window with compiled code.

    Making one loads and compiles that code.

    Parameters
    ----------
    window
        The window.
    """

    def __init__(self, window: ServerWindow) -> None:
        from formulations.kernels import server_cells_cpu, server_leaf_cpu
        from formulations.kernels.server_arrays import server_arrays

        self.window = window
        self.arrays = server_arrays(window)
        self._cells = server_cells_cpu
        self._leaf = server_leaf_cpu
        self.held: Whole = self.arrays.model_offsets[:-1].copy()
        self._warmest = WARM_SLOTS * self._typical_gain()

    def anneal(
        self,
        cells: tuple[Whole, Whole],
        low: Whole,
        high: Whole,
        moves: int,
        seed: int,
        warmth: float = 1.0,
    ) -> tuple[float, tuple[Whole, Whole]]:
        """Return the best value that annealing finds from some cells, and its cells.

        ``cells`` are models and slots, ``(V,)`` each; ``low`` and ``high``, ``(M,)``,
        limit the slots of each model.
        """
        model, slot = cells[0].copy(), cells[1].copy()
        best = np.empty_like(model), np.empty_like(slot)
        warmest = warmth * self._warmest
        value = self._cells.anneal(
            self.arrays,
            low,
            high,
            model,
            slot,
            warmest,
            warmest / FALL,
            moves,
            seed,
            *best,
        )
        return float(value), best

    @property
    def is_coarse(self) -> bool:
        """Whether serving levels take several units a step, which annealing rounds."""
        return bool((self.arrays.edge_units > 1).any())

    def polish(
        self, cells: tuple[Whole, Whole], low: Whole, high: Whole, moves: int, seed: int
    ) -> tuple[Whole, Whole]:
        """Return cells whose best plan is at least as good."""
        model, slot = cells[0].copy(), cells[1].copy()
        self._leaf.polish(self.arrays, low, high, model, slot, moves, seed)
        return model, slot

    def best_plan(self, cells: tuple[Whole, Whole]) -> ServerPlan | None:
        """Return the best plan of given cells; ``None`` if none is found."""
        for arrays, late in self._tries:
            levels = np.zeros((len(self.held), self.window.slots), dtype=np.int64)
            value = self._leaf.best_of_cells(arrays, *cells, late, levels)
            if value == -np.inf:
                continue
            plan = plan_of_levels(
                self.window, self.cells(cells), self._levels(cells, levels)
            )
            if plan is not None:
                return plan
        return None

    @cached_property
    def _tries(self) -> list[tuple["ServerArrays", bool]]:
        """Arrays for plans of given cells, from hopeful to safe.

        Where units do not train whole slots, what a training takes depends on which
        ones. So it is first thought to take the least, and then more and more.
        """
        arrays, window = self.arrays, self.window
        safe = [(arrays, False), (arrays, True)]
        if window.is_integral:
            return safe
        gains = window.gains[: window.most_training + 1]
        units = np.flatnonzero(gains)
        if not len(units):
            return safe
        least = np.ceil(arrays.work * (units / gains[units]).min() - ROUNDING)
        trains = arrays.demand > 0
        hopeful = [
            arrays._replace(
                demand=np.where(trains, np.maximum(least, 1) + more, 0).astype(
                    np.int64
                ),
                free_from=arrays.release,
            )
            for more in MORE_UNITS
        ]
        return [*((each, False) for each in hopeful), *safe]

    def bound_of(self, cells: tuple[Whole, Whole]) -> float:
        """Return an upper bound on all plans of given cells."""
        if not self.window.is_integral:
            return np.inf
        levels = np.zeros((len(self.held), self.window.slots), dtype=np.int64)
        value = self._leaf.best_of_cells(self.arrays, *cells, False, levels)
        return float(value) + ROUNDING

    def cells(self, cells: tuple[Whole, Whole]) -> list[Cell]:
        """Return models and slots as cells."""
        return [
            (None, 0) if model == held else (int(model - held) - 1, int(slot))
            for model, slot, held in zip(*cells, self.held, strict=True)
        ]

    def models(self, cells: Sequence[Cell]) -> tuple[Whole, Whole]:
        """Return cells as models and slots."""
        model = [
            held if option is None else held + 1 + option
            for (option, _), held in zip(cells, self.held.tolist(), strict=True)
        ]
        slot = [0 if option is None else slot for option, slot in cells]
        return np.array(model), np.array(slot)

    def _typical_gain(self) -> float:
        """Return what a slot with its best model adds to a stream's value, on average.

        Of the streams that gain; tiny if none does.
        """
        best = np.full(len(self.arrays.stream), -np.inf)
        counts = np.diff(self.arrays.level_offsets)
        some = counts > 0
        best[some] = self.arrays.level_value[self.arrays.level_offsets[1:][some] - 1]
        served = np.isfinite(best[self.held])
        gains = np.maximum.reduceat(best, self.held)[served] - best[self.held][served]
        gains = gains[gains > 0]
        return float(gains.mean()) if len(gains) else ROUNDING

    def _levels(self, cells: tuple[Whole, Whole], rows: Any) -> list[list[int]]:
        """Return levels as indices into the window's, from those into the arrays'."""
        units = self.arrays.level_units[rows].tolist()
        found = []
        for v, row in enumerate(units):
            at = {level.units: idx for idx, level in enumerate(self.window.levels[v])}
            found.append([at[held] for held in row])
        return found
