"""Tables in HTML, as pandas prints them into notebooks."""

from dataclasses import dataclass
from html.parser import HTMLParser

from instances.errors import InvalidInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlTable:
    """The texts of a table's cells.

    Parameters
    ----------
    columns
        Names in the head; the names of index columns, which pandas prints in a second
        row of the head, fill the gaps of the first.
    rows
        The body; a row may be shorter or longer than the head.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def html_tables(text: str) -> list[HtmlTable]:
    """Return the tables of an HTML text, in order; nested tables are not looked into.

    Nothing in the text is fetched or executed.

    Raises
    ------
    InvalidInstance
        If the text holds a declaration that no HTML has.
    """
    parser = _TableParser()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError as problem:
        # The standard library's parser asserts where it cannot read on.
        raise InvalidInstance(f"is not HTML: {problem}") from None
    return parser.tables


class _TableParser(HTMLParser):
    """Collects the cells of tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self._depth = 0
        self._in_head = False
        self._in_cell = False
        self._head: list[list[str]] = []
        self._body: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._head, self._body, self._in_head = [], [], False
        if self._depth != 1:
            return
        rows = self._head if self._in_head else self._body
        if tag == "thead":
            self._in_head = True
        elif tag == "tr":
            rows.append([])
            self._in_cell = False
        elif tag in ("td", "th") and rows:
            rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._depth:
            self._depth -= 1
            if self._depth == 0:
                self.tables.append(self._table())
                self._in_cell = False
        elif self._depth == 1 and tag == "thead":
            self._in_head = self._in_cell = False
        elif self._depth == 1 and tag in ("td", "th", "tr"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._depth == 1 and self._in_cell:
            rows = self._head if self._in_head else self._body
            rows[-1][-1] += data

    def _table(self) -> HtmlTable:
        columns: list[str] = []
        for row in self._head:
            columns += [""] * (len(row) - len(columns))
            for idx, cell in enumerate(row):
                columns[idx] = columns[idx] or cell.strip()
        rows = tuple(tuple(cell.strip() for cell in row) for row in self._body if row)
        return HtmlTable(columns=tuple(columns), rows=rows)
