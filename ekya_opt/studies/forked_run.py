"""A run as a process of its own, forked from a worker."""

import contextlib
import gc
import json
import os
import pickle
import re
import resource
import signal
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from ekya_opt.studies.memory_limit import (
    NEAR,
    is_near,
    limit_memory,
    limit_words,
    prefer_to_be_killed,
)
from ekya_opt.studies.outcome import Failure
from ekya_opt.studies.outcome_values import (
    outcome_from_dict,
    outcome_to_dict,
    short_line,
)
from ekya_opt.studies.preloading import Loaded, Preloaded
from ekya_opt.studies.process_tree import (
    Memory,
    die_with_parent,
    ending,
    killed_for_memory,
    memory_of,
)
from ekya_opt.studies.run_process import failed, outcome_of, utc_now
from ekya_opt.studies.task import Task
from ekya_opt.studies.watching import SIZES, SOLVED, Watched, watch
from solvers.compiled_work import COMPILED_WORK

if TYPE_CHECKING:
    from instances.problems import Problem

OVER = 1.1
"""Share of the time limit that a solve may take, before the grace begins."""

SECONDS_TO_COMPILE = 50.0

WANT_OF_MEMORY = re.compile(
    rb"bad_alloc|MemoryError|out of memory|allocate ([-\w]+ )*memory", re.IGNORECASE
)
"""What a process writes that ends for want of memory."""


def run_forked(
    task: Task,
    problem: "Problem",
    *,
    keep_schedule: bool,
    grace: float,
    preloaded: Preloaded,
    control: int,
    private: tuple[int, ...],
) -> tuple[dict[str, Any], Loaded]:
    """Return the JSON value of a run's outcome, and what the run loaded.

    Parameters
    ----------
    grace
        Seconds beyond 1.1 times the time limit after which a solve is killed.
    preloaded
        What this process has in place.
    control
        Descriptor that ends when nobody waits for the outcome any more.
    private
        Descriptors of this process that are not for the run.

    Raises
    ------
    Abandoned
        When nobody waits for the outcome any more.
    """
    started, start = utc_now(), time.perf_counter()
    killed, before = killed_for_memory(), memory_of()
    told, tell = os.pipe()
    heard, say = os.pipe()
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        for descriptor in (told, heard, *private):
            os.close(descriptor)
        _be_the_run(task, problem, keep_schedule, preloaded, before, parent, tell, say)
    os.close(tell)
    os.close(say)
    limit = task.time_limit
    seen = watch(
        process,
        told=told,
        heard=heard,
        control=control,
        seconds=None if limit is None else OVER * limit + grace,
        memory_limit=task.memory_limit,
        before=before,
    )
    os.close(told)
    os.close(heard)
    seconds = time.perf_counter() - start
    loaded = Loaded()
    if seen.parts is None:
        wanted = killed_for_memory() > killed
        failure, error = _why(seen, task, grace, wanted)
        outcome = failed(failure, error, started, seconds)
    else:
        with contextlib.suppress(Exception):
            loaded = pickle.loads(seen.parts[0])
        outcome = outcome_from_dict(json.loads(seen.parts[1]), {})
        outcome = replace(outcome, process_seconds=seconds)
        if outcome.failure is Failure.EXCEPTION and _wants_memory(seen):
            error = short_line(f"{outcome.error}: {_last_line(seen)}")
            outcome = replace(outcome, failure=Failure.MEMORY, error=error)
    peaks = [peak for peak in (outcome.peak_bytes, seen.peak) if peak is not None]
    outcome = replace(outcome, peak_bytes=max(peaks, default=None))
    return outcome_to_dict(outcome), loaded


def _be_the_run(
    task: Task,
    problem: "Problem",
    keep_schedule: bool,
    preloaded: Preloaded,
    before: Memory | None,
    parent: int,
    tell: int,
    say: int,
) -> NoReturn:
    try:
        os.setsid()
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(say, 1)
        os.dup2(say, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        prefer_to_be_killed()
        if task.memory_limit is not None and before is not None:
            limit_memory(before.data + task.memory_limit)
        gc.enable()
        outcome = outcome_of(task, problem, keep_schedule, lambda: _write(tell, SOLVED))
        _finish_compiling()
        loaded = pickle.dumps(preloaded.missing())
        _write(tell, SIZES.pack(len(loaded), len(outcome)) + loaded + outcome)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _finish_compiling() -> None:
    """Wait for what is still compiled, so that numba's cache has it the next time.

    See :func:`solvers.compiled_work.in_time`.
    """
    for thread in threading.enumerate():
        if thread.name == COMPILED_WORK:
            thread.join(SECONDS_TO_COMPILE)


def _why(seen: Watched, task: Task, grace: float, wanted: bool) -> tuple[Failure, str]:
    """Return why a run has told no outcome."""
    failure, error = _end(seen, task, grace, wanted)
    limit, taken = task.memory_limit, max(seen.own, seen.reserved)
    if limit is None or not (failure is Failure.MEMORY or is_near(taken, limit)):
        return failure, error
    if failure is Failure.CRASH and taken > NEAR * limit:
        failure = Failure.MEMORY
    words = limit_words(taken, limit)
    return failure, f"{error}; {words}" if error else words


def _end(seen: Watched, task: Task, grace: float, wanted: bool) -> tuple[Failure, str]:
    """Return what ended a run, without what is known of its memory."""
    if seen.killed is Failure.OVERTIME:
        message = "still ran {:g} s after the time limit of {:g} s"
        late = (OVER - 1) * (task.time_limit or 0.0) + grace
        return Failure.OVERTIME, message.format(late, task.time_limit)
    if seen.killed is Failure.MEMORY:
        return Failure.MEMORY, ""
    code = os.waitstatus_to_exitcode(seen.status)
    if code == -signal.SIGKILL and wanted:
        return Failure.MEMORY, "killed by the system for want of memory"
    last = _last_line(seen)
    error = f"{ending(code)}: {last}" if last else ending(code)
    return Failure.MEMORY if _wants_memory(seen) else Failure.CRASH, error


def _wants_memory(seen: Watched) -> bool:
    """Return whether the run, or a process that it started, wrote so at its end."""
    return WANT_OF_MEMORY.search(seen.words) is not None


def _last_line(seen: Watched) -> str:
    return seen.words.decode("utf-8", "replace").strip().rpartition("\n")[2]


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
