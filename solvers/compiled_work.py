"""Compiled code within a run: whether it pays, and time limits while it loads."""

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from solvers.search import Search

Outcome = TypeVar("Outcome")

SECONDS_TO_LOAD_NUMBA = 0.6
"""Work that is quicker in Python than numba and compiled code load from disk."""

SECONDS_TO_LOAD = 0.2
"""The same when numba is there."""

SECONDS_TO_CALL = 0.005
"""The same when the compiled code is there as well."""


COMPILED_WORK = "compiled work"
"""Name of the threads that load and compile."""


class Abandoned(Exception):
    """Nobody waits for the work any more."""


def compiled_pays(seconds: float, module: str) -> bool:
    """Return whether work of so many seconds in Python is worth compiled code.

    Both ways must give the same result, since the answer depends on what the process
    has done before.

    Parameters
    ----------
    seconds
        Estimate for plain Python and NumPy.
    module
        Name of the module with the compiled code.
    """
    if module in sys.modules:
        return seconds > SECONDS_TO_CALL
    loaded = "numba" in sys.modules
    return seconds > (SECONDS_TO_LOAD if loaded else SECONDS_TO_LOAD_NUMBA)


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
    thread = threading.Thread(target=target, name=COMPILED_WORK)
    try:
        # A Ctrl-C may come while the thread starts, which then goes on.
        thread.start()
        while not done.wait(0.05):
            search.check_time()
    except BaseException:
        abandoned.set()
        raise
    if failure:
        raise failure[0]
    return outcome[0]
