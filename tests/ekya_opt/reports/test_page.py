"""What a report says, of runs that a reader judges by hand."""

import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from ekya_opt.reports.contents import parts_of
from ekya_opt.reports.page import report_page
from instances import EkyaOptError
from tests.ekya_opt.runs import runs_by_hand

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures, which take most of the time."""
    monkeypatch.setattr("ekya_opt.reports.figures.drawings", lambda contents: [])


VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """Reads a page: its elements, its ids, and the texts of cells and sentences."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.sentences: list[str] = []
        self.facts: dict[str, str] = {}
        self.texts: list[str] = []
        self._block = ""
        self._within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and where texts belong from here on."""
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += filter(None, [values.get("id")])
        for name in ("src", "href", "action", "data"):
            self.links += filter(None, [values.get(name)])
        if "table" in (values.get("class") or "").split():
            self._block = str(values["id"])
            self.tables[self._block] = []
        if tag == "tr":
            self.tables[self._block].append([])
        if tag in ("td", "th"):
            self.tables[self._block][-1].append("")
        if tag == "li":
            self.sentences.append("")
        if tag not in VOID:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element and those in it that need no end."""
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note a text where it belongs."""
        inner = self._within[-1] if self._within else ""
        if inner in ("td", "th"):
            self.tables[self._block][-1][-1] += data.strip()
        if inner == "li":
            self.sentences[-1] += data
        if inner == "dt":
            self._fact = data
        if inner == "dd":
            self.facts[self._fact] = data
        if inner == "p":
            self.texts.append(data)

    def rows(self, table: str) -> dict[str, dict[str, str]]:
        """Return the rows of a table by their first cell, each by its heads."""
        heads, *rows = self.tables[table]
        return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def two_instances() -> pd.DataFrame:
    """Return runs on an easy and a tight instance, whose optima are 0.8 and 0.5.

    The Thief is 25 % below on the first and 10 % on the second, uniform 50 % and 60 %.
    """
    easy = {"instance": "easy", "streams_per_gpu": 1.0, "started": "2026-11-01T10:00"}
    tight = {"instance": "tight", "streams_per_gpu": 4.0, "started": "2026-11-02T10:00"}
    proof = {"label": "dp", "status": "optimal", "verdict": "feasible"}
    return runs_by_hand(
        {**easy, **proof, "objective": 0.8, "bound": 0.8, "peak_bytes": 5_000_000},
        {**easy, "label": "thief:passes=0", "objective": 0.6, "verdict": "feasible"},
        {**easy, "label": "uniform", "objective": 0.4, "verdict": "feasible"},
        {**tight, **proof, "objective": 0.5, "bound": 0.5, "peak_bytes": 9_000_000},
        {**tight, "label": "thief:passes=0", "objective": 0.45, "seconds": 4.0},
        {**tight, "label": "uniform", "objective": 0.2},
    )


def planned(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the plan of these runs."""
    names = ["key", "study", "instance", "instance_hash", "label", "seed"]
    return runs[names].copy()


@pytest.mark.usefixtures("undrawn")
def test_sentences_say_what_the_numbers_say() -> None:
    """Means, extremes, proofs and counts are those worked out on paper."""
    runs = two_instances()
    page = Page(report_page(runs.iloc[1:], planned=planned(runs)))
    text = " ".join(page.sentences)
    assert "2 instances, 3 solvers, 1 seed. Of 6 planned runs 5 done, 0 failed" in text
    assert "1 missing." in text
    # Without the proof of the easy instance it has no bound.
    assert "The optimum is proven on 1 of 2 instances, by dp." in text
    page = Page(report_page(runs))
    text = " ".join(page.sentences)
    assert "Of 6 runs 6 done, 0 failed." in text
    assert "The optimum is proven on 2 of 2 instances, by dp." in text
    assert (
        "thief:passes=0 stays closest to the proven optimum: 17.500 % below it on "
        "average and 25.000 % at most; uniform is farthest, 55.000 % on average and "
        "60.000 % at most."
    ) in text
    assert (
        "of thief:passes=0 varies most: it is 10.000 % at 4 streams a GPU and "
        "25.000 % at 1 stream."
    ) in text
    assert "The referee judged 4 schedules again and finds no fault." in text
    assert "No objective exceeds a bound" in text
    assert page.facts["proven optima"] == "2 of 2"


@pytest.mark.usefixtures("undrawn")
def test_headline_has_gaps_by_contention() -> None:
    """The first table crosses solvers, the best first, with streams a GPU."""
    page = Page(report_page(two_instances()))
    assert page.tables["headline-0"] == [
        ["solver", "1", "4", "all"],
        ["dp", "0.000 %", "0.000 %", "0.000 %"],
        ["thief:passes=0", "25.000 %", "10.000 %", "17.500 %"],
        ["uniform", "50.000 %", "60.000 %", "55.000 %"],
    ]


@pytest.mark.usefixtures("undrawn")
def test_levels_of_contention_are_told_apart() -> None:
    """Where modes of reallocation differ, each has a table of its own."""
    runs = two_instances()
    runs.loc[3:, "reallocation"] = "stream"
    page = Page(report_page(runs))
    assert page.tables["headline-0"][0] == ["solver", "1", "all"]
    assert page.rows("headline-0")["uniform"]["all"] == "50.000 %"
    assert page.tables["headline-1"][0] == ["solver", "4", "all"]
    assert page.rows("headline-1")["uniform"]["all"] == "60.000 %"
    runs.loc[3:, "reallocation"] = pd.NA
    runs.loc[3:, "kind"] = "placement"
    page = Page(report_page(runs))
    assert page.rows("headline-0")["uniform"]["all"] == "60.000 %"
    assert page.rows("headline-1")["uniform"]["all"] == "50.000 %"
    for part, keys in zip(
        parts_of(runs), (runs["key"][3:], runs["key"][:3]), strict=True
    ):
        assert list(part.runs["key"]) == list(keys)
        assert list(runs.query(part.query)["key"]) == list(keys)


@pytest.mark.usefixtures("undrawn")
def test_tables_by_solver_and_instance() -> None:
    """Statistics, proofs, memory, and who found the best."""
    page = Page(report_page(two_instances()))
    thief = page.rows("solvers-table")["thief:passes=0"]
    assert thief["median gap"] == "17.500 %"
    assert thief["max gap"] == "25.000 %"
    # exp((log 1.01 + log 4.01) / 2) - 0.01, from a table of logarithms.
    assert thief["mean seconds"] == "2.0025"
    assert thief["max seconds"] == "4.0000"
    assert page.rows("solvers-table")["dp"]["proven"] == "2"
    assert page.rows("solvers-table")["dp"]["MB"] == "9"
    tight = page.rows("instances-table")["tight"]
    assert tight["best found"] == tight["best bound"] == "0.500000"
    assert tight["found by"] == "dp"
    assert tight["optimum"] == "proven"


@pytest.mark.usefixtures("undrawn")
def test_failures_come_disagreements_first() -> None:
    """Pairs that contradict each other, then the referee's, then the failed runs."""
    page = Page(
        report_page(
            runs_by_hand(
                {"label": "a", "status": "error", "failure": "crash", "error": "died"},
                {
                    "label": "b",
                    "status": "error",
                    "failure": "disagreement",
                    "error": "claims 0.9",
                },
                {"label": "c", "objective": 0.9, "verdict": "2 violations: units"},
                {"label": "d", "objective": 0.5, "bound": 0.7},
            )
        )
    )
    tables = list(page.tables)
    first = ["contradictions", "refuted-runs", "failed-runs"]
    assert [name for name in tables if name in first] == first
    pairs = page.tables["contradictions"]
    assert [row[:6] for row in pairs[1:]] == [
        ["one", "c", "0.900000", "d", "feasible", "0.700000"]
    ]
    kinds = [row[0] for row in page.tables["failed-runs"][1:]]
    assert kinds == ["disagreement", "crash"]
    assert page.rows("failed-runs")["disagreement"]["message"] == "claims 0.9"
    text = " ".join(page.sentences)
    assert "1 pair of runs contradict each other" in text
    assert "finds 1 of them to break a rule" in text


@pytest.mark.usefixtures("undrawn")
def test_missing_runs_are_named() -> None:
    """What is planned and has no run is listed, and is no failure."""
    runs = two_instances()
    page = Page(report_page(runs.iloc[:-1], planned=planned(runs)))
    assert page.tables["missing-runs"][1:] == [["tight", "uniform", "0", "by hand"]]
    assert page.facts["runs missing"] == "1"
    assert page.facts["runs failed"] == "0"


def test_hostile_text_stays_text() -> None:
    """Markup in names, messages, versions and definitions makes no element."""
    hostile = "</script></style></pre><iframe src='http://x'>\"&\u202e\x00\n"
    names = ("instance", "label", "study", "error", "processor", "version")
    pages = []
    for word in ("words", hostile):
        runs = two_instances()
        for name in names:
            runs[name] = runs[name].fillna("") + word
        pages.append(Page(report_page(runs, title=word, **around(word))))
    expected, page = pages
    for tag in ("iframe", "script", "style", "section", "td", "pre", "figure", "svg"):
        assert page.tags.count(tag) == expected.tags.count(tag), tag
    assert page.tags.count("svg") >= 4
    assert "\u202e" not in str(page.rows("instances-table"))


def around(word: str) -> dict[str, Any]:
    """Return everything around the runs, made of one word."""
    return {
        "environments": {word: {word: {word: word}}},
        "definitions": {word: {"name": word, "instances": [word]}},
        "store": word,
        "facts": {word: word},
        "command": word,
    }


def test_page_names_nothing_outside_itself() -> None:
    """Links lead to places of the page, every id exists once, and no URL is in it."""
    text = report_page(two_instances())
    page = Page(text)
    assert set(page.links) - {"data:,"}
    for link in page.links:
        assert link == "data:," or link.removeprefix("#") in page.ids, link
    assert len(page.ids) == len(set(page.ids))
    references = re.findall(r"url\(([^)]*)\)", text)
    assert all(each.removeprefix("#") in page.ids for each in references)
    addresses = set(re.findall(r"https?://[^\"' ]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def empty() -> pd.DataFrame:
    """Return a table of no runs."""
    return two_instances().iloc[:0]


def without_bounds() -> pd.DataFrame:
    """Return runs that prove nothing."""
    return two_instances().query("label != 'dp'")


def only_failures() -> pd.DataFrame:
    """Return runs that all crashed."""
    runs = two_instances().assign(status="error", failure="crash", error="died")
    return runs.assign(objective=float("nan"), bound=float("nan"), verdict=None)


def test_nothing_to_say_is_said() -> None:
    """No runs, no bounds, only failures: the page says so, and every figure why."""
    page = Page(report_page(empty()))
    assert page.sentences[-1] == "There is no run yet, so that nothing can be said."
    assert "headline-0" not in page.tables
    text = " ".join(Page(report_page(without_bounds())).sentences)
    assert "No run proved a bound" in text
    assert "thief:passes=0 stays closest to the best objective found" in text
    page = Page(report_page(only_failures()))
    assert "No run found a schedule." in page.sentences
    assert len(page.tables["failed-runs"]) == 1 + 6


def test_what_is_missing_for_a_report_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without jinja2 the error says in one line how to install it."""
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "jinja2" else find(name, *more),
    )
    with pytest.raises(EkyaOptError, match=r"jinja2 .*'ekya-opt\[report\]'"):
        report_page(two_instances())
