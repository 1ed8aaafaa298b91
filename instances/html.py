"""Tables for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape

MOST_ROWS = 30
"""Rows that are worth looking at one by one."""


class Markup(str):
    """A cell that is HTML already, such as a picture."""

    __slots__ = ()


def html_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str,
    left_out: str = "",
) -> str:
    """Return an HTML table with every cell escaped, but for those of ``Markup``.

    What ``left_out`` tells stands below the rows.
    """
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    if left_out:
        body += f'<tr><td colspan="{len(columns)}">{escape(left_out)}</td></tr>'
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def rest_of(count: int, what: str) -> str:
    """Return how many of what are not among the first ``MOST_ROWS``; or nothing."""
    more = count - MOST_ROWS
    return f"… and {more:,} more {what}" if more > 0 else ""


def _cell(cell: object) -> str:
    return cell if isinstance(cell, Markup) else escape(str(cell))
