"""The exact solvers over the window models: milp, cp-sat and network."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings

from instances import Instance, InstanceTooLarge, SolverUnavailable
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import retraining, stream, window
from tests.solvers.hard import hard
from tests.strategies import instances

WAYS: list[tuple[str, dict[str, Any]]] = [
    ("milp", {"formulation": "compact", "backend": "highs"}),
    ("milp", {"formulation": "compact", "backend": "cbc"}),
    ("milp", {"formulation": "literal", "backend": "highs"}),
    ("milp", {"formulation": "literal", "backend": "cbc"}),
    ("cp-sat", {}),
    ("network", {}),
]
SEARCHES = [*WAYS[:2], WAYS[4]]


def named(way: Any) -> str:
    """Return a short name of a way for the test's identity."""
    return "-".join([way[0], *way[1].values()])


def run(way: tuple[str, dict[str, Any]], instance: Instance, **options: Any) -> Result:
    """Solve an instance one way."""
    return solve(instance, way[0], Options(settings=way[1], **options))


@cache
def early_incumbent() -> Result:
    """Return what CBC finds on the hard instance at first."""
    return run(WAYS[1], hard(), time_limit=1.5)


@pytest.mark.parametrize("way", WAYS, ids=named)
@settings(max_examples=40)
@given(instance=instances(max_streams=4, max_units=8))
def test_all_ways_agree_with_dp(way: Any, instance: Instance) -> None:
    """Each way proves dp's optimum, or infeasibility."""
    expected, result = solve(instance, "dp"), run(way, instance)
    assert result.status is expected.status
    if expected.objective is not None:
        assert result.objective == pytest.approx(expected.objective, abs=1e-7)
        assert result.bound is not None
        assert result.bound == pytest.approx(expected.objective, abs=1e-7)
        assert result.bound >= (result.objective or 0)


@pytest.mark.parametrize("way", [*SEARCHES, WAYS[5]], ids=named)
def test_the_recorded_optima(way: Any, recorded: tuple[int, Instance]) -> None:
    """On the recorded windows each way finds and proves the known optimum."""
    number, instance = recorded
    known = {1: 0.7881726, 2: 0.7529855, 3: 0.8058879}[number]
    result = run(way, instance)
    assert result.objective == pytest.approx(known, abs=1e-7)
    assert result.status is Status.OPTIMAL


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_floor_that_nothing_keeps_is_infeasible(way: Any) -> None:
    """A stream of accuracy 0.5 cannot be held at 0.6, with any number of units."""
    assert run(way, window(stream(min_accuracy=0.6))).status is Status.INFEASIBLE


@pytest.mark.parametrize("way", SEARCHES, ids=named)
@pytest.mark.parametrize("seconds", [0.001, 2.0])
def test_the_time_limit_is_kept(way: Any, seconds: float) -> None:
    """A hard instance is left on time, with the best incumbent and a true bound."""
    result = run(way, hard(), time_limit=seconds)
    assert result.runtime <= 1.1 * seconds + 1
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    if seconds > 1:
        assert result.status is Status.FEASIBLE
        assert result.objective is not None
        assert result.bound is not None
        assert result.objective < result.bound < 0.51


def test_building_millions_of_variables_stops_on_time() -> None:
    """Eq. 1 with 6 million variables is left on time, without an answer."""
    configs = tuple(
        retraining(seconds, 0.9, name=f"g{seconds}") for seconds in range(9)
    )
    large = window(stream(retraining=configs), gpus=40, units_per_gpu=20)
    way = ("milp", {"formulation": "literal"})
    result = run(way, large, time_limit=1)
    assert result.status is Status.NO_SOLUTION
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.runtime <= 2.1


def test_more_variables_than_memory_holds_are_refused() -> None:
    """Eq. 1 with 40 million variables is refused in one line, before it is built."""
    configs = tuple(
        retraining(seconds, 0.9, name=f"g{seconds}") for seconds in range(9)
    )
    large = window(stream(retraining=configs), gpus=100, units_per_gpu=20)
    with pytest.raises(InstanceTooLarge, match="more than 10000000"):
        run(("milp", {"formulation": "literal"}), large)


@pytest.mark.parametrize("way", SEARCHES, ids=named)
def test_a_start_is_taken_and_never_lost(way: Any) -> None:
    """A good schedule to start from is accepted, and the result is no worse."""
    start = early_incumbent()
    result = run(way, hard(), time_limit=1.5, initial_schedule=start.schedule)
    assert start.objective is not None
    assert result.objective is not None
    assert result.objective >= start.objective
    assert result.metadata["warm_start"] == "accepted"


@pytest.mark.parametrize("way", SEARCHES, ids=named)
def test_other_numbers_of_workers_in_one_process(way: Any) -> None:
    """One worker, two and one again: the same optimum, each time proven."""
    one = window(stream("A", retraining=(retraining(20, 0.9),)), stream("B"))
    for workers in (1, 2, 1):
        result = run(way, one, workers=workers)
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(solve(one, "dp").objective)


def test_metadata_tells_the_size() -> None:
    """One stream of a free and a full option: 2 variables and 2 constraints."""
    result = run(WAYS[0], window(stream()))
    assert result.metadata["variables"] == 2
    assert result.metadata["constraints"] == 2
    assert result.metadata["backend"] == "highs"
    assert result.metadata["build_seconds"] >= 0
    literal = run(WAYS[2], window(stream()))
    assert literal.metadata["constraints"] == 3


def test_incumbents_of_highs_are_in_the_trace() -> None:
    """The trace's objectives rise, its bounds fall, and it ends with the result."""
    result = run(WAYS[0], hard(), time_limit=2)
    objectives = [point.objective for point in result.trace]
    assert len(set(objectives)) >= 2
    assert objectives == sorted(objectives, key=lambda value: value or 0)
    assert objectives[-1] == pytest.approx(result.objective)


def test_an_unknown_backend_is_told_with_those_there_are() -> None:
    """The error names the backend and the installed ones, in one line."""
    with pytest.raises(SolverUnavailable, match=r"no backend 'magic'.*highs, cbc"):
        run(("milp", {"backend": "magic"}), window(stream()))


def test_names_of_pulp_are_understood() -> None:
    """PuLP's own names of HiGHS and CBC are taken too."""
    for name, backend in (("HiGHS", "highs"), ("COIN_CMD", "cbc")):
        result = run(("milp", {"backend": name}), window(stream()))
        assert result.metadata["backend"] == backend


def test_large_programs_run_in_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HiGHS in another process finds the optimum, keeps time and loses no start."""
    monkeypatch.setattr("solvers.highs_backend.MOST_COLUMNS_HERE", 0)
    one = window(stream("A", retraining=(retraining(20, 0.9),)), stream("B"))
    assert run(WAYS[0], one).objective == pytest.approx(solve(one, "dp").objective)
    assert run(WAYS[0], one).status is Status.OPTIMAL
    late = run(WAYS[0], hard(), time_limit=2)
    assert late.status is Status.FEASIBLE
    assert late.stopped_by is StoppedBy.TIME_LIMIT
    assert late.runtime <= 3.2
    again = run(WAYS[0], hard(), time_limit=1.5, initial_schedule=late.schedule)
    assert again.metadata["warm_start"] in ("accepted", None)
    assert (again.objective or 0) >= (late.objective or 0)
