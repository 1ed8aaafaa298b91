"""Benchmarks of horizons and placements, on shipped instances."""

from pathlib import Path
from typing import Any

import pytest

from ekya_opt.benchmarks.page import PLACEMENTS, marks
from ekya_opt.benchmarks.studies import (
    bench_horizon,
    bench_placement,
    horizon_table,
    placement_table,
)


def test_horizons_are_measured_against_window_by_window() -> None:
    """The exact plan has no gap, and window by window gains nothing over itself."""
    said: list[str] = []
    report = bench_horizon(0, 60, ["shipped:drift/n4-g2-w4"], said.append)
    assert report.passed
    assert len(said) == len(report.rows)
    summary = {row["policy"]: row for row in report.summary}
    assert summary["decomposition"]["largest_gap"] == pytest.approx(0, abs=1e-6)
    assert summary["dp"]["gain"] == 0
    assert summary["decomposition"]["gain"] > 0
    # One horizon has no spread.
    assert summary["dp"]["spread"] is None
    table = horizon_table(report)
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_placements_are_measured_against_pooling() -> None:
    """Rounding without giving units back costs more than the exact placement."""
    report = bench_placement(0, 60, ["shipped:memory-tight/n4-g2"])
    assert report.passed
    rows = {(row["solver"], row["settings"]): row for row in report.summary}
    exact = rows["milp", ""]
    rounded = rows["round-and-pack", "plan=dp"]
    assert exact["optimal"] == 1
    assert 0 <= exact["mean_loss"] < rounded["mean_loss"]
    table = placement_table(report)
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_command_writes_its_section_of_a_page(run: Any, tmp_path: Path) -> None:
    """The table stands between the section's marks, with machine and command."""
    page = tmp_path / "page.md"
    page.write_text("\n".join(["before", *marks(PLACEMENTS), "after"]))
    words = ("bench", "placement", "--count", 0, "--path", "shipped:memory-tight/n4-g2")
    outcome = run(*words, "--page", page)
    assert outcome.status == 0
    text = page.read_text()
    assert "| inverse | `milp` | - | 1 | 1 |" in text
    assert "by `ekya-opt bench placement --page" in text
    assert " --count 0 --path shipped:memory-tight/n4-g2`." in text
    assert text.endswith("after")
    assert run("bench", "horizon", "--count", 1, "--page", page).status == 2
    assert run("bench", "placement", "--count", 0).status == 2
    assert run("bench", "placement", "--repeat", 2).status == 2
