"""The solvers of horizons: exact ways, bounds, policies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances import (
    Instance,
    InstanceTooLarge,
    InvalidOption,
    Reallocation,
    SolverUnavailable,
    load_shipped,
)
from instances.generators.drift import drift
from instances.horizon import Held, Horizon
from solvers import Options, Result, Search, Status, StoppedBy, solve
from solvers.dp import solve_dp
from solvers.search import TimeUp
from tests import horizon_examples
from tests.horizon_examples import EXAMPLES
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon

Way = tuple[str, dict[str, Any]]

EXACT: list[Way] = [
    ("decomposition", {}),
    ("milp", {}),
    ("milp", {"presolve": "none"}),
    ("milp", {"presolve": "none", "backend": "cbc"}),
]
POLICIES: list[Way] = [
    ("dp", {}),
    ("thief", {}),
    ("myopic", {"window": "greedy"}),
    ("look-ahead", {}),
    ("look-ahead", {"credit": 1.0}),
]

static = st.sampled_from([Reallocation.NEVER, Reallocation.STREAM])


@st.composite
def small_horizons(draw: st.DrawFn) -> Horizon:
    """Draw a horizon for brute force, now and then one that may be infeasible."""
    feasible = draw(st.sampled_from([True, True, True, False]))
    mode = draw(static)
    return draw(horizons(reallocation=mode, max_units=4, feasible=feasible))


def named(way: Way) -> str:
    """Return a short name of a way for the test's identity."""
    return "-".join([way[0], *map(str, way[1].values())])


def run(way: Way, problem: Horizon, **options: Any) -> Result:
    """Solve a horizon one way."""
    return solve(problem, way[0], Options(settings=way[1], **options))


@settings(max_examples=80)
@given(problem=small_horizons())
def test_exact_ways_agree_with_brute_force(problem: Horizon) -> None:
    """Each exact way proves brute force's optimum, or that there is no schedule."""
    expected = solve(problem, "brute-force")
    assert expected.status in (Status.OPTIMAL, Status.INFEASIBLE)
    for way in EXACT:
        result = run(way, problem)
        assert result.status is expected.status, named(way)
        if expected.objective is not None:
            assert result.objective == pytest.approx(expected.objective, abs=1e-6)
            assert result.bound is not None
            assert expected.objective - 1e-9 <= result.bound
            assert result.bound <= expected.objective + 1e-6


@settings(max_examples=60)
@given(problem=small_horizons())
def test_policies_stay_below_the_optimum(problem: Horizon) -> None:
    """No policy beats the optimum, and no bound lies below it."""
    optimum = solve(problem, "decomposition")
    for way in POLICIES:
        result = run(way, problem)
        if optimum.objective is None:
            assert result.objective is None
        elif result.objective is not None:
            assert result.objective <= optimum.objective + 1e-6, named(way)
        if result.bound is not None and optimum.objective is not None:
            assert result.bound >= optimum.objective - 1e-6, named(way)


@settings(max_examples=40)
@given(problem=small_horizons())
def test_a_loose_gap_is_a_true_gap(problem: Horizon) -> None:
    """With a gap the decomposition's bound is right, and as close as asked for."""
    optimum = solve(problem, "decomposition").objective
    result = run(("decomposition", {"gap": 0.05}), problem)
    if optimum is None:
        assert result.status is Status.INFEASIBLE
        return
    assert result.objective is not None
    assert result.bound is not None
    assert result.bound * 0.95 - 1e-9 <= result.objective <= optimum + 1e-6
    assert result.bound >= optimum - 1e-6


@settings(max_examples=30)
@given(data=st.data())
def test_one_window_is_the_windows_optimum(data: st.DataObject) -> None:
    """A horizon of one window has the optimum that dp proves for that window."""
    mode = data.draw(static)
    drawn = horizons(reallocation=mode, max_windows=1, max_units=12, feasible=False)
    problem = data.draw(drawn)
    window: Instance = problem.window(0, [Held()] * len(problem.streams))
    expected = solve(window, "dp")
    for way in [*EXACT, ("dp", {})]:
        result = run(way, problem)
        if expected.objective is None:
            assert result.objective is None
        else:
            assert result.objective == pytest.approx(expected.objective, abs=1e-6)


@settings(max_examples=25)
@given(problem=small_horizons(), seed=st.randoms(use_true_random=False))
def test_what_mathematics_says(problem: Horizon, seed: Any) -> None:
    """The order of streams is no matter, weights' scale neither; room never hurts."""
    optimum = solve(problem, "decomposition").objective
    streams = list(problem.streams)
    seed.shuffle(streams)
    shuffled = replace(problem, streams=tuple(streams))
    scaled = replace(
        problem,
        streams=tuple(replace(each, weight=each.weight * 7) for each in streams),
    )
    for other in (shuffled, scaled):
        result = solve(other, "decomposition").objective
        assert result == pytest.approx(optimum, abs=1e-6)
    larger = [
        replace(problem, gpus=problem.gpus + 1),
        replace(problem, cached_models=problem.cached_models + 1),
        replace(problem, warm_gb=problem.warm_gb + 1),
    ]
    for other in larger:
        result = solve(other, "decomposition").objective
        assert optimum is None or (result or 0) >= optimum - 1e-6


@pytest.mark.parametrize("way", [*EXACT, ("brute-force", {})], ids=named)
@pytest.mark.parametrize(("make", "optimum", "_"), EXAMPLES)
def test_examples_on_paper(
    way: Way, make: Callable[[], Horizon], optimum: float, _: float
) -> None:
    """Each exact way proves the optima that a reader checks on paper."""
    result = run(way, make())
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(optimum, abs=1e-9)


@pytest.mark.parametrize(("make", "_", "expected"), EXAMPLES)
def test_window_by_window_on_paper(
    make: Callable[[], Horizon], _: float, expected: float
) -> None:
    """Window by window is blind to what comes later, and keeps within the memory."""
    assert solve(make(), "dp").objective == pytest.approx(expected, abs=1e-9)


def test_prices_look_ahead() -> None:
    """By prices the retraining that pays later is found; by credit with enough of it.

    To retrain costs 0.01 now; the model held at the end scores 0.4 instead of 0.5, so
    that no credit for its accuracy today makes up for it.
    """
    problem = horizon_examples.pays_later()
    assert solve(problem, "look-ahead").objective == pytest.approx(0.695)
    for credit in (0.0, 1.0, 10.0):
        result = run(("look-ahead", {"credit": credit}), problem)
        assert result.objective == pytest.approx(0.5)


def test_credit_buys_a_late_retraining() -> None:
    """At the window's very end it gains nothing today: credit alone makes it happen.

    50 GPU-seconds on half a GPU take the whole window; then 0.9 instead of 0.5 is
    served: (0.5 + 0.9) / 2 = 0.7.
    """
    problem = horizon(camera((config(50, 0.9),), ()))
    assert solve(problem, "dp").objective == pytest.approx(0.5)
    for credit, expected in ((0.0, 0.5), (0.01, 0.7)):
        result = run(("look-ahead", {"credit": credit}), problem)
        assert result.objective == pytest.approx(expected)


@pytest.mark.parametrize("way", [*EXACT, ("dp", {})], ids=named)
def test_the_papers_static_horizon(way: Way) -> None:
    """Ekya, Table 1, over both windows without reallocation: 0.755208."""
    problem = load_shipped("paper/horizon-never")
    assert isinstance(problem, Horizon)
    result = run(way, problem)
    assert result.objective == pytest.approx(0.7552083333, abs=1e-9)


def test_memory_that_many_streams_want() -> None:
    """Window by window the memory goes to the streams that gain most by it.

    Stream v's first model is at 0.8 - v/100 by day. Warm it gains 20 s of
    its day over 0.3; two of four streams can be warm, and the first two gain most.
    """
    streams = []
    for v in range(4):
        own = horizon_examples.day_and_night(f"s{v}")
        scores = (0.3, 0.8 - v / 100)
        streams.append(replace(own, accuracy=0.8 - v / 100, later_accuracy=scores))
    problem = horizon(*streams, gpus=4, cached_models=1, warm_gb=2)
    schedule = solve(problem, "dp").schedule
    assert schedule is not None
    warm = {plan.stream for plan in schedule.windows[2].streams if plan.warm}
    assert warm == {"s0", "s1"}


@pytest.mark.parametrize("way", [*EXACT[:3], ("look-ahead", {})], ids=named)
def test_an_initial_schedule_is_never_lost(way: Way) -> None:
    """The result is no worse than the schedule to start from, whatever the time."""
    problem = drift(3, 1, 0, windows=4)
    known = solve(problem, "decomposition")
    result = run(way, problem, initial_schedule=known.schedule, time_limit=1e-3)
    assert result.objective is not None
    assert result.objective >= (known.objective or 1) - 1e-9
    result = run(way, problem, initial_schedule=known.schedule)
    assert result.objective == pytest.approx(known.objective, abs=1e-6)


@pytest.mark.parametrize("way", [*EXACT, *POLICIES, ("brute-force", {})], ids=named)
def test_time_limits(way: Way) -> None:
    """A tiny time limit ends each solver soon, with a true status."""
    problem = drift(10, 2, 0, windows=8)
    result = run(way, problem, time_limit=0.2)
    assert result.runtime < 0.2 * 1.1 + 1
    if result.objective is None:
        assert result.status is Status.NO_SOLUTION
        assert result.stopped_by is StoppedBy.TIME_LIMIT
    if result.bound is not None:
        assert result.bound >= 0.652


def test_bounds_and_objectives_on_a_larger_horizon() -> None:
    """Ten streams over eight windows are solved to proven optimality."""
    problem = drift(10, 2, 0, windows=8)
    result = solve(problem, "decomposition")
    assert result.status is Status.OPTIMAL
    assert result.objective is not None
    for way in POLICIES:
        policy = run(way, problem)
        assert policy.objective is not None
        assert policy.objective <= result.objective + 1e-6
        if policy.bound is not None:
            assert policy.bound >= result.objective - 1e-6


INTERRUPTED = """
import sys
from instances.generators.drift import drift
from solvers import Options, solve
options = {"scenes": 3, "cached_models": 2, "load_seconds": 30}
problem = drift(10, 2, 0, windows=10, warm_gb=2, model_gb=1, **options)
known = solve(problem, "dp").schedule
print("ready", flush=True)
result = solve(problem, sys.argv[1], Options(initial_schedule=known))
print(result.status, result.stopped_by, result.objective >= 0.5)
"""


@pytest.mark.parametrize("solver", ["decomposition", "milp", "look-ahead"])
def test_ctrl_c_keeps_the_incumbent(solver: str, tmp_path: Path) -> None:
    """SIGINT ends the run soon, with the best schedule so far."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, solver],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert told == "feasible interrupt True\n"


def test_bad_settings_are_refused() -> None:
    """A gap of 1 or a negative credit is an error that names the domain."""
    problem = horizon_examples.pays_later()
    with pytest.raises(InvalidOption, match="gap is 1, expected"):
        run(("decomposition", {"gap": 1.0}), problem)
    with pytest.raises(InvalidOption, match="credit is -1, expected at least 0"):
        run(("look-ahead", {"credit": -1.0}), problem)
    with pytest.raises(SolverUnavailable, match="there is no solver 'none'"):
        run(("myopic", {"window": "none"}), problem)


def test_brute_force_gives_up() -> None:
    """Brute force says when there is too much to try."""
    with pytest.raises(InstanceTooLarge, match="brute force has tried 10 plans"):
        run(("brute-force", {"most_plans": 10}), horizon_examples.pays_later())


@settings(max_examples=40)
@given(data=st.data())
def test_the_servers_bound(data: st.DataObject) -> None:
    """With reallocation server the bound is above the optimum, schedules below it."""
    sizes = {"max_streams": 2, "max_windows": 2, "max_units": 4}
    mode, feasible = Reallocation.SERVER, data.draw(st.booleans())
    problem = data.draw(horizons(reallocation=mode, feasible=feasible, **sizes))
    optimum = solve(problem, "milp")
    result = solve(problem, "decomposition")
    if optimum.objective is None:
        assert optimum.status is Status.INFEASIBLE
        assert result.objective is None
        return
    assert result.bound is not None
    assert result.bound >= optimum.objective - 1e-6
    if result.objective is not None:
        assert result.objective <= optimum.objective + 1e-6


def test_the_papers_servers_horizon() -> None:
    """The schedule found is optimal, 0.7609375, and the bound lies above it."""
    problem = load_shipped("paper/horizon")
    assert isinstance(problem, Horizon)
    result = solve(problem, "decomposition")
    assert result.objective == pytest.approx(0.7609375, abs=1e-9)
    assert result.bound is not None
    assert 0.7609375 <= result.bound < 0.8


@pytest.mark.parametrize("solver", ["look-ahead", "brute-force"])
def test_the_servers_horizons_are_refused(solver: str) -> None:
    """Where windows are coupled slot by slot these solvers say so."""
    problem = load_shipped("paper/horizon")
    assert isinstance(problem, Horizon)
    with pytest.raises(SolverUnavailable, match="reallocation server"):
        solve(problem, solver)


def test_the_server_window_by_window() -> None:
    """With reallocation server each window is solved by a solver of such windows.

    Window by window is optimal in the paper's example: 0.7609375 (its windows at
    0.678125 and 0.84375).
    """
    problem = load_shipped("paper/horizon")
    assert isinstance(problem, Horizon)
    result = run(("myopic", {"window": "decomposition"}), problem)
    assert result.objective == pytest.approx(0.7609375, abs=1e-9)


def test_ctrl_c_in_a_window_ends_the_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window's solver that is interrupted does not let the next window begin."""
    begun = []

    def interrupted(instance: Instance, search: Search) -> None:
        begun.append(instance.name)
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.dp.solve_dp", interrupted)
    result = solve(horizon_examples.warm_reuse(), "dp")
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert len(begun) == 1


def test_trials_for_the_memory_keep_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of eight streams two find room; a slow solver is not asked for every choice."""
    asked = []

    def slow(instance: Instance, search: Search) -> Any:
        asked.append(instance.name)
        time.sleep(0.05)
        return solve_dp(instance, search)

    monkeypatch.setattr("solvers.dp.solve_dp", slow)
    problem = horizon(
        *(horizon_examples.day_and_night(f"s{v}") for v in range(8)),
        gpus=8,
        units_per_gpu=2,
        cached_models=1,
        warm_gb=2.5,
    )
    result = solve(problem, "dp", Options(time_limit=1))
    assert result.objective is not None
    assert result.runtime < 2.1
    assert len(asked) < 40


def test_a_window_without_a_schedule_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window's share of the time that is over is no window without a schedule."""

    def late(instance: Instance, search: Search) -> None:
        raise TimeUp

    monkeypatch.setattr("solvers.dp.solve_dp", late)
    result = solve(horizon_examples.warm_reuse(), "dp", Options(time_limit=60))
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert "window_without_schedule" not in result.metadata
