"""The steal search: above the other heuristics, the same whatever the workers."""

from typing import Any

import pytest
from hypothesis import given, settings

from formulations import Schedule, StreamModel
from formulations.kernels.device import missing_for_cuda
from instances import Instance, InvalidOption, SolverUnavailable
from instances.generators import generate
from instances.library import load_shipped
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances


def searched(
    instance: Instance, own: dict[str, Any] | None = None, **options: Any
) -> Result:
    """Solve by steal search."""
    return solve(instance, "steal-search", Options(settings=own or {}, **options))


@settings(max_examples=60)
@given(instances(max_streams=4, max_units=12))
def test_it_is_never_below_the_other_heuristics(instance: Instance) -> None:
    """One start is the end of the Thief; with three starts greedy's units are in."""
    thief = solve(instance, "thief", Options(settings={"passes": 0}))
    alone = searched(instance, {"starts": 1, "kicks": 0})
    three = searched(instance, {"starts": 3, "kicks": 1})
    if thief.objective is not None:
        assert alone.objective is not None
        assert alone.objective >= thief.objective - 1e-12
    greedy = solve(instance, "greedy")
    if greedy.objective is not None:
        assert three.objective is not None
        assert three.objective >= greedy.objective - 1e-12


@settings(max_examples=100)
@given(instances(max_streams=4, max_units=10))
def test_it_finds_the_optimum_of_small_windows(instance: Instance) -> None:
    """With all its starts and kicks it meets dp, or infeasibility, on drawn windows."""
    best = solve(instance, "dp")
    result = searched(instance)
    if best.objective is None:
        assert result.status is Status.INFEASIBLE
    else:
        assert result.status is Status.FEASIBLE
        assert result.bound is None
        assert result.objective == pytest.approx(best.objective, abs=1e-9)


@pytest.mark.parametrize(
    "name", ["trap/n10-g4", "recorded-like/n10-g2-floor", "ties/n16-g4-one-type"]
)
def test_it_finds_the_optimum_where_the_thief_does_not(name: str) -> None:
    """Flat steps, floors and ties hold the Thief up, not pairs of steals."""
    instance = load_shipped(name)
    best = solve(instance, "dp").objective
    thief = solve(instance, "thief", Options(settings={"passes": 0})).objective
    assert best is not None
    assert thief is not None
    assert thief < best - 1e-4
    assert searched(instance).objective == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("mode", ["never", "stream"])
def test_the_seed_decides_whatever_the_workers(mode: str) -> None:
    """Equal schedules and incumbents on one thread and on three."""
    instance = generate("recorded-like", 12, 4, 3, reallocation=mode)
    own = {"starts": 6, "kicks": 2}
    first = searched(instance, own, seed=7)
    again = searched(instance, own, seed=7, workers=3)
    assert first.schedule == again.schedule
    assert [p.objective for p in first.trace] == [p.objective for p in again.trace]
    moves = [searched(instance, own, seed=k).metadata["moves"] for k in range(7, 12)]
    assert first.metadata["moves"] == again.metadata["moves"] == moves[0]
    assert len(set(moves)) > 1


def test_incumbents_rise_from_the_fair_start() -> None:
    """The first is what the fair start is worth, the last is the result."""
    levels = tuple(serving(part / 10, part / 8) for part in (1, 2, 3, 4))
    instance = window(stream("A", 1, inference=levels), stream("B", 1), gpus=0.8)
    result = searched(instance)
    values: list[Any] = [point.objective for point in result.trace]
    assert values[0] == pytest.approx((2 / 8 + 0) / 2)
    assert values == sorted(values)
    assert values[-1] == result.objective


def test_one_stream_and_one_unit() -> None:
    """A single unit serves; it is worth more there than in a retraining."""
    camera = stream(inference=(serving(0.1, 1),), retraining=(retraining(5, 0.9),))
    result = searched(window(camera, gpus=0.1))
    assert result.objective == pytest.approx(0.5)


def test_amounts_are_multiples_of_the_step() -> None:
    """From (2, 2), steps of two reach (4, 0), which serves fully, but not (3, 1).

    Three units serve fully; one more, in retraining, brings 0.9 after 50 s.
    """
    levels = (serving(0.2, 0.5), serving(0.3, 1))
    camera = stream("A", 0.5, inference=levels, retraining=(retraining(5, 0.9),))
    instance = window(camera, gpus=0.4)
    start = Schedule(streams=(StreamModel(instance, camera).plan(0, 2, 2),))
    own = {"starts": 1, "kicks": 0}
    fine = searched(instance, own, initial_schedule=start)
    assert fine.objective == pytest.approx(0.5 * 0.5 + 0.5 * 0.9)
    coarse = searched(instance, own | {"steal_units": 2}, initial_schedule=start)
    assert coarse.objective == pytest.approx(0.5)


def test_it_is_never_below_its_initial_schedule() -> None:
    """Started from the optimum it returns an optimum."""
    instance = load_shipped("hard-knapsack/n10-g1")
    best = solve(instance, "dp")
    own = {"starts": 1, "kicks": 0}
    result = searched(instance, own, initial_schedule=best.schedule)
    assert result.objective == pytest.approx(best.objective)


@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_it_keeps_its_time_limit(seconds: float) -> None:
    """Stopped while it loads or climbs, it returns what it has."""
    instance = generate("recorded-like", 300, 120, 0, reallocation="stream")
    result = searched(instance, {"kicks": 10**6}, time_limit=seconds)
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.objective is not None
    assert result.runtime < 1.1 * seconds + 1


def test_it_needs_no_value_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where greedy's value table is too large, the other starts are enough."""
    monkeypatch.setattr("formulations.value_tables.MOST_CELLS", 1)
    result = searched(load_shipped("paper/window1"))
    monkeypatch.undo()
    best = solve(load_shipped("paper/window1"), "dp")
    assert result.objective == pytest.approx(best.objective)


@pytest.mark.parametrize(
    "own", [{"starts": 0}, {"kicks": -1}, {"steal_units": 0}, {"device": "tpu"}]
)
def test_settings_outside_their_domain_are_refused(own: dict[str, Any]) -> None:
    """No start, negative kicks, no step and unknown devices are errors."""
    with pytest.raises(InvalidOption, match="steal-search"):
        searched(window(stream()), own)


@pytest.mark.skipif(missing_for_cuda() is None, reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_an_error() -> None:
    """Asked for CUDA where there is none, it says what is missing."""
    with pytest.raises(SolverUnavailable, match="device cuda is not available"):
        searched(window(stream()), {"device": "cuda"})
