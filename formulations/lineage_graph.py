"""The lineage of one stream as a networkx graph, for people and plots."""

from dataclasses import replace
from typing import TYPE_CHECKING

from formulations.lineage import Lineage, lineages
from formulations.lineage_moves import NO_MODEL
from instances.horizon import Horizon
from instances.horizon_stream import HorizonStream

if TYPE_CHECKING:
    from networkx import MultiDiGraph

Node = tuple[int, str, frozenset[str]]


def lineage_graph(horizon: Horizon, stream: HorizonStream) -> "MultiDiGraph":
    """Return the lineage of one stream as a graph; small horizons only.

    Nodes are ``(window, model, kept)``, the window from 0 and the kept models a
    ``frozenset`` of names; the end is ``(W, "end", frozenset())``. Models that score
    the same from then on share a node. An edge has ``change`` (a retraining config,
    ``reuse MODEL``, ``warm MODEL`` or ``None``), ``units``, ``memory`` of a warm model
    in GB, and ``value``, the stream's accuracy averaged over the horizon that it is
    worth: a life's values add up to its accuracy.
    """
    from networkx import MultiDiGraph

    (lineage,) = lineages(replace(horizon, streams=(stream,)))
    graph = MultiDiGraph(stream=stream.name)
    nodes = _nodes(lineage)
    graph.add_nodes_from(nodes)
    arrays = lineage.arrays
    for move, units in zip(*(part.tolist() for part in lineage.arcs()), strict=True):
        change = lineage.label(lineage.window_of(move), int(lineage.change[move]))
        graph.add_edge(
            nodes[arrays.source[move]],
            nodes[arrays.target[move]],
            key=(change, units),
            change=change,
            units=units,
            memory=float(arrays.memory[move]),
            value=lineage.value(move, units),
        )
    return graph


def _nodes(lineage: Lineage) -> list[Node]:
    names = lineage.models.names
    nodes = [
        (w, names[held], frozenset(names[m] for m in kept if m != NO_MODEL))
        for w, states in enumerate(lineage.states[:-1])
        for held, *kept in states.tolist()
    ]
    return [*nodes, (lineage.num_windows, "end", frozenset())]
