"""The limit within a run's process from which on it gets no more memory."""

import contextlib
import resource

from ekya_opt.studies.process_tree import memory_of


def limit_memory(more: int) -> None:
    """Make allocations fail that take this process so many bytes beyond what it has.

    Nothing happens where the system does not tell what that is.
    """
    memory = memory_of()
    if memory is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = memory.data + more
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def lift_limit() -> None:
    """Take the limit back, so that what came of the run can be told."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def prefer_to_be_killed() -> None:
    """Be the process that Linux ends first when the machine is out of memory."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")
