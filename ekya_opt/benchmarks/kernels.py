"""The benchmark of the kernels: how fast they are, and whether they are right."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ekya_opt.benchmarks.cases import LARGE, TINY, USUAL, Case, Sizes
from ekya_opt.benchmarks.report import Report
from ekya_opt.benchmarks.timing import sampled
from formulations.kernels.chunks import default_workers
from formulations.kernels.device import chosen_device, missing_for_cuda, simulated
from formulations.kernels.yardsticks import (
    copied_bytes_per_second,
    operations_per_second,
)

SIZES: dict[str, Sizes] = {"tiny": TINY, "usual": USUAL, "large": LARGE}
NUMPY, DEVICE, END_TO_END = "reference", "CUDA", "CUDA, copies included"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What a way to run kernels can do at most, measured in the same run.

    Parameters
    ----------
    way
        Threads of the CPU, or the device.
    copied
        Bytes read and written a second when large arrays are copied.
    operations, single_operations
        Additions and multiplications a second in double and in single precision.
    """

    way: str
    copied: float
    operations: float
    single_operations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kernel at one size in one way.

    Parameters
    ----------
    kernel, size, way
        What ran on what, and how: ``reference`` is NumPy or the plain referee.
    item, items
        What is counted, and how many a run did.
    seconds
        Median of the samples.
    samples
        Seconds of a run.
    bytes_an_item
        Compulsory traffic; ``None`` for the reference.
    operations_an_item
        Arithmetic of the innermost loops; ``None`` where it is not counted.
    copy_share, peak_share
        Traffic a second as a share of the copy's, and operations a second as one of
        the yardstick's.
    ratio
        Items a second over the reference's; ``None`` where that is not timed.
    difference, tolerance
        Largest difference from the reference, and the one that the kernel states.
    """

    kernel: str
    size: str
    way: str
    item: str
    items: int
    seconds: float
    samples: tuple[float, ...]
    bytes_an_item: float | None = None
    operations_an_item: float | None = None
    copy_share: float | None = None
    peak_share: float | None = None
    ratio: float | None = None
    difference: float | None = None
    tolerance: float | None = None

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds

    @property
    def passed(self) -> bool:
        """Whether the result is as close to the reference as the kernel states."""
        if self.difference is None or self.tolerance is None:
            return True
        return self.difference <= self.tolerance


@dataclass(slots=True, kw_only=True)
class KernelReport(Report):
    """What was measured of the kernels.

    Parameters
    ----------
    device
        Name of the CUDA device; ``None`` if none was used.
    yardsticks
        One for each way.
    rows
        In the order of measuring.
    """

    device: str | None = None
    yardsticks: list[Yardstick] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every result was right."""
        return all(row.passed for row in self.rows)


def bench_kernels(
    *,
    device: str = "auto",
    workers: int = 0,
    repeat: int = 5,
    size: str = "usual",
    progress: Callable[[str], None] = lambda _: None,
) -> KernelReport:
    """Measure all kernels; Ctrl-C returns what is measured so far.

    Parameters
    ----------
    device
        ``cpu``; ``cuda``; or ``auto``: both, if there is a CUDA device.
    workers
        Most threads on the CPU; 0 is one for each core.
    repeat
        Samples of each time; the median counts.
    size
        ``usual`` or ``large``; ``tiny`` shows that everything runs.
    progress
        Called with the name of what is measured next.

    Raises
    ------
    SolverUnavailable
        If CUDA is asked for and not available.
    """
    chosen_device(device)
    there = missing_for_cuda() is None and not simulated()
    bench = _Bench(
        report=KernelReport(),
        repeat=repeat,
        threads=[] if device == "cuda" else sorted({1, workers or default_workers()}),
        with_device=device == "cuda" or (device == "auto" and there),
        tiny=size == "tiny",
        progress=progress,
    )
    try:
        bench.measure_yardsticks()
        for case in _cases(SIZES[size]):
            bench.measure(case)
    except KeyboardInterrupt:
        bench.report.interrupted = True
    return bench.report


def _cases(sizes: Sizes) -> Iterator[Case]:
    from ekya_opt.benchmarks.fleet_cases import fleet_cases
    from ekya_opt.benchmarks.search_cases import search_cases
    from ekya_opt.benchmarks.table_cases import table_cases

    makers = (table_cases, search_cases, fleet_cases)
    return chain.from_iterable(make(sizes) for make in makers)


def threads_named(workers: int) -> str:
    """Return a number of threads for people."""
    return f"CPU × {workers}"


@dataclass(slots=True, kw_only=True)
class _Bench:
    """A run of the benchmark."""

    report: KernelReport
    repeat: int
    threads: list[int]
    with_device: bool
    tiny: bool
    progress: Callable[[str], None]

    def measure_yardsticks(self) -> None:
        """Measure what each way can do at most."""
        small = {"count": 64} if self.tiny else {}
        for workers in self.threads:
            way = threads_named(workers)
            self.progress(f"yardsticks, {way}")
            self.report.yardsticks.append(
                Yardstick(
                    way=way,
                    copied=copied_bytes_per_second(workers=workers, **small),
                    operations=operations_per_second(workers=workers),
                    single_operations=operations_per_second(
                        workers=workers, single=True
                    ),
                )
            )
        if self.with_device:
            from formulations.kernels.yardsticks_cuda import device_name

            self.report.device = device_name()
            self.progress(f"yardsticks, {DEVICE}")
            rates = [
                operations_per_second(device="cuda", single=single, **small)
                for single in (False, True)
            ]
            self.report.yardsticks.append(
                Yardstick(
                    way=DEVICE,
                    copied=copied_bytes_per_second(device="cuda", **small),
                    operations=rates[0],
                    single_operations=rates[1],
                )
            )

    def measure(self, case: Case) -> None:
        """Measure one case in all ways."""
        self.progress(f"{case.kernel}, {case.size}")
        expected = case.reference()
        rate = None
        if case.reference_items:
            row = _row(
                case, NUMPY, case.reference_items, sampled(case.reference, self.repeat)
            )
            self.report.rows.append(row)
            rate = row.rate
        for workers in self.threads:
            self._add(case, expected, rate, threads_named(workers), *_on(case, workers))
        if not self.with_device:
            return
        if case.resident is not None:
            from formulations.kernels.yardsticks_cuda import seconds_of

            resident = case.resident()
            samples = tuple(seconds_of(resident.launch, self.repeat))
            self._add(case, expected, rate, DEVICE, resident.result(), samples)
        if case.on_device is not None:
            found = case.on_device()
            samples = sampled(case.on_device, self.repeat)
            self._add(case, expected, rate, END_TO_END, found, samples)
    
    def _add(
        self,
        case: Case,
        expected: Any,
        rate: float | None,
        way: str,
        found: Any,
        samples: tuple[float, ...],
    ) -> None: ...
