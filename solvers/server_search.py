"""Schedules of a server's window: annealing over cells, and the best of given ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.server_plan import Cell, ServerPlan, plan_of_levels
from formulations.server_window import ServerWindow

Whole = NDArray[np.int64]


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
        warmest = warmth * 0.02 / len(model)
        value = self._cells.anneal(
            self.arrays,
            low,
            high,
            model,
            slot,
            warmest,
            warmest / 500,
            moves,
            seed,
            *best,
        )
        return float(value), best

    def best_plan(self, cells: tuple[Whole, Whole]) -> ServerPlan | None:
        """Return the best plan of given cells; ``None`` if none is found."""
        levels = np.zeros((len(self.held), self.window.slots), dtype=np.int64)
        value = self._leaf.best_of_cells(self.arrays, *cells, levels)
        if value == -np.inf:
            return None
        return plan_of_levels(
            self.window, self.cells(cells), self._levels(cells, levels)
        )

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

    def _levels(self, cells: tuple[Whole, Whole], rows: Any) -> list[list[int]]:
        """Return levels as indices into the window's, from those into the arrays'."""
        units = self.arrays.level_units[rows].tolist()
        found = []
        for v, row in enumerate(units):
            at = {level.units: idx for idx, level in enumerate(self.window.levels[v])}
            found.append([at[held] for held in row])
        return found
