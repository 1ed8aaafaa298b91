"""Rolling through a horizon: each window's best units for what follows."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from formulations.lineage import Lineage
from formulations.lineage_plans import Arc
from formulations.tolerances import MEMORY_TOLERANCE
from formulations.value_tables import ValueTable
from instances.horizon import Horizon
from solvers.dp import best_units
from solvers.search import Search

Floats = NDArray[np.float64]

MOST_TRIALS = 200
"""Sets of streams without warm models that are tried in a window before haste."""


class Pick(Protocol):
    """What is decided for one window."""

    @property
    def value(self) -> float:
        """What it is worth."""

    @property
    def warm(self) -> Sequence[int]:
        """The streams that use a warm model."""


Picked = TypeVar("Picked", bound=Pick)


def within_memory(
    horizon: Horizon,
    pick: Callable[[frozenset[int]], Picked | None],
    in_haste: Callable[[], bool] = lambda: False,
) -> Picked | None:
    """Return the best decision whose warm models fit into the memory.

    Best first over the sets of streams that use none: of those that use too much
    together, one has to do without. Exact, if ``pick`` is, until ``MOST_TRIALS`` or
    haste; then all that found no room have to.

    Parameters
    ----------
    horizon
        The problem.
    pick
        Returns the best decision in which some streams use no warm model.
    in_haste
        Returns whether there is no more time for trials.
    """
    first: frozenset[int] = frozenset()
    seen = {first}
    ticket = count()
    heap: list[tuple[float, int, frozenset[int], Picked]] = []

    def push(without: frozenset[int]) -> None:
        seen.add(without)
        found = pick(without)
        if found is not None:
            heapq.heappush(heap, (-found.value, next(ticket), without, found))

    push(first)
    while heap:
        _, _, without, found = heapq.heappop(heap)
        users, left = found.warm, horizon.warm_gb * (1 + MEMORY_TOLERANCE)
        over = []
        for v in users:
            left -= horizon.streams[v].model_gb
            if left < 0:
                over.append(v)
                left += horizon.streams[v].model_gb
        if not over:
            return found
        if len(seen) >= MOST_TRIALS or in_haste():
            heap.clear()
            push(without | frozenset(over))
            continue
        for v in users:
            if without | {v} not in seen:
                push(without | {v})
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one stream gains in a window, and later, from numbers of units.

    Parameters
    ----------
    values
        Shape ``(K + 1,)``: the most with at most 0 to K units; ``-inf`` if it is not
        possible.
    choices
        Shape ``(K + 1,)``: what yields it, an index.
    """

    values: Floats
    choices: NDArray[np.int64]


def split_units(profiles: Sequence[Profile], search: Search) -> list[int] | None:
    """Return the units of each stream that gain most together; ``None`` if none do."""
    values = np.array([profile.values for profile in profiles])
    nothing = np.zeros(values.shape, dtype=np.int32)
    table = ValueTable(
        values=values,
        inference_units=nothing,
        training_units=nothing,
        weights=np.ones(len(values)),
    )
    return best_units(table, search)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moves:
    """One window's arcs, one a stream."""

    value: float
    warm: tuple[int, ...]
    arcs: tuple[Arc, ...]


def roll(
    horizon: Horizon,
    lineages: Sequence[Lineage],
    togo: Sequence[Floats],
    memory_prices: Floats,
    search: Search,
) -> list[list[Arc]] | None:
    """Return paths that take the best arcs in each window for what follows.

    In each window an exact dynamic program splits the units by what the arcs add and
    what the streams' nodes are worth from then on. ``None`` where it leads to a window
    without any feasible split.

    Parameters
    ----------
    horizon, lineages
        The problem and what each stream may do.
    togo
        For each stream what its nodes are worth, ``(num_nodes,)``.
    memory_prices
        Shape ``(W,)``: what a GB of warm memory costs.
    search
        The run.
    """
    nodes = [0] * len(lineages)
    paths: list[list[Arc]] = [[] for _ in lineages]
    for w in range(horizon.num_windows):
        search.check_time()

        def pick(
            without: frozenset[int],
            w: int = w,
            nodes: tuple[int, ...] = tuple(nodes),
        ) -> _Moves | None:
            price = float(memory_prices[w])
            profiles = [
                _profile(lineage, w, nodes[v], (price, v not in without), togo[v])
                for v, lineage in enumerate(lineages)
            ]
            return _moves(lineages, profiles, search)

        found = within_memory(horizon, pick)
        if found is None:
            return None
        for v, (move, units) in enumerate(found.arcs):
            paths[v].append((move, units))
            nodes[v] = int(lineages[v].arrays.target[move])
    return paths


def _moves(
    lineages: Sequence[Lineage], profiles: Sequence[Profile], search: Search
) -> _Moves | None:
    units = split_units(profiles, search)
    if units is None:
        return None
    each = zip(profiles, units, strict=True)
    arcs = tuple((int(profile.choices[k]), k) for profile, k in each)
    return _Moves(
        value=sum(float(p.values[k]) for p, k in zip(profiles, units, strict=True)),
        warm=tuple(
            v for v, (move, _) in enumerate(arcs) if lineages[v].arrays.memory[move] > 0
        ),
        arcs=arcs,
    )


def _profile(
    lineage: Lineage, w: int, node: int, memory: tuple[float, bool], togo: Floats
) -> Profile:
    from formulations.kernels.lineage_paths_cpu import profile

    size: Any = lineage.arrays.rows.shape[1]
    values, choices = np.empty(size), np.empty(size, dtype=np.int64)
    profile(lineage.arrays, w, node, *memory, togo, values, choices)
    return Profile(values=values, choices=choices)
