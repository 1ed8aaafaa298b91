"""The Thief, step by step and on instances that trap it."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import StreamModel
from formulations.pick_configs import PickConfigs
from formulations.tolerances import LEAST_IMPROVEMENT
from instances import Instance, InvalidOption
from solvers import Options, Result, Status, solve
from solvers.allocations import allocation_of
from solvers.thief import _moved, fair_start, ordered_jobs
from tests.small import retraining, serving, stream, window
from tests.solvers.plain_thief import plain_thief
from tests.strategies import instances


def thief(instance: Instance, **own: object) -> Result:
    """Solve by the Thief."""
    return solve(instance, "thief", Options(settings=own))


def shares(instance: Instance, result: Result) -> list[tuple[int, int]]:
    """Return the units of a result's streams."""
    assert result.schedule is not None
    return allocation_of(instance, result.schedule)


def test_thefair_start_and_its_remainder() -> None:
    """Seven units over four jobs: one each, the other three by the order chosen."""
    instance = window(stream("A"), stream("B"), gpus=0.7)
    assert fair_start(instance, "inference-first") == [(2, 2), (2, 1)]
    assert fair_start(instance, "training-first") == [(2, 2), (1, 2)]
    assert fair_start(instance, "by-stream") == [(2, 2), (2, 1)]
    six = replace(instance, gpus=0.6)
    assert fair_start(six, "by-stream") == [(2, 2), (1, 1)]
    assert fair_start(six, "inference-first") == [(2, 1), (2, 1)]


def test_stealing_stops_at_the_first_steal_that_gains_nothing() -> None:
    """From (2, 2), inference steals one unit for 0.8 → 1.0 and leaves the last."""
    levels = (serving(0.1, 0.5), serving(0.2, 0.8), serving(0.3, 1))
    instance = window(stream("A", 1, inference=levels), gpus=0.4)
    result = thief(instance)
    assert shares(instance, result) == [(3, 1)]
    assert result.objective == pytest.approx(1)
    assert result.status is Status.FEASIBLE
    assert [point.objective for point in result.trace] == pytest.approx([0.8, 1])


def test_a_steal_never_leaves_a_victim_below_zero() -> None:
    """With steps of 2, (2, 2) becomes (4, 0); with steps of 3 nothing can be stolen."""
    levels = (serving(0.2, 0.5), serving(0.4, 1))
    instance = window(stream("A", 1, inference=levels), gpus=0.4)
    assert shares(instance, thief(instance, steal_units=2)) == [(4, 0)]
    assert shares(instance, thief(instance, steal_units=3)) == [(2, 2)]


@pytest.mark.parametrize(
    ("units_per_gpu", "step"), [(1, 1), (5, 1), (10, 1), (20, 2), (100, 10)]
)
def test_the_usual_step_is_a_tenth_of_a_gpu(units_per_gpu: int, step: int) -> None:
    """Without a step of its own the Thief steals 0.1 GPU, at least one unit."""
    result = thief(window(stream(), units_per_gpu=units_per_gpu))
    assert result.metadata["steal_units"] == step


def test_the_thief_cannot_cross_a_flat_step() -> None:
    """Five streams that need 3 units each, fair share 1: the Thief serves nobody.

    The optimum serves three of them: 3 · 0.8 / 5 = 0.48.
    """
    cameras = [stream(n, 0.8, inference=(serving(0.3, 1),)) for n in "ABCDE"]
    instance = window(*cameras)
    assert thief(instance).objective == 0
    assert solve(instance, "dp").objective == pytest.approx(0.48)


def test_below_its_floor_a_stream_can_be_led_back_or_left() -> None:
    """Two streams at a floor of 0.5 that takes 4 units start from 2 each, of 8.

    Penalised, each inference steals what it lacks from a training job. Unserved, one
    unit more gains B nothing while A's is stolen, and nobody climbs from 2 to 4.
    """
    levels = tuple(serving(part / 10, part / 8) for part in (1, 2, 3, 4))
    cameras = [stream(name, 1, inference=levels) for name in "AB"]
    instance = window(*cameras, gpus=0.8, min_accuracy=0.5)
    result = thief(instance)
    assert shares(instance, result) == [(4, 0), (4, 0)]
    assert thief(instance, below_floor="unserved").status is Status.NO_SOLUTION


def test_the_order_of_jobs_decides_who_wins() -> None:
    """From (2, 2), either job gains by a unit of the other; the first to steal has it.

    One, two and three units keep 0.55, 0.6 and 0.9 of 0.5; retraining to 1.0 ends at
    75 s on 2 units, at 50 s on 3 and not at all on 1. So (2, 2) is worth 0.375, (3, 1)
    0.45 and (1, 3) 0.4125, and from neither end does one steal lead higher.
    """
    levels = (serving(0.1, 0.55), serving(0.2, 0.6), serving(0.3, 0.9))
    camera = stream("A", 0.5, inference=levels, retraining=(retraining(15, 1.0),))
    instance = window(camera, gpus=0.4)
    first = thief(instance, order="inference-first")
    assert shares(instance, first) == [(3, 1)]
    assert first.objective == pytest.approx(0.45)
    second = thief(instance, order="training-first")
    assert shares(instance, second) == [(1, 3)]
    assert second.objective == pytest.approx(0.4125)


@settings(max_examples=40)
@given(instances(max_streams=3, max_units=8, floors=False), st.sampled_from([1, 2]))
def test_the_thief_does_what_the_paper_prints(instance: Instance, step: int) -> None:
    """The algorithms written down line by line reach the same mean accuracy."""
    result = thief(instance, steal_units=step)
    assert result.objective == pytest.approx(plain_thief(instance, step), abs=1e-9)


@given(instances(max_streams=3, max_units=8))
def test_more_passes_never_lose(instance: Instance) -> None:
    """Passes until nothing changes are worth at least one pass."""
    once, all_passes = thief(instance), thief(instance, passes=0)
    if once.objective is not None:
        assert all_passes.objective is not None
        assert all_passes.objective >= once.objective - 1e-12


@given(instances(max_streams=3, max_units=6, floors=False))
def test_the_end_of_all_passes_is_a_local_optimum(instance: Instance) -> None:
    """After passes=0 no single steal of one unit improves the mean."""
    result = thief(instance, passes=0, steal_units=1)
    end = shares(instance, result)
    picks = PickConfigs(instance)
    jobs = ordered_jobs(len(instance.streams), "by-stream")
    for robber, victim in permutations(jobs, 2):
        trial = _moved(end, robber, victim, 1)
        if min(min(share) for share in trial) >= 0:
            gain = picks.objective(trial) - picks.objective(end)
            assert gain <= LEAST_IMPROVEMENT + 1e-12


@given(instances(max_streams=3, max_units=6))
def test_the_thief_is_never_below_its_initial_schedule(instance: Instance) -> None:
    """Started from the optimum, the Thief returns an optimum."""
    best = solve(instance, "dp")
    if best.schedule is not None and best.objective is not None:
        result = solve(instance, "thief", Options(initial_schedule=best.schedule))
        assert result.objective == pytest.approx(best.objective)


def test_pick_configs_takes_the_best_config_that_finishes() -> None:
    """Of a dear and a cheap config only the cheap one finishes on one unit."""
    dear, cheap = retraining(50, 0.95, name="dear"), retraining(5, 0.7, name="cheap")
    instance = window(stream(retraining=(dear, cheap)))
    model = StreamModel(instance, instance.streams[0])
    value, idx = model.pick(5, 1)
    assert value == pytest.approx(0.5 * 0.5 + 0.5 * 0.7)
    assert idx == 1
    assert model.pick(0, 10) == (0.0, -1)


@pytest.mark.parametrize("own", [{"steal_units": -1}, {"passes": -1}])
def test_settings_outside_their_domain_are_refused(own: dict[str, int]) -> None:
    """Negative steps and numbers of passes are errors."""
    with pytest.raises(InvalidOption, match="expected at least 0"):
        thief(window(stream()), **own)
