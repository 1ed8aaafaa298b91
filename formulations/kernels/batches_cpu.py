"""Batched evaluation on the CPU, and the scalar function that CUDA shares with it."""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled


@compiled
def mean_accuracy(values: Any, offsets: Any, codes: Any, n: int) -> float:
    """Return the mean accuracy of candidate n."""
    total = values[offsets[0] + codes[n, 0]]
    for v in range(1, codes.shape[1]):
        total += values[offsets[v] + codes[n, v]]
    return total  # type: ignore[no-any-return]


@compiled
def evaluate_range(
    gains: Any, codes: Any, objectives: np.ndarray, start: int, stop: int
) -> None:
    """Write the mean accuracies of the candidates from start to stop.

    Four at a time, so that a core has several look-ups under way; the tables' rows
    start at 0, which saves the test for an index from the end.
    """
    values, offsets = gains.values, gains.offsets
    n = start
    while n + 4 <= stop:
        four = codes[n : n + 4]
        row = values[offsets[0] :]
        a, b, c, d = row[four[0, 0]], row[four[1, 0]], row[four[2, 0]], row[four[3, 0]]
        for v in range(1, codes.shape[1]):
            row = values[offsets[v] :]
            a += row[four[0, v]]
            b += row[four[1, v]]
            c += row[four[2, v]]
            d += row[four[3, v]]
        objectives[n], objectives[n + 1] = a, b
        objectives[n + 2], objectives[n + 3] = c, d
        n += 4
    while n < stop:
        objectives[n] = mean_accuracy(values, offsets, codes, n)
        n += 1
