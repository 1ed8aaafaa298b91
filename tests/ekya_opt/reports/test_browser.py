"""The report as a reader uses it: sorted, filtered, unfolded, on large and small."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.reports.page import report_page
from tests.ekya_opt.runs import runs_by_hand

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
pytest.importorskip("selenium")

HOSTILE = "</script><script>document.title = 'taken'</script><b id=\"summary\">'&"
WIDE = "a-name-without-any-end-" * 12
NUM_MANY = 5_200

ROWS = (
    {"instance": "two", "seconds": 9.0, "objective": 0.4, "bound": 0.5},
    {"instance": HOSTILE, "label": "thief", "seconds": 100.0, "objective": 0.3},
    {"instance": WIDE, "seconds": 10.0, "objective": 0.25},
    {
        "instance": "two",
        "label": "uniform",
        "status": "error",
        "failure": "crash",
        "error": f"{HOSTILE} {WIDE}",
        "seconds": None,
    },
)
"""Seconds that sort otherwise as text, one of them missing, and names that attack."""

WIDTHS = (1280, 400)


@pytest.fixture(scope="module")
def show(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Return a function that opens the report of runs from a file."""

    def open_page(
        runs: Any, width: int = 1280, figures: bool = False, **values: Any
    ) -> None:
        path = tmp_path_factory.mktemp("report") / "report.html"
        with pytest.MonkeyPatch.context() as patch:
            if not figures:
                patch.setattr("ekya_opt.reports.figures.drawings", lambda _: [])
            path.write_text(report_page(runs, **values), encoding="utf-8")
        open_file(browser, path, width)

    return open_page


def open_file(browser: Any, path: Path, width: int = 1280) -> None:
    """Open a file at a width, forgetting what was logged before."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(path.as_uri())


def requests(browser: Any) -> list[str]:
    """Return the addresses that were asked for since the last call."""
    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    return [
        str(message["params"]["request"]["url"])
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def select(browser: Any, section: str) -> None:
    """Click on the tab of a section."""
    browser.find_element("id", f"tab-{section}").click()


def column(browser: Any, table: str, head: str) -> list[str]:
    """Return the texts of a column as they are shown, from top to bottom."""
    texts: list[str] = browser.execute_script(
        """
        const table = document.querySelector(`#${arguments[0]} table`);
        const heads = [...table.tHead.rows[0].cells];
        const idx = heads.findIndex((head) => head.dataset.head === arguments[1]);
        const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length > 1);
        return rows.map((row) => row.cells[idx].innerText.trim());
        """,
        table,
        head,
    )
    return texts


def head_button(browser: Any, table: str, head: str) -> Any:
    """Return the button in the head of a column."""
    return browser.find_element(
        "css selector", f'#{table} th[data-head="{head}"] button'
    )


def test_a_click_on_a_head_sorts_by_number(browser: Any, show: Any) -> None:
    """9 comes before 10 and 100; what is missing is last in both directions."""
    show(runs_by_hand(*ROWS))
    select(browser, "runs")
    head = head_button(browser, "all-runs", "seconds")
    head.click()
    up = ["9.0000", "10.0000", "100.0000", "–"]
    assert column(browser, "all-runs", "seconds") == up
    cell = head.find_element("xpath", "..")
    assert cell.get_attribute("aria-sort") == "ascending"
    head.click()
    down = ["100.0000", "10.0000", "9.0000", "–"]
    assert column(browser, "all-runs", "seconds") == down
    assert cell.get_attribute("aria-sort") == "descending"
    head_button(browser, "all-runs", "solver").click()
    assert cell.get_attribute("aria-sort") is None
    solvers = ["dp", "dp", "thief", "uniform"]
    assert column(browser, "all-runs", "solver") == solvers


def test_rows_unfold_to_their_command_and_stay_so(browser: Any, show: Any) -> None:
    """The button of a row shows the command that makes the run again, and hides it."""
    show(runs_by_hand(*ROWS))
    select(browser, "runs")
    button = browser.find_elements("css selector", "#all-runs .unfold")[1]
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    shown = browser.find_element("css selector", "#all-runs .detail code")
    assert shown.text == "ekya-opt solve INSTANCE --solver thief --seed 0"
    head_button(browser, "all-runs", "seconds").click()
    above = browser.find_element("css selector", "#all-runs tr:has(+ .detail)")
    assert "thief" in above.text
    button.click()
    assert not browser.find_elements("css selector", "#all-runs .detail")


def test_filters_leave_the_rows_that_they_name(browser: Any, show: Any) -> None:
    """Words are looked for in all columns, and a chooser takes one value."""
    labels = ["dp", "thief", "thief:passes=0"]
    rows = [
        {"instance": f"n{idx}", "label": label, "seed": idx}
        for idx in range(5)
        for label in labels
    ]
    show(runs_by_hand(*rows))
    select(browser, "runs")
    tools = browser.find_element("css selector", "#all-runs .tools")
    assert "15 rows" in tools.text
    search = tools.find_element("css selector", "input")
    search.send_keys("THIEF n3")
    wait_for(lambda: len(column(browser, "all-runs", "solver")) == 2)
    assert column(browser, "all-runs", "solver") == ["thief", "thief:passes=0"]
    assert "2 of 15 rows" in tools.text
    chooser = tools.find_element("css selector", "select")
    chooser.send_keys("thief")
    assert column(browser, "all-runs", "solver") == ["thief"]
    assert column(browser, "all-runs", "instance") == ["+n3"]


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for some seconds at most."""
    import time

    for _ in range(100):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to hold")


def test_tabs_show_one_section_each_by_mouse_and_keys(browser: Any, show: Any) -> None:
    """A click, the arrow keys and the address choose the section that is seen."""
    from selenium.webdriver.common.keys import Keys

    def seen() -> list[str]:
        sections = browser.find_elements("css selector", "main > section")
        return [each.get_attribute("id") for each in sections if each.is_displayed()]

    show(runs_by_hand(*ROWS))
    assert seen() == ["summary"]
    select(browser, "failures")
    assert seen() == ["failures"]
    chosen = browser.find_elements("css selector", '[role=tab][aria-selected="true"]')
    assert [tab.text for tab in chosen] == ["Failures (1)"]
    chosen[0].send_keys(Keys.ARROW_LEFT)
    assert seen() == ["runs"]
    browser.switch_to.active_element.send_keys(Keys.END)
    assert seen() == ["again"]
    browser.refresh()
    assert seen() == ["again"]


@pytest.mark.parametrize("width", WIDTHS)
def test_page_fits_and_can_be_read(browser: Any, show: Any, width: int) -> None:
    """No section is wider than the window, and no text smaller than 12 pixels."""
    show(runs_by_hand(*ROWS), width, figures=True)
    for tab in browser.find_elements("css selector", "[role=tab]"):
        tab.click()
        for button in browser.find_elements("css selector", "section .unfold"):
            if button.is_displayed():
                button.click()
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, tab.text
        assert smallest_text(browser) >= 11.99, tab.text


def smallest_text(browser: Any) -> float:
    """Return the pixels of the smallest text that is seen, figures included."""
    size: float = browser.execute_script(
        """
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        let least = 1000;
        while (walker.nextNode()) {
          const element = walker.currentNode.parentElement;
          if (!walker.currentNode.textContent.trim()) continue;
          if (!element.getClientRects().length) continue;
          const svg = element.closest("svg");
          const scale = svg ? svg.getBoundingClientRect().width
            / svg.viewBox.baseVal.width : 1;
          const size = parseFloat(getComputedStyle(element).fontSize);
          least = Math.min(least, scale * size);
        }
        return least;
        """
    )
    return size


def test_nothing_is_loaded_and_nothing_goes_wrong(browser: Any, show: Any) -> None:
    """Through all sections the page asks for itself only and logs no error."""
    show(runs_by_hand(*ROWS), figures=True, title=HOSTILE)
    for tab in browser.find_elements("css selector", "[role=tab]"):
        tab.click()
    asked = requests(browser)
    assert asked
    assert {address.split(":")[0] for address in asked} <= {"file", "data"}
    assert len([address for address in asked if address.startswith("file")]) == 1
    assert browser.get_log("browser") == []
    assert browser.title == HOSTILE
    assert not browser.find_elements("css selector", "b")


def test_thousands_of_rows_are_shown_in_parts(browser: Any, show: Any) -> None:
    """Of many runs a hundred are shown; sorting and filtering look at all of them."""
    rows = [{"seed": idx, "seconds": float(idx)} for idx in range(NUM_MANY)]
    show(runs_by_hand(*rows))
    select(browser, "runs")
    assert len(column(browser, "all-runs", "seed")) == 100
    head = head_button(browser, "all-runs", "seconds")
    head.click()
    head.click()
    first = [f"{NUM_MANY - 1 - idx:,}" for idx in range(100)]
    assert column(browser, "all-runs", "seed") == first
    browser.find_element("xpath", "//button[text()='Show 100 more']").click()
    assert len(column(browser, "all-runs", "seed")) == 200
    browser.find_element("xpath", "//button[text()='Show 1000 more']").click()
    assert len(column(browser, "all-runs", "seed")) == 1_200
    search = browser.find_element("css selector", "#all-runs input")
    search.send_keys("1,234")
    wait_for(lambda: column(browser, "all-runs", "seed") == ["1,234"])


def test_without_scripts_everything_is_there(browser: Any, tmp_path: Path) -> None:
    """Where no script runs all sections and all rows are seen, one after the other."""
    path = tmp_path / "report.html"
    path.write_text(report_page(runs_by_hand(*ROWS)), encoding="utf-8")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_file(browser, path)
        sections = browser.find_elements("css selector", "main > section")
        assert len(sections) == 8
        assert all(section.is_displayed() for section in sections)
        rows = browser.find_elements("css selector", "#all-runs tbody tr")
        assert len(rows) == len(ROWS)
        assert not browser.find_elements("css selector", "button")
    finally:
        browser.execute_cdp_cmd(
            "Emulation.setScriptExecutionDisabled", {"value": False}
        )
