"""The lineages of models, as graphs and as arrays."""

from dataclasses import replace
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import lineage as lineage_module
from formulations.evaluate_horizon import evaluate_horizon
from formulations.lineage import Lineage, lineages
from formulations.lineage_graph import Node, lineage_graph
from formulations.lineage_plans import horizon_schedule, path_value, path_within
from instances import InstanceTooLarge, Reallocation, SolverUnavailable
from instances.horizon import Horizon
from solvers import Options
from solvers.horizon_brute_force import solve_horizon_brute_force
from solvers.search import Search
from tests import horizon_examples
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon

static = st.sampled_from([Reallocation.NEVER, Reallocation.STREAM])


@st.composite
def static_horizons(draw: st.DrawFn, /, **fixed: Any) -> Horizon:
    """Draw a horizon that has lineages."""
    return draw(horizons(reallocation=draw(static), **fixed))


def longest(problem: Horizon) -> float | None:
    """Return what the first stream's longest path is worth, found by networkx."""
    graph = lineage_graph(problem, problem.streams[0])
    best = networkx.DiGraph()
    best.add_nodes_from(graph)
    for tail, head, value in graph.edges(data="value"):
        known = best.get_edge_data(tail, head, {"value": -1.0})["value"]
        best.add_edge(tail, head, value=max(value, known))
    end: Node = (problem.num_windows, "end", frozenset())
    start: Node = (0, "initial", frozenset())
    worth = {start: 0.0}
    for node in networkx.topological_sort(best):
        for tail, _, value in best.in_edges(node, data="value"):
            if tail in worth:
                worth[node] = max(worth.get(node, -1.0), worth[tail] + value)
    return worth.get(end)


@pytest.mark.parametrize("feasible", [True, False])
@settings(max_examples=40)
@given(data=st.data())
def test_the_longest_path_is_a_lone_streams_optimum(
    feasible: bool, data: st.DataObject
) -> None:
    """One stream has all units, so that its longest path is what brute force finds."""
    sizes = {"max_streams": 1, "max_units": 4, "feasible": feasible}
    problem = data.draw(static_horizons(**sizes))
    expected = solve_horizon_brute_force(problem, Search(Options()))
    found = longest(problem)
    assert (found is None) == expected.infeasible
    if found is not None:
        assert found == pytest.approx(expected.objective, abs=1e-9)


@settings(max_examples=60)
@given(problem=static_horizons(), seed=st.integers(0, 2**31))
def test_paths_are_schedules(problem: Horizon, seed: int) -> None:
    """The referee finds a path's value in its schedule.

    Within what the schedule uses there is a path of arcs that no other one dominates
    that is worth as much.
    """
    alone = replace(problem, streams=problem.streams[:1])
    (own,) = lineages(alone)
    path = random_path(own, np.random.default_rng(seed))
    if path is None:
        return
    schedule = horizon_schedule(alone, [own], [path])
    verdict = evaluate_horizon(alone, schedule)
    assert not verdict.violations
    assert path_value(own, path) == pytest.approx(verdict.objective, abs=1e-9)
    plans = [window.streams[0] for window in schedule.windows]
    back = path_within(own, own.undominated(own.arcs()), plans)
    assert back is not None
    assert path_value(own, back) >= verdict.objective - 1e-9
    for (_, units), plan in zip(back, plans, strict=True):
        first = plan.segments[0]
        assert units <= first.inference_units + first.training_units


def random_path(own: Lineage, rng: np.random.Generator) -> list[tuple[int, int]] | None:
    """Return a path of random arcs; ``None`` when it comes to a dead end."""
    arrays, node = own.arrays, 0
    path = []
    moves, units = own.arcs()
    for _ in range(own.num_windows):
        here = np.flatnonzero(arrays.source[moves] == node)
        if not len(here):
            return None
        arc = int(rng.choice(here))
        path.append((int(moves[arc]), int(units[arc])))
        node = int(arrays.target[moves[arc]])
    return path


def test_a_lineage_on_paper() -> None:
    """A floor leaves one arc from each model, and one for the retraining.

    It takes 5 units to serve. 45 GPU-seconds end after 90 s with 5 units more, and
    with 4 after 112.5 s. So there are staying with 5 units, worth 0.5 / 2, and
    retraining with 10, worth 0.49 / 2; in the second window there is staying.
    """
    problem = replace(horizon_examples.pays_later(), min_accuracy=0.3)
    graph = lineage_graph(problem, problem.streams[0])
    nothing = frozenset[str]()
    first = (0, "initial", nothing)
    stay, new = (1, "initial", nothing), (1, "1/train", nothing)
    end = (2, "end", nothing)
    edges = {
        (tail, head, data["change"], data["units"]): data["value"]
        for tail, head, data in graph.edges(data=True)
    }
    assert edges == pytest.approx(
        {
            (first, stay, None, 5): 0.25,
            (first, new, "train", 10): 0.245,
            (stay, end, None, 5): 0.25,
            (new, end, None, 5): 0.45,
        }
    )


def test_kept_models_in_a_lineage() -> None:
    """At night the day's model is kept, and used again cold or warm the next day."""
    problem = horizon_examples.warm_reuse()
    graph = lineage_graph(problem, problem.streams[0])
    night = (2, "2/night", frozenset(["initial"]))
    changes = {data["change"]: data for _, _, data in graph.out_edges(night, data=True)}
    assert set(changes) == {None, "reuse initial", "warm initial"}
    assert changes["reuse initial"]["value"] == pytest.approx(0.7 / 3)
    assert changes["reuse initial"]["memory"] == 0
    assert changes["warm initial"]["value"] == pytest.approx(0.8 / 3)
    assert changes["warm initial"]["memory"] == 1


def test_useless_models_are_not_kept() -> None:
    """A model that scores no more than the one held, now and later, is not kept."""
    better = config(25, 0.9, later_accuracy=(0.8,))
    stream = camera((), (better,), ())
    graph = lineage_graph(horizon(stream, cached_models=2), stream)
    assert {kept for _, _, kept in graph.nodes} == {frozenset()}


def test_models_of_equal_scores_share_a_node() -> None:
    """Two configs that lead to the same scores lead to one node."""
    stream = camera((config(25, 0.9, "a"), config(20, 0.9, "b")), ())
    graph = lineage_graph(horizon(stream), stream)
    assert [model for w, model, _ in graph.nodes if w == 1] == ["initial", "1/a"]


def test_dominated_arcs() -> None:
    """Of two configs to one node the dearer one is needless, whatever its units."""
    stream = camera((config(30, 0.9, "dear"), config(25, 0.9, "cheap")), ())
    (own,) = lineages(horizon(stream))
    moves, _ = own.undominated(own.arcs())
    assert {int(own.change[move]) for move in moves} == {0, 2}


def test_lineages_of_the_server_are_refused() -> None:
    """With reallocation server there is no lineage with arcs of units."""
    mode = Reallocation.SERVER
    problem = replace(horizon_examples.pays_later(), reallocation=mode, slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="reallocation server"):
        lineages(problem)


def test_large_lineages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many moves are an error that says so, not a machine without memory."""
    monkeypatch.setattr(lineage_module, "MOST_MOVES", 3)
    with pytest.raises(InstanceTooLarge, match="lineages have more than 3 moves"):
        lineages(horizon_examples.pays_later())
