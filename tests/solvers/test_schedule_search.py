"""The search over training orders: by hand, against the referee and its starts."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.evaluate import evaluate
from instances import Instance, InvalidOption, Reallocation
from instances.generators import generate
from instances.generators.paper import paper_windows
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import stream, window
from tests.solvers.test_server_heuristics import (
    SERVER,
    cameras,
    proven_bound,
    server_instances,
    starts,
)

FEW = {"iterations": 10, "candidates": 64}


def run(instance: Instance, seed: int = 0, workers: int = 1, **own: object) -> Result:
    """Solve by the search, with few iterations unless told otherwise."""
    options = Options(seed=seed, workers=workers, settings={**FEW, **own})
    return solve(instance, "schedule-search", options)


def test_one_training_after_another() -> None:
    """Four units train A until 20 s, then B until 40 s: 0.82, 0.68, 0.5.

    The static plan, two units each until 40 s, has A at 0.74, and dp keeps it.
    """
    instance = cameras(8, 8)
    result = run(instance)
    assert result.objective == pytest.approx((0.82 + 0.68 + 0.5) / 3)
    assert starts(result, "A")[0] == (0, 2, 4)
    dp = solve(instance, "dp").objective
    assert dp == pytest.approx((0.74 + 0.68 + 0.5) / 3)


def test_serving_keeps_its_units_where_training_pays_less() -> None:
    """Of nine units six serve and three train: A from 0 to 20 s, B from 10 to 30 s.

    A's 4.5 GPU-seconds are 3 in the first slot and 1.5, on two units, in the second;
    B's 4 are 1 beside them and 3 in the third. C's two units in the first slot would
    end A in it, for 0.04, or B, for 0.06 less 0.04 that A ends later, and cost 0.05.
    """
    result = run(cameras(4.5, 4, gpus=0.9), iterations=40)
    assert result.objective == pytest.approx((0.82 + 0.71 + 0.5) / 3)


@pytest.mark.parametrize(("window_idx", "optimum"), [(0, 0.678125), (1, 0.8354167)])
def test_the_papers_windows(window_idx: int, optimum: float) -> None:
    """One retraining after the other on one GPU, nothing taken from inference.

    Window 2 begins with A at 0.65 and B at 0.85: A at 0.9 from 40 s, B from 110 s.
    """
    instance = replace(
        paper_windows()[window_idx],
        units_per_gpu=10,
        reallocation=Reallocation.SERVER,
        slot_seconds=5,
    )
    result = run(instance, iterations=40, candidates=256)
    assert result.objective == pytest.approx(optimum)
    assert result.bound is None


def test_it_beats_the_planners_that_run_again() -> None:
    """Ten streams on four GPUs: above dp and Thief by a hundredth of their accuracy."""
    instance = generate(
        "recorded-like", 10, 4, 0, reallocation="server", slot_seconds=10
    )
    found = run(instance, iterations=60, candidates=256).objective
    assert found is not None
    for solver in ("dp", "thief"):
        objective = solve(instance, solver).objective
        assert objective is not None
        assert found > 1.01 * objective


@settings(max_examples=40)
@given(server_instances, st.integers(0, 3))
def test_it_is_feasible_and_between_its_starts_and_the_bound(
    instance: Instance, seed: int
) -> None:
    """The referee agrees; dp and Thief are no better; a proven bound is no lower."""
    result = run(instance, seed)
    if result.schedule is None:
        assert result.status is Status.INFEASIBLE
        return
    assert evaluate(instance, result.schedule).feasible
    assert result.objective is not None
    for solver in ("dp", "thief"):
        options = Options(settings={"adopt": "better"})
        objective = solve(instance, solver, options).objective
        assert objective is None or result.objective >= objective - 1e-12
    assert result.objective <= proven_bound(instance) + 1e-6


@settings(max_examples=15)
@given(server_instances, st.integers(0, 3))
def test_the_seed_decides_whatever_the_threads(instance: Instance, seed: int) -> None:
    """Same seed, same schedule, on one thread and on two."""
    one, two = run(instance, seed), run(instance, seed, workers=2)
    assert one.schedule == two.schedule
    assert one.objective == two.objective


def test_an_initial_schedule_is_a_start() -> None:
    """Without a round the given schedule's order is there, and it is no worse."""
    instance = cameras(8, 8)
    best = run(instance)
    options = Options(
        initial_schedule=best.schedule, settings={"iterations": 0, "candidates": 1}
    )
    again = solve(instance, "schedule-search", options)
    assert again.objective == pytest.approx(best.objective)
    assert again.metadata["starts"] == 5


def test_more_rounds_never_lose_what_was_found() -> None:
    """Every incumbent is better than the one before, and the last is the answer."""
    result = run(cameras(8, 24), iterations=30)
    values = [point.objective or 0.0 for point in result.trace]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(result.objective)


def test_a_time_limit_ends_the_search_with_its_best() -> None:
    """A second for endless rounds: stopped in time, with a schedule."""
    instance = generate(
        "recorded-like", 10, 4, 0, reallocation="server", slot_seconds=10
    )
    options = Options(time_limit=1, settings={"iterations": 100_000})
    result = solve(instance, "schedule-search", options)
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.runtime < 2.1
    assert result.schedule is not None


def test_floors_that_cannot_be_kept_are_infeasible() -> None:
    """Two streams need five units each at once, of eight."""
    instance = window(stream("A"), stream("B"), gpus=0.8, min_accuracy=0.5, **SERVER)
    assert run(instance).status is Status.INFEASIBLE


@pytest.mark.parametrize("own", [{"iterations": -1}, {"candidates": 0}])
def test_settings_outside_their_domain_are_refused(own: dict[str, int]) -> None:
    """Negative rounds and no candidates are errors."""
    with pytest.raises(InvalidOption, match="expected at least"):
        run(cameras(8, 8), **own)
