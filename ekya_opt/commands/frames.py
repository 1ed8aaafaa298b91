"""Data frames as text for people and as objects for programs."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from ekya_opt.text import text_table

if TYPE_CHECKING:
    import pandas as pd


def frame_objects(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return one object a row, ``None`` for what is missing."""
    names = list(frame.columns)
    return [
        {name: none_if_missing(value) for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False)
    ]


def frame_text(
    frame: "pd.DataFrame",
    formats: Mapping[str, Callable[[Any], str]],
    optional: Collection[str] = ("settings", "stopped_by"),
) -> str:
    """Return a table for people, without optional columns that have nothing to tell.

    ``formats`` says how the cells of a column are written; others are as they are.
    """
    return text_table(*frame_cells(frame, formats, optional))


def frame_cells(
    frame: "pd.DataFrame",
    formats: Mapping[str, Callable[[Any], str]],
    optional: Collection[str] = (),
) -> tuple[list[str], list[list[Any]]]:
    """Return the heads and the cells of what :func:`frame_text` shows."""
    columns = [
        column
        for column in frame.columns
        if column not in optional or any(map(none_if_missing, frame[column]))
    ]
    rows = [
        [
            _cell(none_if_missing(value), formats.get(column))
            for column, value in zip(columns, row, strict=True)
        ]
        for row in frame[columns].itertuples(index=False)
    ]
    return [column.replace("_", " ") for column in columns], rows


def none_if_missing(value: Any) -> Any:
    """Return the value, or ``None`` for a NaN and for pandas' ``<NA>``."""
    if value is None or type(value).__name__ == "NAType":
        return None
    return None if value != value else value


def _cell(value: Any, show: Callable[[Any], str] | None) -> Any:
    return value if show is None else show(value)
