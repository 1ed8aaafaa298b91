"""The referee against numbers worked out on paper."""

import pytest

from formulations.evaluate import evaluate
from tests.small import retraining, schedule, segment, serving, stream, window

TRAINS = (retraining(20, 0.9),)


def test_serving_alone_keeps_the_models_accuracy() -> None:
    """A stream served in full all the time is worth its model's accuracy."""
    verdict = evaluate(window(stream()), schedule(A=(None, [segment(0, "full", 5)])))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(0.5, abs=1e-12)
    assert verdict.streams[0].timeline == ((0.0, 100.0, 0.5),)


def test_a_new_model_serves_from_its_completion() -> None:
    """20 GPU-seconds on half a GPU end at 40 s: 0.4 · 0.5 + 0.6 · 0.9 = 0.74."""
    instance = window(stream(retraining=TRAINS))
    verdict = evaluate(instance, schedule(A=("retrain", [segment(0, "full", 5, 5)])))
    assert verdict.feasible
    assert verdict.streams[0].completion_seconds == pytest.approx(40)
    assert verdict.objective == pytest.approx(0.74, abs=1e-12)


def test_a_retraining_waits_for_its_delay() -> None:
    """With a delay of 10 s the same retraining ends at 50 s: 0.5 · (0.5 + 0.9)."""
    instance = window(stream(retraining=(retraining(20, 0.9, 10),)))
    verdict = evaluate(instance, schedule(A=("retrain", [segment(0, "full", 5, 5)])))
    assert verdict.objective == pytest.approx(0.7, abs=1e-12)


def test_a_model_that_needs_no_training_only_waits() -> None:
    """0 GPU-seconds after a delay of 25 s need no units: 0.25 · 0.5 + 0.75 · 0.9."""
    instance = window(stream(retraining=(retraining(0, 0.9, 25),)))
    verdict = evaluate(instance, schedule(A=("retrain", [segment(0, "full", 5)])))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(0.8, abs=1e-12)


@pytest.mark.parametrize(
    ("gpus", "seconds"), [(0.1, 100), (0.2, 50), (0.5, 37.5), (0.8, 25), (1.0, 20)]
)
def test_the_speed_follows_the_throughput_curve(gpus: float, seconds: float) -> None:
    """Speed 0.4 at 0.2 GPU, 0.8 at 0.8, linear between and from 0, one for one after.

    20 GPU-seconds at speeds 0.2, 0.4, 0.6, 0.8 and 1.0, but 0.5 GPU needs 0.4 + 0.2 =
    0.6: 33.3 s; the case is chosen so that 22.5 GPU-seconds take 37.5 s.
    """
    work = 22.5 if gpus == 0.5 else 20
    instance = window(
        stream(inference=(serving(0, 1, "full"),), retraining=(retraining(work, 0.9),)),
        training_throughput=[[0.2, 0.4], [0.8, 0.8]],
    )
    units = round(gpus * 10)
    verdict = evaluate(
        instance, schedule(A=("retrain", [segment(0, "full", 0, units)]))
    )
    assert verdict.feasible
    assert verdict.streams[0].completion_seconds == pytest.approx(seconds)


def test_weights_weigh() -> None:
    """Weights 3 and 1 on accuracies 0.8 and 0.4: 0.7."""
    instance = window(stream("A", 0.8, weight=3), stream("B", 0.4))
    plans = schedule(
        A=(None, [segment(0, "full", 5)]), B=(None, [segment(0, "full", 5)])
    )
    assert evaluate(instance, plans).objective == pytest.approx(0.7, abs=1e-12)


def test_a_demand_of_whole_units_is_not_rounded_up() -> None:
    """0.07 GPUs are 7 units of 1/100, although 0.07 · 100 exceeds 7 as floats."""
    assert 0.07 * 100 > 7
    instance = window(stream(inference=(serving(0.07, 1, "full"),)), units_per_gpu=100)
    assert evaluate(instance, schedule(A=(None, [segment(0, "full", 7)]))).feasible
    short = evaluate(instance, schedule(A=(None, [segment(0, "full", 6)])))
    assert "needs 7 units, has 6" in short.violations[0]
    assert short.objective == 0


def test_capacity_allows_the_last_unit_and_forbids_one_more() -> None:
    """Ten units may be in use at once, eleven may not."""
    instance = window(stream("A"), stream("B"))
    full = schedule(
        A=(None, [segment(0, "full", 5)]), B=(None, [segment(0, "full", 5)])
    )
    assert evaluate(instance, full).feasible
    beyond = schedule(
        A=(None, [segment(0, "full", 5)]), B=(None, [segment(0, "full", 6)])
    )
    assert evaluate(instance, beyond).violations == (
        "11 units are in use at 0 s, of 10.",
    )


def test_a_retraining_must_finish_inside_the_window() -> None:
    """40 GPU-seconds on 4 units take exactly the window; 41 do not fit."""
    plans = schedule(A=("retrain", [segment(0, "full", 5, 4)]))
    exact = window(stream(retraining=(retraining(40, 0.9),)))
    assert evaluate(exact, plans).feasible
    late = evaluate(window(stream(retraining=(retraining(41, 0.9),))), plans)
    assert "does not finish inside the window" in late.violations[0]
    assert late.objective == pytest.approx(0.5)


def test_the_floor_holds_before_and_after_the_completion() -> None:
    """A floor is kept at its very value and broken below, old and new model alike."""
    served = schedule(A=(None, [segment(0, "full", 5)]))
    assert evaluate(window(stream(), min_accuracy=0.5), served).feasible
    broken = evaluate(window(stream(), min_accuracy=0.51), served)
    assert "from 0 s to 100 s, below its floor of 0.51" in broken.violations[0]

    worse = window(stream(retraining=(retraining(20, 0.3),)), min_accuracy=0.4)
    verdict = evaluate(worse, schedule(A=("retrain", [segment(0, "full", 5, 5)])))
    assert len(verdict.violations) == 1
    assert "from 40 s to 100 s" in verdict.violations[0]


def test_a_streams_own_floor_wins() -> None:
    """A stream's floor replaces the instance's, also when it is lower."""
    served = schedule(A=(None, [segment(0, "full", 5)]))
    lower = window(stream(min_accuracy=0.5), min_accuracy=0.9)
    assert evaluate(lower, served).feasible
    higher = window(stream(min_accuracy=0.6), min_accuracy=0)
    assert not evaluate(higher, served).feasible


def test_a_model_that_is_there_at_once_frees_from_the_old_ones_floor() -> None:
    """A model with no cost and no delay serves from 0 s; the old one never does."""
    cached = window(stream(retraining=(retraining(0, 0.9),)), min_accuracy=0.8)
    verdict = evaluate(cached, schedule(A=("retrain", [segment(0, "full", 5)])))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(0.9)


def test_never_allows_another_config_but_no_other_units() -> None:
    """With never, a stream's config may change at its completion, its units not."""
    half = serving(0.3, 0.5, "half")
    instance = window(
        stream(inference=(serving(0.5, 1, "full"), half), retraining=TRAINS)
    )
    change = [segment(0, "half", 5, 5), segment(40, "full", 5, 5)]
    verdict = evaluate(instance, schedule(A=("retrain", change)))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(0.4 * 0.25 + 0.6 * 0.9)
    moved = [segment(0, "half", 5, 5), segment(40, "full", 10, 0)]
    assert not evaluate(instance, schedule(A=("retrain", moved))).feasible


def test_nothing_changes_before_or_after_the_completion() -> None:
    """A change one second off the completion breaks never and stream alike."""
    for mode in ("never", "stream"):
        instance = window(stream(retraining=TRAINS), reallocation=mode)
        for seconds in (39, 41):
            plan = [segment(0, "full", 5, 5), segment(seconds, "full", 5, 5)]
            verdict = evaluate(instance, schedule(A=("retrain", plan)))
            assert "only at its own completion (40 s)" in verdict.violations[0]
        idle = [segment(0, "full", 5), segment(40, "full", 5)]
        assert not evaluate(instance, schedule(A=(None, idle))).feasible


def test_stream_hands_the_freed_units_to_the_streams_own_inference() -> None:
    """With stream, 5 of 5 + 5 units serve half until 40 s and all 10 in full after."""
    two = (serving(0.5, 0.5, "half"), serving(1, 1, "full"))
    instance = window(stream(inference=two, retraining=TRAINS), reallocation="stream")
    plan = [segment(0, "half", 5, 5), segment(40, "full", 10)]
    verdict = evaluate(instance, schedule(A=("retrain", plan)))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(0.4 * 0.25 + 0.6 * 0.9)
    grown = [segment(0, "half", 5, 4), segment(50, "full", 10)]
    verdict = evaluate(instance, schedule(A=("retrain", grown)))
    assert "changes its total from 9 to 10 units" in verdict.violations[0]
    back = [segment(0, "half", 5, 5), segment(40, "half", 4, 6)]
    verdict = evaluate(instance, schedule(A=("retrain", back)))
    assert "takes units from its inference" in verdict.violations[0]


def test_server_moves_units_between_streams_at_slots_only() -> None:
    """With server, A's training units go to B at 80 s, where B's config needs eight."""
    inference = (serving(0.5, 0.5, "half"), serving(0.8, 1, "full"))
    instance = window(
        stream("A", inference=(serving(0.2, 1, "low"),), retraining=TRAINS),
        stream("B", 0.8, inference=inference),
        reallocation="server",
        slot_seconds=20,
    )
    a_plan = [segment(0, "low", 2, 3), segment(80, "low", 2)]
    b_plan = [segment(0, "half", 5), segment(80, "full", 8)]
    verdict = evaluate(instance, schedule(A=("retrain", a_plan), B=(None, b_plan)))
    assert verdict.feasible
    completion = verdict.streams[0].completion_seconds
    assert completion == pytest.approx(200 / 3)
    # The model that is ready at 66.7 s starts to serve at the next slot, 80 s.
    assert verdict.streams[0].accuracy == pytest.approx(0.8 * 0.5 + 0.2 * 0.9)
    assert verdict.streams[1].accuracy == pytest.approx(0.8 * 0.4 + 0.2 * 0.8)

    off = [segment(0, "low", 2, 3), segment(70, "low", 2)]
    verdict = evaluate(instance, schedule(A=("retrain", off), B=(None, b_plan)))
    assert "not at a multiple of 20 s" in verdict.violations[0]


def test_every_violation_is_told() -> None:
    """Unknown and missing streams and unknown configs are all in the list."""
    instance = window(stream("A"), stream("B"))
    wrong = schedule(
        A=("nothing", [segment(0, "no", 5)]), C=(None, [segment(0, None, 0)])
    )
    text = "\n".join(evaluate(instance, wrong).violations)
    assert "'C' is not in the instance" in text
    assert "'B' has no plan" in text
    assert "no retraining config 'nothing'" in text
    assert "no inference config 'no'" in text


def test_a_segment_after_the_end_is_a_violation() -> None:
    """A segment that starts at the window's end is never in force."""
    plan = [segment(0, "full", 5), segment(100, "full", 5)]
    verdict = evaluate(window(stream()), schedule(A=(None, plan)))
    assert "starts after the window's end" in verdict.violations[0]
