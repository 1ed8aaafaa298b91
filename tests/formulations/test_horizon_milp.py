"""The path program of a horizon: what each family of constraints allows and forbids."""

from dataclasses import replace

import numpy as np
import pytest

from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_milp import HorizonMilp, build
from instances import InstanceTooLarge, SolverDisagreement
from tests import horizon_examples
from tests.horizons import camera, config, horizon


def violated(model: HorizonMilp, ones: list[int]) -> set[str]:
    """Return the constraints that the columns at 1 break, by the first word."""
    columns = model.columns
    for j, x in enumerate(columns):
        x.varValue = float(j in ones)
    return {
        row.name.split("_")[0]
        for row in model.problem.constraints()
        if not row.valid(1e-9)
    }


def column(model: HorizonMilp, v: int, w: int, change: int, units: int) -> int:
    """Return the first column of a stream's arc in a window."""
    start = sum(map(len, model.arcs[:v]))
    lineage = model.lineages[v]
    for a, (move, k) in enumerate(model.arcs[v]):
        if (lineage.window_of(move), int(lineage.change[move]), k) == (
            w,
            change,
            units,
        ):
            return start + a
    raise LookupError


def test_a_path_is_allowed_and_pieces_are_not() -> None:
    """Staying twice is a path; one arc alone, or arcs that do not meet, are none."""
    problem = replace(horizon_examples.pays_later(), min_accuracy=0.3, gpus=2)
    model = build(problem)
    stay, train = column(model, 0, 0, 0, 5), column(model, 0, 0, 1, 10)
    ends = [
        column_from(model, int(model.lineages[0].arrays.target[model.arcs[0][j][0]]))
        for j in (stay, train)
    ]
    assert not violated(model, [stay, ends[0]])
    assert not violated(model, [train, ends[1]])
    assert violated(model, [stay]) == {"path"}
    assert violated(model, [stay, ends[1]]) == {"path"}
    assert violated(model, [stay, train, *ends]) == {"path"}
    with pytest.raises(SolverDisagreement, match="no path of stream 'A'"):
        model.objective([stay, ends[1]])


def column_from(model: HorizonMilp, node: int) -> int:
    """Return the first stream's column that begins in a node."""
    source = model.lineages[0].arrays.source
    return next(a for a, (move, _) in enumerate(model.arcs[0]) if source[move] == node)


@pytest.mark.parametrize(("gpus", "broken"), [(1, set()), (0.9, {"capacity"})])
def test_the_capacity_of_a_window(gpus: float, broken: set[str]) -> None:
    """Two streams serve with 5 units each: 10 are enough and 9 are not."""
    streams = camera((), name="A"), camera((), name="B")
    model = build(horizon(*streams, gpus=gpus))
    assert violated(model, [column(model, v, 0, 0, 5) for v in (0, 1)]) == broken


@pytest.mark.parametrize(("warm_gb", "broken"), [(2, set()), (1.5, {"memory"})])
def test_the_memory_for_warm_models(warm_gb: float, broken: set[str]) -> None:
    """Two warm models of 1 GB each fit into 2 GB and not into 1.5."""
    problem = replace(horizon_examples.competing_for_memory(), warm_gb=warm_gb)
    model = build(problem)
    ones = []
    for v in (0, 1):
        night = column(model, v, 1, 1, model.horizon.units_per_gpu)
        move, _ = model.arcs[v][night - sum(map(len, model.arcs[:v]))]
        state = int(model.lineages[v].arrays.target[move])
        ones += [column(model, v, 0, 0, 1), night, warm(model, v, state)]
    assert violated(model, ones) == broken


def warm(model: HorizonMilp, v: int, node: int) -> int:
    """Return the column in which a stream uses a warm model and serves."""
    arrays = model.lineages[v].arrays
    start = sum(map(len, model.arcs[:v]))
    return next(
        start + a
        for a, (move, units) in enumerate(model.arcs[v])
        if arrays.source[move] == node and arrays.memory[move] > 0
    )


def test_schedules_map_onto_columns_and_back() -> None:
    """The best path's schedule has its value, and is encoded as the same columns."""
    model = build(horizon_examples.warm_reuse())
    night = column(model, 0, 1, 1, 10)
    state = int(model.lineages[0].arrays.target[model.arcs[0][night][0]])
    ones = [column(model, 0, 0, 0, 5), night, warm(model, 0, state)]
    schedule = model.decode(ones)
    verdict = evaluate_horizon(model.horizon, schedule)
    assert not verdict.violations
    assert verdict.objective == pytest.approx(0.7, abs=1e-12)
    assert model.objective(ones) == pytest.approx(0.7, abs=1e-12)
    assert model.encode(schedule) == ones


def test_the_objective_is_scaled() -> None:
    """The program's objective is the scale times the weighted mean."""
    streams = camera((), name="A", weight=3), camera((), name="B", accuracy=0.9)
    model = build(horizon(*streams))
    ones = [column(model, v, 0, 0, 5) for v in (0, 1)]
    assert not violated(model, ones)
    mean = (3 * 0.5 + 0.9) / 4
    assert model.objective(ones) == pytest.approx(mean)
    assert model.problem.objective.value() == pytest.approx(mean * model.scale)
    assert model.scale == 2000


def test_arcs_can_be_chosen() -> None:
    """A program of some arcs has no others."""
    problem = horizon_examples.pays_later()
    whole = build(problem)
    some = [
        (np.array([move for move, _ in arcs[:2]]), np.array([k for _, k in arcs[:2]]))
        for arcs in whole.arcs
    ]
    model = build(problem, known=whole.lineages, arcs=some)
    assert model.arcs == tuple(arcs[:2] for arcs in whole.arcs)


def test_large_programs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many arcs are an error that names the way out."""
    monkeypatch.setattr("formulations.horizon_milp.MOST_ARCS", 2)
    with pytest.raises(InstanceTooLarge, match="use the solver decomposition"):
        build(horizon(camera((config(20, 0.9),), ())))
