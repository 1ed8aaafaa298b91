"""Running tasks on this machine, each in a process of its own."""

import os
import selectors
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.runs_lost import MOST_ATTEMPTS, lost
from ekya_opt.studies.task import Task
from ekya_opt.studies.worker_process import WorkerLost, WorkerProcess
from instances import EkyaOptError, InvalidOption
from instances.checks import shown
from instances.instance_files import MOST_OBJECTS
from instances.problems import is_columns, problem_to_dict

if TYPE_CHECKING:
    from instances.problems import Problem

GRACE_SECONDS = 2.0
MOST_WORKERS = 1024


class LocalExecutor:
    """Runs tasks in parallel on this machine.

    A crash, too much memory or time is the outcome of its run and of no other. When
    this process is killed, its workers and their runs end by themselves.

    Parameters
    ----------
    workers
        Runs at a time; by default one for each core.
    keep_schedules
        Whether outcomes hold schedules, those of up to 20,000 streams.
    grace_seconds
        Seconds beyond 1.1 times its time limit after which a solve is killed.

    Raises
    ------
    EkyaOptError
        If the system cannot fork.
    """

    def __init__(
        self,
        workers: int | None = None,
        keep_schedules: bool = True,
        *,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        check_system()
        workers = os.cpu_count() or 1 if workers is None else workers
        whole = isinstance(workers, int) and not isinstance(workers, bool)
        if not whole or not 1 <= workers <= MOST_WORKERS:
            expected = f"expected an integer from 1 to {MOST_WORKERS}"
            raise InvalidOption(f"workers is {shown(workers)}, {expected}")
        self.workers = workers
        self.keep_schedules = keep_schedules
        self.grace_seconds = grace_seconds

    def run(
        self, tasks: Iterable[Task], problems: "Mapping[str, Problem]"
    ) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with its outcome, in order of completion.

        Closing the iterator, or Ctrl-C, ends the runs in flight.

        Parameters
        ----------
        tasks
            Taken when a worker is free for the next.
        problems
            Problems by their hash.

        Raises
        ------
        EkyaOptError
            If a problem is missing or is a fleet's columns, or workers do not start.
        """
        return _Crew(self, tasks, problems).outcomes()


class _Crew:
    """The workers of one call of ``run``, and what they have to do."""

    def __init__(
        self,
        executor: LocalExecutor,
        tasks: Iterable[Task],
        problems: "Mapping[str, Problem]",
    ) -> None:
        self.executor, self.problems = executor, problems
        self.tasks = iter(tasks)
        self.waiting: deque[tuple[Task, int]] = deque()
        self.workers: set[WorkerProcess] = set()
        self.selector = selectors.DefaultSelector()
        self.failed_starts = 0

    def outcomes(self) -> Iterator[tuple[Task, Outcome]]:
        """Yield tasks with their outcomes until there are none."""
        try:
            while self._staff():
                for key, _ in self.selector.select():
                    yield from self._hear(key.data)
        finally:
            for worker in self.workers:
                worker.dismiss()
            for worker in self.workers:
                worker.end()
            self.selector.close()

    def _staff(self) -> bool:
        """Give work to who is free, and have as many as there is work for.

        Return whether there is anything to wait for.
        """
        self._look_ahead()
        for worker in self.workers:
            if self.waiting and worker.ready and worker.job is None:
                task, attempts = self.waiting.popleft()
                problem = problem_of(task, self.problems)
                worker.send(task, partial(problem_to_dict, problem), attempts + 1)
                self._look_ahead()
        starting = sum(not worker.ready for worker in self.workers)
        free = self.executor.workers - len(self.workers)
        for _ in range(min(free, len(self.waiting) - starting)):
            worker = WorkerProcess(
                keep_schedules=self.executor.keep_schedules,
                grace_seconds=self.executor.grace_seconds,
            )
            self.workers.add(worker)
            self.selector.register(worker.descriptor, selectors.EVENT_READ, worker)
        busy = any(worker.job is not None for worker in self.workers)
        return busy or bool(self.waiting)

    def _look_ahead(self) -> None:
        while len(self.waiting) < self.executor.workers:
            task = next(self.tasks, None)
            if task is None:
                return
            self.waiting.append((task, 0))

    def _hear(self, worker: WorkerProcess) -> Iterator[tuple[Task, Outcome]]:
        job = worker.job
        try:
            outcome = worker.receive()
        except WorkerLost:
            yield from self._lose(worker)
            return
        if worker.ready:
            self.failed_starts = 0
        if outcome is not None and job is not None:
            # The worker goes on while the outcome is put away.
            self._staff()
            yield job[0], outcome

    def _lose(self, worker: WorkerProcess) -> Iterator[tuple[Task, Outcome]]:
        self.selector.unregister(worker.descriptor)
        self.workers.discard(worker)
        how = worker.end()
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts >= MOST_ATTEMPTS:
                raise EkyaOptError(f"workers do not start: {how}")
        if worker.job is None:
            return
        task, _, attempts = worker.job
        if attempts < MOST_ATTEMPTS:
            self.waiting.appendleft((task, attempts))
            return
        yield task, lost(attempts, how, worker.environment)


def problem_of(task: Task, problems: "Mapping[str, Problem]") -> "Problem":
    """Return a task's problem.

    Raises
    ------
    EkyaOptError
        If it is missing or given as columns.
    """
    try:
        problem = problems[task.instance_hash]
    except KeyError:
        raise EkyaOptError(f"there is no problem {task.instance_hash}") from None
    if is_columns(problem):
        message = "is a fleet as columns, and studies run on instances of up to"
        raise InvalidOption(f"{problem.name}: {message} {MOST_OBJECTS:,} streams")
    return problem


def check_system() -> None:
    """Raise ``EkyaOptError`` where processes cannot be forked."""
    if not hasattr(os, "fork"):
        message = "runs of studies are forked processes, which this system lacks"
        raise EkyaOptError(f"{message}; run the study on Linux or macOS")
