"""What the process of one run does: solve, ask the referee, tell the outcome."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ekya_opt.schedule_output import schedule_content
from ekya_opt.studies.memory_limit import (
    is_near,
    is_want_of_memory,
    lift_limit,
    limit_words,
)
from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.outcome_values import (
    bounded,
    outcome_to_dict,
    short_line,
    thinned,
)
from ekya_opt.studies.process_tree import memory_of
from ekya_opt.studies.task import Task
from instances import EkyaOptError, SolverDisagreement
from instances.instance_files import MOST_OBJECTS
from solvers import Options, Result, Status, solve

if TYPE_CHECKING:
    from instances.problems import Problem

SHORT_SECONDS = 0.02
"""A shorter solve is done twice, and the second one counts.

In the first, every page of memory that is written to is copied, since it is a fork's;
that takes longer than a solve of a millisecond.
"""


def outcome_of(
    task: Task, problem: "Problem", keep_schedule: bool, solved: Callable[[], None]
) -> bytes:
    """Return the JSON text of a run's outcome; ``solved`` is called after the solve."""
    started, start = utc_now(), time.perf_counter()
    told = False
    try:
        options = Options(
            time_limit=task.time_limit,
            seed=task.seed,
            workers=task.workers,
            plan_on=task.plan_on,
            settings=task.settings,
        )
        result = solve(problem, task.solver, options)
        if result.runtime < SHORT_SECONDS:
            result = solve(problem, task.solver, options)
        lift_limit()
        solved()
        told = True
        outcome = _outcome(result, problem, keep_schedule, started)
    except BaseException as problem_found:
        left = lift_limit()
        seconds = time.perf_counter() - start
        if not told:
            solved()
        failure, error = _why(problem_found, task.memory_limit, left)
        outcome = failed(failure, error, started, seconds)
    return json.dumps(outcome_to_dict(outcome), allow_nan=False).encode()


def failed(failure: Failure, error: str, started: str, seconds: float) -> Outcome:
    """Return the outcome of a run without a result."""
    return Outcome(
        status=str(Status.ERROR),
        failure=failure,
        error=short_line(error),
        started=started,
        seconds=seconds,
        process_seconds=seconds,
    )


def utc_now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _outcome(
    result: Result, problem: "Problem", keep_schedule: bool, started: str
) -> Outcome:
    memory = memory_of()
    return Outcome(
        status=str(result.status),
        stopped_by=None if result.stopped_by is None else str(result.stopped_by),
        objective=result.objective,
        bound=result.bound,
        seconds=result.runtime,
        peak_bytes=None if memory is None else memory.peak,
        verdict=_verdict(result, problem),
        trace=tuple(
            thinned(
                [(each.seconds, each.objective, each.bound) for each in result.trace]
            )
        ),
        schedule=_schedule(result, problem) if keep_schedule else None,
        metadata=bounded(result.metadata),
        started=started,
    )


def _verdict(result: Result, problem: "Problem") -> str | None:
    from formulations.problems import evaluate_any

    if result.schedule is None:
        return None
    violations = evaluate_any(problem, result.schedule).violations
    if not violations:
        return "feasible"
    plural = "" if len(violations) == 1 else "s"
    return short_line(f"{len(violations)} violation{plural}: {violations[0]}")


def _schedule(result: Result, problem: "Problem") -> dict[str, Any] | None:
    if len(problem.streams) > MOST_OBJECTS:
        return None
    return schedule_content(result, problem)


def _why(
    problem: BaseException, limit: int | None, left: int | None
) -> tuple[Failure, str]:
    """Return the kind of failure that an exception is, and its message."""
    message = " ".join(str(problem).split()) or "no message"
    error = f"{type(problem).__name__}: {message}"
    if isinstance(problem, SolverDisagreement):
        return Failure.DISAGREEMENT, error
    near, words = False, ""
    if limit is not None and left is not None:
        near, words = is_near(limit - left, limit), limit_words(limit - left, limit)
    starved = is_want_of_memory(problem, near)
    if words and (starved or (near and not isinstance(problem, EkyaOptError))):
        error = f"{error}; {words}"
    return Failure.MEMORY if starved else Failure.EXCEPTION, error
