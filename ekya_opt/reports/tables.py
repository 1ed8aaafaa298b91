"""Tables of a page: what a column shows, and by what it is sorted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekya_opt.text import one_line

if TYPE_CHECKING:
    import pandas as pd

NONE = "–"


def _text(value: Any) -> str:
    return one_line(str(value))


def decimals(digits: int, scale: float = 1.0, unit: str = "") -> Callable[[Any], str]:
    """Return what writes a number with a fixed number of decimals and its unit."""
    return lambda value: f"{scale * value:,.{digits}f}{unit}"


COUNT = decimals(0)
SHARE = decimals(3, 100, " %")
SCORE = decimals(6)
SECONDS = decimals(4)
MEGABYTES = decimals(0, 1e-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a column of a frame appears in a page.

    Parameters
    ----------
    head
        What stands above it.
    show
        Writes a value; with it the column is sorted by number, without it as text.
    about
        What it means, for those who ask.
    choices
        Whether the rows can be filtered by its values.
    """

    head: str
    show: Callable[[Any], str] | None = None
    about: str = ""
    choices: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.show is not None

    def cell(self, value: Any) -> "Cell":
        """Return what a page shows of a value."""
        if is_missing(value):
            return Cell(NONE, "")
        if self.show is None:
            return Cell(_text(value) or NONE, "")
        return Cell(self.show(value), repr(float(value)))


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and the number it is sorted by, empty without one."""

    text: str
    sort: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a page.

    Parameters
    ----------
    name
        Word that names it in the page.
    caption
        What it shows, in one sentence.
    columns, rows
        Heads and cells.
    details
        Names and, for each row, texts that a reader may unfold; empty texts are left
        out.
    source
        What makes the numbers, for those who want them again.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    details: Mapping[str, Any] | None = None
    source: str = ""


def table_of(
    frame: "pd.DataFrame",
    columns: Mapping[Any, Column],
    name: str,
    caption: str,
    *,
    optional: Iterable[Any] = (),
    details: Mapping[str, Callable[[Any], str]] | None = None,
    source: str = "",
) -> Table:
    """Return a frame as a table of a page.

    Parameters
    ----------
    frame
        One row for each row of the table.
    columns
        How the columns of the frame appear, in this order; the others do not.
    name, caption, source
        As in :class:`Table`.
    optional
        Columns that are left out if no row has a value there.
    details
        What a reader may unfold, from the frame's row.
    """
    unused = set(optional)
    used = {
        key: column
        for key, column in columns.items()
        if key in frame and not (key in unused and frame[key].isna().all())
    }
    rows = [
        [column.cell(value) for column, value in zip(used.values(), row, strict=True)]
        for row in frame[list(used)].itertuples(index=False, name=None)
    ]
    unfolded = None
    if details is not None:
        texts = [
            [one_line(write(row)) for write in details.values()]
            for row in frame.to_dict("records")
        ]
        unfolded = {"names": list(details), "rows": texts}
    return Table(
        name=name,
        caption=caption,
        columns=tuple(used.values()),
        rows=rows,
        details=unfolded,
        source=source,
    )


def unlike(
    frame: "pd.DataFrame", columns: Mapping[Any, Column], names: Iterable[Any]
) -> dict[Any, Column]:
    """Return columns without those among ``names`` in which all rows are alike."""
    alike = {name for name in names if frame[name].nunique() < 2}
    return {name: column for name, column in columns.items() if name not in alike}


def is_missing(value: Any) -> bool:
    """Return whether a value is ``None``, NaN or ``<NA>``."""
    import pandas as pd

    if value is None or value is pd.NA:
        return True
    return isinstance(value, float) and value != value
