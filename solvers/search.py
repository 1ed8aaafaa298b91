"""One run of a solver: its clock, its random numbers and its incumbents."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from solvers.options import Options
from solvers.result import StoppedBy, TracePoint

if TYPE_CHECKING:
    from formulations.schedule_columns import ScheduleColumns

Outcome = TypeVar("Outcome")


class TimeUp(Exception):
    """The time limit has passed."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a solver found, before certification.

    Parameters
    ----------
    schedule, objective
        Best schedule and the solver's own value of it; ``None`` if there is none.
    bound
        Upper bound that the solver proved; ``None`` for heuristics.
    schedule_columns
        The schedule as columns, from a solver that works on columns.
    infeasible
        Whether the solver proved that there is no feasible schedule.
    stopped_by
        What cut the run short.
    metadata
        What else is worth telling: model sizes, backends, counts.
    """

    schedule: Any = None
    schedule_columns: "ScheduleColumns | None" = None
    objective: float | None = None
    bound: float | None = None
    infeasible: bool = False
    stopped_by: StoppedBy | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class Search:
    """The state that a solver shares with its caller while it runs.

    Parameters
    ----------
    options
        The options of the solve.

    Attributes
    ----------
    options
        As given.
    rng
        Generator made from the seed.
    objective, bound
        Best objective and bound reported so far; ``None`` before the first.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.rng = np.random.default_rng(options.seed)
        self.objective: float | None = None
        self.bound: float | None = None
        self._make_schedule: Callable[[], Any] | None = None
        self._start = time.perf_counter()
        self._trace: list[TracePoint] = []

    @property
    def seconds(self) -> float:
        """Wall seconds since the run began."""
        return time.perf_counter() - self._start

    @property
    def remaining(self) -> float:
        """Wall seconds until the time limit, at least 0; infinite without one."""
        limit = self.options.time_limit
        return math.inf if limit is None else max(0.0, limit - self.seconds)

    def check_time(self) -> None:
        """Raise ``TimeUp`` when the time limit has passed."""
        if self.remaining == 0:
            raise TimeUp

    def report(
        self,
        objective: float,
        schedule: Callable[[], Any],
        bound: float | None = None,
    ) -> bool:
        """Record an incumbent; return whether it improves on the best so far.

        The schedule is built from the callable only if the run ends with it.
        """
        better = self.objective is None or objective > self.objective
        if better:
            self.objective = objective
            self._make_schedule = schedule
        if self._tighten(bound) or better:
            self._note()
        return better

    def report_bound(self, bound: float) -> None:
        """Record an upper bound."""
        if self._tighten(bound):
            self._note()

    @property
    def schedule(self) -> Any:
        """The best incumbent's schedule, built now; ``None`` if there is none."""
        return None if self._make_schedule is None else self._make_schedule()

    @property
    def trace(self) -> tuple[TracePoint, ...]:
        """Every incumbent and improved bound so far."""
        return tuple(self._trace)

    def _tighten(self, bound: float | None) -> bool:
        if bound is None or (self.bound is not None and bound >= self.bound):
            return False
        self.bound = bound
        return True

    def _note(self) -> None:
        point = TracePoint(
            seconds=self.seconds, objective=self.objective, bound=self.bound
        )
        self._trace.append(point)


def run_interruptibly(
    work: Callable[[], Outcome], stop: Callable[[], None]
) -> tuple[Outcome, bool]:
    """Run a backend's blocking call so that Ctrl-C stops it and keeps its incumbent.

    Parameters
    ----------
    work
        The call; it runs in a thread of its own and must return soon after ``stop``.
    stop
        Asks the backend to stop; called from this thread on every Ctrl-C.

    Returns
    -------
    The call's outcome, and whether it was interrupted.
    """
    outcome: list[Outcome] = []
    failure: list[BaseException] = []
    # Thread.join cannot tell: a Ctrl-C within it marks a running thread as ended.
    done = threading.Event()

    def target() -> None:
        try:
            outcome.append(work())
        except BaseException as problem:
            failure.append(problem)
        finally:
            done.set()

    thread = threading.Thread(target=target, daemon=True)
    interrupted = False
    try:
        thread.start()
        while not done.wait(0.05):
            pass
    except KeyboardInterrupt:
        interrupted = True
        if thread.ident is None:
            raise
    while not done.is_set():
        try:
            stop()
            done.wait(0.2)
        except KeyboardInterrupt:
            continue
    if failure:
        raise failure[0]
    return outcome[0], interrupted
