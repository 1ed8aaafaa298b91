"""Running tasks on a cluster of dask.distributed."""

import contextlib
import json
import logging
import queue
import re
import socket
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.dask_worker import run_task, stated
from ekya_opt.studies.local_executor import GRACE_SECONDS, problem_of
from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.outcome_values import short_line
from ekya_opt.studies.runs_lost import MOST_ATTEMPTS, lost
from ekya_opt.studies.task import Task
from ekya_opt.studies.worker_process import task_values
from instances import EkyaOptError, InvalidOption
from instances.checks import shown
from instances.problems import problem_to_dict

if TYPE_CHECKING:
    from instances.problems import Problem

SCHEMES = ("dask", "tcp", "tls")
SECONDS_TO_CONNECT = 10.0
SECONDS_WITHOUT_WORKERS = 60.0
SECONDS_A_LOOK = 1.0
SECONDS_BETWEEN_COUNTS = 5.0
MOST_PROBLEMS = 64
"""Problems that the cluster holds at a time."""

AHEAD = 2
"""Runs given to the cluster for each of its threads."""


class DaskExecutor:
    """Runs tasks on the workers of a dask scheduler.

    There as here every run is a process of its own with its limits. Runs whose workers
    die are given to others.

    Parameters
    ----------
    address
        ``dask://HOST:PORT`` of a scheduler; ``tcp://`` and ``tls://`` as dask has them.
    keep_schedules, grace_seconds
        As in :class:`ekya_opt.studies.local_executor.LocalExecutor`.

    Raises
    ------
    EkyaOptError
        If the address is none, or dask.distributed is not installed.
    """

    def __init__(
        self,
        address: str,
        keep_schedules: bool = True,
        *,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.address = scheduler_address(address)
        self.keep_schedules = keep_schedules
        self.grace_seconds = grace_seconds
        try:
            import distributed  # noqa: F401
        except ImportError:
            message = "dask.distributed is not installed: pip install 'ekya-opt[dask]'"
            raise EkyaOptError(message) from None

    def run(
        self, tasks: Iterable[Task], problems: "Mapping[str, Problem]"
    ) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with its outcome, in order of completion.

        Closing the iterator, or Ctrl-C, ends the runs in flight.

        Raises
        ------
        EkyaOptError
            If nobody listens at the address, there are no workers, or they cannot run
            tasks.
        """
        with _without_logs():
            cluster = _Cluster(self, problems)
            try:
                yield from cluster.outcomes(iter(tasks))
            finally:
                cluster.close()


class _Cluster:
    """The connection to a scheduler, and the runs that it has."""

    def __init__(
        self, executor: DaskExecutor, problems: "Mapping[str, Problem]"
    ) -> None:
        from distributed import Client

        self.executor, self.problems = executor, problems
        self.name = uuid.uuid4().hex[:8]
        self.running: dict[Any, tuple[Task, int]] = {}
        self.again: deque[tuple[Task, int]] = deque()
        self.stated: OrderedDict[str, Any] = OrderedDict()
        self.ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.places = self.submitted = 0
        self.counted = self.seen_workers = time.monotonic()
        host, _, port = executor.address.rpartition("//")[2].rpartition(":")
        try:
            # Dask itself tries again until the time is over, whatever is wrong.
            with socket.create_connection(
                (host.strip("[]"), int(port)), SECONDS_TO_CONNECT
            ):
                pass
            self.client = Client(
                executor.address, timeout=SECONDS_TO_CONNECT, set_as_default=False
            )
        except (OSError, ValueError) as problem:
            message = f"no dask scheduler answers at {executor.address}"
            raise EkyaOptError(f"{message}: {short_line(str(problem))}") from None

    def outcomes(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield tasks with their outcomes until there are none."""
        self._count_places()
        more = True
        while True:
            if time.monotonic() > self.counted + SECONDS_BETWEEN_COUNTS:
                self._count_places()
            while len(self.running) < max(1, self.places) and (more or self.again):
                more = self._submit_next(tasks)
            if not self.running:
                return
            for future in self._completed():
                task, attempts = self.running.pop(future)
                outcome = self._outcome(future, task, attempts)
                future.release()
                if outcome is not None:
                    yield task, outcome

    def close(self) -> None:
        """End what is in flight, and the connection."""
        # What no client waits for, the scheduler takes from its workers.
        with contextlib.suppress(Exception):
            self.client.close(timeout=SECONDS_TO_CONNECT)

    def _submit_next(self, tasks: Iterator[Task]) -> bool:
        if self.again:
            task, attempts = self.again.popleft()
        else:
            found = next(tasks, None)
            if found is None:
                return False
            task, attempts = found, 0
        future = self.client.submit(
            run_task,
            task_values(task),
            self._stated(task),
            self.executor.keep_schedules,
            self.executor.grace_seconds,
            key=f"ekya-opt-{self.name}-{uuid.uuid4().hex}",
            pure=False,
            # Dask's own order among what comes quickly is the last first.
            priority=-self.submitted,
        )
        self.submitted += 1
        self.running[future] = task, attempts + 1
        future.add_done_callback(self.ended.put)
        return True

    def _stated(self, task: Task) -> Any:
        """Return the future of the text of a task's problem."""
        key = task.instance_hash
        if key not in self.stated:
            text = json.dumps(problem_to_dict(problem_of(task, self.problems)))
            name = f"ekya-opt-{self.name}-problem-{key}"
            self.stated[key] = self.client.submit(stated, text, key=name)
        self.stated.move_to_end(key)
        while len(self.stated) > MOST_PROBLEMS:
            self.stated.popitem(last=False)
        return self.stated[key]

    def _completed(self) -> list[Any]:
        """Wait for runs that have ended, and for workers if there are none."""
        while True:
            with contextlib.suppress(queue.Empty):
                first = self.ended.get(timeout=SECONDS_A_LOOK)
                others = [self.ended.get() for _ in range(self.ended.qsize())]
                return [first, *others]
            if self.client.status != "running":
                raise EkyaOptError(f"the scheduler at {self.executor.address} is gone")
            self._count_places()

    def _outcome(self, future: Any, task: Task, attempts: int) -> Outcome | None:
        """Return a run's outcome; ``None`` if it must be run again."""
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            outcome: Outcome = future.result()
            return outcome
        if future.status != "error":
            message = f"the scheduler at {self.executor.address} has dropped a run"
            raise EkyaOptError(f"{message}: it is {future.status}")
        problem = future.exception()
        if not isinstance(problem, KilledWorker):
            words = short_line(f"{type(problem).__name__}: {problem}")
            message = f"workers of {self.executor.address} cannot run tasks"
            raise EkyaOptError(f"{message}: {words}")
        # Dask blames every run that a dead worker had, waiting ones as well.
        if attempts >= MOST_ATTEMPTS:
            return lost(attempts, short_line(str(problem)), None)
        self.again.append((task, attempts))
        return None

    def _count_places(self) -> None:
        """Look how many runs the cluster takes now."""
        with contextlib.suppress(OSError, TimeoutError):
            self.places = AHEAD * sum(self.client.nthreads().values())
        now = self.counted = time.monotonic()
        if self.places:
            self.seen_workers = now
        elif now > self.seen_workers + SECONDS_WITHOUT_WORKERS:
            message = f"the scheduler at {self.executor.address} has no workers"
            raise EkyaOptError(f"{message} since {SECONDS_WITHOUT_WORKERS:g} s")


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Keep dask's client from logging tracebacks of what is told in one line."""
    logger = logging.getLogger("distributed.client")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def scheduler_address(address: str) -> str:
    """Return the address of a scheduler as dask has it.

    Raises
    ------
    InvalidOption
        If it is none.
    """
    match = re.fullmatch(r"(?:(\w+)://)?([^\s/:]+|\[[0-9a-fA-F:]+\]):(\d+)", address)
    if match is None or (match[1] or "dask") not in SCHEMES or int(match[3]) > 65535:
        message = f"scheduler is {shown(address)}, expected dask://HOST:PORT"
        raise InvalidOption(message)
    scheme = "tcp" if match[1] in (None, "dask") else match[1]
    return f"{scheme}://{match[2]}:{match[3]}"
