"""Solvers of placements: every exact way against brute force, and heuristics."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.placement_classes import Packing
from formulations.placement_options import placement_options
from instances import InferenceConfig
from instances.generators import generate
from instances.generators.memory_tight import memory_tight
from instances.placement import Placement, Shares, placement_of
from solvers import Options, Result, Status, StoppedBy, solve
from solvers.search import TimeUp
from tests.placed import gpus, placement, placements
from tests.small import retraining, serving, stream

EXACT = ["milp", "cp-sat"]


def solved(problem: Placement, solver: str, **settings: object) -> Result:
    """Return a certified result within a minute."""
    return solve(problem, solver, Options(time_limit=60, settings=settings))


def assert_same(result: Result, expected: Result) -> None:
    """Check that a result is the expected optimum, or infeasibility, with its proof."""
    assert result.status is expected.status
    if expected.objective is not None:
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(expected.objective, abs=1e-6)
        assert result.bound == pytest.approx(expected.objective, abs=1e-6)


@settings(max_examples=60)
@given(placements(most_streams=2), st.sampled_from(["none", "round-and-pack"]))
def test_every_exact_way_equals_brute_force(drawn: Placement, start: str) -> None:
    """Brute force, priced by the referee alone, finds what milp and cp-sat prove."""
    brute = solved(drawn, "brute-force")
    for solver in EXACT:
        assert_same(solved(drawn, solver, start=start), brute)


@settings(max_examples=40)
@given(placements(most_streams=3))
def test_the_exact_ways_agree(drawn: Placement) -> None:
    """With a stream more, milp and cp-sat still agree."""
    assert_same(solved(drawn, "cp-sat"), solved(drawn, "milp"))


@settings(max_examples=60)
@given(placements())
def test_dp_is_exact_or_a_bound(drawn: Placement) -> None:
    """With divisible sizes on equal GPUs dp is exact; else no less than the optimum."""
    classes = placement_options(drawn).classes
    optimum = solved(drawn, "milp")
    found = solved(drawn, "dp")
    if len(classes) == 1 and classes[0].packing is Packing.UNITS:
        assert_same(found, optimum)
    elif optimum.objective is not None:
        assert found.bound is not None
        assert found.bound >= optimum.objective - 1e-6
        assert found.status in (Status.OPTIMAL, Status.NO_SOLUTION)


@settings(max_examples=60)
@given(
    placements(),
    st.sampled_from(["dp", "thief"]),
    st.booleans(),
)
def test_no_heuristic_beats_the_optimum(
    drawn: Placement, plan: str, redistribute: bool
) -> None:
    """Round and pack claims no bound, and its certified schedule is no better."""
    optimum = solved(drawn, "milp")
    found = solved(drawn, "round-and-pack", plan=plan, redistribute=redistribute)
    assert found.bound is None
    if found.objective is not None:
        assert optimum.objective is not None
        assert found.objective <= optimum.objective + 1e-6


@settings(max_examples=40)
@given(placements(), st.sampled_from(["dp", "thief"]))
def test_giving_back_is_no_worse(drawn: Placement, plan: str) -> None:
    """What rounding leaves is only given to jobs that it helps."""
    plain = solved(drawn, "round-and-pack", plan=plan)
    more = solved(drawn, "round-and-pack", plan=plan, redistribute=True)
    most = solved(drawn, "round-and-pack", plan=plan, redistribute=True, restarts=True)
    for less, better in ((plain, more), (more, most)):
        if less.objective is not None:
            assert better.objective is not None
            assert better.objective >= less.objective - 1e-12


@settings(max_examples=60)
@given(placements(fastest=1))
def test_placed_is_at_most_pooled(drawn: Placement) -> None:
    """On GPUs no faster than 1, no placement beats the pool's optimum."""
    optimum = solved(drawn, "milp")
    pooled = solve(drawn.instance, "dp")
    if pooled.status is Status.INFEASIBLE:
        assert optimum.status is Status.INFEASIBLE
    elif optimum.objective is not None:
        assert pooled.objective is not None
        assert optimum.objective <= pooled.objective + 1e-6


@settings(max_examples=40)
@given(placements(), st.randoms(use_true_random=False))
def test_the_order_of_gpus_and_streams_changes_nothing(
    drawn: Placement, random: Random
) -> None:
    """Permuting GPUs or streams leaves the optimum."""
    shuffled = list(drawn.gpus), list(drawn.streams)
    for part in shuffled:
        random.shuffle(part)
    other = replace(drawn, gpus=tuple(shuffled[0]), streams=tuple(shuffled[1]))
    assert_same(solved(other, "milp"), solved(drawn, "milp"))


@settings(max_examples=30)
@given(placements(), st.sampled_from(["gpu", "memory", "units"]))
def test_more_of_anything_is_no_worse(drawn: Placement, what: str) -> None:
    """Another GPU, no memory limits, or any number of units never lower the optimum."""
    if what == "gpu":
        extra = replace(drawn.gpus[0], name="extra")
        more = replace(drawn, gpus=(*drawn.gpus, extra))
    elif what == "memory":
        free = tuple(replace(gpu, memory_gb=None) for gpu in drawn.gpus)
        more = replace(drawn, gpus=free)
    else:
        more = replace(drawn, shares=Shares.UNITS)
    before, after = solved(drawn, "milp"), solved(more, "milp")
    assume(before.objective is not None)
    assert before.objective is not None
    assert after.objective is not None
    assert after.objective >= before.objective - 1e-6


@pytest.mark.parametrize("solver", [*EXACT, "brute-force"])
def test_thirds_and_halves_do_not_fit_together(solver: str) -> None:
    """Two jobs of 1/2 and three of 1/3 fill two GPUs; one of each size mixed wastes.

    Demands of 0.5, 0.5, 1/3, 1/3 and 1/3 fill two GPUs exactly. With a sixth stream of
    1/6 there is no room, and the least valuable stream is not served.
    """
    half, third, sixth = (serving(1 / n, 1, "s") for n in (2, 3, 6))
    streams = [stream(f"h{v}", 0.6, inference=(half,)) for v in range(2)]
    streams += [stream(f"t{v}", 0.6, inference=(third,)) for v in range(3)]
    full = placement(*streams, units_per_gpu=6)
    if solver == "brute-force":
        full = replace(full, streams=full.streams[1:])
    assert solved(full, solver).objective == pytest.approx(0.6)
    more = replace(full, streams=(*streams, stream("s", 0.3, inference=(sixth,))))
    if solver != "brute-force":
        assert solved(more, solver).objective == pytest.approx(5 * 0.6 / 6)


@pytest.mark.parametrize("solver", EXACT)
def test_packing_costs_what_pooling_does_not(solver: str) -> None:
    """Three demands of 2/3 fit in two pooled GPUs, but only two of them in two GPUs."""
    streams = [stream(name, 0.9, inference=(serving(2 / 3, 1, "s"),)) for name in "ABC"]
    problem = placement(*streams, shares="units", units_per_gpu=3)
    assert solve(problem.instance, "dp").objective == pytest.approx(0.9)
    assert solved(problem, solver).objective == pytest.approx(0.6)
    found = solved(problem, "dp")
    assert found.status is Status.NO_SOLUTION
    assert found.bound == pytest.approx(0.9)


@pytest.mark.parametrize("solver", [*EXACT, "brute-force"])
@pytest.mark.parametrize(("memory_gb", "mean"), [(6, 0.8), (5.999, 0.4)])
def test_memory_binds_to_the_last_megabyte(
    solver: str, memory_gb: float, mean: float
) -> None:
    """Two models of 3 GB share one GPU of 6 GB, but not one of a MB less."""
    heavy = InferenceConfig(name="h", gpus=0.5, relative_accuracy=1, memory_gb=3)
    streams = [stream(name, 0.8, inference=(heavy,)) for name in "AB"]
    problem = placement(*streams, gpus=gpus(1, memory_gb=memory_gb), units_per_gpu=2)
    assert solved(problem, solver).objective == pytest.approx(mean)


@pytest.mark.parametrize("solver", [*EXACT, "brute-force"])
def test_infeasible_packing_is_proven(solver: str) -> None:
    """Three floors that need 2/3 of a GPU each cannot be kept on two GPUs."""
    streams = [
        stream(name, 0.9, inference=(serving(2 / 3, 1, "s"),), min_accuracy=0.5)
        for name in "ABC"
    ]
    problem = placement(*streams, shares="units", units_per_gpu=3)
    assert solved(problem, solver).status is Status.INFEASIBLE
    assert solved(problem, "dp").status is Status.NO_SOLUTION
    more = replace(problem, gpus=gpus(1, 1, 1))
    assert solved(more, solver).objective == pytest.approx(0.9)


@pytest.mark.parametrize("solver", [*EXACT, "dp", "brute-force", "round-and-pack"])
def test_gpus_are_equal_to_the_megabyte(solver: str) -> None:
    """A job takes two whole GPUs whose memories differ by less than a MB."""
    pair = [replace(gpus(1, memory_gb=16)[0], name=name) for name in ("g0", "g1")]
    pair[1] = replace(pair[1], memory_gb=16.0002)
    demanding = stream("A", 0.5, inference=(serving(2, 1, "s"),))
    problem = placement(demanding, gpus=tuple(pair), units_per_gpu=2)
    assert solved(problem, solver).objective == pytest.approx(0.5)


@pytest.mark.parametrize("solver", EXACT)
def test_a_training_on_whole_gpus(solver: str) -> None:
    """160 GPU-seconds in 100 s need two whole GPUs; on one they never end.

    With a free inference config the model serves from 80 s on: 0.8 · 0.5 + 0.2 · 1.
    """
    free = (serving(0, 1, "free"),)
    problem = placement(stream(retraining=(retraining(160, 1),), inference=free))
    result = solved(problem, solver)
    assert result.objective == pytest.approx(0.6)
    assert result.schedule.streams[0].training_gpus == ("g0", "g1")
    single = replace(problem, whole_gpus=False)
    assert solved(single, solver).objective == pytest.approx(0.5)
    unequal = replace(problem, gpus=gpus(1, 0.9))
    assert solved(unequal, solver).objective == pytest.approx(0.5)


@pytest.mark.parametrize("solver", EXACT)
def test_jobs_go_where_they_are_fast(solver: str) -> None:
    """The fast GPU trains, the slow one serves: 0.2 · 0.5 + 0.8 · 1 with 40 s on it."""
    problem = placement(
        stream(retraining=(retraining(40, 1),)), gpus=gpus(0.5, 2), whole_gpus=False
    )
    result = solved(problem, solver)
    assert result.objective == pytest.approx(0.9)
    plan = result.schedule.streams[0]
    assert (plan.inference_gpus, plan.training_gpus) == (("g0",), ("g1",))


def test_every_engine_on_memory_and_speeds() -> None:
    """On a generated placement with two classes of GPUs the engines agree."""
    problem = memory_tight(
        4, 2, 0, heterogeneous=True, shares="powers-of-two", units_per_gpu=8
    )
    assert_same(solved(problem, "cp-sat"), solved(problem, "milp"))
    assert_same(solved(problem, "milp", backend="cbc"), solved(problem, "milp"))


@pytest.mark.parametrize("solver", EXACT)
def test_a_schedule_is_known_before_the_program_is_built(
    monkeypatch: pytest.MonkeyPatch, solver: str
) -> None:
    """A time limit within the building leaves what round and pack has found."""

    def late(*_: object) -> None:
        raise TimeUp

    module = f"formulations.placement_{'milp' if solver == 'milp' else 'cp'}"
    monkeypatch.setattr(f"{module}.build", late)
    problem = memory_tight(4, 2, 0, units_per_gpu=8)
    result = solved(problem, solver)
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.status is Status.FEASIBLE


@pytest.mark.parametrize("solver", EXACT)
def test_ctrl_c_while_packing_keeps_what_is_packed(
    monkeypatch: pytest.MonkeyPatch, solver: str
) -> None:
    """An interrupt of the heuristic that comes first leaves its schedule."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.round_and_pack._improved", interrupted)
    result = solved(memory_tight(4, 2, 0, units_per_gpu=8), solver)
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert result.status is Status.FEASIBLE


@pytest.mark.parametrize("solver", EXACT)
def test_a_given_schedule_starts_the_exact_ways(solver: str) -> None:
    """A schedule that a heuristic found is taken, and the result is no worse."""
    problem = memory_tight(4, 2, 0, units_per_gpu=8)
    known = solved(problem, "round-and-pack", redistribute=True)
    options = Options(
        time_limit=60, initial_schedule=known.schedule, settings={"start": "none"}
    )
    result = solve(problem, solver, options)
    assert result.metadata["warm_start"] == "accepted"
    assert result.trace[0].objective == pytest.approx(known.objective)
    assert_same(result, solved(problem, "milp"))


def test_recorded_like_at_the_size_of_the_paper() -> None:
    """10 streams on 4 GPUs in units of 1/64: milp and cp-sat prove dp's optimum."""
    window = generate("recorded-like", 10, 4, 0, units_per_gpu=64)
    problem = placement_of(window, "powers-of-two")
    exact = solved(problem, "dp")
    assert exact.status is Status.OPTIMAL
    for solver in EXACT:
        assert_same(solved(problem, solver), exact)
