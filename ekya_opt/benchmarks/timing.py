"""How long something takes."""

import time
from collections.abc import Callable
from typing import Any

SHORTEST_SAMPLE = 0.005
"""Seconds; shorter runs are done several times for one sample."""

MOST_SECONDS = 1.5
"""Seconds after which no more samples are taken of one thing."""


def sampled(run: Callable[[], Any], repeat: int) -> tuple[float, ...]:
    """Return the seconds of up to ``repeat`` runs, at least one.

    For something that ran before and so is compiled. Short runs are averaged.
    """
    first = seconds_of(run)
    if first > MOST_SECONDS:
        return (first,)
    many = max(1, round(SHORTEST_SAMPLE / max(first, 1e-7)))
    samples: list[float] = []
    while not samples or (len(samples) < repeat and many * sum(samples) < MOST_SECONDS):
        start = time.perf_counter()
        for _ in range(many):
            run()
        samples.append((time.perf_counter() - start) / many)
    return tuple(samples)


def seconds_of(run: Callable[[], Any]) -> float:
    """Return the seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
