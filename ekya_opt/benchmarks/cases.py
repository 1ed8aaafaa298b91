"""What a benchmark of a kernel consists of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class Resident(NamedTuple):
    """A kernel with everything that it needs in a device's memory.

    Parameters
    ----------
    launch
        Launches the kernel and does not wait for it.
    result
        Copies what it found to the host.
    """

    launch: Callable[[], None]
    result: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kernel at one size.

    Parameters
    ----------
    kernel, size
        Names for people.
    item, items
        What is counted, and how many a run does.
    bytes_moved
        Compulsory traffic of a run: every input read once, every output written once.
    operations, device_operations
        Arithmetic of the innermost loops on the CPU and on a device; ``None`` where
        it is not counted.
    single
        Whether the arithmetic is in single precision.
    judge
        What the reference is written in.
    reference
        What a run should find, by the reference.
    reference_items
        Items that the reference does; 0 if it looks at a sample only and is not timed.
    on_cpu
        Runs on a number of threads.
    on_device, resident
        Runs with CUDA from and to the host's memory; and with all data on the device.
    difference
        How far apart what is expected and what is found are; infinite where anything
        differs that should be equal.
    tolerance
        The largest difference that the kernel states.
    """

    kernel: str
    size: str
    item: str
    items: int
    bytes_moved: float
    operations: int | None = None
    device_operations: int | None = None
    single: bool = False
    judge: str = "NumPy"
    reference: Callable[[], Any]
    reference_items: int = 0
    on_cpu: Callable[[int], Any]
    on_device: Callable[[], Any] | None = None
    resident: Callable[[], Resident] | None = None
    difference: Callable[[Any, Any], float]
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large the cases are.

    Parameters
    ----------
    windows
        Streams and units of the value tables.
    shared
        Streams and units of the share tables, batches and simulations.
    candidates
        Look-ups of a batch: candidates times streams.
    pairs
        Candidates, and scenarios as many, of the simulations with 10 streams.
    fleets
        Streams of the sweeps and of plan checks.
    starts
        Allocations that local searches start from.
    """

    windows: tuple[tuple[int, int], ...] = ((10, 80), (100, 400), (1000, 4000))
    shared: tuple[tuple[int, int], ...] = ((10, 80), (100, 400))
    lookups: int = 10_000_000
    pairs: int = 512
    fleets: tuple[int, ...] = (10_000, 100_000)
    starts: int = 64


TINY = Sizes(
    windows=((3, 4),),
    shared=((3, 4),),
    lookups=60,
    pairs=3,
    fleets=(20, 40),
    starts=2,
)
USUAL = Sizes()
LARGE = Sizes(
    lookups=100_000_000,
    pairs=1024,
    fleets=(10_000, 100_000, 1_000_000),
    starts=512,
)


def largest_difference(expected: Any, found: Any) -> float:
    """Return the largest difference of two arrays; infinite if NaN or not alike."""
    expected, found = np.asarray(expected), np.asarray(found)
    if expected.shape != found.shape:
        return np.inf
    apart = expected != found
    if not apart.any():
        return 0.0
    largest = np.abs(expected[apart].astype(float) - found[apart].astype(float)).max()
    return float(largest) if np.isfinite(largest) else np.inf


def unequal(expected: Any, found: Any) -> float:
    """Return 0 if two arrays are equal, else infinity."""
    return 0.0 if np.array_equal(expected, found) else np.inf
