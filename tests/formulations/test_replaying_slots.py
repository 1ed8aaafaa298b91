"""Plans of a server's window carried out on other numbers, worked out by hand."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import Schedule, replay
from formulations.evaluate import evaluate
from instances import Instance
from solvers import solve
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances

FREE = (serving(0, 1, "free"),)


def cameras(a: float, b: float = 12, c: float = 4) -> Instance:
    """Return streams on ten units and slots of 10 s, with their GPU-seconds."""
    return window(
        *(
            stream(name, inference=FREE, retraining=(retraining(cost, 0.9),))
            for name, cost in (("A", a), ("B", b), ("C", c))
        ),
        reallocation="server",
        slot_seconds=10,
    )


def plan() -> Schedule:
    """Return A on 4 units until 20 s, then B until 50 s, then C until 60 s.

    That is enough for 8, 12 and 4 GPU-seconds.
    """
    return schedule(
        A=("retrain", [segment(0, "free", 0, 4), segment(20, "free", 1)]),
        B=(
            "retrain",
            [segment(0, "free", 2), segment(20, "free", 0, 4), segment(50, "free", 2)],
        ),
        C=(
            "retrain",
            [segment(0, "free", 3), segment(50, "free", 0, 4), segment(60, "free", 3)],
        ),
    )


def completions(instance: Instance, carried_out: Schedule) -> list[float | None]:
    """Return when the streams' retrainings end, in a feasible schedule."""
    verdict = evaluate(instance, carried_out)
    assert verdict.feasible, verdict.violations
    return [each.completion_seconds for each in verdict.streams]


def test_what_goes_as_planned_stays() -> None:
    """On the numbers of the plan, and where A is early, nothing moves."""
    assert replay(cameras(8), plan()) == plan()
    assert replay(cameras(6), plan()) == plan()
    assert completions(cameras(6), plan()) == pytest.approx([15, 50, 60])


def test_everything_waits_for_what_is_late() -> None:
    """10 GPU-seconds for A end at 25 s: B begins at 30 s and C at 60 s."""
    instance = cameras(10)
    found = replay(instance, plan())
    assert [part.start_seconds for part in found.streams[0].segments] == [0, 30]
    assert [part.start_seconds for part in found.streams[1].segments] == [0, 30, 60]
    assert [part.start_seconds for part in found.streams[2].segments] == [0, 60, 70]
    assert completions(instance, found) == pytest.approx([25, 60, 70])


def test_what_is_early_makes_up_for_what_is_late() -> None:
    """A ends at 25 s; B's 8 GPU-seconds from 30 s on end at 50 s, as planned."""
    instance = cameras(10, b=8)
    found = replay(instance, plan())
    assert [part.start_seconds for part in found.streams[1].segments] == [0, 30, 50]
    assert completions(instance, found) == pytest.approx([25, 50, 60])


def test_a_stretch_with_nothing_left_to_wait_for_is_left_out() -> None:
    """A ends at 55 s and B, which trains on beside it, before: C begins at 60 s."""
    instance = cameras(22, b=10)
    both = schedule(
        A=("retrain", [segment(0, "free", 0, 4), segment(20, "free", 1)]),
        B=("retrain", [segment(0, "free", 0, 2), segment(30, "free", 2)]),
        C=("retrain", [segment(0, "free", 3), segment(30, "free", 0, 4)]),
    )
    found = replay(instance, both)
    assert [part.start_seconds for part in found.streams[0].segments] == [0, 60]
    assert [part.start_seconds for part in found.streams[1].segments] == [0, 60]
    assert [part.start_seconds for part in found.streams[2].segments] == [0, 60]
    assert completions(instance, found) == pytest.approx([55, 50, 70])


def test_nothing_waits_for_what_does_not_finish() -> None:
    """A's 41 GPU-seconds take more than the window on 4 units: it is dropped."""
    instance = cameras(41)
    found = replay(instance, plan())
    a, *others = plan().streams
    assert found.streams == (replace(a, retraining=None), *others)
    assert completions(instance, found) == pytest.approx([None, 50, 60])


def test_what_is_put_off_beyond_the_window_is_dropped() -> None:
    """A ends at 75 s, B has only 8 of 12 GPU-seconds from 80 s on, C never begins."""
    instance = cameras(30)
    found = replay(instance, plan())
    assert [each.retraining for each in found.streams] == ["retrain", None, None]
    assert [part.start_seconds for part in found.streams[1].segments] == [0, 80]
    assert completions(instance, found) == pytest.approx([75, None, None])


@settings(max_examples=60)
@given(
    instances(reallocation="server", slot_seconds=10, floors=False),
    st.floats(0.5, 2),
)
def test_plans_stay_feasible_whatever_trainings_cost(
    instance: Instance, factor: float
) -> None:
    """Carried out at other costs, dp's plan keeps the total and changes at slots.

    A floor may break where a model that was planned for does not come.
    """
    made = solve(instance, "dp").schedule
    if made is None:
        return
    streams = tuple(
        replace(
            each,
            retraining=tuple(
                replace(config, gpu_seconds=config.gpu_seconds * factor)
                for config in each.retraining
            ),
        )
        for each in instance.streams
    )
    other = replace(instance, streams=streams)
    assert evaluate(other, replay(other, made)).violations == ()
    assert replay(instance, made) == made
