"""The work of the arithmetic yardstick in NumPy."""

from typing import Any

from numpy.typing import NDArray

TERMS = 8


def ground(x: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of four series: starts x, 2x, 2x², 4x², eight times · x + x."""
    total = 0 * x
    for start in (x, 2 * x, 2 * x**2, 4 * x**2):
        term = start * x**TERMS
        total += term + sum(x**power for power in range(1, TERMS + 1))
    return total
