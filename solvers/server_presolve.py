"""What prices of slots settle of a server's window before an exact model is built."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from formulations.server_cells import ServerCells
from formulations.server_window import ServerWindow
from solvers.compiled_work import in_time
from solvers.decomposition import (
    ANNEALINGS,
    FIRST_MOVES,
    MOVES,
    Climb,
    loaded_kernels,
)
from solvers.search import Answer, Search
from solvers.server_tree import ServerTree

Presolve = Literal["prices", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presolved:
    """The cells left in a window, and what is known of the others.

    Parameters
    ----------
    cells
        The choices left.
    bound
        Proven upper bound on the objective, infinite if none is known.
    left_out
        Upper bound on the objective of plans with other cells; -inf without any.
    metadata
        Counts of cells, and the bound of the prices.
    """

    cells: ServerCells
    bound: float = math.inf
    left_out: float = -math.inf
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether no plan can be better than the one that annealing found."""
        return self.bound <= self.left_out

    def proven(self, bound: float) -> float:
        """Return the bound on the objective, given that of an exact model."""
        return min(self.bound, max(bound, self.left_out))

    def settle(self, answer: Answer, search: Search) -> None:
        """Tell an answer that nothing is left of the cells.

        Then a plan known before is as good as those left out, or there is none.
        """
        if search.objective is not None:
            answer.bound = max(self.left_out, search.objective)
        elif self.left_out > -math.inf:
            answer.bound = self.left_out
        else:
            answer.infeasible = True


def presolve(window: ServerWindow, search: Search, how: Presolve) -> Presolved:
    """Return the cells left in a window.

    With ``prices`` annealing finds a plan, the Lagrangian bound of the decomposition's
    root is reported, and cells whose reduced cost shows that they lead to no better
    plan are left out. With ``none`` all cells stay.
    """
    cells = ServerCells(window)
    if how == "none":
        metadata = {"cells": cells.count, "cells_after_fixing": cells.count}
        nothing = {"root_bound": None, "presolve_bound": None}
        return Presolved(cells=cells, metadata={**metadata, **nothing})
    kernels = in_time(search, lambda _: loaded_kernels(window))
    climb = Climb(window, kernels, search)
    climb.start()
    climb.anneal(FIRST_MOVES)
    tree = in_time(search, lambda _: ServerTree(kernels, climb.known, 0.0))
    search.report_bound(tree.bound)
    for _ in range(ANNEALINGS):
        if tree.done:
            break
        climb.low, climb.high = tree.root.low, tree.root.high
        climb.anneal(MOVES)
        in_time(search, lambda _: tree.narrow(climb.known))
        search.report_bound(tree.bound)
    low, high = tree.root.low.tolist(), tree.root.high.tolist()
    offsets = kernels.arrays.model_offsets.tolist()
    spans = [
        list(zip(low[start:stop], high[start:stop], strict=True))
        for start, stop in pairwise(offsets)
    ]
    left = ServerCells(window, spans)
    return Presolved(
        cells=left,
        bound=tree.bound,
        left_out=tree.cutoff,
        metadata={
            "cells": cells.count,
            "cells_after_fixing": left.count,
            "root_bound": tree.root_bound,
            "presolve_bound": tree.bound,
        },
    )
