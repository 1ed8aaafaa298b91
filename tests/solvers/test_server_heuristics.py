"""Static planners on a server's window: re-run at completions, or carried out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import Schedule, StreamPlan
from formulations.evaluate import evaluate
from instances import Estimate, Instance, Reallocation
from instances.generators.paper import paper_windows
from solvers import Options, Result, Status, StoppedBy, TimeUp, solve
from solvers.decomposition import solve_decomposition
from solvers.search import Search
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

TWO = (serving(0.2, 1, "full"),)
FREE = (serving(0, 1, "free"),)
SERVER: dict[str, Any] = {"reallocation": "server", "slot_seconds": 10}
HEURISTICS = (
    "dp",
    "thief",
    "thief-released",
    "greedy",
    "uniform",
    "fixed-res",
    "fixed-config",
    "inference-only",
    "random",
)

server_instances = st.sampled_from([5, 7.5, 10, 20, 60]).flatmap(
    lambda slot: instances(
        max_streams=4,
        max_units=8,
        reallocation=Reallocation.SERVER,
        slot_seconds=slot,
    )
)


def run(instance: Instance, solver: str, **own: object) -> Result:
    """Solve with settings."""
    return solve(instance, solver, Options(settings=own))


def cameras(a: float, b: float, **values: Any) -> Instance:
    """Return A, B and C that serve on two units each; C does not retrain.

    A gets from 0.5 to 0.9 for ``a`` GPU-seconds, B to 0.8 for ``b``.
    """
    return window(
        stream("A", inference=TWO, retraining=(retraining(a, 0.9),)),
        stream("B", inference=TWO, retraining=(retraining(b, 0.8),)),
        stream("C", inference=TWO),
        **(SERVER | values),
    )


def free_cameras() -> Instance:
    """Return A, B and C on six units that serve for nothing; A and B cost 12."""
    return window(
        stream("A", inference=FREE, retraining=(retraining(12, 0.9),)),
        stream("B", inference=FREE, retraining=(retraining(12, 0.8),)),
        stream("C", inference=FREE),
        gpus=0.6,
        **SERVER,
    )


def starts(result: Result, name: str) -> list[tuple[float, int, int]]:
    """Return a stream's segments as (start, inference units, training units)."""
    assert result.schedule is not None
    plan = next(each for each in result.schedule.streams if each.stream == name)
    return [
        (part.start_seconds, part.inference_units, part.training_units)
        for part in plan.segments
    ]


def proven_bound(instance: Instance) -> float:
    """Return the bound of the decomposition, in half a minute or less."""
    search = Search(Options(time_limit=30))
    try:
        bound = solve_decomposition(instance, search).bound
    except TimeUp:
        bound = search.bound
    assert bound is not None
    return bound


def test_dp_plans_anew_when_a_retraining_completes() -> None:
    """Four units train. At first only A pays: 8 GPU-seconds end at 20 s.

    Statically B's 24 would end at 60 s instead, for 0.12 less than A's 0.32, and beside
    A both lose. From 20 s on B takes the four units and ends at 80 s: 0.82, 0.56, 0.5.
    """
    result = run(cameras(8, 24), "dp")
    assert result.objective == pytest.approx((0.82 + 0.56 + 0.5) / 3)
    assert result.metadata["replans"] == 2
    assert starts(result, "B")[:2] == [(0, 2, 0), (20, 2, 4)]
    assert result.bound is None
    assert result.status is Status.FEASIBLE
    assert result.metadata["exact"] is False


def test_a_completion_inside_a_slot_is_seen_at_the_next() -> None:
    """9 GPU-seconds end at 22.5 s: at 30 s A serves anew and B begins, until 90 s."""
    result = run(cameras(9, 24), "dp")
    assert result.objective == pytest.approx((0.78 + 0.53 + 0.5) / 3)
    assert starts(result, "B")[:2] == [(0, 2, 0), (30, 2, 4)]


def test_completions_in_one_slot_are_one_event() -> None:
    """On two units each, 8 GPU-seconds end at 40 s both: one new plan."""
    result = run(cameras(8, 8), "dp")
    assert result.objective == pytest.approx((0.74 + 0.68 + 0.5) / 3)
    assert result.metadata["replans"] == 1


def test_without_a_completion_nothing_is_planned_anew() -> None:
    """50 GPU-seconds cost more than they bring: nobody trains."""
    for solver in ("dp", "thief"):
        result = run(cameras(50, 50), solver)
        assert result.metadata["replans"] == 0


def test_the_thief_starts_afresh_at_every_completion() -> None:
    """A's training steals all six units and ends at 20 s; then B's does, until 40 s.

    One unit trains nothing in time. At 20 s A has no training job any more: five jobs
    share six units, and B's steals the other five.
    """
    result = run(free_cameras(), "thief")
    assert starts(result, "A")[0] == (0, 0, 6)
    assert starts(result, "B")[:2] == [(0, 0, 0), (20, 0, 6)]
    assert result.objective == pytest.approx((0.82 + 0.68 + 0.5) / 3)
    assert result.metadata["replans"] == 2
    assert result.metadata["adopted"] == 2


def test_the_released_thief_hands_the_freed_share_on_equally() -> None:
    """Its shares are 0.4 for A and 0.2 for B, since B will get some of A's.

    A ends at 30 s. Three inferences and B's training run on: each gets 0.1 of A's 0.4.
    B then lacks 6 of 12 GPU-seconds, trains on 3 units and ends at 50 s.
    """
    result = run(free_cameras(), "thief-released")
    assert starts(result, "A")[:2] == [(0, 0, 4), (30, 1, 0)]
    assert starts(result, "B")[:2] == [(0, 0, 2), (30, 1, 3)]
    assert result.objective == pytest.approx((0.78 + 0.65 + 0.5) / 3)


def test_the_released_thief_keeps_what_ends_only_by_what_is_handed_on() -> None:
    """On its own 2 units B's 22 GPU-seconds take 110 s.

    A ends at 30 s; its 0.4 are split over B's training and two inferences. B's share
    is then 0.33, which is best rounded to 4 units: the 16 that B lacks end at 70 s.
    """
    instance = free_cameras()
    dear = stream("B", inference=FREE, retraining=(retraining(22, 0.8),))
    instance = replace(instance, streams=(instance.streams[0], dear))
    result = run(instance, "thief-released")
    assert starts(result, "B")[:2] == [(0, 0, 2), (30, 1, 4)]
    assert result.objective == pytest.approx((0.78 + 0.59) / 2)


def test_baselines_are_carried_out_in_slots() -> None:
    """Nine units: three a stream, two of them serve.

    A's 4.5 GPU-seconds end at 45 s and serve from 50 s: 0.7; B's 4 at 40 s: 0.68.
    """
    instance = cameras(4.5, 4, gpus=0.9)
    for solver in ("uniform", "fixed-res"):
        result = run(instance, solver)
        assert result.objective == pytest.approx((0.7 + 0.68 + 0.5) / 3)
        assert starts(result, "A") == [(0, 2, 1), (50, 3, 0)]
        assert starts(run(instance, solver, plan_as="never"), "A") == [(0, 2, 1)]
    assert run(instance, "inference-only").objective == pytest.approx(0.5)


def test_greedy_is_carried_out_in_slots() -> None:
    """After the six units that serve, the steps are 0.22 (A), 0.18 (B) and 0.09 (A).

    A's two units end at 22.5 s and serve from 30 s: 0.78.
    """
    result = run(cameras(4.5, 4, gpus=0.9), "greedy", plan_as="never")
    assert starts(result, "A") == [(0, 2, 2)]
    assert result.objective == pytest.approx((0.78 + 0.68 + 0.5) / 3)


def test_fixed_config_is_the_thief_with_one_config() -> None:
    """The Thief, re-run, on the dear configs alone."""
    cheap = retraining(2, 0.6, name="cheap")
    instance = cameras(8, 24)
    a = instance.streams[0]
    both = replace(a, retraining=(*a.retraining, cheap))
    result = run(
        replace(instance, streams=(both, *instance.streams[1:])), "fixed-config"
    )
    assert result.objective == pytest.approx(run(instance, "thief").objective)


def test_a_baseline_below_a_floor_has_no_schedule() -> None:
    """Two units a stream serve; with a unit less nobody keeps a floor of 0.5."""
    instance = cameras(8, 24, gpus=0.6, min_accuracy=0.5)
    assert run(instance, "inference-only").status is Status.FEASIBLE
    for solver in ("uniform", "fixed-res"):
        result = run(instance, solver)
        assert result.status is Status.NO_SOLUTION
        assert result.metadata["below_floor"] == ["A", "B", "C"]


@pytest.mark.parametrize(("solver", "objective"), [("dp", 0.678125), ("thief", 0.6781)])
def test_the_papers_first_window(solver: str, objective: float) -> None:
    """Both re-run rules find B then A on one GPU: 0.678125 on tenths of a GPU."""
    first = replace(
        paper_windows()[0],
        units_per_gpu=10,
        reallocation=Reallocation.SERVER,
        slot_seconds=5,
    )
    assert run(first, solver).objective == pytest.approx(objective, abs=5e-5)


@pytest.mark.parametrize("cost", [6, 8])
def test_a_plan_on_estimates_goes_by_its_times(cost: float) -> None:
    """Planned for 8, A's 6 GPU-seconds end at 15 s and serve from 20 s as planned."""
    instance = _estimated(cost)
    result = solve(instance, "dp", Options(plan_on="estimates"))
    assert result.objective == pytest.approx((0.82 + 0.56 + 0.5) / 3)


def test_a_plan_on_estimates_waits_for_what_is_late() -> None:
    """A's 10 GPU-seconds, planned as 8, end at 25 s: all is put off from 20 s to 30 s.

    B then ends at 90 s: 0.78, 0.53 and 0.5.
    """
    result = solve(_estimated(10), "dp", Options(plan_on="estimates"))
    assert result.metadata["planned_objective"] == pytest.approx(1.88 / 3)
    assert result.objective == pytest.approx((0.78 + 0.53 + 0.5) / 3)


def _estimated(cost: float) -> Instance:
    """Return the instance of two completions with A's cost taken for 8."""
    instance = cameras(cost, 24)
    a = instance.streams[0]
    guess = Estimate(gpu_seconds=8, accuracy=0.9)
    config = replace(a.retraining[0], estimate=guess)
    return replace(
        instance, streams=(replace(a, retraining=(config,)), *instance.streams[1:])
    )


def test_a_time_limit_keeps_the_plan_so_far() -> None:
    """Stopped inside its first plan, the Thief's incumbent is carried out."""
    streams = [
        stream(f"s{v}", inference=TWO, retraining=(retraining(8, 0.9),))
        for v in range(150)
    ]
    instance = window(*streams, gpus=60, units_per_gpu=100, **SERVER)
    options = Options(time_limit=0.2, settings={"steal_units": 1, "passes": 0})
    result = solve(instance, "thief", options)
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.runtime < 1.3
    assert result.schedule is not None


@settings(max_examples=60)
@given(server_instances, st.integers(0, 3), st.data())
def test_heuristics_pass_the_referee_below_the_bound(
    instance: Instance, seed: int, data: st.DataObject
) -> None:
    """What a heuristic finds is feasible, the same again, and below a proven bound."""
    solver = data.draw(st.sampled_from(HEURISTICS))
    own: dict[str, str] = {}
    if solver not in ("inference-only", "fixed-config"):
        own["plan_as"] = data.draw(st.sampled_from(["never", "stream"]))
    if solver in ("dp", "thief"):
        own["running"] = data.draw(st.sampled_from(["keep", "repick"]))
        own["adopt"] = data.draw(st.sampled_from(["better", "always"]))
    options = Options(seed=seed, settings=own)
    result = solve(instance, solver, options)
    assert result.bound is None
    assert "violations" not in result.metadata
    assert solve(instance, solver, options).schedule == result.schedule
    if result.objective is not None:
        assert result.objective <= proven_bound(instance) + 1e-6


@settings(max_examples=80)
@given(server_instances, st.sampled_from(["never", "stream"]))
def test_dp_is_never_below_its_first_plan(instance: Instance, plan_as: str) -> None:
    """The static optimum, its changes put off to the next slot, is no better."""
    static = replace(instance, reallocation=Reallocation(plan_as), slot_seconds=None)
    first = solve(static, "dp").schedule
    result = run(instance, "dp", plan_as=plan_as)
    if first is None:
        assert result.schedule is None
        return
    verdict = evaluate(instance, _put_off(instance, first))
    assert verdict.feasible
    assert result.objective is not None
    assert result.objective >= verdict.objective - 1e-9


def _put_off(instance: Instance, schedule: Schedule) -> Schedule:
    """Return a schedule with its segments' starts put off to the next slot."""
    assert instance.slot_seconds is not None
    plans: list[StreamPlan] = []
    for plan in schedule.streams:
        moved = {}
        for part in plan.segments:
            slot = -(-(part.start_seconds - 1e-7) // instance.slot_seconds)
            start = slot * instance.slot_seconds
            moved[start] = replace(part, start_seconds=start)
        kept = [moved[start] for start in sorted(moved) if start < 60]
        plans.append(replace(plan, segments=tuple(kept)))
    return Schedule(streams=tuple(plans))
