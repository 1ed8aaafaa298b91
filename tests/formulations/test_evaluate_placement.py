"""The referee of placements: the smallest schedules it allows, and forbids."""

import json
from dataclasses import replace
from typing import Any

import pytest

from formulations.evaluate import evaluate
from formulations.evaluate_placement import evaluate_placement
from formulations.placed_schedule import PlacedPlan
from formulations.placed_schedule_files import (
    placed_schedule_from_dict,
    placed_schedule_to_dict,
)
from instances import InvalidSchedule, RetrainingConfig
from instances.placement import Gpu, Shares
from tests.placed import gpus, placed, placement, plan
from tests.small import retraining, segment, serving, stream

SERVED = plan("A", "full", (5, ("g0",)))


def broken(problem: Any, *plans: PlacedPlan) -> tuple[str, ...]:
    """Return the violations of a placed schedule."""
    return evaluate_placement(problem, placed(*plans)).violations


def test_a_placed_schedule_is_worth_what_it_is_in_the_pool() -> None:
    """On a GPU of speed 1 the pooled window's referee finds the same.

    40 GPU-seconds on half a GPU take 80 of 100 s: 0.8 · 0.5 + 0.2 · 1 = 0.6.
    """
    problem = placement(stream(retraining=(retraining(40, 1),)))
    schedule = placed(plan("A", "full", (5, ("g0",)), "retrain", (5, ("g0",))))
    verdict = evaluate_placement(problem, schedule)
    assert verdict.objective == pytest.approx(0.6)
    assert verdict == evaluate(problem.instance, schedule.schedule)


def test_a_faster_gpu_trains_faster() -> None:
    """At speed 2 the same 40 GPU-seconds take 40 s: 0.4 · 0.5 + 0.6 · 1 = 0.8."""
    problem = placement(stream(retraining=(retraining(40, 1),)), gpus=gpus(1, 2))
    schedule = placed(plan("A", "full", (5, ("g0",)), "retrain", (5, ("g1",))))
    verdict = evaluate_placement(problem, schedule)
    assert verdict.violations == ()
    assert verdict.objective == pytest.approx(0.8)
    assert verdict.streams[0].completion_seconds == pytest.approx(40)


@pytest.mark.parametrize(("seconds", "feasible"), [(25, True), (25.1, False)])
def test_training_must_finish_at_the_speed_of_its_gpu(
    seconds: float, feasible: bool
) -> None:
    """Half a GPU of speed 0.5 gives 25 GPU-seconds in the window, and no more."""
    problem = placement(stream(retraining=(retraining(seconds, 1),)), gpus=gpus(1, 0.5))
    found = broken(problem, plan("A", "full", (5, ("g0",)), "retrain", (5, ("g1",))))
    assert (found == ()) == feasible
    assert all("does not finish inside the window" in line for line in found)


@pytest.mark.parametrize(
    ("speed", "units", "feasible"),
    [(1, 5, True), (1, 2, False), (0.5, 10, True), (0.5, 5, False), (2.5, 2, True)],
)
def test_demand_is_that_of_a_gpu_of_speed_1(
    speed: float, units: int, feasible: bool
) -> None:
    """Half a GPU is 5 of 10 units at speed 1, all 10 at 0.5, and 2 at 2.5."""
    problem = placement(stream(), gpus=gpus(speed))
    found = broken(problem, plan("A", "full", (units, ("g0",))))
    assert (found == ()) == feasible
    assert all("inference config 'full' needs" in line for line in found)


@pytest.mark.parametrize(
    ("shares", "allowed"),
    [
        (Shares.INVERSE, {1, 2, 3, 4, 6, 12}),
        (Shares.POWERS_OF_TWO, {3, 6, 12}),
        (Shares.UNITS, set(range(1, 13))),
    ],
)
def test_the_menu_of_shares(shares: Shares, allowed: set[int]) -> None:
    """Of 12 units the divisors are inverse shares; 12, 6 and 3 are powers of two."""
    light = stream(inference=(serving(0, 1, "free"),))
    problem = placement(light, shares=shares, units_per_gpu=12, gpus=gpus(1))
    found = {
        units
        for units in range(1, 13)
        if not broken(problem, plan("A", "free", (units, ("g0",))))
    }
    assert found == allowed
    (line,) = broken(problem, plan("A", "free", (13, ("g0",))))[:1]
    assert line.startswith("Stream 'A': its inference has 13 of the 12 units of g0")


def test_no_job_is_astride_two_gpus() -> None:
    """A job takes ten and ten units of two GPUs, never five and five."""
    problem = placement(stream())
    assert broken(problem, plan("A", "full", (20, ("g0", "g1")))) == ()
    (line,) = broken(problem, plan("A", "full", (10, ("g0", "g1"))))
    assert line == (
        "Stream 'A': its inference lies astride g0, g1 with 10 units; it may only take "
        "all 20."
    )
    single = placement(stream(), whole_gpus=False)
    (line,) = broken(single, plan("A", "full", (20, ("g0", "g1"))))
    assert line.endswith("lies astride g0, g1; no job may take several GPUs.")


def test_whole_gpus_are_equal() -> None:
    """Several whole GPUs of one job have the same speed and the same memory."""
    for other in (Gpu(name="g1", speed=0.5), Gpu(name="g1", memory_gb=16)):
        problem = placement(stream(), gpus=(Gpu(name="g0"), other))
        (line,) = broken(problem, plan("A", "full", (20, ("g0", "g1"))))
        assert line.endswith("takes g0, g1, which differ in speed or memory.")


def test_units_of_a_gpu() -> None:
    """Two jobs of five units fill a GPU of ten; a third one is too many."""
    problem = placement(stream("A"), stream("B"), stream("C"))
    first = [plan(name, "full", (5, ("g0",))) for name in "AB"]
    assert broken(problem, *first, plan("C", "full", (5, ("g1",)))) == ()
    (line,) = broken(problem, *first, plan("C", "full", (5, ("g0",))))
    assert line == "g0 has 10 units, 15 are in use."


def test_a_job_on_whole_gpus_leaves_none_of_them() -> None:
    """Beside a job that takes both GPUs nothing fits on the second one."""
    problem = placement(stream("A"), stream("B"))
    both = plan("A", "full", (20, ("g0", "g1")))
    (line,) = broken(problem, both, plan("B", "full", (5, ("g1",))))
    assert line == "g1 has 10 units, 15 are in use."


@pytest.mark.parametrize(("training_gb", "feasible"), [(0.3, True), (0.4, False)])
def test_memory_of_a_gpu(training_gb: float, feasible: bool) -> None:
    """0.1 + 0.2 + 0.3 GB fit in 0.6, although their float sum is above it."""
    assert 0.1 + 0.2 + 0.3 > 0.6
    config = RetrainingConfig(
        name="r", gpu_seconds=1, accuracy=1, memory_gb=training_gb
    )
    light = [serving(0.2, 1, "l")]
    streams = [
        stream("A", retraining=(config,), inference=_weighing(light, 0.1)),
        stream("B", inference=_weighing(light, 0.2)),
    ]
    problem = placement(*streams, gpus=gpus(1, 1, memory_gb=0.6))
    found = broken(
        problem,
        plan("A", "l", (2, ("g0",)), "r", (5, ("g0",))),
        plan("B", "l", (2, ("g0",))),
    )
    assert (found == ()) == feasible
    assert all(line == "g0 has 0.6 GB of memory, 0.7 GB are in use." for line in found)


def test_memory_is_taken_on_every_whole_gpu() -> None:
    """A model of 3 GB on two whole GPUs of 2 GB is too large for both."""
    heavy = stream(inference=_weighing([serving(0.5, 1, "full")], 3))
    problem = placement(heavy, gpus=gpus(1, 1, memory_gb=2))
    found = broken(problem, plan("A", "full", (20, ("g0", "g1"))))
    assert found == (
        "g0 has 2 GB of memory, 3 GB are in use.",
        "g1 has 2 GB of memory, 3 GB are in use.",
    )


def test_floors_hold_where_a_stream_is_placed() -> None:
    """Without its config a stream is served at 0, below a floor of 0.5."""
    problem = placement(stream(min_accuracy=0.5))
    assert broken(problem, SERVED) == ()
    (line,) = broken(problem, plan("A"))
    assert line.endswith("below its floor of 0.5.")


def test_jobs_lie_on_gpus() -> None:
    """Units need a GPU that there is, and a GPU needs units."""
    problem = placement(stream())
    (line,) = broken(problem, plan("A", "full", (5, ())))
    assert line == "Stream 'A': its inference has 5 units, but lies on no GPU."
    (line,) = broken(problem, plan("A", "full", (5, ("g7",))))
    assert "lies on 'g7', which is no GPU of the placement" in line
    (line,) = broken(problem, plan("A", "full", (5, ("g0",)), training=(0, ("g1",))))
    assert line == "Stream 'A': its training has no units, but lies on g1."


def test_streams_need_plans() -> None:
    """A missing plan and a plan of no stream are both told."""
    problem = placement(stream("A"), stream("B"))
    found = broken(problem, SERVED, plan("Z"))
    assert found == (
        "Stream 'Z' is not in the instance.",
        "Stream 'B' has no plan.",
    )


def test_configs_without_units_take_no_memory() -> None:
    """A config without demand and a retraining without GPU time need no GPU.

    The cached model serves from 50 s on: (0.5 + 1) / 2.
    """
    cached = RetrainingConfig(
        name="cached", gpu_seconds=0, accuracy=1, delay_seconds=50, memory_gb=9
    )
    free = _weighing([serving(0, 1, "free")], 9)
    problem = placement(
        stream(retraining=(cached,), inference=free), gpus=gpus(1, memory_gb=1)
    )
    verdict = evaluate_placement(
        problem, placed(plan("A", "free", retraining="cached"))
    )
    assert verdict.violations == ()
    assert verdict.objective == pytest.approx(0.75)
    assert broken(problem, plan("A", "free", (1, ("g0",)))) != ()


def test_files_hold_all_of_a_schedule() -> None:
    """A placed schedule read from its own JSON text is the same, with its claims."""
    schedule = placed(SERVED, plan("B", None, (0, ()), "r", (20, ("g0", "g1"))))
    text = json.dumps(placed_schedule_to_dict(schedule, solver="milp", objective=0.5))
    found = placed_schedule_from_dict(json.loads(text))
    assert found.schedule == schedule
    assert (found.instance, found.solver, found.objective) == (None, "milp", 0.5)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("inference_gpus", ["g0", "g0"], "streams[0].inference_gpus[1]: is 'g0', wh"),
        ("inference_gpus", "g0", "streams[0].inference_gpus: is 'g0', expected a list"),
        ("training_gpus", [1], "streams[0].training_gpus[0]: is 1, expected a str"),
        ("segments", [], "streams[0].segments: has 0 items, expected at least 1"),
        ("where", "g0", "streams[0].where: is an unknown key"),
    ],
)
def test_bad_files_are_named(place: str, value: Any, message: str) -> None:
    """A wrong value in a file gives one error that names it."""
    content = placed_schedule_to_dict(placed(SERVED))
    content["streams"][0][place] = value
    with pytest.raises(InvalidSchedule) as error:
        placed_schedule_from_dict(content)
    assert str(error.value).startswith(message)


def test_a_plan_has_one_segment() -> None:
    """What jobs hold does not change within the window."""
    parts = (segment(0, "full", 5), segment(50, "full", 5))
    with pytest.raises(InvalidSchedule, match="has 2 items, expected 1"):
        PlacedPlan(stream="A", segments=parts, inference_gpus=("g0",))


def _weighing(configs: list[Any], memory_gb: float) -> tuple[Any, ...]:
    return tuple(replace(config, memory_gb=memory_gb) for config in configs)
