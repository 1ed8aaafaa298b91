"""What is seen of a study that is killed and resumed, and its tables."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ekya_opt.benchmarks.report import Report
from ekya_opt.benchmarks.tables import Table, significant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill, and what was there right after it.

    Parameters
    ----------
    victim
        What was killed.
    rows
        Runs in the store afterwards.
    integrity
        SQLite's verdict on the file.
    outlived
        Processes of the study that were left some seconds later.
    """

    victim: str
    rows: int
    integrity: str
    outlived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What runs take beyond the bare solver, which is called in one process.

    Parameters
    ----------
    solver
        Its name, or ``all``.
    runs
        How many.
    bare, solve, process
        Median milliseconds of the bare call, of the solve within a run, and of the
        run's process.
    median, mean
        Of what the process takes beyond the bare call of the same task, milliseconds.
    """

    solver: str
    runs: int
    bare: float
    solve: float
    process: float
    median: float
    mean: float


@dataclass(slots=True, kw_only=True)
class KilledStudyReport(Report):
    """What was measured of a study that is killed and resumed.

    Parameters
    ----------
    runs, workers
        Runs of the study, and how many at a time.
    seconds
        Wall seconds of all calls of the command together.
    store_bytes
        Size of the store in the end.
    kills
        In order.
    overheads
        By solver, and of all.
    whole
        Worker milliseconds for each run, all counted, beyond the mean bare call.
    lost, doubled, torn, different
        Rows that are missing or not as they were before a kill; that come twice;
        that cannot be read whole; whose objective is not that of the bare call.
    failures
        What went wrong, a sentence each.
    """

    runs: int = 0
    workers: int = 0
    seconds: float = 0.0
    store_bytes: int = 0
    kills: list[Kill] = field(default_factory=list)
    overheads: list[Overhead] = field(default_factory=list)
    whole: float = 0.0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    different: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self) | {"throughput": self.runs / self.seconds}


def overhead_of(solver: str, times: Sequence[Sequence[float]]) -> Overhead:
    """Return what the seconds bare, of the solve and of the process amount to."""
    bare, solve, process = ([1e3 * each[idx] for each in times] for idx in range(3))
    beyond = [whole - part for whole, part in zip(process, bare, strict=True)]
    return Overhead(
        solver=solver,
        runs=len(times),
        bare=statistics.median(bare),
        solve=statistics.median(solve),
        process=statistics.median(process),
        median=statistics.median(beyond),
        mean=statistics.fmean(beyond),
    )


def study_table(report: KilledStudyReport) -> Table:
    """Return what the study as a whole took and kept."""
    outlived = sum(kill.outlived for kill in report.kills)
    rows: list[tuple[str, ...]] = [
        ("runs", f"{report.runs:,}"),
        ("workers", f"{report.workers}"),
        ("kills", f"{len(report.kills)}"),
        ("runs in the store after them", _list(kill.rows for kill in report.kills)),
        ("wall time, starts included", f"{report.seconds:.1f} s"),
        ("runs a second", significant(report.runs / report.seconds)),
        ("store", f"{report.store_bytes / 1e6:.2f} MB"),
        ("bytes a run", f"{report.store_bytes / report.runs:.0f}"),
        ("beyond the bare solver, all counted", f"{report.whole:.1f} worker-ms a run"),
        ("rows lost", f"{report.lost}"),
        ("rows doubled", f"{report.doubled}"),
        ("rows torn", f"{report.torn}"),
        ("objectives that differ from the bare solver's", f"{report.different}"),
        ("processes that outlived a kill", f"{outlived}"),
    ]
    return Table(("of the study", "value"), rows)


def overhead_table(report: KilledStudyReport) -> Table:
    """Return what runs take beyond the bare solver."""
    columns = (
        *("solver", "runs", "bare, ms", "solve, ms", "process, ms"),
        *("overhead, median ms", "overhead, mean ms"),
    )
    rows = [
        (
            f"`{each.solver}`" if each.solver != "all" else each.solver,
            f"{each.runs:,}",
            *(f"{value:.2f}" for value in (each.bare, each.solve, each.process)),
            f"{each.median:.1f}",
            f"{each.mean:.1f}",
        )
        for each in report.overheads
    ]
    return Table(columns, rows)


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers) or "-"
