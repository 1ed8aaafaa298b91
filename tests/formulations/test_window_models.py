"""The exact models of the window: what each constraint allows and forbids."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from formulations import (
    value_table,
    window_cp,
    window_milp,
    window_milp_literal,
    window_network,
)
from formulations.evaluate import evaluate
from formulations.labels import stream_label
from formulations.window_milp_literal import count_variables
from formulations.window_tuples import NO_INFERENCE
from instances import Instance, InstanceTooLarge, SolverDisagreement, SolverUnavailable
from solvers import TimeUp, solve
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances

BUILDERS: list[Callable[..., Any]] = [
    window_milp.build,
    window_milp_literal.build,
    window_cp.build,
    window_network.build,
]
MILPS: list[Callable[..., Any]] = [window_milp.build, window_milp_literal.build]


def allows(model: Any, ones: list[int]) -> bool:
    """Return whether a program's constraints hold with these columns at 1."""
    for j, x in enumerate(model.columns):
        x.varValue = float(j in ones)
    return all(row.valid(1e-9) for row in model.problem.constraints())


def literal_column(model: Any, v: int, *wanted: int) -> int | None:
    """Return the column of φ_{vγλRI}, if the program has it."""
    before = sum(len(row) for row in model.options[:v])
    at = [j for j, c in enumerate(model.options[v]) if c[:4] == wanted]
    return before + at[0] if at else None


@pytest.mark.parametrize("build", MILPS)
def test_one_choice_is_one(build: Callable[..., Any]) -> None:
    """A stream takes one option: one is allowed, none or two are forbidden."""
    model = build(window(stream()))
    assert allows(model, [0])
    assert not allows(model, [])
    assert not allows(model, [0, 1])


@pytest.mark.parametrize("build", MILPS)
def test_capacity_counts_all_streams(build: Callable[..., Any]) -> None:
    """Two streams of five units each fit in ten units, and not in nine."""
    served = schedule(
        A=(None, [segment(0, "full", 5)]), B=(None, [segment(0, "full", 5)])
    )
    enough = build(window(stream("A"), stream("B")))
    assert allows(enough, enough.encode(served))
    tight = build(window(stream("A"), stream("B"), gpus=0.9))
    assert not allows(tight, tight.encode(served))


@pytest.mark.parametrize(
    ("gpus", "trues", "allowed"),
    [
        (1, [(0, 1), (1, 1)], True),
        (0.9, [(0, 1), (1, 1)], False),
        (0.9, [(0, 1), (1, 0)], True),
        (1, [(0, 0), (0, 1), (1, 0)], False),
    ],
    ids=["ten-units", "nine-units", "one-served", "two-options"],
)
def test_cp_sat_has_the_same_constraints(
    gpus: float, trues: list[tuple[int, int]], allowed: bool
) -> None:
    """CP-SAT, given booleans fixed at 1, allows and forbids what the programs do."""
    from ortools.sat.python import cp_model

    model = window_cp.build(window(stream("A"), stream("B"), gpus=gpus))
    for v, option in trues:
        model.problem.add(model.take[v][option] == 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    expected = cp_model.OPTIMAL if allowed else cp_model.INFEASIBLE
    assert solver.solve(model.problem) == expected


def test_gpu_time_counts_the_time_occupied() -> None:
    """A training that holds the whole GPU all window long is just allowed.

    Twice as fast as linear, 200 GPU-seconds fit in 100 seconds of one GPU; Eq. 1 as
    printed would forbid them. A second such training breaks constraint (1).
    """
    fast = {"training_throughput": ((1, 2),)}
    configs = {"retraining": (retraining(200, 0.9),)}
    other = stream("B", inference=(serving(0, 1, "free"),), **configs)
    trained = stream("A", inference=(serving(0, 1, "free"),), **configs)
    model = window_milp_literal.build(window(trained, other, **fast))
    busy = [literal_column(model, v, 0, 0, 10, 0) for v in (0, 1)]
    idle = [literal_column(model, v, -1, 0, 0, 0) for v in (0, 1)]
    gpu_time = model.problem.get_constraint_by_name("gpu_time")
    assert allows(model, [busy[0], idle[1]])  # type: ignore[list-item]
    assert gpu_time.valid(1e-9)
    assert not allows(model, busy)  # type: ignore[arg-type]
    assert not gpu_time.valid(1e-9)


def test_demand_must_fit() -> None:
    """A config that needs five units has a tuple with five units and none with four."""
    model = window_milp_literal.build(window(stream()))
    assert literal_column(model, 0, -1, 0, 0, 5) is not None
    assert literal_column(model, 0, -1, 0, 0, 4) is None


def test_retraining_must_finish() -> None:
    """50 GPU-seconds in 100 seconds: five of ten units finish, four do not."""
    model = window_milp_literal.build(window(stream(retraining=(retraining(50, 0.9),))))
    assert literal_column(model, 0, 0, 0, 5, 5) is not None
    assert literal_column(model, 0, 0, 0, 4, 5) is None


def test_the_floor_holds_before_the_completion() -> None:
    """Of accuracy 0.5 nine tenths are kept: a floor of 0.45 allows it, 0.5 does not."""
    slow = serving(0.2, 0.9, "slow")
    full = serving(0.5, 1.0, "full")
    for floor, known in ((0.45, True), (0.5, False)):
        held = stream(min_accuracy=floor, inference=(full, slow))
        model = window_milp_literal.build(window(held))
        assert (literal_column(model, 0, -1, 1, 0, 2) is not None) == known
        assert literal_column(model, 0, -1, 0, 0, 5) is not None


def test_the_floor_holds_after_the_completion() -> None:
    """A retraining to below the floor is no choice; at the floor it is one."""
    for accuracy, known in ((0.4, True), (0.39, False)):
        worse = stream(min_accuracy=0.4, retraining=(retraining(10, accuracy),))
        model = window_milp_literal.build(window(worse))
        assert (literal_column(model, 0, 0, 0, 5, 5) is not None) == known


def test_serving_nothing_needs_a_floor_of_zero() -> None:
    """λ = none is a tuple without a floor, and none with one."""
    free = window_milp_literal.build(window(stream()))
    held = window_milp_literal.build(window(stream(min_accuracy=0.1)))
    assert literal_column(free, 0, -1, NO_INFERENCE, 0, 0) is not None
    assert literal_column(held, 0, -1, NO_INFERENCE, 0, 0) is None


def test_freed_units_serve_under_stream_only() -> None:
    """Five units train for 40 s and then serve, if the stream may use them.

    20 GPU-seconds on half a GPU take 40 s. Never: 0.4·0.5 + 0.6·0.9 = 0.74 with five
    units of inference, and nothing without. Stream: with no inference before, the
    five freed units serve the new model, 0.6·0.9 = 0.54.
    """
    one = stream(retraining=(retraining(20, 0.9),))
    for mode, unserved in (("never", 0.0), ("stream", 0.54)):
        model = window_milp_literal.build(window(one, reallocation=mode))
        served = literal_column(model, 0, 0, 0, 5, 5)
        starved = literal_column(model, 0, 0, NO_INFERENCE, 5, 0)
        assert served is not None
        assert starved is not None
        assert model.objective([served]) == pytest.approx(0.74)
        assert model.objective([starved]) == pytest.approx(unserved)


@settings(max_examples=40)
@given(instances(max_streams=2, max_units=4, floors=True))
def test_every_literal_tuple_is_worth_its_coefficient(instance: Instance) -> None:
    """The referee finds each A_T(v, γ, λ, R, I), and no rule broken."""
    model = window_milp_literal.build(instance)
    assert count_variables(instance) == len(model.columns)
    if not all(model.take):
        return
    first = [sum(map(len, model.take[:v])) for v in range(len(model.take))]
    for v, row in enumerate(model.take):
        for j in range(len(row)):
            ones = [*first[:v], first[v] + j, *first[v + 1 :]]
            verdict = evaluate(instance, model.decode(ones))
            assert verdict.objective == pytest.approx(model.objective(ones), abs=1e-9)
            assert all("in use" in text for text in verdict.violations)


def test_counting_is_the_count_of_eq_1() -> None:
    """With nothing to rule tuples out, (K+1)(K+2)/2 pairs times γ times λ remain.

    λ = none and one that needs no units, γ = none and one that needs no time: 2 · 2 ·
    66 tuples with K = 10, by a formula and not by listing them.
    """
    free = serving(0, 1, "free")
    one = window(stream(inference=(free,), retraining=(retraining(0, 0.9),)))
    assert count_variables(one) == 2 * 2 * 66


@pytest.mark.parametrize("build", MILPS)
@settings(max_examples=25)
@given(instance=instances())
def test_encoding_a_schedule_is_allowed_and_no_worse(
    build: Callable[..., Any], instance: Instance
) -> None:
    """A feasible schedule maps onto columns that all constraints allow."""
    best = solve(instance, "dp")
    if best.schedule is None or best.objective is None:
        return
    model = build(instance)
    ones = model.encode(best.schedule)
    assert allows(model, ones)
    assert model.objective(ones) >= best.objective - 1e-9


@pytest.mark.parametrize("build", MILPS)
def test_a_choice_for_each_stream_is_checked(build: Callable[..., Any]) -> None:
    """A backend that sets no column, or two of a stream, to 1 is caught."""
    model = build(window(stream()))
    for ones in ([], [0, 1]):
        with pytest.raises(SolverDisagreement, match="one for each of 1 streams"):
            model.decode(ones)


def test_integer_coefficients_are_close() -> None:
    """Rounding moves the mean by no more than the stated error, 2 · 0.5 / 2e9."""
    third = stream("A", accuracy=1 / 3), stream("B", accuracy=2 / 3)
    model = window_cp.build(window(*third))
    assert model.rounding_error == pytest.approx(5e-10)
    coefficients = model.problem.proto.objective.coeffs
    assert sorted(abs(c) for c in coefficients)[-2:] == [333333333, 666666667]


def test_the_network_has_an_arc_for_each_option() -> None:
    """Two streams of two options and ten units: 2 arcs, then 4, to units 0, 5, 10."""
    model = window_network.build(window(stream("A"), stream("B")))
    assert [len(layer) for layer in model.layers] == [1, 2, 3]
    assert model.graph.number_of_edges() == 6
    assert model.units([(0, 0), (1, 5), (2, 10)]) == [5, 5]
    tight = window_network.build(window(stream("A"), stream("B"), gpus=0.9))
    assert tight.graph.number_of_edges() == 5


def test_too_large_a_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arcs are counted before they are made."""
    monkeypatch.setattr(window_network, "MOST_ARCS", 5)
    with pytest.raises(InstanceTooLarge, match="more than 5 arcs"):
        window_network.build(window(stream("A"), stream("B")))


@pytest.mark.parametrize("build", BUILDERS)
def test_building_looks_at_the_clock(build: Callable[..., Any]) -> None:
    """The clock may stop the building of any model."""

    def time_up() -> None:
        raise TimeUp

    with pytest.raises(TimeUp):
        build(window(stream()), time_up)


@pytest.mark.parametrize("build", BUILDERS)
def test_server_reallocation_is_refused(build: Callable[..., Any]) -> None:
    """These models are of the static window only."""
    with pytest.raises(SolverUnavailable, match="server"):
        build(window(stream(), reallocation="server", slot_seconds=10))


def test_compact_options_are_the_table_s() -> None:
    """Only undominated numbers of units get a variable."""
    one = window(stream(retraining=(retraining(20, 0.9),)))
    table, model = value_table(one), window_milp.build(one)
    assert model.options[0] == tuple(table.options(0)[0].tolist())


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("A", "s3_A"),
        ("Zürich, main st.", "s3_Zurich_main_st"),
        ("日本", "s3"),
        ("- x -", "s3_x"),
        ("a" * 99, "s3_" + "a" * 24),
    ],
)
def test_labels_are_ascii_and_short(name: str, label: str) -> None:
    """Labels hold letters, digits and underscores, and start with the index."""
    assert stream_label(3, stream(name)) == label
