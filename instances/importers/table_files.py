"""Tables as they lie in CSV and Parquet files, before anything is read into them."""

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.checks import shown
from instances.errors import EkyaOptError, InvalidInstance, InvalidOption
from instances.importers.sources import content_of

if TYPE_CHECKING:
    from pandas import DataFrame

GZIP, PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The cells of a table and the places where they were found.

    Parameters
    ----------
    file
        Name of the file, or of what else the table comes from, in messages.
    columns
        Names of the columns; unique unless empty.
    rows
        Cells of each row, as many as columns; text in CSV, any value otherwise.
        No row is empty.
    places
        Place of each row, such as ``line 7``.
    sha256
        Of the file's bytes, when there is a file.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    places: tuple[str, ...]
    sha256: str | None = None


def read_table(path: str | Path, delimiter: str = ",") -> Table:
    """Return the table in a CSV or Parquet file.

    CSV is UTF-8 text with a header in line 1 and one delimiter between cells; gzip is
    seen from the content. Parquet needs pyarrow or fastparquet.

    Raises
    ------
    InvalidInstance
        If the content is no such table; the message names the line.
    InvalidOption
        If the delimiter is not one character.
    EkyaOptError
        If the file cannot be read, or Parquet without a library for it.
    """
    file = str(path)
    content = content_of(path)
    sha256 = hashlib.sha256(content).hexdigest()
    if content.startswith(PARQUET):
        return table_of_frame(_parquet_frame(content, file), file, sha256)
    return _csv_table(_text(content, file), file, delimiter, sha256)


def table_of_frame(frame: "DataFrame", file: str, sha256: str | None = None) -> Table:
    """Return the table in a pandas DataFrame; its rows count from 1.

    Missing values (NaN, None, NA) become empty cells. The index is no column.
    """
    columns = tuple(str(name).strip() for name in frame.columns)
    _check_columns(columns, file, "the header")
    # An object column can hold None where the numbers were.
    whole = frame.astype(object).where(frame.notna(), None)
    cells = [whole.iloc[:, idx].tolist() for idx in range(len(columns))]
    rows = tuple(zip(*cells, strict=True))
    places = tuple(f"row {idx}" for idx in range(1, len(rows) + 1))
    return _checked(file, columns, rows, places, sha256)


def _text(content: bytes, file: str) -> str:
    """Return the text of a CSV file, decompressed when need be."""
    if content.startswith(GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise InvalidInstance("is not a whole gzip file", file=file) from None
    if content.startswith(ZIP):
        message = "is a zip archive or a workbook, expected CSV or Parquet"
        raise InvalidInstance(message, file=file)
    if content.startswith(UTF_16):
        raise InvalidInstance("is UTF-16 text, expected UTF-8", file=file)
    zero = content.find(b"\0")
    if zero >= 0:
        message = f"is not text (byte {zero} is 0), expected CSV or Parquet"
        raise InvalidInstance(message, file=file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        message = f"is not UTF-8 text (byte {problem.start})"
        raise InvalidInstance(message, f"line {line}", file) from None


def _csv_table(text: str, file: str, delimiter: str, sha256: str) -> Table:
    """Return the table in a CSV text; rows without any content are left out."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        message = f"delimiter is {shown(delimiter)}, expected one character such as ;"
        raise InvalidOption(message)
    # Without newline="" a line break inside quotes would be changed.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    places: list[str] = []
    line = 1
    try:
        for cells in lines:
            row = tuple(cell.strip() for cell in cells)
            place, line = f"line {line}", lines.line_num + 1
            if not any(row):
                continue
            if columns is None:
                columns = row
                _check_columns(columns, file, place)
            else:
                _check_width(row, columns, file, place)
                rows.append(row)
                places.append(place)
    except csv.Error as problem:
        message = f"is not CSV: {problem}"
        raise InvalidInstance(message, f"line {line}", file) from None
    return _checked(file, columns or (), tuple(rows), tuple(places), sha256)


def _check_columns(columns: Sequence[str], file: str, place: str) -> None:
    for name, count in Counter(columns).items():
        if name and count > 1:
            message = f"holds the column {shown(name)} {count} times, expected it once"
            raise InvalidInstance(message, place, file)


def _check_width(
    row: Sequence[str], columns: Sequence[str], file: str, place: str
) -> None:
    if len(row) == len(columns):
        return
    message = f"has {len(row)} cells, expected {len(columns)} as in the header"
    if len(row) > len(columns):
        message += " (decimal commas are not read)"
    raise InvalidInstance(message, place, file)


def _checked(
    file: str,
    columns: tuple[str, ...],
    rows: tuple[tuple[Any, ...], ...],
    places: tuple[str, ...],
    sha256: str | None,
) -> Table:
    """Return the table unless it has no columns or no rows."""
    if not any(columns):
        raise InvalidInstance("is empty, expected a header and rows", file=file)
    if not rows:
        raise InvalidInstance("has no rows below the header", file=file)
    return Table(file=file, columns=columns, rows=rows, places=places, sha256=sha256)


def _parquet_frame(content: bytes, file: str) -> "DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(content))
    except ImportError:
        message = f"{file}: reading Parquet needs pyarrow: pip install pyarrow"
        raise EkyaOptError(message) from None
    # What a broken file raises is the library's own and differs between them.
    except Exception as problem:
        message = f"is not a whole Parquet file: {shown(str(problem))}"
        raise InvalidInstance(message, file=file) from None
