"""Simulated schedules against the referee, on every device and in every mode."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import Schedule, Segment, StreamPlan, replay
from formulations.candidates import (
    candidates_of,
    candidates_of_columns,
    candidates_of_shares,
)
from formulations.evaluate import evaluate
from formulations.kernels.device import simulated
from formulations.kernels.simulation import Simulation, nominal, simulate
from formulations.kernels.simulation_numpy import simulate_plainly
from formulations.schedule_columns import ScheduleColumns
from instances import Instance, InvalidSchedule, Reallocation, SolverUnavailable
from instances.columns import columns_of
from instances.scenarios import Scenarios
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import accuracies, instances

EXAMPLES = 15 if simulated() else 120
SLOT = 10
costs = st.sampled_from([0, 0.5, 1, 2, 3, 5, 6, 12, 30, 90])


@st.composite
def schedules(draw: st.DrawFn, instance: Instance) -> Schedule:
    """Draw any plan for every stream; under server it may change at any time."""
    units = st.integers(0, instance.total_units + 1)
    starts = st.just([0])
    if instance.reallocation is Reallocation.SERVER:
        times = st.sampled_from([5, *range(SLOT, 80, SLOT)])
        starts = st.lists(times, max_size=3, unique=True).map(lambda t: [0, *sorted(t)])
    plans = []
    for camera in instance.streams:
        configs = [None, *(config.name for config in camera.retraining)]
        servings = [None, *(config.name for config in camera.inference)]
        segments = [
            Segment(
                start_seconds=start,
                inference=draw(st.sampled_from(servings)),
                inference_units=draw(units),
                training_units=draw(units),
            )
            for start in draw(starts)
        ]
        plan = StreamPlan(
            stream=camera.name,
            retraining=draw(st.sampled_from(configs)),
            segments=tuple(segments),
        )
        plans.append(plan)
    return Schedule(streams=tuple(plans))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Instance, list[Schedule], Scenarios]:
    """Draw an instance of any mode with schedules and scenarios, or none of these."""
    server: Any = {"reallocation": Reallocation.SERVER, "slot_seconds": SLOT}
    instance = draw(st.one_of(instances(), instances(**server)))
    plans = draw(st.lists(schedules(instance), max_size=2 if simulated() else 3))
    configs = len(columns_of(instance).gpu_seconds)
    count = draw(st.integers(1, 3))
    numbers = [
        draw(st.lists(kind, min_size=count * configs, max_size=count * configs))
        for kind in (costs, accuracies)
    ]
    cost, accuracy = np.array(numbers, dtype=float).reshape(2, count, configs)
    return instance, plans, Scenarios(gpu_seconds=cost, accuracy=accuracy)


def judged(
    instance: Instance, plans: list[Schedule], scenarios: Scenarios
) -> tuple[Any, ...]:
    """Return what the referee finds: objectives, and violations by kind."""
    columns = columns_of(instance)
    shape = (len(plans), scenarios.count)
    objective = np.zeros(shape)
    misses, below = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    over = np.zeros(len(plans), dtype=bool)
    for c, plan in enumerate(plans):
        for s in range(scenarios.count):
            perturbed = scenarios.columns(columns, s).instance()
            carried_out = plan
            if instance.reallocation is not Reallocation.SERVER:
                carried_out = replay(perturbed, plan)
                pairs = zip(plan.streams, carried_out.streams, strict=True)
                misses[c, s] = sum(a.retraining != b.retraining for a, b in pairs)
            verdict = evaluate(perturbed, carried_out)
            objective[c, s] = verdict.objective
            told = verdict.violations
            misses[c, s] += sum("does not finish" in text for text in told)
            below[c, s] = sum("below its floor" in text for text in told)
            over[c] |= any("units are in use" in text for text in told)
    return objective, misses, below, over


def assert_same(found: Simulation, expected: tuple[Any, ...]) -> None:
    """Check objectives within the stated tolerance and counts exactly."""
    objective, misses, below, over = expected
    np.testing.assert_allclose(found.objective, objective, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.misses, misses)
    np.testing.assert_array_equal(found.below_floor, below)
    np.testing.assert_array_equal(found.over_capacity, over)


@settings(max_examples=EXAMPLES)
@given(problems())
def test_the_plain_simulation_is_the_referees(problem: Any) -> None:
    """NumPy finds the referee's objectives and violations in every scenario."""
    instance, plans, scenarios = problem
    columns = columns_of(instance)
    found = simulate_plainly(columns, candidates_of(columns, plans), scenarios)
    assert_same(found, judged(instance, plans, scenarios))


def test_the_kernel_is_the_referees(device: Any) -> None:
    """CPU and CUDA find the referee's objectives and violations in every scenario."""

    @settings(max_examples=EXAMPLES)
    @given(problems())
    def check(problem: Any) -> None:
        instance, plans, scenarios = problem
        columns = columns_of(instance)
        found = simulate(
            columns, candidates_of(columns, plans), scenarios, device=device
        )
        assert_same(found, judged(instance, plans, scenarios))

    check()


def test_a_late_retraining_gives_nothing(device: Any) -> None:
    """On paper: 20 s on half a GPU end at 40 s, or at 120 s, after the window.

    In time: 0.5 · 0.4 + 0.9 · 0.6 = 0.74, in the third scenario with 0.3 in the
    place of 0.9, below the floor, 0.38. Late: the old model's 0.5 throughout.
    """
    camera = stream(retraining=(retraining(20, 0.9),), min_accuracy=0.4)
    columns = columns_of(window(camera))
    plan = schedule(A=("retrain", [segment(0, "full", 5, 5)]))
    scenarios = Scenarios(
        gpu_seconds=np.array([[20.0], [60.0], [20.0]]),
        accuracy=np.array([[0.9], [0.9], [0.3]]),
    )
    found = simulate(columns, candidates_of(columns, [plan]), scenarios, device=device)
    assert found.objective[0].tolist() == pytest.approx([0.74, 0.5, 0.38])
    assert found.misses[0].tolist() == [0, 1, 0]
    assert found.below_floor[0].tolist() == [0, 0, 1]
    assert found.over_capacity.tolist() == [False]


def test_freed_units_serve_when_the_scenario_ends_the_retraining(device: Any) -> None:
    """On paper: one unit serves half, six serve fully; done at 20 s or at 60 s.

    0.2 · 0.25 + 0.8 · 0.8 = 0.69 and 0.6 · 0.25 + 0.4 · 0.8 = 0.47.
    """
    levels = (serving(0.1, 0.5), serving(0.5, 1.0))
    camera = stream(inference=levels, retraining=(retraining(10, 0.8),))
    columns = columns_of(window(camera, reallocation="stream"))
    scenarios = Scenarios(
        gpu_seconds=np.array([[10.0], [30.0]]), accuracy=np.full((2, 1), 0.8)
    )
    candidates = candidates_of_shares(columns, [[0]], [[1]], [[5]])
    found = simulate(columns, candidates, scenarios, device=device)
    assert found.objective[0].tolist() == pytest.approx([0.69, 0.47])


def test_a_server_waits_for_the_slot(device: Any) -> None:
    """On paper: 10 GPU-seconds on half a GPU, then on a whole one from 10 s on.

    5 + 10 · 1 ≥ 10 at 15 s, so the new model serves from 20 s: 0.2 · 0.5 + 0.8 · 0.9.
    With 12 it is done at 17 s and serves from 20 s too; with 200 never.
    """
    camera = stream(
        retraining=(retraining(10, 0.9),), inference=(serving(0, 1, "all"),)
    )
    columns = columns_of(window(camera, reallocation="server", slot_seconds=10))
    parts = [segment(0, "all", 0, 5), segment(10, "all", 0, 10), segment(20, "all", 0)]
    candidates = candidates_of(columns, [schedule(A=("retrain", parts))])
    scenarios = Scenarios(
        gpu_seconds=np.array([[10.0], [12.0], [200.0]]), accuracy=np.full((3, 1), 0.9)
    )
    found = simulate(columns, candidates, scenarios, device=device)
    assert found.objective[0].tolist() == pytest.approx([0.82, 0.82, 0.5])
    assert found.misses[0].tolist() == [0, 0, 1]


def test_units_count_against_the_capacity_at_every_instant() -> None:
    """Ten units of ten at all times are enough, eleven for one slot are too many."""
    cameras = [stream(name, inference=(serving(0, 1, "all"),)) for name in "AB"]
    columns = columns_of(window(*cameras, reallocation="server", slot_seconds=10))
    swap = schedule(
        A=(None, [segment(0, "all", 4), segment(10, "all", 6)]),
        B=(None, [segment(0, "all", 6), segment(10, "all", 4)]),
    )
    late = schedule(
        A=(None, [segment(0, "all", 4), segment(10, "all", 6)]),
        B=(None, [segment(0, "all", 6), segment(10, "all", 5), segment(20, "all", 0)]),
    )
    candidates = candidates_of(columns, [swap, late])
    found = simulate(columns, candidates, nominal(columns), device="cpu")
    assert found.over_capacity.tolist() == [False, True]


def test_threads_change_no_bit() -> None:
    """Thousands of pairs have the same bits on one thread and on three."""
    rng = np.random.default_rng(0)
    cameras = [
        stream(f"s{v}", retraining=(retraining(float(v + 1), 0.9),)) for v in range(20)
    ]
    columns = columns_of(window(*cameras, gpus=4))
    shape = (20 if simulated() else 200, 20)
    candidates = candidates_of_shares(
        columns, rng.integers(-1, 1, shape), rng.integers(0, 6, shape), np.ones(shape)
    )
    scenarios = Scenarios(
        gpu_seconds=rng.uniform(0, 20, (100, 20)), accuracy=rng.uniform(0, 1, (100, 20))
    )
    one, three = (
        simulate(columns, candidates, scenarios, device="cpu", workers=workers)
        for workers in (1, 3)
    )
    np.testing.assert_array_equal(one.objective, three.objective)
    plain = simulate_plainly(columns, candidates, scenarios)
    np.testing.assert_allclose(one.objective, plain.objective, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(one.misses, plain.misses)
    assert one.misses.sum() > 0


def test_forms_of_the_same_candidate_are_the_same() -> None:
    """Objects, columns and arrays of shares give the same arrays."""
    levels = (serving(0.1, 0.5), serving(0.5, 1.0))
    camera = stream(inference=levels, retraining=(retraining(10, 0.8),))
    columns = columns_of(window(camera, stream("B"), reallocation="stream"))
    one = ScheduleColumns(
        retraining=np.array([0, -1]),
        inference_units=np.array([1, 5]),
        training_units=np.array([3, 0]),
    )
    forms = [
        candidates_of(columns, [one.schedule(columns)]),
        candidates_of_columns(columns, [one]),
        candidates_of_shares(columns, [0, -1], [1, 5], [3, 0]),
    ]
    for form in forms:
        assert form.retraining.tolist() == [[0, -1]]
        assert form.offsets.tolist() == [0, 2, 3]
        assert form.kept.tolist() == [0.5, 0.5, 1.0]
        assert form.speed.tolist() == pytest.approx([0.3, 0.3, 0])
        assert form.units.tolist() == [4, 4, 5]


def test_what_is_no_candidate_is_refused() -> None:
    """Unknown names, missing streams, wrong shapes and modes are errors."""
    columns = columns_of(window(stream()))
    full = [segment(0, "full", 5)]
    for plan, message in (
        (schedule(B=(None, full)), "stream '[AB]' "),
        (schedule(A=("magic", full)), "no config 'magic'"),
    ):
        with pytest.raises(InvalidSchedule, match=message):
            candidates_of(columns, [plan])
    with pytest.raises(InvalidSchedule, match="expected a config"):
        candidates_of_shares(columns, [[0]], [[5]], [[0]])
    with pytest.raises(InvalidSchedule, match="shape"):
        candidates_of_shares(columns, [[-1, -1]], [[5, 5]], [[0, 0]])
    server = columns.changed(reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        candidates_of_shares(server, [[-1]], [[5]], [[0]])
    with pytest.raises(InvalidSchedule, match="no config 'magic'"):
        candidates_of(server, [schedule(A=(None, [segment(0, "magic", 5)]))])
