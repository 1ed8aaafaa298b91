"""What the columns of a table mean: their names, their units and their cells."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import Any, TypeVar

from instances.checks import shown
from instances.errors import InvalidInstance, InvalidOption
from instances.importers.table_files import Table

ACCURACIES = ("accuracy", "start_accuracy", "estimated_accuracy", "min_accuracy")
NUMBERS = (
    "gpu_seconds",
    "delay_seconds",
    "estimated_gpu_seconds",
    *ACCURACIES,
    "weight",
    "gpus",
    "relative_accuracy",
)
"""Columns that may be scaled."""

MOST_SHOWN = 12
TEXTS = (str, Real, Decimal, date)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?", re.ASCII | re.I)
_COMMA = re.compile(r"[+-]?[\d.]*\d,\d+([.,]\d+)*", re.ASCII)

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedColumns:
    """Where the named columns of a table are and what their numbers are times.

    Parameters
    ----------
    table
        The table that they are in.
    indices
        Position of each named column that the table has.
    factors
        What the numbers of a column are multiplied by; 1 where it names none.
    """

    table: Table
    indices: Mapping[str, int]
    factors: Mapping[str, float]

    @property
    def names(self) -> dict[str, str]:
        """The table's own name of each named column."""
        return {name: self.table.columns[idx] for name, idx in self.indices.items()}

    @property
    def unused(self) -> list[str]:
        """The table's columns that nothing is read from."""
        used = set(self.indices.values())
        columns = enumerate(self.table.columns)
        return [name for idx, name in columns if name and idx not in used]

    def rows(self) -> Iterator["Row"]:
        """Iterate over the rows in the table's order."""
        for place, cells in zip(self.table.places, self.table.rows, strict=True):
            yield Row(columns=self, place=place, cells=cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table under the names of its columns."""

    columns: NamedColumns
    place: str
    cells: tuple[Any, ...]

    def cell(self, name: str) -> Any:
        """Return the cell of a column; ``None`` if it is empty or there is none."""
        idx = self.columns.indices.get(name)
        value = None if idx is None else self.cells[idx]
        return None if isinstance(value, str) and not value.strip() else value

    def text(self, name: str) -> str | None:
        """Return the cell as text; ``None`` if it is empty or there is no column.

        Raises
        ------
        InvalidInstance
            If the cell holds unprintable characters, bytes, a list, …
        """
        value = self.cell(name)
        if value is not None and not isinstance(value, TEXTS):
            raise self.refused(name, f"is {shown(value)}, expected text")
        if isinstance(value, float) and value.is_integer():
            # A column of integers with a gap comes out of pandas as floats.
            value = int(value)
        text = None if value is None else str(value).strip()
        if text is not None and not text.isprintable():
            message = f"is {shown(text)}, expected a non-empty printable string"
            raise self.refused(name, message)
        return text

    def needed_text(self, name: str) -> str:
        """Return the cell as text; raise ``InvalidInstance`` if it is empty."""
        text = self.text(name)
        if text is None:
            raise self.refused(name, "is empty, expected a name")
        return text

    def number(self, name: str) -> float | None:
        """Return the scaled number in the cell; ``None`` if it is empty.

        Raises
        ------
        InvalidInstance
            If the cell holds anything but a finite number with a decimal point.
        """
        value = self.cell(name)
        if value is None:
            return None
        real = isinstance(value, Real | Decimal) and not isinstance(value, bool)
        text = str(value).strip() if real or isinstance(value, str) else ""
        if not _NUMBER.fullmatch(text):
            message = f"is {shown(value)}, expected a number"
            if _COMMA.fullmatch(text):
                message += " with a decimal point and no separators"
            raise self.refused(name, message)
        factor = self.columns.factors.get(name, 1.0)
        if factor == 1:
            return float(text)
        # Decimal, so that 57 % is 0.57 and not 0.5700000000000001.
        return float(Decimal(text) * Decimal(repr(factor)))

    def needed_number(self, name: str) -> float:
        """Return the scaled number; raise ``InvalidInstance`` if the cell is empty."""
        number = self.number(name)
        if number is None:
            raise self.refused(name, "is empty, expected a number")
        return number

    def refused(self, name: str, problem: str) -> InvalidInstance:
        """Return the error of a cell, which names the file, the row and the column."""
        column = self.columns.names.get(name, name)
        place = f"{self.place}, column {shown(column)}"
        return InvalidInstance(problem, place, self.columns.table.file)

    def out_of_domain(self, name: str, problem: str) -> InvalidInstance:
        """Return the error of a number, which tells what it was before scaling."""
        factor, cell = self.columns.factors.get(name, 1.0), self.cell(name)
        if factor != 1:
            problem += f" ({shown(cell)} in the table, times {factor:g})"
        elif name in ACCURACIES and 1 < (self.number(name) or 0) <= 100:
            problem += " (percentages are read with --percent)"
        return self.refused(name, problem)

    def build(self, kind: type[Kind], origin: Mapping[str, str], **values: Any) -> Kind:
        """Return an object of a data class; its errors name the columns of origin.

        ``origin`` names the column that each field came from.
        """
        try:
            return kind(**values)
        except InvalidInstance as problem:
            name = origin.get(problem.place, problem.place)
            raise self.out_of_domain(name, problem.problem) from None


def find_columns(
    table: Table,
    needed: Sequence[str],
    optional: Sequence[str],
    renamed: Mapping[str, str],
    factors: Mapping[str, float],
) -> NamedColumns:
    """Return where the columns of a table are.

    Raises
    ------
    InvalidInstance
        If the table lacks a needed or a renamed column; the message lists what it
        has and which name is closest.
    """
    indices = {}
    for name in (*needed, *optional):
        column = renamed.get(name, name)
        if column in table.columns:
            indices[name] = table.columns.index(column)
        elif name in needed or name in renamed:
            raise InvalidInstance(_missing(table, name, column), file=table.file)
    return NamedColumns(table=table, indices=indices, factors=factors)


def check_renamed(renamed: Mapping[str, str], known: Sequence[str]) -> None:
    """Raise ``InvalidOption`` unless every key of a column map is a known name."""
    for name in renamed:
        if name not in known:
            message = f"column map has {shown(name)}, expected one of "
            raise InvalidOption(message + ", ".join(known))


def checked_factors(scale: Mapping[str, float], percent: bool) -> dict[str, float]:
    """Return the factor of every scaled column.

    Raises
    ------
    InvalidOption
        If a column holds no numbers or a factor is not finite and above 0.
    """
    factors = dict.fromkeys(ACCURACIES, 0.01) if percent else {}
    for name, factor in scale.items():
        if name not in NUMBERS:
            message = f"scale has {shown(name)}, expected one of {', '.join(NUMBERS)}"
            raise InvalidOption(message)
        real = isinstance(factor, Real) and not isinstance(factor, bool)
        if not real or not 0 < factor < math.inf:
            message = f"scale of {name} is {shown(factor)}, expected a number above 0"
            raise InvalidOption(message)
        factors[name] = float(factor)
    return factors


def _missing(table: Table, name: str, column: str) -> str:
    found = [shown(each) for each in table.columns if each]
    listed = ", ".join(found[:MOST_SHOWN])
    if len(found) > MOST_SHOWN:
        listed += f", … ({len(found)} in all)"
    message = f"has no column {shown(column)}, found {listed}"
    header = "".join(table.columns)
    other = next((mark for mark in ";\t|" if mark in header), None)
    if len(found) == 1 and other:
        return f"{message}; the delimiter may be {shown(other)} (--delimiter)"
    close = difflib.get_close_matches(
        column.lower(), [each.lower() for each in table.columns if each], n=1
    )
    if not close:
        return f"{message}; map one with --column {name}=COLUMN"
    closest = next(each for each in table.columns if each.lower() == close[0])
    return f"{message}; closest is {closest!r} (--column {name}={closest})"
