"""Benchmarks as tables: the same columns on a terminal and on a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ekya_opt.benchmarks.fleet import FleetReport
    from ekya_opt.benchmarks.kernels import KernelReport, Row, Yardstick

MISSING = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    columns
        Heads of the columns.
    rows
        One text for each column.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def markdown(self) -> str:
        """Return the table in Markdown."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def yardstick_table(yardsticks: Iterable["Yardstick"]) -> Table:
    """Return what each way can do at most."""
    columns = ("way", "copy, GB/s", "double, Gop/s", "single, Gop/s")
    return Table(
        columns,
        [
            (
                each.way,
                *(
                    significant(number / 1e9)
                    for number in (
                        each.copied,
                        each.operations,
                        each.single_operations,
                    )
                ),
            )
            for each in yardsticks
        ],
    )


def kernel_table(report: "KernelReport") -> Table:
    """Return the rows of all kernels."""
    columns = (
        "kernel",
        "size",
        "way",
        "median s",
        "a second",
        "× reference",
        "B/item",
        "GB/s",
        "of copy",
        "op/item",
        "of peak",
        "difference",
    )
    rows: list[tuple[str, ...]] = []
    for row in report.rows:
        traffic = None
        if row.bytes_an_item is not None:
            traffic = row.bytes_an_item * row.rate / 1e9
        rows.append(
            (
                row.kernel,
                row.size,
                row.way,
                significant(row.seconds),
                f"{significant(row.rate)} {row.item}s",
                significant(row.ratio),
                significant(row.bytes_an_item),
                significant(traffic),
                percent(row.copy_share),
                significant(row.operations_an_item),
                percent(row.peak_share),
                _difference(row),
            )
        )
    return Table(columns, rows)


def fleet_table(report: "FleetReport") -> Table:
    """Return the rows of all fleets."""
    columns = (
        "streams",
        "kind",
        "mode",
        "units a stream",
        "first call, s",
        "median s",
        "µs a stream",
        "peak memory, GB",
        "LP bound − optimum",
        "status",
        "bound proven again, s",
    )
    rows: list[tuple[str, ...]] = []
    for row in report.rows:
        proven = significant(row.reproof_seconds)
        if row.reproof_holds is False:
            proven += " FAILED"
        rows.append(
            (
                f"{row.streams:,}",
                row.kind,
                row.mode,
                str(row.units_a_stream),
                significant(row.first_seconds),
                significant(row.seconds),
                significant(row.microseconds_a_stream),
                significant(row.peak_bytes / 1e9),
                scientific(row.lp_gap),
                row.status,
                proven,
            )
        )
    return Table(columns, rows)


def _difference(row: "Row") -> str:
    """Return how far a result is from the reference, and how far it may be."""
    if row.difference is None:
        return MISSING
    sign, verdict = ("≤", "") if row.passed else (">", " WRONG")
    return f"{scientific(row.difference)} {sign} {scientific(row.tolerance)}{verdict}"


def significant(value: float | None) -> str:
    """Return a number with three significant digits and a unit's prefix if large."""
    if value is None:
        return MISSING
    for limit, prefix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scale = 1e3 if prefix == "k" else limit
            return f"{value / scale:.3g} {prefix}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def scientific(value: float | None) -> str:
    """Return a small number with two digits."""
    if value is None:
        return MISSING
    return "0" if value == 0 else f"{value:.1e}"


def percent(value: float | None) -> str:
    """Return a share in per cent with two significant digits."""
    return MISSING if value is None else f"{100 * value:.2g} %"
