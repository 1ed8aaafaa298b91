"""Copying and plain arithmetic on the CPU; CUDA runs the same scalar functions."""

import numpy as np

from formulations.kernels.compiling import compiled, scalar

OPERATIONS = 3 + 4 * 16 + 3
"""Additions and multiplications that one number takes."""


@scalar
def eight_terms(a: float, x: float) -> float:
    """Return eight terms of a series; a loop here would keep CPUs from vectors."""
    a = (((a * x + x) * x + x) * x + x) * x + x
    return (((a * x + x) * x + x) * x + x) * x + x


@scalar
def ground(x: float) -> float:
    """Return the sum of four series of a number, |x| < 1, in its own precision.

    None waits for another, so that what counts is how much is done at once.
    """
    y = x + x
    z = x * y
    first = eight_terms(x, x) + eight_terms(y, x)
    return first + (eight_terms(z, x) + eight_terms(y * y, x))


@compiled
def grind_range(
    numbers: np.ndarray, results: np.ndarray, rounds: int, start: int, stop: int
) -> None:
    """Write the results of the blocks from start to stop, each so many times over."""
    for block in range(start, stop):
        here, there = numbers[block], results[block]
        for _ in range(rounds):
            for i in range(len(here)):
                there[i] = ground(here[i])


@compiled
def copy_range(source: np.ndarray, target: np.ndarray, start: int, stop: int) -> None:
    """Copy the numbers from start to stop."""
    target[start:stop] = source[start:stop]
