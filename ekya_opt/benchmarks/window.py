"""Benchmarks of the window problem at the size that the paper reports."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ekya_opt.benchmarks.processes import environment
from ekya_opt.benchmarks.report import Report
from instances import Instance, Reallocation
from instances.generators import generate

NUM_STREAMS, GPUS, UNITS_PER_GPU = 10, 8, 10
PAPER_SECONDS = 9.4
"""Decision time of the paper's heuristic at this size (Ekya, §6.2)."""

SHIPPED = "shipped:paper/window1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One thing measured.

    Parameters
    ----------
    name
        What was measured.
    value
        Median of the values, or the only one.
    unit
        ``s`` or ``variables`` or ``ratio``.
    values
        All values, in the order of the runs.
    remark
        What to compare it with.
    """

    name: str
    value: float
    unit: str
    values: tuple[float, ...]
    remark: str = ""


@dataclass(slots=True, kw_only=True)
class WindowReport(Report):
    """What was measured of the window problem.

    Parameters
    ----------
    measurements
        In the order of measuring.
    """

    measurements: list[Measurement] = field(default_factory=list)


def bench_window(
    *,
    repeat: int = 5,
    literal: bool = False,
    instance: str = SHIPPED,
    progress: Callable[[str], None] = lambda _: None,
) -> WindowReport:
    """Measure the window problem; Ctrl-C returns what is measured so far.

    Parameters
    ----------
    repeat
        Runs of each timed thing; the median counts.
    literal
        Whether to build the literal model as well: minutes and about 6 GB.
    instance
        Instance file that the command line solves from a cold shell.
    progress
        Called with the name of what is measured next.
    """
    report = WindowReport()
    try:
        for parts in (
            _solvers(repeat, progress),
            _models(repeat, literal, progress),
            _command_line(repeat, instance, progress),
        ):
            report.measurements.extend(parts)
    except KeyboardInterrupt:
        report.interrupted = True
    return report


def paper_size(mode: Reallocation = Reallocation.NEVER, seed: int = 0) -> Instance:
    """Return an instance of 10 streams, 8 GPUs and 18 configs in units of 1/10."""
    instance = generate("recorded-like", NUM_STREAMS, GPUS, seed)
    return replace(instance, units_per_gpu=UNITS_PER_GPU, reallocation=mode)


def _solvers(repeat: int, progress: Callable[[str], None]) -> Iterator[Measurement]:
    from formulations.value_tables import value_table
    from solvers import Options, Search, solve
    from solvers.dp import best_units

    for mode in (Reallocation.NEVER, Reallocation.STREAM):
        name = f"value table and dp, reallocation {mode}"
        progress(name)
        instance = paper_size(mode)
        values = []
        for _ in range(repeat):
            search = Search(Options())
            best_units(value_table(instance), search)
            values.append(search.seconds)
        yield _median(name, values, f"the paper's heuristic: {PAPER_SECONDS} s")
    for solver in ("dp", "thief"):
        for mode in (Reallocation.NEVER, Reallocation.STREAM):
            name = f"solve with {solver}, reallocation {mode}"
            progress(name)
            instance = paper_size(mode)
            values = [solve(instance, solver).runtime for _ in range(repeat)]
            yield _median(name, values, "certified, the referee included")


def _command_line(
    repeat: int, instance: str, progress: Callable[[str], None]
) -> Iterator[Measurement]:
    for words in (["--help"], ["solve", instance]):
        name = " ".join(["ekya-opt", *words])
        progress(name)
        values = []
        for _ in range(repeat):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "ekya_opt", *words],
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            values.append(time.perf_counter() - start)
        yield _median(name, values, "from a cold shell")


def _models(
    repeat: int, literal: bool, progress: Callable[[str], None]
) -> Iterator[Measurement]:
    from formulations import window_milp, window_milp_literal

    instance = paper_size()
    progress("compact model")
    values = []
    for _ in range(repeat):
        start = time.perf_counter()
        model = window_milp.build(instance)
        values.append(time.perf_counter() - start)
    compact = sum(map(len, model.take))
    yield _median("build of the compact model", values, "")
    yield _count("variables of the compact model", compact, "variables")
    printed = window_milp_literal.count_variables(instance)
    yield _count("variables of the literal model", printed, "variables")
    yield _count("literal to compact", printed / compact, "ratio")
    if literal:
        progress("literal model")
        start = time.perf_counter()
        window_milp_literal.build(instance)
        seconds = time.perf_counter() - start
        yield _median("build of the literal model", [seconds], "")


def _count(name: str, value: float, unit: str) -> Measurement:
    return Measurement(name=name, value=value, unit=unit, values=(value,))


def _median(name: str, values: list[float], remark: str) -> Measurement:
    return Measurement(
        name=name,
        value=statistics.median(values),
        unit="s",
        values=tuple(values),
        remark=remark,
    )
