"""Tables in the stored outputs of Jupyter notebooks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.html_tables import HtmlTable, html_tables
from instances.json_files import read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookTable:
    """A table and where in the notebook it stands, such as ``cells[3].outputs[0]``."""

    place: str
    table: HtmlTable


def find_table(path: Path, columns: Sequence[str]) -> NotebookTable:
    """Return the first table printed in a notebook that has all the columns.

    The notebook is read as JSON; nothing in it is executed. A table may have more
    columns; every row of the one returned has as many cells as its head.

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidInstance
        If it is no notebook, no table has the columns, a column comes twice or a row is
        too short or too long.
    """
    lacking: list[tuple[int, str]] = []
    for found in _tables(path):
        missing = [name for name in columns if name not in found.table.columns]
        if not missing:
            _check_shape(path, found, columns)
            return found
        lacking.append((len(missing), f"{found.place} lacks {', '.join(missing)}"))
    expected = f"no table with the columns {', '.join(columns)}"
    nearest = f"; the nearest, {min(lacking)[1]}" if lacking else ""
    raise InvalidInstance(f"holds {expected}{nearest}", file=str(path))


def _tables(path: Path) -> Iterator[NotebookTable]:
    notebook = read_json(path, InvalidInstance)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        message = "is not a Jupyter notebook, expected an object with a list of cells"
        raise InvalidInstance(message, file=str(path))
    for cell_idx, cell in enumerate(cells):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output_idx, output in enumerate(_items(outputs)):
            place = f"cells[{cell_idx}].outputs[{output_idx}]"
            try:
                tables = html_tables(_html(output))
            except InvalidInstance as problem:
                raise problem.within(place).in_file(str(path)) from None
            for table in tables:
                yield NotebookTable(place=place, table=table)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _html(output: Any) -> str:
    """Return the HTML of an output, which is a text or a list of its lines."""
    data = output.get("data") if isinstance(output, dict) else None
    html = data.get("text/html") if isinstance(data, dict) else None
    lines = [html] if isinstance(html, str) else _items(html)
    return "".join(line for line in lines if isinstance(line, str))


def _check_shape(path: Path, found: NotebookTable, columns: Sequence[str]) -> None:
    names = found.table.columns
    for name in columns:
        if names.count(name) > 1:
            message = f"has the column {shown(name)} {names.count(name)} times"
            raise InvalidInstance(message, found.place, str(path))
    for idx, row in enumerate(found.table.rows):
        if len(row) != len(names):
            message = f"has {len(row)} cells, expected {len(names)} as in the head"
            raise InvalidInstance(message, f"{found.place}.rows[{idx}]", str(path))
