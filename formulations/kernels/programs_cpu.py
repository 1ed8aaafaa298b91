"""The knapsack's recursion on the CPU: a convolution in which sums compete."""

import numpy as np

from formulations.kernels.compiling import compiled

BLOCK = 256
"""Results that stay in the fastest cache while all steps pass over them."""


@compiled
def join_range(
    padded: np.ndarray,
    steps: np.ndarray,
    gains: np.ndarray,
    joined: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Write max over s of F(k - j_s) + g_s to ``joined[k]``, k from start to stop.

    ``padded`` holds K times minus infinity and then F(0) to F(K); the steps j_s do
    not fall, and their number is a multiple of four. Four of them share one pass,
    which the compiler turns into vector instructions.
    """
    most = len(joined) - 1
    for low in range(start, stop, BLOCK):
        block = joined[low : min(low + BLOCK, stop)]
        size = len(block)
        block[:] = -np.inf
        for s in range(0, len(steps), 4):
            if steps[s] >= low + size:
                break
            at = most + low
            a, g = padded[at - steps[s] :][:size], gains[s]
            b, h = padded[at - steps[s + 1] :][:size], gains[s + 1]
            c, i = padded[at - steps[s + 2] :][:size], gains[s + 2]
            d, j = padded[at - steps[s + 3] :][:size], gains[s + 3]
            for k in range(size):
                first = max(a[k] + g, b[k] + h)
                second = max(c[k] + i, d[k] + j)
                block[k] = max(block[k], max(first, second))
