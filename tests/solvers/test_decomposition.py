"""The decomposition of server windows against enumeration and its own promises."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from instances import (
    Instance,
    InstanceTooLarge,
    InvalidOption,
    Reallocation,
    SolverUnavailable,
    load_shipped,
)
from instances.generators import generate
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-6
MOST = 30_000

drawn = st.sampled_from([10, 12, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=3, max_units=4, reallocation="server", slot_seconds=slot
    )
)


def prove(instance: Instance, gap: float = 0, **options: object) -> Result:
    """Solve an instance by decomposition."""
    return solve(
        instance,
        "decomposition",
        Options(settings={"gap": gap}, **options),  # type: ignore[arg-type]
    )


def enumerate_all(instance: Instance) -> Result:
    """Solve an instance by brute force; give the example up if that takes long."""
    settings = {"most_plans": MOST}
    try:
        return solve(instance, "brute-force", Options(settings=settings))
    except InstanceTooLarge:
        assume(False)
        raise


@settings(max_examples=60)
@given(drawn)
def test_no_schedule_is_better_than_the_bound(instance: Instance) -> None:
    """Objective ≤ optimum ≤ bound, and both agree on what is infeasible."""
    best, found = enumerate_all(instance), prove(instance)
    if best.status is Status.INFEASIBLE:
        assert found.status is Status.INFEASIBLE
        return
    assert best.objective is not None
    assert found.objective is not None
    assert found.bound is not None
    assert found.objective <= best.objective + TOLERANCE
    assert best.objective <= found.bound + 1e-9
    if found.status is Status.OPTIMAL:
        assert found.objective == pytest.approx(best.objective, abs=TOLERANCE)


@settings(max_examples=40)
@given(
    instances(
        max_streams=3,
        max_units=4,
        reallocation="server",
        slot_seconds=15,
        training_throughput=None,
    )
)
def test_whole_trainings_are_proven_optimal(instance: Instance) -> None:
    """Where units train whole slots, a gap of 0 leaves nothing open."""
    streams = [
        replace(
            each,
            retraining=tuple(
                replace(config, delay_seconds=0) for config in each.retraining
            ),
        )
        for each in instance.streams
    ]
    instance = replace(instance, streams=tuple(streams))
    best, found = enumerate_all(instance), prove(instance)
    assert found.status is best.status
    if best.objective is not None:
        assert found.objective == pytest.approx(best.objective, abs=TOLERANCE)


@settings(max_examples=25)
@given(drawn, st.randoms(use_true_random=False), st.sampled_from([0.25, 3]))
def test_order_and_scale_of_streams_do_not_matter(
    instance: Instance, random: object, scale: float
) -> None:
    """Streams in another order, and all weights scaled, keep the optimum."""
    streams = [replace(each, weight=each.weight * scale) for each in instance.streams]
    random.shuffle(streams)  # type: ignore[attr-defined]
    one, other = prove(instance), prove(replace(instance, streams=tuple(streams)))
    assert one.status in (Status.OPTIMAL, Status.INFEASIBLE, Status.FEASIBLE)
    if one.status is Status.OPTIMAL and other.status is Status.OPTIMAL:
        assert one.objective == pytest.approx(other.objective, abs=2 * TOLERANCE)
    for first, second in ((one, other), (other, one)):
        if first.objective is not None:
            assert second.bound is not None
            assert first.objective <= second.bound + 1e-9


@settings(max_examples=25)
@given(drawn)
def test_a_further_gpu_never_hurts(instance: Instance) -> None:
    """No schedule on fewer GPUs is better than the bound on more."""
    few, many = prove(instance), prove(replace(instance, gpus=instance.gpus + 1))
    if few.objective is not None:
        assert many.bound is not None
        assert few.objective <= many.bound + 1e-9


@settings(max_examples=40)
@given(
    instances(
        max_streams=3,
        max_units=6,
        reallocation="server",
        slot_seconds=20,
        training_throughput=None,
    )
)
def test_never_is_at_most_server_where_completions_fall_on_slots(
    instance: Instance,
) -> None:
    """A static schedule whose retrainings end with slots is one of the server's."""
    static = replace(instance, reallocation=Reallocation.NEVER, slot_seconds=None)
    result = solve(static, "dp")
    assume(result.schedule is not None)
    assert result.schedule is not None
    configs = {each.name: each.retraining for each in instance.streams}
    for plan in result.schedule.streams:
        for config in configs[plan.stream]:
            if config.name == plan.retraining:
                units = plan.segments[0].training_units
                ends = config.delay_seconds
                if config.gpu_seconds:
                    ends += config.gpu_seconds * instance.units_per_gpu / units
                assume(ends % 20 == 0)
    assert result.objective is not None
    bound = prove(instance).bound
    assert bound is not None
    assert result.objective <= bound + 1e-9


@pytest.mark.parametrize(
    ("name", "held", "expected"),
    [
        ("window1", (0.65, 0.50), 0.678125),
        ("window2", (0.70, 0.85), 0.84375),
    ],
)
def test_the_papers_windows(
    name: str, held: tuple[float, float], expected: float
) -> None:
    """The paper's example, each window on its own, in units of 1/10 and slots of 5 s.

    Window 1: B trains with one GPU on [0, 50] and A on [50, 115], all served in full:
    (65·115 + 70·5 + 50·50 + 85·70) / 240 = 67.8125 %. Window 2: A on [0, 40], B on
    [40, 110]: (70·40 + 90·80 + 85·110 + 90·10) / 240 = 84.375 %.
    """
    instance = load_shipped(f"paper/{name}")
    streams = [
        replace(each, accuracy=accuracy)
        for each, accuracy in zip(instance.streams, held, strict=True)
    ]
    instance = replace(
        instance,
        streams=tuple(streams),
        units_per_gpu=10,
        reallocation=Reallocation.SERVER,
        slot_seconds=5,
    )
    found = prove(instance)
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize(("streams", "gpus"), [(3, 1), (10, 2), (10, 4), (20, 8)])
def test_generated_windows_are_proven_to_a_thousandth(streams: int, gpus: int) -> None:
    """The default gap is reached, and more than the prices' own bound is proven."""
    instance = generate(
        "recorded-like", streams, gpus, 7, reallocation="server", slot_seconds=5
    )
    found = solve(instance, "decomposition", Options(time_limit=60))
    assert found.stopped_by is None
    assert found.gap is not None
    assert found.gap <= 0.001 + 1e-9
    assert found.bound is not None
    assert found.bound <= found.metadata["root_bound"]
    assert found.metadata["cells_after_fixing"] <= found.metadata["cells"]


def test_a_training_that_ends_early_serves_early() -> None:
    """With room to spare the model serves from the slot in which its training ends."""
    one = stream(retraining=(retraining(10, 0.9),))
    instance = window(one, gpus=4, reallocation="server", slot_seconds=20)
    found = prove(instance)
    # 10 GPU-seconds end in the first slot: 20 s at 0.5 and 80 s at 0.9.
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx(0.82)


def test_a_delay_that_ends_inside_a_slot_leaves_its_rest() -> None:
    """Half a GPU is enough in what a delay of 10 s leaves of a slot of 20 s."""
    one = stream(retraining=(retraining(5, 0.9, delay_seconds=10),))
    instance = window(one, reallocation="server", slot_seconds=20)
    found = prove(instance)
    assert found.objective == pytest.approx(0.2 * 0.5 + 0.8 * 0.9)
    late = replace(one, retraining=(retraining(5.5, 0.9, delay_seconds=10),))
    # Six tenths would have to train in the rest, and four do not serve.
    found = prove(replace(instance, streams=(late,)))
    assert found.objective == pytest.approx(0.4 * 0.5 + 0.6 * 0.9)


def test_a_cached_model_needs_no_units() -> None:
    """A model that is there after 30 s serves from the next slot on, at 40 s."""
    one = stream(retraining=(retraining(0, 0.9, delay_seconds=30),))
    instance = window(one, gpus=0.5, reallocation="server", slot_seconds=20)
    assert prove(instance).objective == pytest.approx(0.4 * 0.5 + 0.6 * 0.9)


def test_a_training_may_end_with_the_window_but_gains_nothing() -> None:
    """Nothing is left to serve when a training needs every slot."""
    one = stream(retraining=(retraining(50, 0.9),))
    instance = window(one, reallocation="server", slot_seconds=20)
    # All ten units finish it after 60 s, at nothing served; half of them at the end.
    assert prove(instance).objective == pytest.approx(0.5)


def test_a_floor_that_only_a_new_model_keeps_is_infeasible() -> None:
    """The model held serves in the first slot, whatever is trained."""
    one = stream(retraining=(retraining(5, 0.9),), min_accuracy=0.6)
    instance = window(one, reallocation="server", slot_seconds=20)
    assert prove(instance).status is Status.INFEASIBLE
    at_once = replace(one, retraining=(retraining(0, 0.9),))
    found = prove(replace(instance, streams=(at_once,)))
    assert found.objective == pytest.approx(0.9)


def test_levels_off_the_hull_are_used() -> None:
    """Of five units one stream takes three, and the other two make a level as well.

    It lies below the line from its neighbours, and yet is the best here.
    """
    inference = (serving(0.1, 0.5), serving(0.2, 0.6), serving(0.3, 1.0))
    one = stream("A", 1.0, inference=inference)
    instance = window(
        one, replace(one, name="B"), gpus=0.5, reallocation="server", slot_seconds=20
    )
    found = prove(instance)
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx((1 + 0.6) / 2)


@pytest.mark.parametrize("gap", [-0.1, 1, 2])
def test_a_gap_outside_its_domain_is_refused(gap: float) -> None:
    """One line says what was expected."""
    instance = window(stream(), reallocation="server", slot_seconds=20)
    with pytest.raises(InvalidOption, match="expected at least 0 and below 1"):
        prove(instance, gap)


def test_static_windows_are_refused() -> None:
    """They have no slots."""
    with pytest.raises(SolverUnavailable, match="has no slots"):
        prove(window(stream()))


def test_large_windows_are_not_enumerated() -> None:
    """Brute force says in one line how much it would be."""
    one = stream(retraining=(retraining(10, 0.9),))
    instance = window(one, reallocation="server", slot_seconds=5)
    with pytest.raises(InstanceTooLarge, match="brute force would try"):
        solve(instance, "brute-force")


def hard_window() -> Instance:
    """Return a window that a gap of 0 keeps busy for minutes."""
    return generate("recorded-like", 20, 8, 2, reallocation="server", slot_seconds=5)


def test_the_time_limit_keeps_bound_and_schedule() -> None:
    """A run that is cut short tells what it knows, its certificate as well."""
    instance = hard_window()
    prove(instance, 0.5)
    began = time.perf_counter()
    found = prove(instance, 0, time_limit=2)
    assert time.perf_counter() - began < 3.2
    assert found.stopped_by is StoppedBy.TIME_LIMIT
    assert found.status is Status.FEASIBLE
    assert found.gap is not None
    assert found.gap < 0.01
    assert len(found.metadata["certificate"]["prices"][0]) == 40


def test_no_time_at_all_is_no_error() -> None:
    """What cannot even begin has no schedule."""
    found = prove(hard_window(), 0, time_limit=1e-6)
    assert found.stopped_by is StoppedBy.TIME_LIMIT
    assert found.schedule is None


def test_an_initial_schedule_is_where_the_search_begins() -> None:
    """The result is at least as good, and the first of the trace is the initial one."""
    instance = generate("recorded-like", 3, 1, 0, reallocation="server", slot_seconds=5)
    best = prove(instance)
    again = prove(instance, initial_schedule=best.schedule)
    assert again.trace[0].objective == pytest.approx(best.objective, abs=1e-9)
    assert again.objective == pytest.approx(best.objective, abs=TOLERANCE)


def test_the_same_seed_gives_the_same_schedule() -> None:
    """Nothing depends on the clock unless a time limit cuts the run short."""
    instance = generate(
        "recorded-like", 10, 4, 3, reallocation="server", slot_seconds=5
    )
    one, other = (solve(instance, "decomposition", Options(seed=5)) for _ in range(2))
    assert one.schedule == other.schedule
    assert one.bound == other.bound
    assert one.metadata == other.metadata


SCRIPT = """
import json, sys
from instances.generators import generate
from solvers import Options, solve
instance = generate("recorded-like", 20, 8, 2, reallocation="server", slot_seconds=5)
solve(instance, "decomposition", Options(settings={"gap": 0.5}))
print("ready", flush=True)
found = solve(instance, "decomposition", Options(settings={"gap": 0.0}))
print(json.dumps([found.status, found.stopped_by, found.objective, found.bound]))
"""


def test_ctrl_c_keeps_the_incumbent() -> None:
    """An interrupt ends the run soon, with schedule and bound."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    status, stopped_by, objective, bound = json.loads(told)
    assert (status, stopped_by) == ("feasible", "interrupt")
    assert objective <= bound <= 1.01 * objective


def test_recorded_windows_are_proven_closely(recorded: tuple[int, Instance]) -> None:
    """The authors' windows, in slots of 5 s."""
    _, static = recorded
    instance = replace(static, reallocation=Reallocation.SERVER, slot_seconds=5)
    found = solve(instance, "decomposition", Options(time_limit=10))
    assert found.gap is not None
    assert found.gap <= 0.0025
    assert np.isfinite(found.metadata["root_bound"])
