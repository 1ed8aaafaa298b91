"""Decomposition of a server's window by prices of its slots."""

import numpy as np

from formulations.schedule import Schedule
from formulations.server_plan import ServerPlan, cells_of
from formulations.server_window import ServerWindow
from instances import Instance, InvalidOption
from solvers.compiled_work import in_time
from solvers.search import Answer, Search
from solvers.server_search import ServerSearch, Whole
from solvers.server_tree import ServerTree

FIRST_MOVES = 20_000
MOVES = 20_000
NODE_MOVES = 2_000


def solve_decomposition(
    instance: Instance, search: Search, *, gap: float = 0.001
) -> Answer:
    """Lagrangian decomposition by slot prices, annealing, and branch and bound.

    A column is one stream's whole window: its option, the slot from which the model
    serves, and its units in every slot, priced by closed form at given slot prices. The
    prices' bound (Fisher, 1981) is lowered by a subgradient method, cells are fixed by
    reduced costs, and the rest is branched on.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    search
        The run's options, clock and incumbents.
    gap
        Relative gap at which to stop, in [0, 1); 0 proves the optimum.
    """
    if not 0 <= gap < 1:
        message = f"decomposition: gap is {gap:g}, expected at least 0 and below 1"
        raise InvalidOption(message)
    window = ServerWindow(instance, search.check_time)
    if window.infeasible:
        return Answer(infeasible=True)
    kernels = in_time(search, lambda _: loaded_kernels(window))
    climb = Climb(window, kernels, search)
    climb.start()
    climb.anneal(FIRST_MOVES)
    tree = ServerTree(kernels, climb.objective, gap)
    climb.low, climb.high = tree.root.low.copy(), tree.root.high.copy()
    root_bound = tree.bound
    search.report_bound(root_bound)
    while not tree.done:
        search.check_time()
        if tree.nodes < 3 or tree.nodes.bit_count() == 1:
            climb.anneal(MOVES)
            tree.objective = climb.objective
        before = tree.objective

        def found(cells: tuple[Whole, Whole], is_leaf: bool) -> None:
            climb.look(cells, is_leaf)
            tree.objective = climb.objective

        tree.grow(found)
        if tree.objective > before:
            continue
        search.report_bound(tree.bound)
    search.report_bound(tree.bound)
    return Answer(
        schedule=search.schedule,
        objective=search.objective,
        bound=tree.bound,
        metadata={
            "nodes": tree.nodes,
            "cells": int((kernels.arrays.last - kernels.arrays.first + 1).sum()),
            "cells_after_fixing": int(
                np.maximum(tree.root.high - tree.root.low + 1, 0).sum()
            ),
            "root_bound": root_bound,
            "prices": tree.root.prices.tolist(),
        },
    )


def loaded_kernels(window: ServerWindow) -> ServerSearch:
    """Return a window's kernels, with all that they need compiled."""
    kernels = ServerSearch(window)
    cells = kernels.held.copy(), np.zeros_like(kernels.held)
    kernels.anneal(cells, kernels.arrays.first, kernels.arrays.last, 1, 0)
    kernels.best_plan(cells)
    ServerTree(kernels, 0.0, 0.0, rounds=1)
    return kernels


class Climb:
    """The best plan known of a server's window, improved by annealing.

    Parameters
    ----------
    window, kernels
        The window and its kernels.
    search
        The run; every better plan is reported.
    """

    def __init__(
        self, window: ServerWindow, kernels: ServerSearch, search: Search
    ) -> None:
        self._window = window
        self._kernels = kernels
        self._search = search
        self.low, self.high = kernels.arrays.first, kernels.arrays.last
        self.objective = -np.inf
        self.cells = kernels.models(first_cells(window))
        self._runs = 0

    def start(self) -> None:
        """Begin with the initial schedule, or with every stream's first model."""
        initial = self._search.schedule
        if initial is not None:
            self._keep(self._kernels.models(cells_of(self._window, initial)))
        self._keep(self.cells)

    def anneal(self, moves: int, warmth: float = 1.0) -> None:
        """Anneal from the best cells; keep what is better."""
        seed = (self._search.options.seed + self._runs) % 2**31
        self._runs += 1
        value, cells = self._kernels.anneal(
            self.cells, self.low, self.high, moves, seed, warmth
        )
        if value > self.objective - 1e-4:
            self._keep(cells)

    def look(self, cells: tuple[Whole, Whole], exactly: bool = False) -> None:
        """Anneal a little from given cells; keep what is better.

        With ``exactly`` the cells' own best plan is looked at as well.
        """
        if exactly:
            self._keep(cells)
        seed = (self._search.options.seed + self._runs) % 2**31
        self._runs += 1
        value, cells = self._kernels.anneal(
            cells, self.low, self.high, NODE_MOVES, seed, 0.05
        )
        if value > self.objective - 1e-4:
            self._keep(cells)

    def _keep(self, cells: tuple[Whole, Whole]) -> None:
        plan = self._kernels.best_plan(cells)
        if plan is None:
            return
        value = plan.objective(self._window)
        if value > self.objective:
            self.objective = value
            self.cells = cells
            self._search.report(value, lambda: _scheduled(plan, self._window))


def _scheduled(plan: ServerPlan, window: ServerWindow) -> Schedule:
    return plan.schedule(window)


def first_cells(window: ServerWindow) -> list[tuple[int | None, int]]:
    """Return cells that keep every floor with the fewest units, without training."""
    cells: list[tuple[int | None, int]] = []
    for v, options in enumerate(window.options):
        levels = window.serving(v, window.accuracy(v, None))
        fewest = levels[0].units if levels else np.inf
        cell: tuple[int | None, int] = (None, 0)
        for idx, option in enumerate(options):
            if option.first == 0:
                served = window.serving(v, option.accuracy)
                if served and served[0].units < fewest:
                    fewest, cell = served[0].units, (idx, 0)
        cells.append(cell)
    return cells
