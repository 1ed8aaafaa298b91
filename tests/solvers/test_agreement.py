"""Every exact way against every other, and everything else against them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import is_infeasible
from formulations.evaluate import evaluate
from instances import Instance, Reallocation, as_estimated
from solvers import Options, Result, Status, get_solver, solve
from tests.small import serving, stream, window
from tests.solver_names import of_kind
from tests.strategies import instances

TOLERANCE = 1e-6
EXACT = of_kind("exact")
OTHERS = of_kind("heuristic", "baseline", "bound")


def optimum(instance: Instance) -> float | None:
    """Return the optimum by dp; ``None`` if the instance is infeasible."""
    return solve(instance, "dp").objective


def assert_same(result: Result, expected: float | None) -> None:
    """Check that an exact result is the expected optimum, with its proof."""
    if expected is None:
        assert result.status is Status.INFEASIBLE
        assert result.schedule is None
        return
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(expected, abs=TOLERANCE)
    assert result.bound is not None
    assert result.bound == pytest.approx(expected, abs=TOLERANCE)


@settings(max_examples=250)
@given(instances(max_units=5))
def test_dp_and_core_equal_brute_force(instance: Instance) -> None:
    """Brute force, priced by the referee alone, finds what dp and core find."""
    brute = solve(instance, "brute-force")
    assert_same(solve(instance, "dp"), brute.objective)
    assert_same(solve(instance, "core"), brute.objective)
    assert is_infeasible(instance) == (brute.status is Status.INFEASIBLE)


@settings(max_examples=300)
@given(instances(max_streams=6, max_units=15))
def test_core_equals_dp_and_the_bound_bounds(instance: Instance) -> None:
    """On larger instances core finds dp's optimum, and the bound is no lower."""
    expected = optimum(instance)
    assert_same(solve(instance, "core"), expected)
    bound = solve(instance, "bound")
    if expected is None:
        assert bound.status is Status.INFEASIBLE
    else:
        assert bound.bound is not None
        assert bound.bound >= expected - 1e-9


@pytest.mark.parametrize("solver", EXACT)
@settings(max_examples=30)
@given(instance=instances(max_streams=2, max_units=4))
def test_every_exact_solver_equals_dp(solver: str, instance: Instance) -> None:
    """Each exact solver proves dp's optimum, or infeasibility, in both modes."""
    assert_same(solve(instance, solver), optimum(instance))


@pytest.mark.parametrize("solver", OTHERS)
@settings(max_examples=25)
@given(instance=instances(max_streams=4, max_units=8))
def test_no_other_solver_beats_the_optimum(solver: str, instance: Instance) -> None:
    """A heuristic's certified objective is at most the optimum; it claims no bound."""
    result = solve(instance, solver)
    expected = optimum(instance)
    if expected is None:
        assert result.status is Status.INFEASIBLE
    elif result.objective is not None:
        assert result.objective <= expected + 1e-9
        assert result.schedule is not None
        assert evaluate(instance, result.schedule).feasible
    else:
        assert result.status is Status.NO_SOLUTION
    if get_solver(solver).kind != "bound":
        assert result.bound is None


@pytest.mark.parametrize("solver", [*EXACT, *OTHERS])
@pytest.mark.parametrize("mode", ["never", "stream"])
def test_every_solver_reports_infeasibility(solver: str, mode: str) -> None:
    """Two streams that need five units each at their floor do not fit in nine."""
    floor = stream("A", min_accuracy=0.5), stream("B", min_accuracy=0.5)
    tight = window(*floor, gpus=0.9, reallocation=mode)
    result = solve(tight, solver)
    assert result.status is Status.INFEASIBLE
    assert (result.objective, result.bound, result.schedule) == (None, None, None)
    enough = solve(replace(tight, gpus=1), solver)
    if get_solver(solver).kind == "exact":
        assert enough.objective == pytest.approx(0.5)
    else:
        assert enough.status in (Status.FEASIBLE, Status.OPTIMAL, Status.NO_SOLUTION)


@pytest.mark.parametrize("solver", EXACT)
def test_a_floor_that_bites_changes_the_plan(solver: str) -> None:
    """Of 6 units a floor leaves 3 and 3 instead of the better 5 and 1.

    B keeps 0.4 on 1 unit and 0.6 on 3; A 0.5 on 3 and 0.9 on 5. Free, 5 + 1 gives
    (0.9 + 0.4) / 2; with a floor of 0.5 only 3 + 3 gives (0.5 + 0.6) / 2.
    """
    a = stream("A", 1, inference=(serving(0.3, 0.5), serving(0.5, 0.9)))
    b = stream("B", 1, inference=(serving(0.1, 0.4), serving(0.3, 0.6)))
    free = window(a, b, gpus=0.6)
    assert solve(free, solver).objective == pytest.approx(0.65)
    held = replace(free, min_accuracy=0.5)
    assert solve(held, solver).objective == pytest.approx(0.55)


@given(instances(max_streams=4, max_units=8), st.randoms(use_true_random=False))
def test_the_order_of_streams_does_not_matter(instance: Instance, rng: object) -> None:
    """Permuting the streams leaves the optimum as it is."""
    order = list(instance.streams)
    rng.shuffle(order)  # type: ignore[attr-defined]
    expected = optimum(instance)
    permuted = optimum(replace(instance, streams=tuple(order)))
    assert permuted == (None if expected is None else pytest.approx(expected))


@given(instances(max_streams=4, max_units=8), st.sampled_from([0.25, 7.0]))
def test_scaling_all_weights_does_not_matter(instance: Instance, by: float) -> None:
    """Scaling every weight leaves the optimum as it is."""
    scaled = tuple(replace(s, weight=s.weight * by) for s in instance.streams)
    expected = optimum(instance)
    result = optimum(replace(instance, streams=scaled))
    assert result == (None if expected is None else pytest.approx(expected))


@given(instances(max_streams=4, max_units=8))
def test_one_more_gpu_never_hurts(instance: Instance) -> None:
    """Adding a GPU leaves the optimum or raises it."""
    fewer, more = optimum(instance), optimum(replace(instance, gpus=instance.gpus + 1))
    if fewer is not None:
        assert more is not None
        assert more >= fewer - 1e-9


@given(instances(max_streams=4, max_units=8), st.sampled_from([2, 3]))
def test_finer_units_never_hurt(instance: Instance, by: int) -> None:
    """Dividing every unit leaves the optimum or raises it."""
    finer = replace(instance, units_per_gpu=instance.units_per_gpu * by)
    coarse, fine = optimum(instance), optimum(finer)
    if coarse is not None:
        assert fine is not None
        assert fine >= coarse - 1e-9


@given(instances(max_streams=4, max_units=8))
def test_never_is_at_most_stream(instance: Instance) -> None:
    """Freed units that may serve are worth no less than idle ones."""
    never = optimum(replace(instance, reallocation=Reallocation.NEVER))
    joined = optimum(replace(instance, reallocation=Reallocation.STREAM))
    assert (never is None) == (joined is None)
    if never is not None and joined is not None:
        assert never <= joined + 1e-9


@given(instances(max_streams=3, max_units=8))
def test_planning_on_estimates_is_no_better_than_on_the_truth(
    instance: Instance,
) -> None:
    """A plan made on estimates, scored on the truth, is at most the true optimum."""
    planned = solve(instance, "dp", Options(plan_on="estimates"))
    expected = optimum(instance)
    if planned.objective is not None:
        assert expected is not None
        assert planned.objective <= expected + 1e-9
        assert planned.bound is None
        assert planned.status is Status.FEASIBLE
        estimated = optimum(as_estimated(instance))
        assert planned.metadata["planned_objective"] == pytest.approx(estimated)


@pytest.mark.parametrize("solver", ["dp", "core", "bound", "thief", "greedy"])
def test_the_recorded_optimum_bounds_all(
    recorded: tuple[int, Instance], solver: str
) -> None:
    """On the recorded windows the known optimum is found or not exceeded."""
    number, instance = recorded
    known = {1: 0.7881726, 2: 0.7529855, 3: 0.8058879}[number]
    result = solve(instance, solver)
    assert result.objective is not None
    assert result.objective <= known + 1e-7
    if get_solver(solver).kind == "exact":
        assert result.objective == pytest.approx(known, abs=1e-7)
        assert result.status is Status.OPTIMAL
