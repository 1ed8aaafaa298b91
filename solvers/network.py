"""Longest paths in the layered network, with networkx."""

from formulations import window_network
from instances import Instance
from solvers.search import Answer, Search


def solve_network(instance: Instance, search: Search) -> Answer:
    """Exact longest path through the layered network, O(V · K) nodes, on networkx."""
    from networkx import dag_longest_path

    began = search.seconds
    model = window_network.build(instance, search.check_time)
    metadata = {
        "nodes": model.graph.number_of_nodes(),
        "arcs": model.graph.number_of_edges(),
        "build_seconds": search.seconds - began,
    }
    if model.is_infeasible:
        return Answer(infeasible=True, metadata=metadata)
    order = window_network.topological_order(model, search.check_time)
    units = model.units(dag_longest_path(model.graph, topo_order=order))
    objective = model.objective(units)
    search.report(objective, lambda: model.decode(units), objective)
    return Answer(
        schedule=search.schedule,
        objective=objective,
        bound=objective,
        metadata=metadata,
    )
