"""Horizons in which the server reallocates: both engines, and enumeration."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import Schedule, StreamPlan, horizon_server_cp, horizon_server_milp
from formulations.evaluate import evaluate
from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_plans import model_after
from instances import Instance, Reallocation, SolverUnavailable, Stream
from instances.horizon import Held, Horizon
from instances.horizon_stream import WARM
from instances.problems import read_problem
from solvers import Options, Result, Status, StoppedBy, TimeUp, solve
from tests import horizon_examples
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon
from tests.small import segment, serving

PAPER = Path(__file__).parents[2] / "instances" / "paper"
TOLERANCE = 1e-6
WAYS: list[tuple[str, dict[str, Any]]] = [
    ("milp", {"backend": "highs", "presolve": "none"}),
    ("milp", {"backend": "cbc", "presolve": "none"}),
    ("cp-sat", {"presolve": "none"}),
]
STARTED: list[tuple[str, dict[str, Any]]] = [("milp", {}), ("cp-sat", {})]


def paper(name: str) -> Horizon:
    """Return a shipped form of the paper's worked example."""
    problem = read_problem(PAPER / f"{name}.json")
    assert isinstance(problem, Horizon)
    return problem


def named(way: Any) -> str:
    """Return a short name of a way for the test's identity."""
    return "-".join([way[0], *way[1].values()])


def run(way: tuple[str, dict[str, Any]], problem: Horizon, **options: Any) -> Result:
    """Solve a horizon one way."""
    return solve(problem, way[0], Options(settings=way[1], **options))


class Enumeration:
    """The best of all lives of all streams, priced by the window's referee.

    Every change of a model, every split of the units in every slot, and every set of
    models to keep is tried.
    """

    def __init__(self, problem: Horizon) -> None:
        self.problem = problem
        self.known: dict[tuple[int, tuple[Held, ...]], float] = {}

    def best(self) -> float:
        """Return the optimum, -inf without a feasible schedule."""
        start = (Held(),) * len(self.problem.streams)
        return self._togo(0, start) / self.problem.num_windows

    def _togo(self, w: int, held: tuple[Held, ...]) -> float:
        if w == self.problem.num_windows:
            return 0.0
        if (w, held) not in self.known:
            instance = self.problem.window(w, held)
            best = float("-inf")
            for runs in product(*map(_runs, instance.streams)):
                if not self._fits(runs):
                    continue
                value = _best_split(instance, runs)
                if value > float("-inf"):
                    rest = max(
                        self._togo(w + 1, after)
                        for after in self._after(w, held, instance, runs)
                    )
                    best = max(best, value + rest)
            self.known[w, held] = best
        return self.known[w, held]

    def _fits(self, runs: tuple[str | None, ...]) -> bool:
        used = sum(
            stream.model_gb
            for stream, name in zip(self.problem.streams, runs, strict=True)
            if name is not None and name.startswith(WARM)
        )
        return used <= self.problem.warm_gb

    def _after(
        self,
        w: int,
        held: tuple[Held, ...],
        instance: Instance,
        runs: tuple[str | None, ...],
    ) -> Iterator[tuple[Held, ...]]:
        choices = []
        for models, stream, name in zip(held, instance.streams, runs, strict=True):
            plan = StreamPlan(
                stream=stream.name,
                retraining=name,
                segments=(segment(0, None, 0),),
            )
            after = model_after(w, models, plan)
            at_hand = sorted({models.model, *models.kept} - {after})
            choices.append(
                [
                    Held(model=after, kept=kept)
                    for size in range(self.problem.cached_models + 1)
                    for kept in combinations(at_hand, size)
                ]
            )
        yield from product(*choices)


def _runs(stream: Stream) -> list[str | None]:
    return [None, *(each.name for each in stream.retraining)]


def _best_split(instance: Instance, runs: tuple[str | None, ...]) -> float:
    """Return the best value of given changes over all splits of all slots."""
    assert instance.slot_seconds is not None
    slots = round(instance.window_seconds / instance.slot_seconds)
    total = instance.total_units
    size = 2 * len(runs)
    splits = [
        units
        for units in product(range(total + 1), repeat=size)
        if sum(units) <= total
        and all(name is not None or not units[2 * v + 1] for v, name in enumerate(runs))
    ]
    best = float("-inf")
    for rows in product(splits, repeat=slots):
        plans = []
        for v, (stream, name) in enumerate(zip(instance.streams, runs, strict=True)):
            parts = [
                segment(
                    t * instance.slot_seconds,
                    _config(instance, stream, units[2 * v]),
                    units[2 * v],
                    units[2 * v + 1],
                )
                for t, units in enumerate(rows)
            ]
            plans.append(
                StreamPlan(stream=stream.name, retraining=name, segments=tuple(parts))
            )
        verdict = evaluate(instance, Schedule(streams=tuple(plans)))
        if verdict.feasible:
            best = max(best, verdict.objective)
    return best


def _config(instance: Instance, stream: Stream, units: int) -> str | None:
    """Return the most accurate inference config that fits."""
    fitting = [
        each
        for each in stream.inference
        if each.gpus * instance.units_per_gpu <= units + 1e-9
    ]
    best = max(fitting, key=lambda each: each.relative_accuracy, default=None)
    return None if best is None else best.name


def check(problem: Horizon, result: Result, expected: float) -> None:
    """Check that a result is the expected optimum, with its proof and its referee."""
    if expected == float("-inf"):
        assert result.schedule is None
        return
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(expected, abs=TOLERANCE)
    assert result.bound == pytest.approx(expected, abs=TOLERANCE)
    assert evaluate_horizon(problem, result.schedule).feasible


@pytest.mark.parametrize("way", WAYS, ids=named)
@settings(max_examples=25)
@given(
    problem=horizons(reallocation="server", max_streams=1, max_units=2, slot_seconds=30)
)
def test_one_stream_is_as_enumerated(way: Any, problem: Horizon) -> None:
    """Each engine finds what enumeration finds for one stream in up to 3 windows."""
    check(problem, run(way, problem), Enumeration(problem).best())


@settings(max_examples=8)
@given(
    problem=horizons(
        reallocation="server",
        max_streams=1,
        max_units=2,
        max_windows=2,
        slot_seconds=20,
        feasible=False,
    )
)
def test_floors_and_shorter_slots_are_as_enumerated(problem: Horizon) -> None:
    """The same with three slots a window and floors that may not be kept."""
    expected = Enumeration(problem).best()
    check(problem, run(WAYS[0], problem), expected)
    check(problem, run(WAYS[2], problem), expected)


@settings(max_examples=8)
@given(
    problem=horizons(
        reallocation="server",
        max_streams=2,
        max_units=1,
        max_windows=2,
        slot_seconds=30,
    ),
    warm_gb=st.sampled_from([0, 2, 3]),
)
def test_two_streams_are_as_enumerated(problem: Horizon, warm_gb: float) -> None:
    """Streams are coupled by units in every slot and by the memory for warm models."""
    problem = replace(problem, warm_gb=warm_gb)
    expected = Enumeration(problem).best()
    check(problem, run(WAYS[0], problem), expected)
    check(problem, run(WAYS[2], problem), expected)


@settings(max_examples=25)
@given(horizons(reallocation="server", max_streams=2, max_units=5))
def test_engines_agree(problem: Horizon) -> None:
    """On larger horizons all engines prove one optimum, and a start is accepted."""
    results = [run(way, problem) for way in WAYS]
    for result in results:
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(results[0].objective, abs=TOLERANCE)
    for way in (WAYS[0], WAYS[2]):
        again = run(way, problem, initial_schedule=results[1].schedule)
        assert again.metadata["warm_start"] == "accepted"
        assert again.objective == pytest.approx(results[0].objective, abs=TOLERANCE)


@settings(max_examples=15)
@given(horizons(reallocation="server", max_streams=2, max_units=4))
def test_a_start_window_by_window_changes_nothing(problem: Horizon) -> None:
    """What each window's own optimum is worth is a start, and no bound."""
    expected = run(WAYS[0], problem)
    for way in STARTED:
        result = run(way, problem)
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(expected.objective, abs=TOLERANCE)


def test_windows_one_by_one_are_the_first_incumbent() -> None:
    """The trace begins with a schedule, which the engine takes."""
    for way in STARTED:
        result = run(way, paper("horizon"), time_limit=4)
        assert result.metadata["warm_start"] == "accepted"
        assert result.trace[0].objective is not None
        assert result.objective is not None
        assert result.objective >= result.trace[0].objective


@settings(max_examples=20)
@given(horizons(reallocation="server", max_streams=2, max_windows=1, max_units=4))
def test_one_window_is_a_window(problem: Horizon) -> None:
    """A horizon of one window is worth what its window is."""
    alone = solve(problem.window(0, [Held()] * len(problem.streams)), "milp")
    assert run(WAYS[0], problem).objective == pytest.approx(
        alone.objective, abs=TOLERANCE
    )


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_the_paper_s_example_in_slots_of_10_s(way: Any) -> None:
    """Two windows of the worked example: 0.760417 with slots of 10 s."""
    problem = paper("horizon-10s")
    result = run(way, problem)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(0.760417, abs=1e-6)


@pytest.mark.parametrize("way", WAYS, ids=named)
@pytest.mark.parametrize(
    "example", ["pays_later", "without_cache", "cold_reuse", "warm_reuse"]
)
def test_models_are_handed_on(way: Any, example: str) -> None:
    """The small examples of horizons, in slots on which their changes fall.

    Whatever a static horizon does the server may do as well.
    """
    static = getattr(horizon_examples, example)()
    server = replace(static, reallocation=Reallocation.SERVER, slot_seconds=10)
    least = solve(static, "brute-force").objective
    result = run(way, server)
    assert result.status is Status.OPTIMAL
    assert least is not None
    assert result.objective is not None
    assert result.objective >= least - TOLERANCE


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_worse_model_serves_as_soon_as_it_is_done(way: Any) -> None:
    """A model that pays later may not wait for the window's end with its work done.

    A's model takes five unit-slots, and scores 0.1 now instead of 0.5, and 0.9 later.
    Trained in the last slot on the five free units it costs nothing: 0.7. But if only
    then B can train, A's is done before and serves in the last slot: (0.46 + 0.5 +
    0.9 + 0.9) / 4 = 0.69.
    """
    pays = camera((config(5, 0.1, later_accuracy=(0.9,)),), ())
    alone = run(way, horizon(pays, reallocation="server", slot_seconds=10))
    assert alone.status is Status.OPTIMAL
    assert alone.objective == pytest.approx(0.7)
    late = config(5, 0.4, delay_seconds=90, later_accuracy=(0.9,))
    free = (serving(0, 1.0, "free"),)
    other = camera((late,), (), name="B", inference=free)
    two = horizon(pays, other, reallocation="server", slot_seconds=10)
    both = run(way, two)
    assert both.status is Status.OPTIMAL
    assert both.objective == pytest.approx(0.69)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_nothing_trains_where_floors_take_all_units(way: Any) -> None:
    """Of six units a floor takes five, which leaves one to train; of five none.

    Twelve unit-slots do not end in ten slots, ten end with the window: (0.5 + 0.9) / 2.
    """
    for gpus, work, expected in ((0.6, 10, 0.7), (0.6, 12, 0.5), (0.5, 10, 0.5)):
        stream = camera(
            (config(work, 0.4, later_accuracy=(0.9,)),), (), min_accuracy=0.4
        )
        one = horizon(stream, reallocation="server", slot_seconds=10, gpus=gpus)
        result = run(way, one)
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(expected)


@pytest.mark.parametrize("way", [*WAYS, *STARTED], ids=named)
@pytest.mark.parametrize("seconds", [0.001, 2.0])
def test_the_time_limit_is_kept(way: Any, seconds: float) -> None:
    """The paper's example in slots of 5 s is left on time, with a true bound."""
    problem = paper("horizon")
    result = run(way, problem, time_limit=seconds)
    assert result.runtime <= 1.1 * seconds + 1
    assert result.stopped_by is StoppedBy.TIME_LIMIT or result.objective is not None
    assert result.bound is None or result.bound >= 0.7609


def test_static_horizons_are_refused_by_cp_sat() -> None:
    """Paths are not for CP-SAT; the refusal names who does them."""
    with pytest.raises(SolverUnavailable, match=r"expected server.*milp"):
        solve(horizon(camera(())), "cp-sat")


@pytest.mark.parametrize("build", [horizon_server_milp.build, horizon_server_cp.build])
def test_building_looks_at_the_clock(build: Any) -> None:
    """The clock may stop the building of either model."""

    def time_up() -> None:
        raise TimeUp

    one = horizon(camera(()), reallocation="server", slot_seconds=10)
    with pytest.raises(TimeUp):
        build(one, time_up)
