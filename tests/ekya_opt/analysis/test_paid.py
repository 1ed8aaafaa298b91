"""Accuracy after paying for the decision: on paper, by a second way, at its ends."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekya_opt import (
    InvalidOption,
    InvalidSchedule,
    Reallocation,
    evaluate,
    load_shipped,
    paid_accuracies,
    paid_accuracy,
    read,
    solve,
)
from formulations import Schedule
from instances import Instance
from instances.problems import problem_hash
from tests.ekya_opt.runs import runs_by_hand
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances

BEFORE = st.one_of(st.just("fair"), st.sampled_from([0.0, 0.3, 1.0]))


@pytest.fixture
def paper(worked_file: Path) -> tuple[Instance, Schedule]:
    """Return window 1 of the paper's example and its optimal schedule.

    A serves at 0.65 on one GPU, B at 0.5 on one, and is retrained to 0.85 by 50 s on
    the third. Split equally, both have at least the one GPU that serves every frame.
    """
    served = [segment(0, "every-frame", 1)]
    trained = [segment(0, "every-frame", 1, 1)]
    plan = schedule(A=(None, served), B=("Cfg2B", trained))
    return read(worked_file), plan


@pytest.mark.parametrize(
    ("wait", "of_b"),
    [
        (0, 50 * 0.5 + 70 * 0.85),
        (30, 80 * 0.5 + 40 * 0.85),
        (69, 119 * 0.5 + 1 * 0.85),
        # From 70 s on the retraining ends after the window and never serves.
        (70, 120 * 0.5),
        (100, 120 * 0.5),
        (120, 120 * 0.5),
        (1e9, 120 * 0.5),
        (float("inf"), 120 * 0.5),
    ],
)
def test_the_paper_s_window(
    paper: tuple[Instance, Schedule], wait: float, of_b: float
) -> None:
    """B is served at 0.5 until 50 s after the plan is ready, A at 0.65 throughout."""
    expected = (0.65 + of_b / 120) / 2
    assert paid_accuracy(*paper, wait) == pytest.approx(expected, abs=1e-12)


def test_what_was_before_is_given(paper: tuple[Instance, Schedule]) -> None:
    """One accuracy for all streams or one for each, in the instance's order."""
    rest = (90 * 0.65 + 50 * 0.5 + 40 * 0.85) / 2
    assert paid_accuracy(*paper, 30, 0) == pytest.approx(rest / 120)
    each = (30 * 0.2 + 30 * 0.4) / 2
    forms: tuple[Any, ...] = ([0.2, 0.4], np.array([0.2, 0.4]))
    for before in forms:
        assert paid_accuracy(*paper, 30, before) == pytest.approx((each + rest) / 120)
    assert paid_accuracy(paper[0], None, 30) == pytest.approx((0.65 + 0.5) / 2)


def test_the_fair_split_serves_what_fits() -> None:
    """Of 5 units the first of two streams has 3; a floor cannot help; weights count."""
    some = (serving(0.2, 0.5), serving(0.3, 0.75), serving(0.4, 1.0))
    instance = window(
        stream("A", 0.8, inference=some, weight=3),
        stream("B", 0.8, inference=some),
        stream("C", 0.8, inference=(serving(0.5, 1.0),)),
        gpus=0.7,
        min_accuracy=0.1,
    )
    expected = (3 * 0.8 * 0.75 + 0.8 * 0.5) / 5
    assert paid_accuracy(instance, None, 0) == pytest.approx(expected)


def test_waiting_can_be_better_than_the_plan() -> None:
    """A plan that serves worse while it trains is not worth it near the end."""
    full = (serving(0.2, 0.5), serving(1.0, 1.0))
    config = retraining(40, 1.0)
    instance = window(stream("A", 0.6, inference=full, retraining=(config,)))
    plan = schedule(A=("retrain", [segment(0, "0.2-gpus", 2, 8)]))
    values = [paid_accuracy(instance, plan, wait) for wait in (0, 50, 100)]
    # 50 s at 0.3, then 0.5; and before the plan 0.6.
    assert values == pytest.approx([0.4, 0.3 + 0.15, 0.6])


@settings(max_examples=60)
@given(instances(floors=False), BEFORE, st.floats(0, 60), st.floats(0, 60))
def test_the_price_of_waiting(
    instance: Instance, before: Any, one: float, two: float
) -> None:
    """It is the objective at 0, what was before at T, and convex between.

    With d in [0, T] the slope is (q − A(T − d)) / T, and the accuracy A under an
    optimal plan of a static window never falls.
    """
    result = solve(instance)
    assert result.objective is not None

    def paid(wait: float) -> float:
        return paid_accuracy(instance, result.schedule, wait, before)

    nothing = paid_accuracy(instance, None, 0, before)
    assert paid(0) == pytest.approx(result.objective, abs=1e-9)
    assert paid(60) == pytest.approx(nothing, abs=1e-9)
    assert paid((one + two) / 2) <= (paid(one) + paid(two)) / 2 + 1e-9
    # No instant is worth more than 1 or less than 0.
    assert abs(paid(one) - paid(two)) <= abs(one - two) / 60 + 1e-9


@settings(max_examples=60)
@given(instances(floors=False), st.sampled_from([0, 1, 7.5, 30, 59.5]))
def test_a_later_start_is_a_longer_delay(instance: Instance, wait: float) -> None:
    """The referee sees the same in retrainings that begin later.

    Where a stream is served before the plan as at the plan's beginning, the plan of d
    later is that of the same window with d more delay, less what does not end in time.
    """
    plan = solve(instance).schedule
    verdict = evaluate(instance, plan)
    later = replace(
        instance,
        streams=tuple(
            replace(
                each,
                retraining=tuple(
                    replace(config, delay_seconds=config.delay_seconds + wait)
                    for config in each.retraining
                ),
            )
            for each in instance.streams
        ),
    )
    plans = []
    for own, judged in zip(plan.streams, verdict.streams, strict=True):
        assert own.stream == judged.stream
        done = judged.completion_seconds
        if done is None or done + wait > 60:
            plans.append(replace(own, retraining=None, segments=own.segments[:1]))
        else:
            moved = [
                replace(part, start_seconds=part.start_seconds + wait)
                for part in own.segments[1:]
            ]
            kept = [part for part in moved if part.start_seconds < 60]
            plans.append(replace(own, segments=(own.segments[0], *kept)))
    expected = evaluate(later, Schedule(streams=tuple(plans)))
    levels = []
    for each, own in zip(instance.streams, plan.streams, strict=True):
        relative = {config.name: config.relative_accuracy for config in each.inference}
        levels.append(each.accuracy * relative.get(own.segments[0].inference or "", 0))
    paid = paid_accuracy(instance, plan, wait, levels)
    assert expected.violations == ()
    assert paid == pytest.approx(expected.objective, abs=1e-9)


def test_windows_in_slots_and_placements(paper: tuple[Instance, Schedule]) -> None:
    """Server windows are charged alike; placements tell what was before."""
    server = replace(paper[0], reallocation=Reallocation.SERVER, slot_seconds=10)
    result = solve(server, "thief")
    assert paid_accuracy(server, result.schedule, 0) == pytest.approx(result.objective)
    placement: Any = load_shipped("memory-tight/n4-g2")
    placed = solve(placement, "round-and-pack")
    assert placed.objective is not None
    half = paid_accuracy(placement, placed.schedule, 0, 0)
    assert half == pytest.approx(placed.objective)
    assert paid_accuracy(placement, placed.schedule, 1e9, 0.25) == pytest.approx(0.25)
    with pytest.raises(InvalidOption, match="'fair', expected accuracies for a place"):
        paid_accuracy(placement, placed.schedule, 1)


def test_what_is_not_possible(paper: tuple[Instance, Schedule]) -> None:
    """Horizons, schedules that break rules and values outside domains are refused."""
    instance, plan = paper
    with pytest.raises(InvalidOption, match="is a horizon, expected a window or"):
        paid_accuracy(load_shipped("paper/horizon"), None, 1)
    for wait in (-1.0, float("nan")):
        with pytest.raises(InvalidOption, match="decision_seconds is"):
            paid_accuracy(instance, plan, wait)
    for before, said in (("none", "'none'"), ([0.5], "1 acc"), (1.5, "1.5")):
        with pytest.raises(InvalidOption, match=f"before (is|has) {said}"):
            paid_accuracy(instance, plan, 1, before)
    greedy = schedule(A=(None, [segment(0, "every-frame", 4)]))
    with pytest.raises(InvalidSchedule, match=r"schedule: .*'B' has no plan"):
        paid_accuracy(instance, greedy, 1)


def test_runs_pay_for_their_own_seconds(paper: tuple[Instance, Schedule]) -> None:
    """Seconds times the slowdown; nothing found is worth what was before."""
    instance, plan = paper
    digits = problem_hash(instance)
    runs = runs_by_hand(
        {"key": "a", "objective": 0.677, "seconds": 3.0},
        {"key": "b", "status": "no_solution", "seconds": 3.0},
        {"key": "lost", "objective": 0.677, "seconds": 3.0},
        {"key": "h", "objective": 0.5, "kind": "horizon"},
        {"key": "p", "objective": 0.5, "kind": "placement"},
    ).assign(instance_hash=digits)
    schedules = {"a": plan}
    table = paid_accuracies(
        runs, {digits: instance}.__getitem__, schedules.get, slowdown=10
    )
    assert table["decision_seconds"].tolist() == [30, 30, 30, 10, 10]
    after = (0.65 + (80 * 0.5 + 40 * 0.85) / 120) / 2
    nan = float("nan")
    expected = [after, 0.575, nan, nan, nan]
    assert table["paid_accuracy"].tolist() == pytest.approx(expected, nan_ok=True)
    assert table["decision_cost"].tolist()[0] == pytest.approx(0.677 - after)
    with pytest.raises(InvalidOption, match="slowdown is -1"):
        paid_accuracies(runs, lambda _: instance, schedules.get, slowdown=-1)
