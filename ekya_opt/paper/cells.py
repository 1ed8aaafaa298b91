"""Tables of findings as cells of text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.frames import none_if_missing
from ekya_opt.text import one_line

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"
MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A table as it is shown.

    Parameters
    ----------
    caption
        What it shows.
    heads, rows
        Texts.
    numbers
        Whether each column holds numbers.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]


def cells_of(caption: str, table: "pd.DataFrame") -> Cells:
    """Return a table as texts: the numbers of a column have equally many decimals."""
    import pandas as pd

    columns, numbers = [], []
    for idx in range(table.shape[1]):
        values = [none_if_missing(value) for value in table.iloc[:, idx]]
        types, column = pd.api.types, table.iloc[:, idx]
        is_number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
        numbers.append(bool(is_number))
        columns.append(_numbers(values) if is_number else [_text(v) for v in values])
    return Cells(
        caption=caption,
        heads=tuple(one_line(str(head)).replace("_", " ") for head in table.columns),
        rows=tuple(zip(*columns, strict=True)),
        numbers=tuple(numbers),
    )


def _text(value: Any) -> str:
    return MISSING if value is None else one_line(str(value))


def _numbers(values: list[Any]) -> list[str]:
    """Return numbers with 4 decimals below 1, one fewer from 10 on, and so forth.

    There are more where one that is not 0 would look like it.
    """
    there = [abs(value) for value in values if value is not None]
    digits = 0
    if any(value != round(value) for value in there):
        largest = max(there)
        digits = max(MOST_DECIMALS - len(f"{largest:.0f}") + (largest < 1), 1)
        digits = min(digits, MOST_DECIMALS)
        while digits < MOST_DECIMALS and any(
            0 < each < 0.5 / 10**digits for each in there
        ):
            digits += 1
    return [MISSING if value is None else f"{value:,.{digits}f}" for value in values]
