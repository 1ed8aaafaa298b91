"""Branch and bound over the cells of a server's window, on Lagrangian bounds."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from formulations.tolerances import OBJECTIVE_TOLERANCE
from solvers.server_branching import children, widths
from solvers.server_search import ServerSearch, Whole

Floats = NDArray[np.float64]

ROOT_ROUNDS, ROOT_STEP, ROOT_PASSES = 1500, 1.0, 20
NODE_ROUNDS, NODE_STEP, NODE_PASSES = 60, 0.3, 3
AGAIN_ROUNDS = 300

WORTHWHILE = 0.03
"""Share of its cells that a pass must leave out for another pass to follow."""


@dataclass(slots=True, kw_only=True)
class Node:
    """A part of the cells, with the prices of its bound and what was chosen there.

    ``low`` and ``high`` are the slots left to each model, shape ``(M,)``, ``room`` the
    units that may train in each slot; ``often``, ``when`` and ``spread`` tell the plans
    on the way to the prices.
    """

    bound: float
    low: Whole
    high: Whole
    room: Floats
    prices: Floats
    often: Floats
    when: Floats
    spread: Floats


class ServerTree:
    """Best-first branch and bound; each node's bound prices the slots anew.

    Parameters
    ----------
    search
        The window's kernels.
    objective
        Objective of a known schedule.
    gap
        Relative gap at which a node is not worth more work.
    rounds
        Most steps of the first descent.

    Attributes
    ----------
    root
        All cells but those that lead to nothing better, with the prices of its bound.
    objective
        As given; may be raised.
    nodes
        Nodes looked at.
    root_bound
        Bound of the prices alone, without leaving out anything.
    passes
        Prices of each look at the root, shape ``(T,)`` each: with them it can be looked
        at again.
    """

    def __init__(
        self,
        search: ServerSearch,
        objective: float,
        gap: float,
        rounds: int = ROOT_ROUNDS,
    ) -> None:
        from formulations.kernels import server_descent_cpu

        self._kernels = server_descent_cpu
        self._search = search
        self._arrays = search.arrays
        self._gap = gap
        self._closed = -np.inf
        self._open: list[tuple[float, int, Node]] = []
        self._count = itertools.count()
        self.objective = objective
        self.nodes = 1
        self.passes: list[Floats] = []
        arrays = self._arrays
        models = len(arrays.stream)
        typical = np.abs(arrays.level_value).max(initial=0.0)
        self.root = Node(
            bound=np.inf,
            low=arrays.first.copy(),
            high=arrays.last.copy(),
            room=np.full(arrays.slots, float(search.window.most_training)),
            prices=np.full(arrays.slots, typical * len(search.held) / arrays.capacity),
            often=np.zeros(models),
            when=np.zeros(models),
            spread=np.zeros(models),
        )
        self.root_bound = np.inf
        self._look_at(self.root, rounds, ROOT_STEP)

    @property
    def cutoff(self) -> float:
        """Bound that is as good as proven."""
        least = self.objective + OBJECTIVE_TOLERANCE / 2
        return max(self.objective / (1 - self._gap), least)

    @property
    def bound(self) -> float:
        """Proven upper bound on the objective."""
        best = -self._open[0][0] if self._open else -np.inf
        return max(best, self._closed, self.objective)

    @property
    def done(self) -> bool:
        """Whether no open node may lead beyond the gap."""
        return not self._open or -self._open[0][0] <= self.cutoff

    def narrow(self, objective: float) -> None:
        """Look at the root once more, given a better schedule; before any branching."""
        self.objective = objective
        if self._open:
            self._look_at(_copied(self.root), AGAIN_ROUNDS, NODE_STEP)

    def grow(self, found: Callable[[tuple[Whole, Whole], bool], None]) -> None:
        """Branch at the node with the largest bound.

        ``found`` is called with cells worth a look, and whether the tree rests on their
        best plan; it may raise ``objective``. Whatever it raises leaves the bound
        proven.
        """
        node = self._open[0][2]
        parts = []
        for low, high in children(node, self._arrays.model_offsets):
            part = replace(_copied(node), low=low, high=high)
            self.nodes += 1
            if self._bound(part, NODE_ROUNDS, NODE_STEP, NODE_PASSES):
                is_leaf = bool((self._widths(part) == 1).all())
                found(self.likely(part), is_leaf)
                parts.append(part)
        for part in parts:
            self._keep(part)
        heapq.heappop(self._open)

    def likely(self, node: Node) -> tuple[Whole, Whole]:
        """Return for each stream the model chosen most often, and its slot then."""
        offsets = self._arrays.model_offsets
        models = np.empty(len(offsets) - 1, dtype=np.int64)
        slots = np.zeros(len(offsets) - 1, dtype=np.int64)
        for v, (start, stop) in enumerate(itertools.pairwise(offsets.tolist())):
            left = node.low[start:stop] <= node.high[start:stop]
            chosen = np.where(left, node.often[start:stop], -1.0)
            model = models[v] = start + int(chosen.argmax())
            if model != start:
                slot = round(float(node.when[model]))
                slots[v] = min(max(slot, node.low[model]), node.high[model])
        return models, slots

    def _look_at(self, root: Node, rounds: int, step: float) -> None:
        """Bound a root, and have it in place of what was open."""
        is_open = self._bound(root, rounds, step, ROOT_PASSES, self.passes)
        self.root = root
        before, self._open = self._open, []
        if is_open:
            try:
                self._keep(root)
            except BaseException:
                self._open = before
                raise

    def _keep(self, node: Node) -> None:
        """Leave a node open, or close it with what its only cells are worth."""
        if (self._widths(node) == 1).all():
            best = self._search.bound_of(self.likely(node))
            self._closed = max(self._closed, min(node.bound, best))
        else:
            heapq.heappush(self._open, (-node.bound, next(self._count), node))

    def _bound(
        self,
        node: Node,
        rounds: int,
        step: float,
        passes: int,
        told: list[Floats] | None = None,
    ) -> bool:
        """Bound a part of the cells, and narrow it; return whether it may lead further.

        If not, its bound counts among those of the parts that are closed. The prices of
        every pass are told.
        """
        size = int(self._widths(node).sum())
        for again in range(passes):
            node.bound = min(node.bound, self._descend(node, rounds, step))
            if told is not None:
                self.root_bound = self.root_bound if told else node.bound
                told.append(node.prices.copy())
            if node.bound <= self.cutoff:
                self._closed = max(self._closed, node.bound)
                return False
            before, size = size, int(self._widths(node).sum())
            if (self._widths(node) == 0).any():
                return False
            if size > (1 - WORTHWHILE) * before and again:
                break
            rounds, step = min(rounds, AGAIN_ROUNDS), NODE_STEP
        return True

    def _descend(self, node: Node, rounds: int, step: float) -> float:
        """Lower a node's prices; leave out what they show to lead to nothing better."""
        arrays = self._arrays
        cells = np.full((len(arrays.stream), arrays.slots), -np.inf)
        best = np.empty(len(self._search.held))
        limits = node.room, node.low, node.high
        told = node.often, node.when, node.spread
        cutoff = self.cutoff
        bound: float = self._kernels.descend(
            arrays,
            node.prices,
            *limits,
            self.objective,
            cutoff,
            rounds,
            step,
            cells,
            best,
            *told,
        )
        if bound > cutoff:
            ends = node.low, node.high
            closed = (
                self._kernels.cap_training(
                    arrays, node.prices, *ends, bound, cutoff, node.room
                ),
                self._kernels.tighten(arrays, bound, cutoff, cells, best, *ends),
            )
            self._closed = max(self._closed, *closed)
        return bound

    def _widths(self, node: Node) -> Whole:
        """Return how many cells each stream has left, shape ``(V,)``."""
        return widths(node, self._arrays.model_offsets)


def _copied(node: Node) -> Node:
    """Return a node that may be narrowed on its own."""
    return Node(
        bound=node.bound,
        low=node.low.copy(),
        high=node.high.copy(),
        room=node.room.copy(),
        prices=node.prices.copy(),
        often=node.often.copy(),
        when=node.when.copy(),
        spread=node.spread.copy(),
    )
