"""The page of numbers: sections that benchmarks write, between marks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ekya_opt.benchmarks.tables import (
    Table,
    fleet_table,
    kernel_table,
    yardstick_table,
)
from ekya_opt.text import one_line
from instances import EkyaOptError

if TYPE_CHECKING:
    from ekya_opt.benchmarks.fleet import FleetReport
    from ekya_opt.benchmarks.kernels import KernelReport
    from ekya_opt.benchmarks.report import Report

CPU_KERNELS, CPU_FLEETS = "kernels on a CPU", "fleets on a CPU"
CUDA_KERNELS, CUDA_FLEETS = "kernels on a CUDA device", "fleets on a CUDA device"
SECTIONS = (CPU_KERNELS, CPU_FLEETS, CUDA_KERNELS, CUDA_FLEETS)
"""Sections of the page of kernels by name; each lies between two marks."""

SERVER, HORIZONS, PLACEMENTS = "server windows", "horizons", "placements"
PRICES = "price list"
"""Sections of the page of what couples streams in time and in place."""


def check_page(file: str, sections: Sequence[str] = SECTIONS) -> None:
    """Raise ``EkyaOptError`` early if a page lacks a section's marks."""
    text = _read(file)
    for name in sections:
        replaced(text, name, "", file)


def write_section(
    file: str,
    name: str,
    report: "Report",
    command: str,
    tables: Sequence[Table],
    packages: Sequence[str],
) -> None:
    """Write tables into a section, after where, when and how they were made."""
    head = f"{one_line(report.setting(*packages))}, by `{one_line(command)}`."
    _write(file, name, head, tables)


def write_kernels(file: str, report: "KernelReport", command: str) -> None:
    """Write the kernels' table into the section of the device that was measured."""
    name = CPU_KERNELS if report.device is None else CUDA_KERNELS
    tables = [yardstick_table(report.yardsticks), kernel_table(report)]
    _write(file, name, _head(report, report.device, command), tables)


def write_fleets(file: str, report: "FleetReport", command: str) -> None:
    """Write the fleets' table into the section of the device that was measured."""
    name = CPU_FLEETS if report.device is None else CUDA_FLEETS
    _write(file, name, _head(report, report.device, command), [fleet_table(report)])


def replaced(text: str, name: str, section: str, file: str) -> str:
    """Return a page's text with one section replaced.

    Raises
    ------
    EkyaOptError
        If the page does not have the section's two marks, in order.
    """
    begin, end = marks(name)
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise EkyaOptError(f"{file}: has no section between {begin} and {end}")
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"


def marks(name: str) -> tuple[str, str]:
    """Return what begins and ends a section."""
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def _head(report: "Report", device: str | None, command: str) -> str:
    """Return a sentence that says where, when and by which command."""
    where = report.setting("numpy", "numba")
    if device is not None:
        where = f"{device}; host: {report.setting('numpy', 'numba', 'numba-cuda')}"
    return f"{one_line(where)}, by `{one_line(command)}`."


def _write(file: str, name: str, head: str, tables: Sequence[Table]) -> None:
    section = "\n\n".join([head, *(table.markdown() for table in tables)])
    text = replaced(_read(file), name, section, file)
    Path(file).write_text(text, encoding="utf-8")


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise EkyaOptError(f"{file}: is not text in UTF-8: {problem}") from None
