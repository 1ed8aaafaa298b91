"""The referee of horizons against numbers worked out on paper."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations import Schedule, Segment, StreamPlan
from formulations.evaluate import evaluate
from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_plans import advance, window_plans
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from instances import Instance, Reallocation, Stream
from instances.generators.paper import paper_horizon, paper_windows
from instances.horizon import Held, Horizon
from instances.horizon_stream import Decay
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon, plan, windows
from tests.small import segment

TRAINS = (config(20, 0.9),)
"""On 5 units of 1/10 it is ready after 40 s of 100."""


def paper_plan(
    stream: str, retraining: str | None, *parts: tuple[float, float, float]
) -> HorizonPlan:
    """Return a plan from (start, GPUs of inference, GPUs of training)."""
    return HorizonPlan(
        stream=stream,
        retraining=retraining,
        segments=tuple(
            Segment(
                start_seconds=start,
                inference=f"{served:.2f}-gpu",
                inference_units=round(10 * served),
                training_units=round(10 * trained),
            )
            for start, served, trained in parts
        ),
    )


def test_the_optimum_of_the_papers_example() -> None:
    """B trains until 50 s, then A until 115 s; then A until 40 s, B until 110 s.

    Both are served on a whole GPU all the time: 0.7609375 in the mean.
    """
    schedule = windows(
        (
            paper_plan("A", "Cfg2A", (0, 1, 0), (50, 1, 1), (115, 1, 0)),
            paper_plan("B", "Cfg2B", (0, 1, 1), (50, 1, 0)),
        ),
        (
            paper_plan("A", "Cfg2A", (0, 1, 1), (40, 1, 0)),
            paper_plan("B", "Cfg2B", (0, 1, 0), (40, 1, 1), (110, 1, 0)),
        ),
    )
    verdict = evaluate_horizon(paper_horizon(5), schedule)
    first = (115 * 0.65 + 5 * 0.7 + 50 * 0.5 + 70 * 0.85) / 240
    second = (40 * 0.7 + 80 * 0.9 + 110 * 0.85 + 10 * 0.9) / 240
    assert verdict.feasible
    assert [each.objective for each in verdict.windows] == pytest.approx(
        [first, second], abs=1e-12
    )
    assert (first, second) == pytest.approx((0.678125, 0.84375), abs=1e-12)
    assert verdict.objective == pytest.approx(0.7609375, abs=1e-12)
    assert verdict.streams[0].held == ("initial", "1/Cfg2A", "2/Cfg2A")
    assert verdict.streams[1].models == (
        (0, 50, "initial"),
        (50, 120, "1/Cfg2B"),
        (120, 230, "1/Cfg2B"),
        (230, 240, "2/Cfg2B"),
    )


def test_slots_of_10_seconds_cost_a_little() -> None:
    """A's first model is ready at 115 s, in the last slot: it serves from window 2."""
    schedule = windows(
        (
            paper_plan("A", "Cfg2A", (0, 1, 0), (50, 1, 1)),
            paper_plan("B", "Cfg2B", (0, 1, 1), (50, 1, 0)),
        ),
        (
            paper_plan("A", "Cfg2A", (0, 1, 1), (40, 1, 0)),
            paper_plan("B", "Cfg2B", (0, 1, 0), (40, 1, 1), (110, 1, 0)),
        ),
    )
    verdict = evaluate_horizon(paper_horizon(10), schedule)
    assert verdict.feasible
    assert verdict.objective == pytest.approx(
        0.7609375 - 5 * (0.7 - 0.65) / 480, abs=1e-12
    )
    assert verdict.objective == pytest.approx(0.760417, abs=5e-7)
    assert verdict.streams[0].models[:2] == ((0, 120, "initial"), (120, 160, "1/Cfg2A"))


def test_the_static_optimum_of_the_papers_example() -> None:
    """B retrains in window 1, A in window 2, each on one GPU: 0.755208."""
    schedule = windows(
        (paper_plan("A", None, (0, 1, 0)), paper_plan("B", "Cfg2B", (0, 1, 1))),
        (paper_plan("A", "Cfg2A", (0, 1, 1)), paper_plan("B", None, (0, 1, 0))),
    )
    verdict = evaluate_horizon(paper_horizon(None), schedule)
    first = Fraction(1, 2) * (Fraction(65, 100) + Fraction(50 * 50 + 70 * 85, 12000))
    second = Fraction(1, 2) * (Fraction(40 * 65 + 80 * 90, 12000) + Fraction(85, 100))
    assert verdict.feasible
    assert verdict.objective == pytest.approx(float((first + second) / 2), abs=1e-12)
    assert verdict.objective == pytest.approx(0.755208, abs=5e-7)


def test_the_schedule_that_the_paper_draws() -> None:
    """One stream is starved to 0.2 GPUs while it trains on 1.8: 0.7396, below a_MIN.

    In units of 1/10 the retrainings end at ninths of 5 s.
    """
    tick = 5 / 9
    schedule = windows(
        (
            paper_plan("A", "Cfg2A", (0, 1, 0), (50 * tick, 1, 1), (167 * tick, 1, 0)),
            paper_plan("B", "Cfg2B", (0, 0.2, 1.8), (50 * tick, 1, 0)),
        ),
        (
            paper_plan("A", "Cfg2A", (0, 0.2, 1.8), (40 * tick, 1, 0)),
            paper_plan("B", "Cfg2B", (0, 1, 0), (40 * tick, 1, 1), (166 * tick, 1, 0)),
        ),
    )
    verdict = evaluate_horizon(paper_horizon(tick), schedule)
    ninths = Fraction(5, 9)
    first = (
        167 * ninths * Fraction("0.65")
        + (120 - 167 * ninths) * Fraction("0.7")
        + 50 * ninths * Fraction("0.1")
        + (120 - 50 * ninths) * Fraction("0.85")
    )
    second = (
        40 * ninths * Fraction("0.14")
        + (120 - 40 * ninths) * Fraction("0.9")
        + 166 * ninths * Fraction("0.85")
        + (120 - 166 * ninths) * Fraction("0.9")
    )
    assert verdict.objective == pytest.approx(float(first + second) / 480, abs=1e-9)
    assert verdict.objective == pytest.approx(0.7396, abs=5e-5)
    low, lower = verdict.violations
    assert low.startswith("Window 1: Stream 'B' is served at accuracy 0.1 from 0 s")
    assert lower.startswith("Window 2: Stream 'A' is served at accuracy 0.14 from 0 s")


def test_uniform_on_the_papers_example() -> None:
    """1.5 GPUs for each stream, half of them for its dearest retraining: 0.5517.

    A's second retraining takes 90 / 0.75 = 120 s, the whole window. B starts at 0.75
    of 0.5, below a_MIN.
    """
    twentieths = paper_windows()[0].streams[0].inference
    static = paper_horizon(None)
    instance = replace(
        static,
        units_per_gpu=20,
        reallocation=Reallocation.STREAM,
        streams=tuple(
            replace(stream, inference=twentieths) for stream in static.streams
        ),
    )

    def half(stream: str, seconds: float) -> HorizonPlan:
        parts = [segment(0, "0.75-gpu", 15, 15)]
        if seconds < 120:
            parts.append(segment(seconds, "1.00-gpu", 30))
        return plan(f"Cfg1{stream}", *parts, stream=stream)

    schedule = windows(
        (half("A", 85 / 0.75), half("B", 80 / 0.75)),
        (half("A", 90 / 0.75), half("B", 80 / 0.75)),
    )
    verdict = evaluate_horizon(instance, schedule)
    first = (85 * 0.65 + (120 - 85 / 0.75) * 0.75) + (
        80 * 0.5 + (120 - 80 / 0.75) * 0.9
    )
    second = 90 * 0.75 + 80 * 0.9 + (120 - 80 / 0.75) * 0.98
    assert verdict.objective == pytest.approx((first + second) / 480, abs=1e-12)
    assert verdict.objective == pytest.approx(0.5517, abs=5e-5)
    (starved,) = verdict.violations
    assert starved.startswith("Window 1: Stream 'B' is served at accuracy 0.375")
    assert verdict.streams[0].held[-1] == "2/Cfg1A"


def test_models_lose_what_the_decay_says() -> None:
    """0.9 becomes 0.9 · 0.9 - 0.01 = 0.8, then 0.71, and never less than 0.7."""
    decay = Decay(factor=0.9, loss=0.01, least=0.7)
    problem = horizon(camera(TRAINS, (), (), (), decay=decay))
    verdict = evaluate_horizon(problem, windows(plan("train"), plan(), plan(), plan()))
    assert verdict.feasible
    served = [each.objective for each in verdict.windows]
    assert served == pytest.approx([0.4 * 0.5 + 0.6 * 0.9, 0.8, 0.71, 0.7])
    assert verdict.objective == pytest.approx(sum(served) / 4, abs=1e-12)


def test_decay_does_not_lift_a_model_to_its_least_accuracy() -> None:
    """What is below the least accuracy stays there."""
    decay = Decay(factor=0.5, least=0.7)
    problem = horizon(camera((), (), accuracy=0.6, decay=decay))
    verdict = evaluate_horizon(problem, windows(plan(), plan()))
    assert verdict.objective == pytest.approx(0.6)


def test_recorded_scores_win_over_the_decay() -> None:
    """The first model scores 0.5, 0.3, 0.8 and the trained one 0.6 in window 3."""
    problem = horizon(
        camera(
            (),
            (config(20, 0.9, later_accuracy=(0.6,)),),
            (),
            later_accuracy=(0.3, 0.8),
            decay=Decay(factor=0),
        )
    )
    idle = evaluate_horizon(problem, windows(plan(), plan(), plan()))
    assert [each.objective for each in idle.windows] == pytest.approx([0.5, 0.3, 0.8])
    trained = evaluate_horizon(problem, windows(plan(), plan("train"), plan()))
    assert [each.objective for each in trained.windows] == pytest.approx(
        [0.5, 0.4 * 0.3 + 0.6 * 0.9, 0.6]
    )


def test_weights_weigh_streams_not_windows() -> None:
    """Weights 3 and 1 on 0.8 and 0.4 are 0.7 in each window."""
    problem = horizon(
        camera((), (), name="A", accuracy=0.8, weight=3),
        camera((), (), name="B", accuracy=0.4),
    )
    both = (plan(stream="A"), plan(stream="B"))
    verdict = evaluate_horizon(problem, windows(both, both))
    assert verdict.objective == pytest.approx(0.7)
    assert [each.accuracy for each in verdict.streams] == pytest.approx([0.8, 0.4])


@pytest.mark.parametrize("mode", ["never", "stream", "server"])
def test_what_completes_at_the_very_end_is_held_in_the_next_window(mode: str) -> None:
    """50 GPU-seconds on half a GPU take the window; 51 do not fit and change nothing.

    Under server a slot of 50 s lets a retraining that ends at 60 s wait until the end.
    """
    slot = 50 if mode == "server" else None
    seconds = 30 if mode == "server" else 50
    exact = horizon(
        camera((config(seconds, 0.9),), ()), reallocation=mode, slot_seconds=slot
    )
    verdict = evaluate_horizon(exact, windows(plan("train"), plan()))
    assert verdict.feasible
    assert [each.objective for each in verdict.windows] == pytest.approx([0.5, 0.9])
    assert verdict.streams[0].models == ((0, 100, "initial"), (100, 200, "1/train"))

    late = horizon(camera((config(51, 0.9),), ()), reallocation=mode, slot_seconds=slot)
    verdict = evaluate_horizon(late, windows(plan("train"), plan()))
    assert verdict.violations == (
        "Window 1: Stream 'A': retraining 'train' does not finish inside the window "
        "of 100 s.",
    )
    assert verdict.objective == pytest.approx(0.5)
    assert verdict.streams[0].held == ("initial", "initial", "initial")


def test_a_floor_holds_for_the_model_that_is_held() -> None:
    """A model that scores 0.3 in window 2 breaks a floor of 0.4 only there."""
    problem = horizon(camera((), (), later_accuracy=(0.3,)), min_accuracy=0.4)
    verdict = evaluate_horizon(problem, windows(plan(), plan()))
    assert verdict.violations == (
        "Window 2: Stream 'A' is served at accuracy 0.3 from 0 s to 100 s, below its "
        "floor of 0.4.",
    )
    own = horizon(
        camera((), (), later_accuracy=(0.3,), min_accuracy=0.2), min_accuracy=0.4
    )
    assert evaluate_horizon(own, windows(plan(), plan())).feasible


def test_the_windows_own_inference_configs_replace_the_streams() -> None:
    """A config that only the stream names is unknown in a window with its own."""
    stream = camera((), ())
    half = replace(stream.inference[0], name="half", relative_accuracy=0.5)
    own = replace(stream.windows[1], inference=(half,))
    problem = horizon(replace(stream, windows=(stream.windows[0], own)))
    served = windows(plan(), plan(None, segment(0, "half", 5)))
    verdict = evaluate_horizon(problem, served)
    assert verdict.feasible
    assert verdict.objective == pytest.approx((0.5 + 0.25) / 2)
    wrong = evaluate_horizon(problem, windows(plan(), plan()))
    assert "Window 2: Stream 'A' has no inference config 'full'." in wrong.violations


RETURNS = camera(
    TRAINS, (), later_accuracy=(0.8,), decay=Decay(factor=0), load_seconds=25
)
"""The first model scores 0.5 and 0.8; the one trained in window 1 scores 0.9 and 0."""


def test_a_kept_model_comes_back_after_its_load_time() -> None:
    """Window 2 is served at 0 for 25 s of loading and at 0.8 for 75 s."""
    problem = horizon(RETURNS, cached_models=1)
    schedule = windows(plan("train", kept=("initial",)), plan(reuse="initial"))
    verdict = evaluate_horizon(problem, schedule)
    assert verdict.feasible
    assert verdict.windows[1].objective == pytest.approx(0.75 * 0.8)
    assert verdict.streams[0].held == ("initial", "1/train", "initial")
    assert verdict.streams[0].kept == ((), ("initial",), ())
    assert verdict.streams[0].models[2:] == (
        (100, 125, "1/train"),
        (125, 200, "initial"),
    )


def test_under_server_a_cold_start_waits_for_the_slot() -> None:
    """Loaded after 25 s, the model serves from the slot at 40 s."""
    problem = horizon(RETURNS, cached_models=1, reallocation="server", slot_seconds=20)
    schedule = windows(plan("train", kept=("initial",)), plan(reuse="initial"))
    verdict = evaluate_horizon(problem, schedule)
    assert verdict.feasible
    assert verdict.windows[1].objective == pytest.approx(0.6 * 0.8)
    assert verdict.streams[0].models[2] == (100, 140, "1/train")


@pytest.mark.parametrize(("load_seconds", "feasible"), [(100, True), (101, False)])
def test_a_cold_start_must_end_inside_the_window(
    load_seconds: float, feasible: bool
) -> None:
    """A load time as long as the window is just possible."""
    stream = replace(RETURNS, load_seconds=load_seconds)
    schedule = windows(plan("train", kept=("initial",)), plan(reuse="initial"))
    verdict = evaluate_horizon(horizon(stream, cached_models=1), schedule)
    assert verdict.feasible is feasible
    held = "initial" if feasible else "1/train"
    assert verdict.streams[0].held[-1] == held


def test_a_warm_model_serves_at_once() -> None:
    """Kept warm, the first model serves all of window 2."""
    problem = horizon(RETURNS, cached_models=1, warm_gb=1)
    schedule = windows(
        plan("train", kept=("initial",)), plan(reuse="initial", warm=True)
    )
    verdict = evaluate_horizon(problem, schedule)
    assert verdict.feasible
    assert verdict.windows[1].objective == pytest.approx(0.8)
    assert verdict.streams[0].models[2:] == ((100, 200, "initial"),)


def test_without_memory_nothing_is_warm() -> None:
    """Even a model that takes no memory needs some to be kept warm in."""
    problem = horizon(RETURNS, cached_models=1, warm_gb=0)
    schedule = windows(
        plan("train", kept=("initial",)), plan(reuse="initial", warm=True)
    )
    assert evaluate_horizon(problem, schedule).violations == (
        "Window 2: There is no memory for warm models ('A').",
    )


@pytest.mark.parametrize(("warm_gb", "feasible"), [(0.3, True), (0.29, False)])
def test_warm_models_share_the_memory(warm_gb: float, feasible: bool) -> None:
    """Three models of 0.1 GB fit into 0.3 GB, although 0.1 + 0.1 + 0.1 > 0.3."""
    assert 0.1 + 0.1 + 0.1 > 0.3
    names = ("A", "B", "C")
    problem = horizon(
        *(replace(RETURNS, name=name, model_gb=0.1) for name in names),
        cached_models=1,
        warm_gb=warm_gb,
        gpus=3,
    )
    verdict = evaluate_horizon(
        problem,
        windows(
            tuple(plan("train", stream=name, kept=("initial",)) for name in names),
            tuple(plan(stream=name, reuse="initial", warm=True) for name in names),
        ),
    )
    said = () if feasible else ("Window 2: Warm models take 0.3 GB, of 0.29.",)
    assert verdict.violations == said


def test_only_kept_models_come_back() -> None:
    """A model that was not kept, or never trained, is not there; nothing changes."""
    problem = horizon(RETURNS, cached_models=1)
    for name in ("initial", "1/other", "2/train"):
        schedule = windows(plan("train"), plan(reuse=name))
        verdict = evaluate_horizon(problem, schedule)
        assert verdict.violations == (
            f"Window 2: Stream 'A' has not kept the model {name!r}, which it uses "
            "again.",
        )
        assert verdict.streams[0].held[-1] == "1/train"
    first = evaluate_horizon(problem, windows(plan(reuse="initial"), plan()))
    assert "Window 1: Stream 'A' has not kept the model" in first.violations[0]


def test_what_may_be_kept() -> None:
    """The replaced model and those kept so far, no others, and no more than allowed."""
    stream = camera(TRAINS, TRAINS, TRAINS)
    problem = horizon(stream, cached_models=2)
    both = ("1/train", "initial")
    good = windows(
        plan("train", kept=("initial",)), plan("train", kept=both), plan(kept=both)
    )
    assert evaluate_horizon(problem, good).feasible

    fewer = replace(problem, cached_models=1)
    told = evaluate_horizon(fewer, good).violations
    assert told == tuple(
        f"Window {w}: Stream 'A' keeps 2 models, of at most 1." for w in (2, 3)
    )
    for wrong, said in [
        (plan(kept=("initial",)), "keeps the model 'initial', which it holds."),
        (
            plan("train", kept=("1/train",)),
            "keeps the model '1/train', which it holds.",
        ),
        (plan(kept=("9/x",)), "keeps the model '9/x', which it does not have."),
    ]:
        verdict = evaluate_horizon(problem, windows(wrong, plan(), plan()))
        assert verdict.violations == (f"Window 1: Stream 'A' {said}",)


def test_a_model_that_was_let_go_is_gone() -> None:
    """What is not kept through a window is not there after it."""
    problem = horizon(camera(TRAINS, (), ()), cached_models=1)
    schedule = windows(plan("train", kept=("initial",)), plan(), plan(reuse="initial"))
    verdict = evaluate_horizon(problem, schedule)
    assert "Window 3: Stream 'A' has not kept" in verdict.violations[0]


def test_windows_and_streams_without_plans_are_told() -> None:
    """Every window counts, with or without plans, and no other."""
    problem = horizon(camera((), (), name="A"), camera((), (), name="B"))
    plans = (plan(stream="A"), plan(stream="C"))
    verdict = evaluate_horizon(problem, windows(plans))
    assert verdict.violations == (
        "The schedule has plans for 1 windows, the horizon has 2.",
        "Window 1: Stream 'C' is not in the instance.",
        "Window 1: Stream 'B' has no plan.",
        "Window 2: Stream 'A' has no plan.",
        "Window 2: Stream 'B' has no plan.",
    )
    assert verdict.objective == pytest.approx(0.5 / 4)
    both = (plan(stream="A"), plan(stream="B"))
    more = evaluate_horizon(problem, windows(both, both, both))
    assert len(more.violations) == 1
    assert more.objective == pytest.approx(0.5)


@given(data=st.data())
def test_the_referee_agrees_with_the_windows_that_solvers_see(
    data: st.DataObject,
) -> None:
    """Any plans are worth the mean of the windows as ``Horizon.window`` states them.

    The two ways share nothing about models, their scores and what is kept. Retrainings
    that do not finish are left out here.
    """
    problem = data.draw(horizons(feasible=False))
    held = [Held()] * len(problem.streams)
    chosen: list[WindowPlans] = []
    expected, problems = [], set()
    for w in range(problem.num_windows):
        instance = problem.window(w, held)
        schedule = _drawn(data, instance)
        verdict = evaluate(instance, schedule)
        finished = {
            each.stream
            for each in verdict.streams
            if each.completion_seconds is not None
        }
        schedule = Schedule(
            streams=tuple(
                each if each.stream in finished else replace(each, retraining=None)
                for each in schedule.streams
            )
        )
        verdict = evaluate(instance, schedule)
        expected.append(verdict.objective)
        problems |= {f"Window {w + 1}: {said}" for said in verdict.violations}
        plans = window_plans(problem, w, held, schedule)
        held = [
            advance(problem, w, before, each)
            for before, each in zip(held, plans.streams, strict=True)
        ]
        chosen.append(plans)
    judged = evaluate_horizon(problem, HorizonSchedule(windows=tuple(chosen)))
    assert judged.objective == pytest.approx(sum(expected) / len(expected), abs=1e-12)
    said = {each for each in judged.violations if "arm models" not in each}
    assert said == problems
    assert _warm_problems(problem, chosen) == [
        each[: len("Window 1")] for each in judged.violations if "arm models" in each
    ]
    for stream, models in zip(judged.streams, held, strict=True):
        assert stream.held[-1] == models.model
        assert stream.kept[-1] == models.kept


def _drawn(data: st.DataObject, instance: Instance) -> Schedule:
    """Draw one segment for each stream, with any of its configs or none."""

    def drawn_plan(stream: Stream) -> StreamPlan:
        trained = [None, *(each.name for each in stream.retraining)]
        served = [None, *(each.name for each in stream.inference)]
        units = st.integers(0, instance.total_units)
        part = Segment(
            start_seconds=0,
            inference=data.draw(st.sampled_from(served)),
            inference_units=data.draw(units),
            training_units=data.draw(units),
        )
        return StreamPlan(
            stream=stream.name,
            retraining=data.draw(st.sampled_from(trained)),
            segments=(part,),
        )

    return Schedule(streams=tuple(map(drawn_plan, instance.streams)))


def _warm_problems(problem: Horizon, chosen: list[WindowPlans]) -> list[str]:
    sizes = {stream.name: stream.model_gb for stream in problem.streams}
    used = [
        sum(sizes[each.stream] for each in plans.streams if each.warm)
        for plans in chosen
    ]
    return [f"Window {w + 1}" for w, gb in enumerate(used) if gb > problem.warm_gb]
