"""The paper page: every row, nothing from outside, nothing taken for mark-up."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from ekya_opt.paper.cells import cells_of
from ekya_opt.paper.finding import Figure, Verdict
from ekya_opt.paper.page import html, markdown, write_page
from instances import EkyaOptError
from tests.ekya_opt.paper.findings import (
    HOSTILE,
    draw,
    evaluation,
    failed,
    finding,
)

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Elements(HTMLParser):
    """What a page consists of; every element must be closed by its own end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's beginning."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that ends itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Take the end of the element that is open."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.texts.append(data)


def test_the_page_has_every_row_and_refers_to_nothing_outside() -> None:
    """Each finding and failure is there, ids are unique, links lead into the page."""
    text = html(
        evaluation(finding("fig-8"), finding("fig-6"), failures=[failed("fig-4")])
    )
    page = Elements(text)
    told = "".join(page.texts)
    for name in ("fig-8", "fig-6"):
        for words in (f"Claim of {name}.", f"where {name}", f"table of {name}"):
            assert words in told
        assert f"ekya-opt paper --quick --only {name} --seeds 2 -o paper" in told
    assert "fig-4 failed: ValueError" in told
    assert "1 of the experiments failed" in told
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == 2
    assert page.links
    for link in page.links:
        assert link.startswith("#")
        assert link[1:] in page.ids
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_texts_are_no_mark_up() -> None:
    """A hostile text is shown as it is, in the page, its figures and in Markdown."""
    made = evaluation(finding(), failures=[failed()])
    page = Elements(html(made))
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "".join(page.texts).count(HOSTILE) >= 3
    for line in markdown(made).splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (7, 5)
        assert not re.search(r"(?<!\\)<script", line)
        assert not re.search(r"(?<!\\)\[f", line)


def test_every_file_is_written(tmp_path: Path) -> None:
    """The page, Markdown that links to files that exist, CSV and strict JSON."""
    made = evaluation(finding("fig-8"), finding("fig-6"), failures=[failed("fig-4")])
    files = write_page(made, tmp_path / "new" / "paper")
    assert sorted(files) == sorted((tmp_path / "new" / "paper").iterdir())
    text = (tmp_path / "new" / "paper" / "paper.md").read_text(encoding="utf-8")
    links = re.findall(r"(?<!\\)\]\(([^)]+)\)", text)
    assert len(links) == 4
    for link in links:
        assert (tmp_path / "new" / "paper" / link).exists()
    rows = list(
        csv.DictReader(
            (tmp_path / "new" / "paper" / "fig-8-table-1.csv")
            .read_text(encoding="utf-8")
            .splitlines()
        )
    )
    assert [row["policy"] for row in rows] == [HOSTILE, ""]

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    told = json.loads(
        (tmp_path / "new" / "paper" / "findings.json").read_text(encoding="utf-8"),
        parse_constant=refuse,
    )
    assert [each["name"] for each in told["findings"]] == ["fig-8", "fig-6"]
    assert told["findings"][0]["tables"][0]["rows"][1]["accuracy"] is None
    assert told["failures"][0]["name"] == "fig-4"


def test_figures_of_one_name_are_refused(tmp_path: Path) -> None:
    """The second would overwrite the first."""
    twice = Figure(name="fig-8", caption="again", draw=draw)
    made = evaluation(finding("fig-8"), finding("fig-6", figures=(twice,)))
    with pytest.raises(EkyaOptError, match="figure 'fig-8' is drawn twice"):
        write_page(made, tmp_path)


def test_verdicts_are_counted() -> None:
    """The lead says how many claims came out how."""
    made = evaluation(
        finding("fig-8", verdict=Verdict.REPRODUCED),
        finding("fig-6", verdict=Verdict.NOT_REPRODUCIBLE),
        finding("fig-4", verdict=Verdict.REPRODUCED),
    )
    assert "Claims measured: 3 (2 reproduced, 1 not reproducible)" in html(made)


def test_an_interrupted_page_says_so() -> None:
    """What is missing from the page is told at its head."""
    assert "Interrupted" in html(evaluation(interrupted=True))
    assert "Interrupted" not in html(evaluation())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.51234, 0.9], ("0.5123", "0.9000")),
        ([1.0, 16.0], ("1", "16")),
        ([1.5, 16.0], ("1.50", "16.00")),
        ([9.25, 0.5], ("9.250", "0.500")),
        ([1234.5, None], ("1,234.5", "–")),
        ([True, False], ("True", "False")),
        ([0.0, 0.001, 40.0], ("0.000", "0.001", "40.000")),
        ([0.0, 0.00001, 40.0], ("0.0000", "0.0000", "40.0000")),
    ],
)
def test_numbers_of_a_column_are_written_alike(
    values: list[float | None], expected: tuple[str, ...]
) -> None:
    """Equally many decimals, fewer of them for large numbers, none for whole ones."""
    cells = cells_of("", pd.DataFrame({"some_number": values}))
    assert cells.heads == ("some number",)
    assert tuple(row[0] for row in cells.rows) == expected


def test_cells_of_the_first_table_are_sentences() -> None:
    """They begin large and end with one full stop, as no experiment has to see to."""
    page = Elements(html(evaluation(finding(measured="half.", because="so"))))
    told = [text.strip() for text in page.texts]
    assert told.count("Half.") == 2
    assert told.count("So.") == 2
