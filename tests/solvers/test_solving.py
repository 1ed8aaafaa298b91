"""What solve promises of every solver: certification, limits, settings."""

import math
import time
from dataclasses import fields
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from formulations import Schedule
from instances import (
    Estimate,
    Instance,
    InvalidOption,
    RetrainingConfig,
    SolverDisagreement,
    SolverUnavailable,
    instance_from_dict,
    instance_to_dict,
)
from instances.generators import generate
from instances.problems import Kind, kind_of
from solvers import (
    Answer,
    Options,
    Result,
    Search,
    Status,
    StoppedBy,
    registry,
    solve,
)
from solvers.result import relative_gap
from solvers.search import run_interruptibly
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.solver_names import STATIC

SERVED = schedule(A=(None, [segment(0, "full", 5)]))
BROKEN = schedule(A=(None, [segment(0, "full", 4)]))


def run(monkeypatch: pytest.MonkeyPatch, function: Any, **options: Any) -> Result:
    """Solve one stream, worth 0.5, by a function registered as a plug-in."""
    point = EntryPoint(name="drawn", value="nowhere", group="ekya_opt.solvers")
    monkeypatch.setattr(registry, "_plug_ins", lambda: {"drawn": point})
    monkeypatch.setattr(EntryPoint, "load", lambda self: function)
    return solve(window(stream()), "drawn", Options(**options))


def test_a_plain_schedule_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver may return a schedule alone; the referee supplies the objective."""
    result = run(monkeypatch, lambda instance, search: SERVED)
    assert result.status is Status.FEASIBLE
    assert result.objective == pytest.approx(0.5)
    assert result.bound is None
    assert result.gap is None


def test_nothing_is_no_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that returns nothing on a feasible instance has no solution."""
    assert run(monkeypatch, lambda i, s: None).status is Status.NO_SOLUTION


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(schedule=BROKEN), "violations, the first: Stream 'A'"),
        (Answer(schedule=SERVED, objective=0.6), "claims objective 0.6"),
        (Answer(schedule=SERVED, bound=0.4), "claims bound 0.4"),
        (Answer(schedule=SERVED, objective=math.nan), "claims objective nan"),
        (Answer(schedule=SERVED, bound=math.nan), "claims bound nan"),
        (Answer(infeasible=True), "claims infeasible"),
    ],
)
def test_a_wrong_answer_is_a_disagreement(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, message: str
) -> None:
    """Violations and wrong objectives, bounds and infeasibility are never silent."""
    with pytest.raises(SolverDisagreement, match=message):
        run(monkeypatch, lambda instance, search: answer)


def test_optimal_is_assigned_from_bound_and_objective(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bound within 1e-6 of the objective proves it; one beyond does not."""
    near = Answer(schedule=SERVED, objective=0.5 + 4e-7, bound=0.5 + 9e-7)
    assert run(monkeypatch, lambda i, s: near).status is Status.OPTIMAL
    far = run(monkeypatch, lambda i, s: Answer(schedule=SERVED, bound=0.5 + 2e-6))
    assert far.status is Status.FEASIBLE
    assert far.gap == pytest.approx(2e-6 / (0.5 + 2e-6))


@pytest.mark.parametrize(
    ("stop", "reason"),
    [(KeyboardInterrupt, StoppedBy.INTERRUPT), (None, StoppedBy.TIME_LIMIT)],
)
def test_a_run_cut_short_keeps_its_incumbent(
    monkeypatch: pytest.MonkeyPatch,
    stop: type[BaseException] | None,
    reason: StoppedBy,
) -> None:
    """Ctrl-C and the time limit end the run with what was reported."""

    def endless(instance: Instance, search: Search) -> None:
        search.report(0.5, lambda: SERVED)
        if stop:
            raise stop
        while True:
            search.check_time()

    result = run(monkeypatch, endless, time_limit=0.1)
    assert result.stopped_by is reason
    assert result.schedule == SERVED
    assert result.status is Status.FEASIBLE
    assert len(result.trace) == 1
    assert result.runtime < 1


def test_an_initial_schedule_is_the_first_incumbent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The result is never worse than the schedule to start from."""
    idle = schedule(A=(None, [segment(0, None, 0)]))
    result = run(monkeypatch, lambda i, s: idle, initial_schedule=SERVED)
    assert result.schedule == SERVED
    with pytest.raises(InvalidOption, match="initial schedule"):
        run(monkeypatch, lambda i, s: idle, initial_schedule=BROKEN)


def test_a_wrong_claim_of_infeasibility_is_told_beside_an_incumbent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A known schedule does not hide that a solver claims there is none."""
    claim = Answer(infeasible=True)
    with pytest.raises(SolverDisagreement, match="claims infeasible"):
        run(monkeypatch, lambda i, s: claim, initial_schedule=SERVED)


def test_settings_are_checked_by_name_and_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Settings come from the signature: unknown names and wrong types are errors."""
    seen: dict[str, object] = {}

    def solver(
        instance: Instance, search: Search, *, depth: int = 1, deep: bool = False
    ) -> Schedule:
        seen.update(depth=depth, deep=deep)
        return SERVED

    run(monkeypatch, solver, settings={"depth": "3", "deep": "true"})
    assert seen == {"depth": 3, "deep": True}
    with pytest.raises(InvalidOption, match="no setting 'width'; it has: depth, deep"):
        run(monkeypatch, solver, settings={"width": 1})
    for value in ("x", "1.5", 1.5, True, None):
        with pytest.raises(InvalidOption, match=r"setting depth is .*expected int"):
            run(monkeypatch, solver, settings={"depth": value})


@pytest.mark.parametrize(
    "options",
    [
        {"time_limit": 0},
        {"time_limit": float("nan")},
        {"seed": -1},
        {"seed": 1.5},
        {"workers": 0},
        {"plan_on": "dreams"},
        {"initial_schedule": "none"},
    ],
)
def test_options_outside_their_domain_are_refused(options: dict[str, Any]) -> None:
    """Common options are validated when they are built."""
    with pytest.raises(InvalidOption):
        Options(**options)


def test_an_unknown_solver_is_told_with_those_there_are() -> None:
    """The message lists the solvers."""
    with pytest.raises(SolverUnavailable, match="there are: dp, core"):
        solve(window(stream()), "nothing")


def test_brute_force_keeps_its_time_limit() -> None:
    """Brute force on many splits stops in time with an incumbent or nothing."""
    levels = tuple(serving(part / 10, part / 10) for part in range(1, 6))
    cameras = [stream(n, inference=levels) for n in "ABCDEF"]
    instance = window(*cameras)
    start = time.perf_counter()
    settings = {"most_plans": 10**9}
    result = solve(instance, "brute-force", Options(time_limit=0.5, settings=settings))
    assert time.perf_counter() - start < 1.6
    assert result.stopped_by is StoppedBy.TIME_LIMIT


@pytest.fixture(scope="module")
def large() -> Instance:
    """Return a window on which every exact solver takes seconds."""
    return generate("recorded-like", 1000, 300, 0)


@pytest.mark.parametrize("solver", sorted({*STATIC} - {"brute-force"}))
def test_every_solver_keeps_its_time_limit(large: Instance, solver: str) -> None:
    """A limit of half a second is kept within 10 % and a second, by all."""
    start = time.perf_counter()
    result = solve(large, solver, Options(time_limit=0.5))
    assert time.perf_counter() - start < 0.55 + 1
    assert result.stopped_by is StoppedBy.TIME_LIMIT or result.objective is not None


def test_planning_on_estimates_drops_what_does_not_finish() -> None:
    """A retraining planned to end at 40 s needs 120 s in truth and gives nothing."""
    late = {
        "name": "late",
        "gpu_seconds": 60,
        "accuracy": 0.9,
        "estimate": {"gpu_seconds": 20, "accuracy": 0.9},
    }
    data = instance_to_dict(window(stream(retraining=(retraining(20, 0.9),))))
    data["streams"][0]["retraining"] = [late]
    instance = instance_from_dict(data)
    result = solve(instance, "dp", Options(plan_on="estimates"))
    assert result.metadata["planned_objective"] == pytest.approx(0.74)
    assert result.objective == pytest.approx(0.5)
    assert result.schedule is not None
    assert result.schedule.streams[0].retraining is None
    assert result.schedule.streams[0].segments[0].training_units == 5


def test_an_initial_schedule_starts_a_plan_on_estimates() -> None:
    """A schedule that is valid in truth is re-timed to the estimates, and kept."""
    config = RetrainingConfig(
        name="retrain",
        gpu_seconds=20,
        accuracy=0.9,
        estimate=Estimate(gpu_seconds=15, accuracy=0.9),
    )
    instance = window(stream(retraining=(config,)), reallocation="stream")
    best = solve(instance, "dp")
    options = Options(plan_on="estimates", initial_schedule=best.schedule)
    for solver in ("dp", "thief", "milp"):
        result = solve(instance, solver, options)
        assert result.objective == pytest.approx(best.objective)


def test_a_retraining_within_no_time_frees_from_the_old_models_floor() -> None:
    """A model that is there within rounding is no reason to call it infeasible."""
    camera = stream(inference=(serving(0.2, 1),), retraining=(retraining(1e-8, 0.9),))
    instance = window(camera, min_accuracy=0.6)
    assert solve(instance, "dp").objective == pytest.approx(0.9)
    assert solve(instance, "inference-only").status is Status.NO_SOLUTION


def test_gaps_on_paper() -> None:
    """(1 - 0.9) / 1 = 0.1; equal values have no gap; to nothing there is none."""
    assert relative_gap(1.0, 0.9) == pytest.approx(0.1)
    assert relative_gap(0.0, 0.0) == 0
    assert solve(window(stream()), "dp").gap_to(None) is None


def test_a_backends_failure_comes_through() -> None:
    """An exception in the backend's thread is raised in the caller's."""

    def fail() -> None:
        raise ValueError("no licence")

    with pytest.raises(ValueError, match="no licence"):
        run_interruptibly(fail, lambda: None)


def test_a_class_that_extends_a_problem_is_solved() -> None:
    """An instance or a schedule of an own class is one of the class it extends."""

    class Own(Instance):
        __slots__ = ()

    class OwnSchedule(Schedule):
        __slots__ = ()

    plain = window(stream())
    names = [field.name for field in fields(Instance)]
    own = Own(**{name: getattr(plain, name) for name in names})
    assert kind_of(own) is Kind.WINDOW
    options = Options(initial_schedule=OwnSchedule(streams=SERVED.streams))
    assert solve(own, "dp", options).objective == pytest.approx(0.5)
