"""The limit within a run's process from which on it gets no more memory."""

import contextlib
import errno
import resource
from collections.abc import Iterator

from ekya_opt.studies.process_tree import memory_of

AT_ONCE = 16_000_000
"""Bytes that a thread's stack, or what a library writes to, takes at once."""

NEAR = 0.9
"""Share of the limit from which on want of memory is the likely end."""


def limit_memory(data: int) -> None:
    """Make allocations fail beyond so many bytes reserved for writing."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = data if hard == resource.RLIM_INFINITY else min(data, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def lift_limit() -> int | None:
    """Take the limit back, so that what came of the run can be told.

    Return how many bytes were left; ``None`` without a limit.
    """
    limit, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    memory = None if limit == hard else memory_of()
    return None if memory is None else limit - memory.data


def is_near(taken: int, limit: int) -> bool:
    """Return whether there may not have been enough for the next thing needed."""
    return taken > min(NEAR * limit, limit - AT_ONCE)


def is_want_of_memory(problem: BaseException, near: bool) -> bool:
    """Return whether an exception, or one behind it, comes of a lack of memory.

    ``near`` tells whether little was left: libraries that cannot be loaded and threads
    that cannot start are put down to it then.
    """
    starved = (ImportError, OSError, SystemError) if near else ()
    return any(
        isinstance(each, (MemoryError, *starved))
        or getattr(each, "errno", None) == errno.ENOMEM
        or (near and "start new thread" in str(each))
        for each in _chain(problem)
    )


def limit_words(taken: int, limit: int) -> str:
    """Return what a run took and its limit, for a message."""
    return f"took {taken / 1e6:.0f} MB, limit {limit / 1e6:g} MB"


def prefer_to_be_killed() -> None:
    """Be the process that Linux ends first when the machine is out of memory."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that it came of or was raised on top of."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        yield problem
        seen.add(id(problem))
        problem = problem.__cause__ or problem.__context__
