"""How long something takes."""

import time
from collections.abc import Callable
from typing import Any

SHORTEST_SAMPLE = 0.005
"""Seconds; shorter runs are done several times for one sample."""

MOST_SECONDS = 1.5
"""Seconds after which no more samples are taken of one thing."""


def sampled(
    run: Callable[[], Any], repeat: int, *, compiles: bool = True
) -> tuple[Any, tuple[float, ...]]:
    """Return what a run finds, and the seconds of up to ``repeat`` runs, at least one.

    Where a first run may compile it counts for nothing. Short runs are averaged.
    """
    found: Any = None
    if compiles:
        found = run()
    start = time.perf_counter()
    found = run()
    first = time.perf_counter() - start
    if first > MOST_SECONDS:
        return found, (first,)
    many = max(1, round(SHORTEST_SAMPLE / max(first, 1e-7)))
    samples: list[float] = []
    while not samples or (len(samples) < repeat and many * sum(samples) < MOST_SECONDS):
        start = time.perf_counter()
        for _ in range(many):
            run()
        samples.append((time.perf_counter() - start) / many)
    return found, tuple(samples)
