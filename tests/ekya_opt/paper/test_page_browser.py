"""The paper page as a reader sees it, on large and small."""

from pathlib import Path
from typing import Any

import pytest

from ekya_opt.paper.finding import Verdict
from ekya_opt.paper.page import html
from tests.ekya_opt.paper.findings import evaluation, failed, finding
from tests.ekya_opt.reports.conftest import browser

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
pytest.importorskip("selenium")

__all__ = ["browser"]

LONG = "words that go on and on " * 12


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(browser: Any, tmp_path: Path, width: int) -> None:
    """The page is as wide as its window, all cells of claims are seen, no error."""
    path = tmp_path / "index.html"
    made = evaluation(
        finding("fig-8", claim=LONG, measured=LONG, because=LONG),
        finding("fig-6", verdict=Verdict.REPRODUCED),
        failures=[failed("fig-4")],
    )
    path.write_text(html(made), encoding="utf-8")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("browser")
    browser.get(path.as_uri())
    assert browser.execute_script(
        "return document.documentElement.scrollWidth <= window.innerWidth"
    )
    cells = browser.find_elements("css selector", ".claims td")
    assert len(cells) == 14
    for cell in cells:
        box = cell.rect
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert browser.execute_script(
            "return arguments[0].scrollWidth <= arguments[0].clientWidth + 1", cell
        )
    assert list(browser.get_log("browser")) == []
