"""What is left of a server's window, and what is carried out, worked out by hand."""

from dataclasses import replace

import pytest

from formulations import Schedule
from formulations.evaluate import evaluate
from formulations.remaining_window import continued, next_completion, remaining_window
from formulations.replaying_slots import without_unfinished
from formulations.training_progress import completion_seconds, trained_by
from instances import Instance, Reallocation
from tests.small import retraining, schedule, segment, serving, stream, window

FREE = (serving(0, 1, "free"),)
LATE = retraining(10, 0.9, delay_seconds=50)


def camera(
    instance_throughput: tuple[tuple[float, float], ...] | None = None,
) -> Instance:
    """Return three streams on ten units and slots of 10 s, inference for nothing.

    A needs 8 GPU-seconds, B 20 or 4, C 10 after 50 s.
    """
    two = (retraining(20, 0.8, name="dear"), retraining(4, 0.6, name="cheap"))
    return window(
        stream("A", inference=FREE, retraining=(retraining(8, 0.9),)),
        stream("B", inference=FREE, retraining=two),
        stream("C", inference=FREE, retraining=(LATE,)),
        reallocation="server",
        slot_seconds=10,
        training_throughput=instance_throughput,
    )


def begun() -> Schedule:
    """Return A on 2 units to its end at 40 s, B's dear config on 2, C on none."""
    return schedule(
        A=("retrain", [segment(0, "free", 0, 2)]),
        B=("dear", [segment(0, "free", 0, 2)]),
        C=(None, [segment(0, "free", 0, 1)]),
    )


def test_at_the_start_the_window_is_the_static_one() -> None:
    """Only the mode and the slots go."""
    instance = camera()
    static = replace(instance, reallocation=Reallocation.NEVER, slot_seconds=None)
    assert remaining_window(instance, None, 0, "never") == static


def test_what_is_left_at_a_completion() -> None:
    """At 40 s A is done, B's dear config lacks 12, C may begin in 10 s; 60 s to go."""
    rest = remaining_window(camera(), begun(), 4)
    assert rest.window_seconds == 60
    assert rest.reallocation is Reallocation.STREAM
    a, b, c = rest.streams
    assert a.accuracy == 0.9
    assert a.retraining == ()
    assert [(each.name, each.gpu_seconds) for each in b.retraining] == [("dear", 12)]
    assert [(each.gpu_seconds, each.delay_seconds) for each in c.retraining] == [
        (10, 10)
    ]


def test_a_running_retraining_may_be_dropped_for_another() -> None:
    """With repick B may also begin the cheap config, with all its 4 GPU-seconds."""
    rest = remaining_window(camera(), begun(), 4, running="repick")
    found = [(each.name, each.gpu_seconds) for each in rest.streams[1].retraining]
    assert found == [("dear", 12), ("cheap", 4)]


def test_progress_goes_by_the_measured_speed() -> None:
    """Where 0.2 GPUs train at 0.1, A has 4 of its 8 GPU-seconds at 40 s."""
    instance = camera(((0.2, 0.1), (1.0, 1.0)))
    rest = remaining_window(instance, begun(), 4)
    assert rest.streams[0].retraining[0].gpu_seconds == pytest.approx(4)


def test_progress_counts_from_the_delay_on() -> None:
    """On 5 units from 50 s C has 2.5 at 55 s and 5 at 60 s, and ends at 70 s."""
    instance = camera()
    segments = [segment(0, "free", 0, 1), segment(10, "free", 0, 5)]
    assert trained_by(instance, LATE, segments, 50) == 0
    assert trained_by(instance, LATE, segments, 55) == pytest.approx(2.5)
    assert completion_seconds(instance, LATE, segments) == pytest.approx(70)
    assert trained_by(instance, LATE, segments, 100) == pytest.approx(25)


def test_completions_are_seen_at_the_next_slot() -> None:
    """A at 40 s, B at 100 s, too late; with 9 GPU-seconds A is seen at 50 s."""
    instance = camera()
    assert next_completion(instance, begun(), 0) == 4
    assert next_completion(instance, begun(), 4) is None
    slower = stream("A", inference=FREE, retraining=(retraining(9, 0.9),))
    instance = replace(instance, streams=(slower, *instance.streams[1:]))
    assert next_completion(instance, begun(), 0) == 5


def test_a_plan_for_the_rest_is_put_behind_what_was_done() -> None:
    """From 40 s B trains on 5 units for 24 s, until the slot at 70 s."""
    instance = camera()
    plan = schedule(
        A=(None, [segment(0, "free", 1)]),
        B=("dear", [segment(0, "free", 0, 5), segment(24, "free", 5)]),
        C=("retrain", [segment(0, "free", 0, 4)]),
    )
    whole = continued(instance, begun(), 4, plan)
    assert whole == schedule(
        A=("retrain", [segment(0, "free", 0, 2), segment(40, "free", 1)]),
        B=(
            "dear",
            [
                segment(0, "free", 0, 2),
                segment(40, "free", 0, 5),
                segment(70, "free", 5),
            ],
        ),
        # What C had while nothing trained does not count for what begins now.
        C=("retrain", [segment(0, "free", 0, 0), segment(40, "free", 0, 4)]),
    )
    verdict = evaluate(instance, whole)
    assert verdict.feasible
    done = [each.completion_seconds for each in verdict.streams]
    assert done == pytest.approx([40, 64, 75])


def test_a_retraining_that_is_given_up_stays_named_until_another_begins() -> None:
    """B may go on later; the cheap config does not profit from the dear one's units."""
    instance = camera()
    idle = {"A": (None, [segment(0, "free", 0)]), "C": (None, [segment(0, "free", 0)])}
    paused = schedule(B=(None, [segment(0, "free", 0, 0)]), **idle)
    whole = continued(instance, begun(), 4, paused)
    assert whole.streams[1].retraining == "dear"
    kept = without_unfinished(instance, whole)
    assert kept.streams[1] == replace(whole.streams[1], retraining=None)
    assert kept.streams[0] == whole.streams[0]
    other = schedule(B=("cheap", [segment(0, "free", 0, 1)]), **idle)
    whole = continued(instance, begun(), 4, other)
    assert whole.streams[1].retraining == "cheap"
    assert evaluate(instance, whole).streams[1].completion_seconds == pytest.approx(80)
