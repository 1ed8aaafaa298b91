"""Branch and bound over the cells of a server's window, on Lagrangian bounds."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.server_search import ServerSearch, Whole

Floats = NDArray[np.float64]

ROOT_ROUNDS = 1500
NODE_ROUNDS = 60
NODE_STEP = 0.3
LEAST_DOUBT = 0.05


@dataclass(slots=True)
class Node:
    """A part of the cells, with the prices of its bound and what was chosen there.

    ``low`` and ``high`` are the slots left to each model, shape ``(M,)``; ``often``,
    ``when`` and ``spread`` tell the plans on the way to the prices.
    """

    bound: float
    low: Whole
    high: Whole
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
    """

    def __init__(
        self,
        search: ServerSearch,
        objective: float,
        gap: float,
        rounds: int = ROOT_ROUNDS,
    ) -> None:
        from formulations.kernels import server_prices_cpu

        self._kernels = server_prices_cpu
        self._search = search
        self._arrays = search.arrays
        self._gap = gap
        self._closed = -np.inf
        self._open: list[tuple[float, int, Node]] = []
        self._count = itertools.count()
        self.objective = objective
        self.nodes = 0
        arrays = self._arrays
        typical = np.abs(arrays.level_value).max(initial=0.0)
        self.root = self._node(
            arrays.first.copy(),
            arrays.last.copy(),
            np.full(arrays.slots, typical * len(search.held) / arrays.capacity),
            rounds,
            1.0,
        )

    @property
    def cutoff(self) -> float:
        """Bound that is as good as proven."""
        return self.objective / (1 - self._gap) + 1e-12

    @property
    def bound(self) -> float:
        """Proven upper bound on the objective."""
        best = -self._open[0][0] if self._open else -np.inf
        return max(best, self._closed, self.objective)

    @property
    def done(self) -> bool:
        """Whether no open node may lead beyond the gap."""
        return not self._open or -self._open[0][0] <= self.cutoff

    def grow(self, found: Callable[[tuple[Whole, Whole], bool], None]) -> None:
        """Branch at the node with the largest bound.

        ``found`` is called with cells worth a look, and whether the tree rests on their
        best plan; it may raise ``objective``.
        """
        _, _, node = heapq.heappop(self._open)
        for low, high in self._children(node):
            child = self._node(low, high, node.prices.copy(), NODE_ROUNDS, NODE_STEP)
            if child.bound > self.cutoff:
                found(self.likely(child), bool((self._widths(child) == 1).all()))

    def likely(self, node: Node) -> tuple[Whole, Whole]:
        """Return for each stream the model chosen most often, and its slot then."""
        offsets = self._arrays.model_offsets
        models = np.empty(len(offsets) - 1, dtype=np.int64)
        slots = np.zeros(len(offsets) - 1, dtype=np.int64)
        for v in range(len(models)):
            left = (
                node.low[offsets[v] : offsets[v + 1]]
                <= node.high[offsets[v] : offsets[v + 1]]
            )
            chosen = np.where(left, node.often[offsets[v] : offsets[v + 1]], -1.0)
            model = models[v] = offsets[v] + int(chosen.argmax())
            if model != offsets[v]:
                slot = round(float(node.when[model]))
                slots[v] = min(max(slot, node.low[model]), node.high[model])
        return models, slots

    def _node(
        self, low: Whole, high: Whole, prices: Floats, rounds: int, step: float
    ) -> Node:
        """Return a part of the cells; it stays open unless its bound is enough."""
        self.nodes += 1
        arrays = self._arrays
        models = len(arrays.stream)
        node = Node(
            bound=np.inf,
            low=low,
            high=high,
            prices=prices,
            often=np.empty(models),
            when=np.empty(models),
            spread=np.empty(models),
        )
        cells = np.full((models, arrays.slots), -np.inf)
        best = np.empty(len(self._search.held))
        node.bound = self._kernels.descend(
            arrays,
            prices,
            low,
            high,
            self.objective,
            self.cutoff,
            rounds,
            step,
            cells,
            best,
            node.often,
            node.when,
            node.spread,
        )
        if node.bound > self.cutoff:
            closed = self._kernels.tighten(
                arrays, node.bound, self.cutoff, cells, best, low, high
            )
            self._closed = max(self._closed, closed)
        if self._is_settled(node):
            self._closed = max(self._closed, min(node.bound, self.bound_of_leaf(node)))
            return node
        heapq.heappush(self._open, (-node.bound, next(self._count), node))
        return node

    def bound_of_leaf(self, node: Node) -> float:
        """Return the best value of a node with one cell a stream, where it is known."""
        if node.bound <= self.cutoff or not self._search.window.is_whole:
            return node.bound
        plan = self._search.best_plan(self.likely(node))
        return -np.inf if plan is None else plan.objective(self._search.window)

    def _is_settled(self, node: Node) -> bool:
        """Return whether a node's bound is enough, or each stream has one cell."""
        if node.bound <= self.cutoff:
            return True
        return bool((self._widths(node) <= 1).all())

    def _widths(self, node: Node) -> Whole:
        """Return how many cells each stream has left, shape ``(V,)``."""
        width = np.maximum(node.high - node.low + 1, 0)
        widths: Whole = np.add.reduceat(width, self._arrays.model_offsets[:-1])
        return widths

    def _children(self, node: Node) -> list[tuple[Whole, Whole]]:
        """Return the parts of a node: a stream's models, or their slots, in two."""
        offsets = self._arrays.model_offsets
        best, place = -1.0, (0, 0, 0)
        for v in range(len(offsets) - 1):
            models = np.arange(offsets[v], offsets[v + 1])
            left = models[node.low[models] <= node.high[models]]
            often = node.often[left]
            doubt = 1 - often.max() / max(often.sum(), 1e-12)
            if len(left) > 1 and doubt > LEAST_DOUBT and doubt > best:
                half = int(np.searchsorted(np.cumsum(often), often.sum() / 2)) + 1
                best, place = doubt, (v, 0, int(left[min(half, len(left) - 1)]))
            for model in left[left > offsets[v]]:
                if node.low[model] == node.high[model]:
                    continue
                deviation = float(np.sqrt(node.spread[model]) * node.often[model])
                score = min(1.0, deviation / 4)
                if score > best:
                    slot = int(np.floor(node.when[model]))
                    slot = min(max(slot, node.low[model]), node.high[model] - 1)
                    best, place = score, (v, 1, slot)
        if best <= 0:
            place = self._widest(node)
        return self._split(node, *place)

    def _widest(self, node: Node) -> tuple[int, int, int]:
        """Return a split of the stream with most cells, where nothing is in doubt."""
        offsets = self._arrays.model_offsets
        v = int(self._widths(node).argmax())
        models = np.arange(offsets[v], offsets[v + 1])
        left = models[node.low[models] <= node.high[models]]
        if len(left) > 1:
            return v, 0, int(left[len(left) // 2])
        return v, 1, int((node.low[left[0]] + node.high[left[0]]) // 2)

    def _split(
        self, node: Node, stream: int, by_slot: int, at: int
    ) -> list[tuple[Whole, Whole]]:
        """Return both parts of a stream's cells, by models or by slots."""
        start, stop = self._arrays.model_offsets[stream : stream + 2]
        low, high = node.low, node.high
        if not by_slot:
            before, after = high.copy(), high.copy()
            before[at:stop] = -1
            after[start:at] = -1
            return [(low.copy(), before), (low.copy(), after)]
        early, late = high.copy(), low.copy()
        early[start] = -1
        early[start + 1 : stop] = np.minimum(high[start + 1 : stop], at)
        late[start + 1 : stop] = np.maximum(low[start + 1 : stop], at + 1)
        return [(low.copy(), early), (late, high.copy())]
