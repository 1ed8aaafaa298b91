"""Tables for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str
) -> str:
    """Return an HTML table with every cell escaped."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
