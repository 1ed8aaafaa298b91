"""Yardsticks with CUDA, and how long kernels take on a device."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.cuda import cuda, kernel, launch
from formulations.kernels.yardsticks_cpu import OPERATIONS, ground

GROUND_TIMES = 64
"""Times that a thread works on its number, so that reading it takes no time."""


@kernel
def copy_kernel(source: Any, target: Any) -> None:
    """Copy one number."""
    i = cuda.grid(1)
    if i < len(source):
        target[i] = source[i]


@kernel
def grind_kernel(numbers: Any, results: Any, times: int) -> None:
    """Write one number's result, after as much work in its precision."""
    i = cuda.grid(1)
    if i < len(numbers):
        x = numbers[i]
        result = ground(x)
        for _ in range(1, times):
            result = result * x - result * x + ground(x)
        results[i] = result


def copying_seconds(source: NDArray[Any], tries: int) -> float:
    """Return the seconds of the fastest of some copies in a device's memory."""
    here = cuda.to_device(source)
    there = cuda.device_array(source.shape, source.dtype)
    copy = seconds_of(lambda: launch(copy_kernel, len(source), here, there), tries)
    return min(copy)


def operations_per_second(numbers: NDArray[Any], tries: int) -> float:
    """Return the operations a second of the fastest of some runs."""
    here = cuda.to_device(numbers)
    there = cuda.device_array(numbers.shape, numbers.dtype)
    return 0.0


def device_name() -> str:
    return ""
