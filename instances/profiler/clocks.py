"""Device seconds: processor time of the thread on a CPU, events on a GPU."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, Protocol

PROBE_STEPS = 6


class Lap:
    """What a measured block took.

    Attributes
    ----------
    seconds
        Device seconds; 0 until the block has ended.
    """

    def __init__(self) -> None:
        self.seconds = 0.0


class Clock(Protocol):
    """Measures blocks of work on one device."""

    def lap(self) -> Any:
        """Return a context that gives a :class:`Lap`, filled in when it ends."""


class ThreadClock:
    """Processor time of the calling thread, which other processes do not inflate.

    With one thread PyTorch computes in the calling one, backward passes included.
    """

    @contextmanager
    def lap(self) -> Iterator[Lap]:
        """Measure a block."""
        lap = Lap()
        start = time.thread_time()
        yield lap
        lap.seconds = time.thread_time() - start


class EventClock:
    """Time between two CUDA events, waiting of the device for the host included."""

    @contextmanager
    def lap(self) -> Iterator[Lap]:
        """Measure a block; what was queued before is waited for first."""
        import torch

        lap = Lap()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        yield lap
        end.record()
        torch.cuda.synchronize()
        lap.seconds = start.elapsed_time(end) / 1000


def clock_of(device: str) -> Clock:
    """Return the clock of a device, ``cpu`` or ``cuda``."""
    return EventClock() if device == "cuda" else ThreadClock()


def probe(step: Callable[[], None], clock: Clock) -> tuple[float, float]:
    """Return the median device seconds of six timed steps, and those of the probe.

    A first step, not timed alone, warms the device up.
    """
    laps = []
    with clock.lap() as whole:
        step()
    total = whole.seconds
    for _ in range(PROBE_STEPS):
        with clock.lap() as lap:
            step()
        laps.append(lap.seconds)
    return median(laps), total + sum(laps)
