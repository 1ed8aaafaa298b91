"""What a machine can do at most: how fast it copies, how fast it multiplies and adds.

Both are measured, not looked up, and in the way that the kernels run: in double
precision unless asked otherwise, on the same threads. On a CPU products are not fused
with sums, since the kernels' results are not to depend on the machine; CUDA fuses
them, and a fused one counts as two operations there as well.
"""

import time
from collections.abc import Callable

import numpy as np

from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import chosen_device
from formulations.kernels.yardsticks_cpu import OPERATIONS, copy_range, grind_range

COPIED_NUMBERS = 16_777_216
"""Numbers of 8 bytes in each of two arrays, more than caches hold."""

BLOCK_NUMBERS = 2048
BLOCKS, ROUNDS = 64, 512
GROUND_ON_DEVICE = 8_388_608

TRIES = 7
"""The best of so many runs counts: whatever else runs makes a yardstick too short."""


def copied_bytes_per_second(
    *, device: str = "cpu", workers: int = 1, count: int = COPIED_NUMBERS
) -> float:
    """Return the bytes read and written a second when large arrays are copied.

    Parameters
    ----------
    device, workers
        ``cpu`` or ``cuda``; threads on the CPU.
    count
        Numbers of 8 bytes to copy.

    Raises
    ------
    SolverUnavailable
        If the device is not there.
    """
    if chosen_device(device) == "cuda":
        from formulations.kernels import yardsticks_cuda

        return yardsticks_cuda.copied_bytes_per_second(count, TRIES)
    source = np.arange(count, dtype=np.float64)
    target = np.zeros_like(source)

    def copy() -> None:
        run_chunks(
            lambda start, stop: copy_range(source, target, start, stop), count, workers
        )

    return 2 * source.nbytes / best_seconds(copy)


def operations_per_second(
    *,
    device: str = "cpu",
    workers: int = 1,
    single: bool = False,
    blocks: int = BLOCKS,
    rounds: int = ROUNDS,
    count: int = GROUND_ON_DEVICE,
) -> float:
    """Return the additions and multiplications a second where nothing else binds.

    Parameters
    ----------
    device, workers
        ``cpu`` or ``cuda``; threads on the CPU.
    single
        In single precision.
    blocks, rounds
        Blocks of numbers, each within a core's first cache, and how often each is
        gone through, on the CPU.
    count
        Numbers on a device.

    Raises
    ------
    SolverUnavailable
        If the device is not there.
    """
    kind = np.float32 if single else np.float64
    if chosen_device(device) == "cuda":
        from formulations.kernels import yardsticks_cuda

        numbers = np.linspace(0, 0.9, count, dtype=kind)
        return yardsticks_cuda.operations_per_second(numbers, TRIES)
    shape = blocks, BLOCK_NUMBERS
    here = np.linspace(0, 0.9, blocks * BLOCK_NUMBERS, dtype=kind).reshape(shape)
    there = np.empty_like(here)

    def grind() -> None:
        run_chunks(
            lambda start, stop: grind_range(here, there, rounds, start, stop),
            blocks,
            workers,
        )

    return OPERATIONS * here.size * rounds / best_seconds(grind)


def best_seconds(work: Callable[[], None]) -> float:
    """Return the seconds of the fastest of some runs, after one that compiles."""
    work()
    return min(_seconds(work) for _ in range(TRIES))


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
