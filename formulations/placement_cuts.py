"""The graph of all ways to cut a GPU into parts: an arc-flow model's.

A path from 0 to ``units_per_gpu`` cuts one GPU; its arcs are the parts, the largest
first (Valério de Carvalho, 1999). Jobs fit in the parts of several GPUs exactly if for
every size there are at least as many parts as jobs that are no smaller.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """The graph of the cuts of one GPU.

    Parameters
    ----------
    arcs
        Arcs ``(start, end)`` between numbers of units; end - start is a size below
        ``units_per_gpu``, and no size fits into what is left but in the order from the
        largest to the smallest.
    sizes
        Sizes of the parts, decreasing.
    units_per_gpu
        Where a path ends.
    """

    arcs: tuple[tuple[int, int], ...]
    sizes: tuple[int, ...]
    units_per_gpu: int

    @property
    def inner_nodes(self) -> list[int]:
        """The nodes between 0 and ``units_per_gpu``, where flow is conserved."""
        ends = {end for _, end in self.arcs}
        return sorted(ends - {self.units_per_gpu})

    def flow(self, paths: Sequence[Sequence[int]]) -> list[int]:
        """Return how many GPUs use each arc, given the decreasing parts of each."""
        count: Counter[tuple[int, int]] = Counter()
        for parts in paths:
            count.update(pairwise(accumulate(parts, initial=0)))
        return [count[arc] for arc in self.arcs]

    def paths(self, flow: Sequence[int]) -> list[list[int]]:
        """Return the parts of each GPU, given how many GPUs use each arc."""
        left = list(flow)
        leaving: dict[int, list[int]] = {}
        for a, (start, _) in enumerate(self.arcs):
            leaving.setdefault(start, []).append(a)
        paths = []
        while any(left[a] for a in leaving.get(0, ())):
            node, parts = 0, []
            while node != self.units_per_gpu:
                a = next(a for a in leaving[node] if left[a])
                left[a] -= 1
                parts.append(self.arcs[a][1] - node)
                node = self.arcs[a][1]
            paths.append(parts)
        return paths


def cuts_of(menu: Sequence[int]) -> Cuts:
    """Return the graph for the sizes of a menu, which ends with the whole GPU.

    The smallest size divides the whole GPU, so that no path leaves any waste.
    """
    sizes = tuple(sorted(menu, reverse=True))
    per_gpu, parts = sizes[0], sizes[1:]
    reached = {0}
    arcs = []
    for size in parts:
        # The arcs of one size form chains from where the larger sizes end.
        for start in range(per_gpu - size + 1):
            if start in reached:
                arcs.append((start, start + size))
                reached.add(start + size)
    return Cuts(arcs=tuple(arcs), sizes=parts, units_per_gpu=per_gpu)
