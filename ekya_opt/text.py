"""Plain text for people and strict JSON for programs."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MISSING = "-"


def text_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in aligned columns, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    values = [list(row) for row in cells]
    widths = [
        max(len(column), *(len(row[idx]) for row in values), 0)
        for idx, column in enumerate(columns)
    ]
    right = [
        bool(values) and all(_is_number(row[idx]) for row in values)
        for idx in range(len(columns))
    ]
    lines = [list(columns), ["-" * width for width in widths], *values]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def number(value: float | None, digits: int = 6) -> str:
    """Return a number with a fixed number of decimals; ``-`` for none."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 3) -> str:
    """Return a share as a percentage; ``-`` for none."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{100 * value:.{digits}f}%"


def word(value: Any) -> str:
    """Return a value as people write it, numbers without idle digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def one_line(text: str) -> str:
    """Return the text on one line, every unprintable character escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def to_json(value: Any) -> str:
    """Return strict JSON text; numbers that are not finite become ``null``."""
    return json.dumps(_strict(value), indent=2, allow_nan=False)


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _cell(value: Any) -> str:
    return MISSING if value is None else one_line(str(value))


def _is_number(text: str) -> bool:
    if text == MISSING:
        return True
    try:
        float(text.rstrip("%"))
    except ValueError:
        return False
    return True
