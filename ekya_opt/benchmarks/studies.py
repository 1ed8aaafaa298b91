"""Studies with times: horizons planned together, and jobs placed on whole GPUs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ekya_opt.benchmarks.report import Report
from ekya_opt.benchmarks.tables import Table, significant

if TYPE_CHECKING:
    import pandas as pd

    from instances.problems import Problem

SIZES = ((10, 2), (10, 4), (20, 8))
"""Streams and GPUs."""

WINDOWS, LONG_WINDOWS = 8, 24
LONG_SIZE = (10, 4)
LONG_COUNT = 2

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class StudyReport(Report):
    """A study's rows, and what they amount to.

    Parameters
    ----------
    rows, summary
        One dict a row.
    failures
        What went wrong, a sentence each.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failures


def bench_horizon(
    count: int = 5,
    time_limit: float = 120.0,
    paths: Sequence[str] = (),
    progress: Say = lambda what: None,
) -> StudyReport:
    """Return what solvers of horizons reach on the family drift, and in what time.

    Parameters
    ----------
    count
        Seeds of each of ``SIZES`` with 8 windows; at most two of them with 24.
    time_limit
        Wall seconds for each solve.
    paths
        Horizons beside the generated ones: files, folders or shipped names.
    progress
        Told what comes next.
    """
    from ekya_opt.horizon_study import horizon_study, summarise_horizons
    from instances.generators import generate_problem

    made: list[Problem | str] = [
        generate_problem("drift", streams, gpus, seed, windows=WINDOWS)
        for streams, gpus in SIZES
        for seed in range(count)
    ]
    for seed in range(min(count, LONG_COUNT)):
        long = generate_problem("drift", *LONG_SIZE, seed, windows=LONG_WINDOWS)
        made.append(_renamed(long, f"{long.name}-w{LONG_WINDOWS}"))
    frame = horizon_study(
        [*made, *paths], time_limit=time_limit, progress=_saying(progress)
    )
    report = _report(frame, summarise_horizons(frame), "error")
    report.interrupted = frame.attrs["interrupted"]
    return report


def bench_placement(
    count: int = 4,
    time_limit: float = 60.0,
    paths: Sequence[str] = (),
    progress: Say = lambda what: None,
) -> StudyReport:
    """Return what whole GPUs cost windows of the family recorded-like.

    Parameters as in :func:`bench_horizon`; all seeds of each of ``SIZES``.
    """
    from ekya_opt.placement_study import placement_study, summarise_placement
    from instances.generators import generate

    made: list[Problem | str] = [
        generate("recorded-like", streams, gpus, seed)
        for streams, gpus in SIZES
        for seed in range(count)
    ]
    frame = placement_study(
        [*made, *paths], time_limit=time_limit, progress=_saying(progress)
    )
    report = _report(frame, summarise_placement(frame), "message")
    report.interrupted = frame.attrs["interrupted"]
    return report


def horizon_table(report: StudyReport) -> Table:
    """Return the gains and times of each policy, by size."""
    columns = (
        *("streams", "GPUs", "windows", "policy", "horizons"),
        *("gain, %", "spread", "least", "largest", "largest gap, %"),
        *("median s", "most s"),
    )
    rows = [
        (
            f"{row['streams']}",
            f"{row['gpus']:g}",
            f"{row['windows']}",
            f"`{row['policy']}`",
            f"{row['horizons']}",
            *(
                _percent(row[name])
                for name in ("gain", "spread", "least_gain", "largest_gain")
            ),
            _percent(row["largest_gap"], 4),
            significant(row["median_seconds"]),
            significant(row["most_seconds"]),
        )
        for row in report.summary
    ]
    return Table(columns, rows)


def placement_table(report: StudyReport) -> Table:
    """Return the losses and times of each solver, by the menu of shares."""
    columns = (
        *("shares", "solver", "settings", "placements", "optimal"),
        *("mean loss, %", "largest loss, %", "median s", "most s"),
    )
    rows: list[tuple[str, ...]] = [
        (
            row["shares"],
            f"`{row['solver']}`",
            row["settings"] or "-",
            f"{row['placements']}",
            f"{row['optimal']}",
            _percent(row["mean_loss"]),
            _percent(row["largest_loss"]),
            significant(row["median_seconds"]),
            significant(row["most_seconds"]),
        )
        for row in report.summary
    ]
    return Table(columns, rows)


def _report(
    frame: "pd.DataFrame", summary: "pd.DataFrame", message: str
) -> StudyReport:
    failed = frame[frame["status"] == "error"]
    return StudyReport(
        rows=_dicts(frame),
        summary=_dicts(summary),
        failures=[str(text) for text in failed[message].drop_duplicates()],
    )


def _dicts(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows, with nothing in the place of what is not a number."""
    plain = frame.astype(object).where(frame.notna(), None)
    rows: list[dict[str, Any]] = plain.to_dict("records")
    return rows


def _renamed(problem: "Problem", name: str) -> "Problem":
    from dataclasses import replace

    return replace(problem, name=name)


def _saying(say: Say) -> Callable[[int, int, str], None]:
    return lambda done, total, what: say(f"{done}/{total} {what}")


def _percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}"
