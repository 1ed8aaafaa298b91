"""Compiled code within a run: whether it pays, and time limits while it loads."""

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from solvers.search import Search

Outcome = TypeVar("Outcome")

SECONDS_TO_LOAD = 1.0
"""Work that is quicker in Python than numba is loaded, and perhaps compiles."""

SECONDS_TO_CALL = 0.01
"""The same once numba is loaded."""


class Abandoned(Exception):
    """Nobody waits for the work any more."""


def compiled_pays(seconds: float) -> bool:
    """Return whether work of so many seconds in Python is worth compiled code.

    Both ways must give the same result, since the answer depends on what else the
    process has done.
    """
    loaded = "numba" in sys.modules
    return seconds > (SECONDS_TO_CALL if loaded else SECONDS_TO_LOAD)


def in_time(search: Search, work: Callable[[Callable[[], None]], Outcome]) -> Outcome:
    """Return what ``work`` returns; keep the time limit and Ctrl-C meanwhile.

    Loading numba and compiling take seconds when nothing is cached, and cannot be
    stopped. So the work runs in a thread of its own; when the run ends first, the
    thread finishes what it compiles, for the next run, and ends.

    Parameters
    ----------
    search
        The run.
    work
        Called with a function that it calls now and then, and that raises when the
        run has ended.

    Raises
    ------
    TimeUp
        When the time limit passes first.
    """
    outcome: list[Outcome] = []
    failure: list[BaseException] = []
    abandoned, done = threading.Event(), threading.Event()

    def between() -> None:
        if abandoned.is_set():
            raise Abandoned

    def target() -> None:
        try:
            outcome.append(work(between))
        except BaseException as problem:
            failure.append(problem)
        finally:
            done.set()

    # Not a daemon: the interpreter must not go while the compiler is at work.
    threading.Thread(target=target, name="compiled work").start()
    try:
        while not done.wait(0.05):
            search.check_time()
    except BaseException:
        abandoned.set()
        raise
    if failure:
        raise failure[0]
    return outcome[0]
