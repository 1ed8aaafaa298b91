"""A worker of a study, seen from the study."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ekya_opt.studies import frames
from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.outcome_values import outcome_from_dict, short_line
from ekya_opt.studies.process_tree import ending, kill_marked
from ekya_opt.studies.task import Task
from instances import EkyaOptError

MARK = "EKYA_OPT_WORKER"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that keep numerical libraries to the one thread of a worker."""


SECONDS_TO_END = 2.0

Stated = Callable[[], dict[str, Any]]


class WorkerLost(Exception):
    """The worker's process has ended."""


class WorkerProcess:
    """One worker: a process that runs tasks, one at a time.

    Parameters
    ----------
    keep_schedules
        Whether outcomes hold schedules.
    grace_seconds
        Seconds beyond 1.1 times the time limit after which a solve is killed.

    Attributes
    ----------
    environment
        Versions and machine; ``None`` until it has started.
    job
        The task that it runs, what states its problem, and how often it was begun.
    """

    def __init__(self, *, keep_schedules: bool, grace_seconds: float) -> None:
        self.keep_schedules, self.grace_seconds = keep_schedules, grace_seconds
        self.environment: Mapping[str, Any] | None = None
        self.job: tuple[Task, Stated, int] | None = None
        self._content = bytearray()
        self._mark = uuid.uuid4().hex
        self._words = tempfile.TemporaryFile()  # noqa: SIM115
        places = [place or os.getcwd() for place in sys.path]
        single = {name: os.environ.get(name, "1") for name in THREADS}
        path = {"PYTHONPATH": os.pathsep.join(places), MARK: self._mark}
        self._folder = tempfile.mkdtemp(prefix="ekya-opt-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ekya_opt.studies.worker", self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            bufsize=0,
            env={**os.environ, **single, **path, "TMPDIR": self._folder},
            # Ctrl-C at a terminal reaches the study alone, which ends its workers.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout

    @property
    def descriptor(self) -> int:
        """Descriptor that is readable when the worker has told something, or ended."""
        return self._output.fileno()

    @property
    def pid(self) -> int:
        """Number of the worker's process."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """Whether the worker has started."""
        return self.environment is not None

    def send(self, task: Task, stated: Stated, attempts: int) -> None:
        """Have the worker run a task; it must be ready and without one.

        ``stated`` gives the problem's JSON value and is called if the worker lacks it.
        """
        self.job = task, stated, attempts
        self._request({})

    def receive(self) -> Outcome | None:
        """Return the outcome if it has come; call it when something can be read.

        Raises
        ------
        WorkerLost
            If the worker's process has ended.
        EkyaOptError
            If it cannot work on the problem.
        """
        try:
            piece = os.read(self.descriptor, frames.PIECE)
        except OSError:
            piece = b""
        if not piece:
            raise WorkerLost
        self._content += piece
        message = frames.unpacked(self._content)
        if message is None:
            return None
        if "ready" in message:
            self.environment = message["ready"]
            return None
        assert self.job is not None
        _, stated, attempts = self.job
        if "missing" in message:
            self._request({"problem": stated()})
            return None
        self.job = None
        if "refused" in message:
            raise EkyaOptError(message["refused"])
        content = {**message["outcome"], "attempts": attempts}
        return outcome_from_dict(content, self.environment or {})

    def dismiss(self) -> None:
        """Tell the worker to end with what it runs; returns at once."""
        with contextlib.suppress(OSError):
            self._input.close()

    def end(self, seconds: float = SECONDS_TO_END) -> str:
        """End the worker and everything that it started, whatever it takes.

        Return how its process ended, and the last line that it wrote.
        """
        self.dismiss()
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if status != 0:
            kill_marked(f"{MARK}={self._mark}")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._output.close()
        with self._words as words:
            words.seek(0)
            lines = words.read().decode("utf-8", "replace").split("\n")
        last = [line for line in lines if line.strip()][-1:]
        return short_line(": ".join([ending(status), *last]))

    def _request(self, more: Mapping[str, Any]) -> None:
        assert self.job is not None
        task = self.job[0]
        request = {
            "task": task_values(task),
            "keep_schedule": self.keep_schedules,
            "grace": self.grace_seconds,
            **more,
        }
        # If it has ended, the next reading tells.
        with contextlib.suppress(OSError):
            frames.write(self._input.fileno(), request)


def task_values(task: Task) -> dict[str, Any]:
    """Return the fields of a task, ready for JSON."""
    values = {each.name: getattr(task, each.name) for each in fields(task)}
    return values | {"settings": dict(task.settings)}
