"""The layered network of a static window, for longest paths.

A node (v, k) says that the first v streams hold k units; an arc gives the next stream
one of its options. Builds and decodes; ``solvers/network.py`` solves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formulations.schedule import Schedule
from formulations.value_tables import ValueTable, value_table
from instances import Instance, InstanceTooLarge

if TYPE_CHECKING:
    from networkx import DiGraph

Node = tuple[int, int]

ARC_BONUS = 2.0
"""Added to the weight of every arc.

A longest path may start and stop anywhere. The weights w_v · A_v(k) add up to 1 at
most, so that with the bonus no path of fewer arcs can be as long as one through all
layers.
"""

MOST_ARCS = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowNetwork:
    """The layered network of one instance.

    Parameters
    ----------
    instance, table
        The problem and its value table.
    graph
        The network; arcs have a ``weight`` of ``ARC_BONUS`` + w_v · A_v(k).
    layers
        The nodes of each of the V + 1 layers, in a topological order.
    """

    instance: Instance
    table: ValueTable
    graph: "DiGraph"
    layers: tuple[tuple[Node, ...], ...]

    @property
    def is_infeasible(self) -> bool:
        """Whether no path goes through all layers."""
        return not self.layers[-1]

    def units(self, path: Sequence[Node]) -> list[int]:
        """Return the units of each stream on a path through all layers."""
        return [path[v + 1][1] - path[v][1] for v in range(len(path) - 1)]

    def objective(self, units: Sequence[int]) -> float:
        """Return the weighted mean, from the table and not from the path's length."""
        return self.table.objective(units)

    def decode(self, units: Sequence[int]) -> Schedule:
        """Return the schedule of one number of units a stream."""
        return self.table.schedule(self.instance, units)


def build(
    instance: Instance, check_time: Callable[[], None] = lambda: None
) -> WindowNetwork:
    """Return the layered network of a static window.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.

    Raises
    ------
    InstanceTooLarge
        If the network would have more than ``MOST_ARCS`` arcs.
    """
    from networkx import DiGraph

    table = value_table(instance, check_time)
    graph = DiGraph()
    layers = [add_source(graph)]
    for v in range(len(instance.streams)):
        layers.append(add_layer(graph, table, v, layers[-1], check_time))
    return WindowNetwork(
        instance=instance, table=table, graph=graph, layers=tuple(layers)
    )


def add_source(graph: "DiGraph") -> tuple[Node, ...]:
    """Add the node (0, 0), where no stream holds any unit."""
    graph.add_node((0, 0))
    return ((0, 0),)


def add_layer(
    graph: "DiGraph",
    table: ValueTable,
    stream_idx: int,
    layer: Sequence[Node],
    check_time: Callable[[], None],
) -> tuple[Node, ...]:
    """Give stream v one number of units, an arc (v, j) → (v + 1, j + k) for all j, k.

    Only where the units stay within the total, j + k ≤ K.
    """
    if graph.number_of_edges() + _num_arcs(table, stream_idx, layer) > MOST_ARCS:
        message = f"the layered network has more than {MOST_ARCS} arcs"
        raise InstanceTooLarge(f"{message}; use coarser units or another solver")
    units, values = table.options(stream_idx)
    gains = values * table.weights[stream_idx] + ARC_BONUS
    choices = list(zip(units.tolist(), gains.tolist(), strict=True))
    reached: dict[Node, None] = {}
    for node in layer:
        check_time()
        for k, gain in choices:
            held = node[1] + k
            if held > table.total_units:
                break
            head = (stream_idx + 1, held)
            graph.add_edge(node, head, weight=gain)
            reached[head] = None
    return tuple(reached)


def topological_order(
    model: WindowNetwork, check_time: Callable[[], None]
) -> Iterator[Node]:
    """Yield the nodes layer by layer, with a look at the clock at every node."""
    for layer in model.layers:
        for node in layer:
            check_time()
            yield node


def _num_arcs(table: ValueTable, stream_idx: int, layer: Sequence[Node]) -> int:
    import numpy as np

    units = table.options(stream_idx)[0]
    left = table.total_units - np.array([node[1] for node in layer])
    return int(np.searchsorted(units, left, side="right").sum())
