"""The table of best known objectives that is shipped with the instances."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from instances.checks import check_name, set_number, set_tuple, shown
from instances.errors import EkyaOptError, InvalidData
from instances.json_files import write_atomically

BEST_KNOWN_FILE = Path(__file__).parent / "best_known.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class BestKnown:
    """The best known objective and bound of one instance.

    Parameters
    ----------
    instance
        Name of the instance, ``family/name`` if shipped.
    hash
        Its :func:`instances.instance_hash`.
    objective
        Best objective known, in [0, 1].
    bound
        Lowest upper bound proven, at least 0; ``None`` if there is none.
    engines
        Solvers that reached the objective.
    versions
        Versions of what they ran on.
    date
        Day of the entry, YYYY-MM-DD.
    """

    error: ClassVar[type[InvalidData]] = InvalidData

    instance: str
    hash: str
    objective: float
    bound: float | None
    engines: tuple[str, ...]
    versions: str
    date: str

    def __post_init__(self) -> None:
        for name in ("instance", "hash", "versions", "date"):
            check_name(self, name)
        set_number(self, "objective", high=1)
        if self.bound is not None:
            set_number(self, "bound")
        set_tuple(self, "engines", str, at_least=1)


COLUMNS = tuple(field.name for field in fields(BestKnown))


def read_best_known(path: Path = BEST_KNOWN_FILE) -> dict[str, BestKnown]:
    """Return the table by instance hash; empty if there is no such file.

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidData
        If a line is not one of the table; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as problem:
        raise EkyaOptError(f"{path}: cannot be read: {problem}") from None
    lines = csv.reader(io.StringIO(text))
    header = next(lines, [])
    if tuple(header) != COLUMNS:
        message = f"is {shown(header)}, expected {','.join(COLUMNS)}"
        raise InvalidData(message, "line 1", str(path))
    table: dict[str, BestKnown] = {}
    for cells in lines:
        try:
            entry = _parsed(cells)
        except InvalidData as problem:
            place = f"line {lines.line_num}"
            raise problem.within(place).in_file(str(path)) from None
        table[entry.hash] = entry
    return table


def write_best_known(
    entries: Mapping[str, BestKnown] | Iterable[BestKnown],
    path: Path = BEST_KNOWN_FILE,
) -> None:
    """Write the table, sorted by instance, all or nothing.

    Raises
    ------
    EkyaOptError
        If the file cannot be written.
    """
    chosen = entries.values() if isinstance(entries, Mapping) else entries
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for entry in sorted(chosen, key=lambda entry: (entry.instance, entry.hash)):
        row = [getattr(entry, column) for column in COLUMNS]
        row[COLUMNS.index("engines")] = "+".join(entry.engines)
        lines.writerow(row)
    write_atomically(path, text.getvalue().encode("utf-8"))


def _parsed(cells: list[str]) -> BestKnown:
    if len(cells) != len(COLUMNS):
        raise InvalidData(f"has {len(cells)} cells, expected {len(COLUMNS)}")
    row = dict(zip(COLUMNS, cells, strict=True))
    return BestKnown(
        instance=row["instance"],
        hash=row["hash"],
        objective=_number(row, "objective"),
        bound=_number(row, "bound") if row["bound"] else None,
        engines=tuple(row["engines"].split("+")),
        versions=row["versions"],
        date=row["date"],
    )


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        return float(row[column])
    except ValueError:
        message = f"is {shown(row[column])}, expected a number"
        raise InvalidData(message, column) from None
