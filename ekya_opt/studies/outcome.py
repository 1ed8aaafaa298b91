"""What came of one run, whatever it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Failure(StrEnum):
    """Why a run has no result."""

    EXCEPTION = "exception"
    DISAGREEMENT = "disagreement"
    MEMORY = "memory"
    OVERTIME = "overtime"
    CRASH = "crash"
    WORKER_LOST = "worker lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run: a certified result, or why there is none.

    Parameters
    ----------
    status, stopped_by, objective, bound
        As in :class:`solvers.Result`; status ``error`` with a failure.
    seconds
        Wall seconds of the solve itself; of the process if the solve did not end.
    process_seconds
        Wall seconds from the request to the end of the run's process.
    peak_bytes
        Largest resident memory of the run's processes; ``None`` where not known.
    failure, error
        What kind of failure, and its message in one line; ``None`` without one.
    verdict
        What the referee finds when it judges the schedule once more: ``feasible``, or
        the number of violations and the first of them; ``None`` without a schedule.
    trace
        (seconds, objective, bound) of every incumbent and improved bound.
    schedule
        The schedule as in its file; ``None`` without one or if it is not kept.
    metadata
        What else the solver tells, as JSON values.
    started
        When the run began, UTC, ISO 8601.
    environment
        ``versions`` and ``machine`` that it ran on, as the functions of these names
        in :mod:`ekya_opt.versions` and :mod:`ekya_opt.benchmarks.report` tell them.
    attempts
        How often the run was begun; more than 1 if workers died.
    """

    status: str
    stopped_by: str | None = None
    objective: float | None = None
    bound: float | None = None
    seconds: float = 0.0
    process_seconds: float = 0.0
    peak_bytes: int | None = None
    failure: Failure | None = None
    error: str | None = None
    verdict: str | None = None
    trace: tuple[tuple[float, float | None, float | None], ...] = ()
    schedule: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    started: str
    environment: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1
