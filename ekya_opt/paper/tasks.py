"""Independent parts of an experiment, one after the other or in processes."""

import signal
from collections.abc import Callable, Iterable
from typing import TypeVar

from ekya_opt.paper.finding import Scale

Part = TypeVar("Part")
Value = TypeVar("Value")


def mapped(
    function: Callable[[Part], Value], parts: Iterable[Part], scale: Scale
) -> list[Value]:
    """Return what a function says of each part, in order.

    With more than one worker each process takes one part after the other; then the
    function is one of a module, and parts and values can be pickled.
    """
    todo = list(parts)
    workers = min(scale.workers, len(todo))
    if workers <= 1:
        return [function(part) for part in todo]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_interrupts
    ) as pool:
        futures = [pool.submit(function, part) for part in todo]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the parent: a worker ends the part that it is at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
