"""The benchmark of the kernels: how fast they are, and whether they are right."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
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
DEVICE, END_TO_END = "CUDA", "CUDA, with copies"

TINY_COUNT = 64
"""Numbers of the yardsticks where nothing is to be measured."""


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
        What ran on what, and how: by the reference, on the CPU, with CUDA.
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

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values, rates and verdicts as well."""
        told = asdict(self) | {"passed": self.passed}
        for row, values in zip(self.rows, told["rows"], strict=True):
            values |= {"rate": row.rate, "passed": row.passed}
        return told


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
        repeat=repeat,
        threads=[] if device == "cuda" else sorted({1, workers or default_workers()}),
        with_device=device == "cuda" or (device == "auto" and there),
        tiny=size == "tiny",
    )
    report = KernelReport()
    try:
        progress("yardsticks")
        if bench.with_device:
            report.device = _device_name()
        report.yardsticks = list(bench.yardsticks())
        for case in _cases(SIZES[size]):
            if case.on_device is None and not bench.threads:
                continue
            progress(f"{case.kernel}, {case.size}")
            report.rows.extend(bench.rows(case, report.yardsticks))
    except KeyboardInterrupt:
        report.interrupted = True
    return report


def threads_named(workers: int) -> str:
    """Return a number of threads for people."""
    return f"CPU × {workers}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """How a benchmark runs."""

    repeat: int
    threads: list[int]
    with_device: bool
    tiny: bool

    def yardsticks(self) -> Iterator[Yardstick]:
        """Return what each way can do at most."""
        ways: list[tuple[str, dict[str, Any]]] = [
            (threads_named(workers), {"workers": workers}) for workers in self.threads
        ]
        if self.with_device:
            ways.append((DEVICE, {"device": "cuda"}))
        for way, where in ways:
            own = where | ({"count": TINY_COUNT} if self.tiny else {})
            yield Yardstick(
                way=way,
                copied=copied_bytes_per_second(**own),
                operations=operations_per_second(**own),
                single_operations=operations_per_second(**own, single=True),
            )

    def rows(self, case: Case, yardsticks: list[Yardstick]) -> Iterator[Row]:
        """Return the rows of one case, the reference first if it is timed."""
        rate = None
        if not case.reference_items:
            expected = case.reference()
        else:
            expected, samples = sampled(case.reference, self.repeat, compiles=False)
            reference = Row(
                kernel=case.kernel,
                size=case.size,
                way=case.judge,
                item=case.item,
                items=case.reference_items,
                seconds=statistics.median(samples),
                samples=samples,
            )
            rate = reference.rate
            yield reference
        limits = {each.way: each for each in yardsticks}
        for way, found, samples in self._runs(case):
            seconds = statistics.median(samples)
            on_device = way in (DEVICE, END_TO_END)
            counted = case.device_operations if on_device else case.operations
            limit = limits[DEVICE if on_device else way]
            peak = limit.single_operations if case.single else limit.operations
            yield Row(
                kernel=case.kernel,
                size=case.size,
                way=way,
                item=case.item,
                items=case.items,
                seconds=seconds,
                samples=samples,
                bytes_an_item=case.bytes_moved / case.items,
                operations_an_item=counted and counted / case.items,
                copy_share=case.bytes_moved / seconds / limit.copied,
                peak_share=counted and counted / seconds / peak,
                ratio=rate and case.items / seconds / rate,
                difference=case.difference(expected, found),
                tolerance=case.tolerance,
            )

    def _runs(self, case: Case) -> Iterator[tuple[str, Any, tuple[float, ...]]]:
        """Return each way, what is found that way, and the seconds that it takes."""
        for workers in self.threads:
            run = partial(case.on_cpu, workers)
            yield threads_named(workers), *sampled(run, self.repeat)
        if self.with_device and case.resident is not None:
            from formulations.kernels.yardsticks_cuda import seconds_of

            launch, result = case.resident()
            samples = tuple(seconds_of(launch, self.repeat))
            yield DEVICE, result(), samples
        if self.with_device and case.on_device is not None:
            yield END_TO_END, *sampled(case.on_device, self.repeat)


def _cases(sizes: Sizes) -> Iterator[Case]:
    from ekya_opt.benchmarks.fleet_cases import fleet_cases
    from ekya_opt.benchmarks.search_cases import search_cases
    from ekya_opt.benchmarks.table_cases import table_cases

    makers = (table_cases, search_cases, fleet_cases)
    return chain.from_iterable(make(sizes) for make in makers)


def _device_name() -> str:
    from formulations.kernels.yardsticks_cuda import device_name

    return device_name()
