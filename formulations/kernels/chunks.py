"""Ranges of work on several threads, with results that do not depend on how many."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

Work = Callable[[int, int], None]
"""Does the items from start to stop, and writes to these items' places only."""

CHUNKS_A_WORKER = 8
"""Enough that a core which is busy elsewhere holds up nobody for long."""


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_chunks(
    work: Work,
    count: int,
    workers: int = 1,
    *,
    at_least: int = 1,
    at_most: int | None = None,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Do ``count`` items in chunks, on up to ``workers`` threads.

    Parameters
    ----------
    work
        Compiled code that releases the GIL.
    count, workers
        Number of items and of threads.
    at_least
        Items of the smallest chunk worth a thread, about a millisecond of work; fewer
        items in all run in the calling thread.
    at_most
        Items of the largest chunk, where items may be long; a run can only be ended
        between two chunks.
    between
        Called in the calling thread while the work goes on; what it raises ends the
        work after the chunks in progress and is raised on.
    """
    size = max(at_least, -(-count // (workers * CHUNKS_A_WORKER)))
    if at_most is not None:
        size = max(1, min(size, at_most))
    ranges = [(start, min(start + size, count)) for start in range(0, count, size)]
    if workers == 1 or len(ranges) <= 1:
        for start, stop in ranges:
            between()
            work(start, stop)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            pending = {pool.submit(work, *each) for each in ranges}
            while pending:
                between()
                done, pending = wait(pending, timeout=0.05)
                for future in done:
                    future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
