"""Yardsticks with CUDA, and how long kernels take on a device."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.cuda import cuda, kernel, launch
from formulations.kernels.device import simulated
from formulations.kernels.yardsticks_cpu import OPERATIONS, ground

TIMES = 64
"""Times that a thread works on its number, so that reading it takes no time."""


@kernel
def copy_kernel(source: Any, target: Any) -> None:
    """Copy one number."""
    i = cuda.grid(1)
    if i < len(source):
        target[i] = source[i]


@kernel
def grind_kernel(numbers: Any, back: Any, times: int, results: Any) -> None:
    """Work on one number so many times, in its own precision.

    ``back`` brings a result back to less than 1: what is added, and what it is
    multiplied with.
    """
    i = cuda.grid(1)
    if i < len(numbers):
        x = numbers[i]
        for _ in range(times):
            x = back[0] + back[1] * ground(x)
        results[i] = x


def copied_bytes_per_second(count: int, tries: int) -> float:
    """Return bytes read and written a second, of the fastest copy in device memory."""
    here = cuda.to_device(np.arange(count, dtype=np.float64))
    there = cuda.device_array(count, np.float64)
    fastest = min(seconds_of(lambda: launch(copy_kernel, count, here, there), tries))
    return 2 * 8 * count / fastest


def operations_per_second(numbers: NDArray[Any], tries: int) -> float:
    """Return the operations a second of the fastest run."""
    here = cuda.to_device(numbers)
    back = cuda.to_device(np.array([0.25, 1 / 128], dtype=numbers.dtype))
    there = cuda.device_array(numbers.shape, numbers.dtype)
    times = 1 if simulated() else TIMES
    arguments = len(numbers), here, back, times, there
    fastest = min(seconds_of(lambda: launch(grind_kernel, *arguments), tries))
    return (OPERATIONS + 2) * times * len(numbers) / fastest


def seconds_of(run: Callable[[], None], tries: int, launches: int = 3) -> list[float]:
    """Return the seconds on the device that launching kernels takes, several times.

    Each time is the mean of some launches between two events. One more before them
    keeps the device busy until they come, so that what the host does to launch a
    kernel that takes longer than that is not measured.

    Parameters
    ----------
    run
        Launches kernels; leaves what they need and write on the device.
    tries, launches
        How many times, and of how many launches each.
    """
    run()
    cuda.synchronize()
    return [_seconds(run, launches) for _ in range(tries)]


def device_name() -> str:
    """Return the device's name and compute capability."""
    if simulated():
        return "numba's simulator of a device"
    device = cuda.get_current_device()
    capability = ".".join(map(str, device.compute_capability))
    return f"{device.name} (compute capability {capability})"


def _seconds(run: Callable[[], None], launches: int) -> float:
    if simulated():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
    before, after = cuda.event(), cuda.event()
    run()
    before.record()
    for _ in range(launches):
        run()
    after.record()
    after.synchronize()
    return float(before.elapsed_time(after)) / 1000 / launches
