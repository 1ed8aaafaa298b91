"""The limit within a run's process from which on it gets no more memory."""

import contextlib
import resource


def limit_memory(wanted: int) -> None:
    """Make allocations fail that take this process's data beyond so many bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
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
