"""What runs of a study do in a worker of dask.distributed."""

import atexit
import contextlib
import json
import select
import threading
from collections.abc import Callable
from typing import Any

from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.runs_lost import MOST_ATTEMPTS, lost
from ekya_opt.studies.task import Task
from ekya_opt.studies.worker_process import WorkerLost, WorkerProcess
from instances import EkyaOptError

SECONDS_A_LOOK = 0.25
"""Time between two looks whether a run is still wanted."""


class Dismissed(Exception):
    """Nobody waits for the run any more."""


class _Pool:
    """The worker processes of this process that have nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        atexit.register(self.end)

    def take(self, keep_schedules: bool, grace_seconds: float) -> WorkerProcess:
        """Return a worker process for one run: one that is idle, or else a new one."""
        with self._lock:
            if self._idle:
                worker = self._idle.pop()
                worker.keep_schedules = keep_schedules
                worker.grace_seconds = grace_seconds
                return worker
        return WorkerProcess(keep_schedules=keep_schedules, grace_seconds=grace_seconds)

    def give_back(self, worker: WorkerProcess) -> None:
        """Keep a worker process for a later run."""
        with self._lock:
            self._idle.append(worker)

    def end(self) -> None:
        """End all of them."""
        with self._lock:
            for worker in self._idle:
                worker.dismiss()
            while self._idle:
                self._idle.pop().end()


_POOL = _Pool()


def stated(text: str) -> str:
    """Return a problem's JSON text.

    It is a task of its own, so that each problem travels once, and comes again after
    the worker that held it has died.
    """
    return text


def run_task(
    values: dict[str, Any], problem: str, keep_schedules: bool, grace_seconds: float
) -> Outcome:
    """Return the outcome of a task, run in a process of its own on this machine.

    Raises
    ------
    EkyaOptError
        If it cannot be run here.
    """
    task, wanted = Task(**values), _wanted()
    how = "unknown"
    for attempt in range(1, MOST_ATTEMPTS + 1):
        worker = _POOL.take(keep_schedules, grace_seconds)
        try:
            outcome = _outcome(worker, task, problem, attempt, wanted)
        except WorkerLost:
            how = worker.end()
            if worker.job is None:
                raise EkyaOptError(f"workers do not start: {how}") from None
        except BaseException:
            worker.end()
            raise
        else:
            _POOL.give_back(worker)
            return outcome
    return lost(MOST_ATTEMPTS, how, worker.environment)


def _outcome(
    worker: WorkerProcess,
    task: Task,
    problem: str,
    attempt: int,
    wanted: Callable[[], bool],
) -> Outcome:
    while True:
        if worker.ready and worker.job is None:
            worker.send(task, lambda: json.loads(problem), attempt)
        ready, _, _ = select.select([worker.descriptor], [], [], SECONDS_A_LOOK)
        if ready:
            outcome = worker.receive()
            if outcome is not None:
                return outcome
        elif not wanted():
            raise Dismissed


def _wanted() -> Callable[[], bool]:
    """Return a function that tells whether the scheduler still wants this task."""
    from distributed import get_worker

    try:
        worker = get_worker()
        key = worker.get_current_task()
    except ValueError:
        return lambda: True

    def wanted() -> bool:
        with contextlib.suppress(AttributeError):
            state = worker.state.tasks.get(key)
            return state is not None and state.state not in ("cancelled", "released")
        return True

    return wanted
