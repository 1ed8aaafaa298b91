"""From the windows' own plans to a horizon's and back, and what is kept."""

import pytest

from formulations import StreamPlan
from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_plans import (
    advance,
    horizon_plan,
    model_after,
    models_to_keep,
    schedule_of_windows,
    stream_plan,
)
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from instances import InvalidSchedule
from instances.horizon import Held
from instances.horizon_stream import Decay
from tests.horizons import camera, config, horizon, plan, windows
from tests.small import schedule, segment

SERVED = segment(0, "full", 5)
TRAINS = (config(20, 0.9),)


def window_plan(retraining: str | None) -> StreamPlan:
    """Return a window's own plan."""
    return StreamPlan(stream="A", retraining=retraining, segments=(SERVED,))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, plan()),
        ("train", plan("train", SERVED)),
        ("reuse 1/train", plan(reuse="1/train")),
        ("warm 1/reuse it", plan(reuse="1/reuse it", warm=True)),
    ],
)
def test_a_windows_plan_is_read_and_written(
    name: str | None, expected: HorizonPlan
) -> None:
    """Names of configs stay; those of kept models tell how they are used again."""
    assert horizon_plan(window_plan(name)) == expected
    assert stream_plan(expected) == window_plan(name)


@pytest.mark.parametrize(
    ("name", "model"),
    [(None, "1/a"), ("b", "3/b"), ("reuse initial", "initial"), ("warm 2/c", "2/c")],
)
def test_what_a_stream_holds_after_a_window(name: str | None, model: str) -> None:
    """The model held so far, the trained one, or the one that is used again."""
    held = Held(model="1/a", kept=("initial", "2/c"))
    assert model_after(2, held, window_plan(name)) == model
    assert model_after(2, held, horizon_plan(window_plan(name))) == model


def test_the_models_with_the_best_later_score_are_kept() -> None:
    """Of three models those stay that score highest in some later window.

    The first scores 0.5 and 0.7 in windows 4 and 5, the one of window 1 scores 0.6 and
    0.1, that of window 2 nothing.
    """
    stream = camera(
        (config(1, 0.9, later_accuracy=(0.9, 0.9, 0.6, 0.1)),),
        (config(1, 0.9, later_accuracy=(0.9, 0, 0)),),
        TRAINS,
        (),
        (),
        later_accuracy=(0.9, 0.9, 0.5, 0.7),
    )
    held = Held(model="2/train", kept=("1/train", "initial"))
    for most, kept in [
        (0, ()),
        (1, ("initial",)),
        (2, ("initial", "1/train")),
        (3, ("initial", "1/train", "2/train")),
        (4, ("initial", "1/train", "2/train")),
    ]:
        problem = horizon(stream, cached_models=most)
        assert models_to_keep(problem, stream, 2, held, "3/train") == kept
        after = advance(problem, 2, held, window_plan("train"))
        assert after == Held(model="3/train", kept=kept)
    problem = horizon(stream, cached_models=2)
    back = advance(problem, 2, held, window_plan("reuse initial"))
    assert back == Held(model="initial", kept=("1/train", "2/train"))
    assert models_to_keep(problem, stream, 4, held, "initial") == ()


def test_of_equal_models_the_replaced_one_is_kept() -> None:
    """Ties are broken by the order: the replaced model, then those kept longer."""
    stream = camera(TRAINS, TRAINS, TRAINS, (), decay=Decay(factor=0))
    held = Held(model="2/train", kept=("1/train", "initial"))
    problem = horizon(stream, cached_models=2)
    kept = models_to_keep(problem, stream, 2, held, "3/train")
    assert kept == ("2/train", "1/train")


def test_a_plan_of_the_horizon_says_itself_what_is_kept() -> None:
    """What the plan keeps is taken as it is, not chosen."""
    problem = horizon(camera(TRAINS, ()), cached_models=1)
    after = advance(problem, 0, Held(), plan("train"))
    assert after == Held(model="1/train", kept=())


def test_windows_in_a_row_make_a_schedule() -> None:
    """The first model is kept in window 1 and comes back in window 2."""
    problem = horizon(
        camera(TRAINS, (), later_accuracy=(0.8,), decay=Decay(factor=0)),
        cached_models=1,
    )
    made = schedule_of_windows(
        problem,
        [
            schedule(A=("train", [segment(0, "full", 5, 5)])),
            schedule(A=("reuse initial", [SERVED])),
        ],
    )
    assert made == windows(
        plan("train", kept=("initial",)), plan(reuse="initial", kept=())
    )
    verdict = evaluate_horizon(problem, made)
    assert verdict.feasible
    assert verdict.objective == pytest.approx((0.4 * 0.5 + 0.6 * 0.9 + 0.8) / 2)


def test_plans_that_contradict_themselves_are_refused() -> None:
    """A model used again excludes a retraining; only such a model can be warm."""
    with pytest.raises(InvalidSchedule, match="reuse: is 'x', expected nothing with"):
        plan("train", reuse="x")
    with pytest.raises(InvalidSchedule, match="warm: is True, expected false without"):
        plan(warm=True)
    with pytest.raises(InvalidSchedule, match="warm: is 1, expected true or false"):
        plan(reuse="x", warm=1)
    with pytest.raises(InvalidSchedule, match="kept: holds a name twice"):
        plan(kept=("x", "x"))
    with pytest.raises(InvalidSchedule, match=r"kept\[0\]: is 3, expected a str"):
        plan(kept=(3,))
    with pytest.raises(InvalidSchedule, match=r"segments\[0\].start_seconds: is 5"):
        plan(None, segment(5, "full", 5))
    with pytest.raises(InvalidSchedule, match=r"streams\[1\].stream: is 'A', which"):
        WindowPlans(streams=(plan(), plan()))
    with pytest.raises(InvalidSchedule, match="windows: has 0 items"):
        HorizonSchedule(windows=())
