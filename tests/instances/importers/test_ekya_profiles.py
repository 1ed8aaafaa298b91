"""The micro-profiling table, and every check of it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instances import EkyaOptError, InvalidInstance
from instances.importers.ekya_profiles import read_profiles
from tests.ekya_clones import Row, notebook, table_html, table_rows, write

Change = Callable[[list[Row]], Any]


def write_table(path: Path, rows: list[Row]) -> Path:
    """Write a notebook with the rows as its table."""
    return write(path / "profiles.ipynb", json.dumps(notebook(table_html(rows))))


def test_rows_become_profiled_configs(tmp_path: Path) -> None:
    """Row 40 is south's hp1 with 15 epochs: 0.5 + 15 · 2 s, 0.655, 0.02 more."""
    rows = read_profiles(write_table(tmp_path, table_rows()), partial=True)
    assert len(rows) == 54
    row = rows[40]
    assert (row.city, row.window, row.name) == ("south", 1, "hp1-e15")
    assert row.gpu_seconds == 30.5
    assert row.accuracy == 0.655
    assert row.estimated_gpu_seconds == 0.25 + 150 * 1.125
    assert row.estimated_accuracy == 0.675
    assert row.accuracy_error == pytest.approx(0.02)
    assert row.start_accuracy == 0.625
    assert row.micro_profile_seconds == 7.5


def test_rounding_of_the_printed_seconds_is_allowed(tmp_path: Path) -> None:
    """Ten times 30 epochs of half a printed unit each are still within the rule."""
    rows = table_rows()
    row = rows[2]
    row["runtime_pred"] += 300 * 5e-7
    row["runtime_error"] += 300 * 5e-7
    assert len(read_profiles(write_table(tmp_path, rows), partial=True)) == 54


def set_cell(idx: int, column: str, value: Any) -> Change:
    """Return a change of one cell."""
    return lambda rows: rows[idx].update({column: value})


def both_runtimes(rows: list[Row]) -> None:
    """Break the ×10 rule and nothing else."""
    rows[4]["runtime_pred"] += 0.01
    rows[4]["runtime_error"] += 0.01


def rename(rows: list[Row]) -> None:
    """Rename a column."""
    for row in rows:
        row["hyperparameters"] = row.pop("hp_id")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_cell(3, "accuracy_actual", 1.5), "rows[3].accuracy_actual: is '1.500000'"),
        (set_cell(3, "accuracy_pred", -0.1), "rows[3].accuracy_pred: is '-0.100000'"),
        (set_cell(3, "accuracy_actual", "NaN"), "rows[3].accuracy_actual: is 'NaN'"),
        (set_cell(3, "default_inference_acc_actual", 2.0), "rows[3].default_inference"),
        (set_cell(3, "default_inference_acc_pred", 2.0), "rows[3].default_inference"),
        (
            set_cell(3, "acc_error", 0.5),
            "rows[3].acc_error: is '0.500000', expected 0.0",
        ),
        (set_cell(3, "runtime_error", 0.5), "rows[3].runtime_error: is '0.500000'"),
        (set_cell(3, "runtime_actual", 0.0), "rows[3].runtime_actual: is '0.000000'"),
        (set_cell(3, "runtime_timeperepoch_actual", -1.0), "expected a number above 0"),
        (set_cell(3, "runtime_inittime_actual", 0.0), "expected a number above 0"),
        (
            set_cell(3, "epochs", 10),
            "rows[3].epochs: is '10', expected one of 5, 15, 30",
        ),
        (set_cell(3, "hp_id", 6), "rows[3].hp_id: is '6', expected one of 0, 1, 2"),
        (set_cell(3, "hp_id", 0.5), "rows[3].hp_id: is '0.500000', expected one of"),
        (set_cell(3, "task_id", 0), "rows[3].task_id: is '0', expected a whole number"),
        (set_cell(3, "city", ""), "rows[3].city: is '', expected the name of a city"),
        (
            set_cell(5, "default_inference_acc_actual", 0.5),
            "rows[5].default_inference_acc_actual: is 0.5, expected 0.625 as in the",
        ),
        (
            set_cell(9, "microprofile_time_taken", 8.0),
            "rows[9].microprofile_time_taken: is 8, expected 7.5 as in the rows before",
        ),
        (
            both_runtimes,
            "rows[4].runtime_pred: is '169.010000', expected 169.000000 = ",
        ),
        (
            lambda rows: rows.insert(20, rows[18]),
            "rows[20]: is north, window 2, hp0-e5",
        ),
        (lambda rows: rows.pop(19), "lacks hp0-e15 of north, window 2; expected 18"),
        (rename, "lacks hp_id"),
    ],
)
def test_every_broken_rule_is_refused_by_name(
    change: Change, message: str, tmp_path: Path
) -> None:
    """One changed cell, row or column is refused, with its place and its value."""
    rows = table_rows()
    change(rows)
    path = write_table(tmp_path, rows)
    with pytest.raises(InvalidInstance) as refusal:
        read_profiles(path, partial=True)
    assert str(refusal.value).startswith(f"{path}: ")
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("city_windows", "message"),
    [
        ([("north", 1)], "has 1 cities, expected 18"),
        (
            [(f"city{v}", 1) for v in range(18)],
            "has 18 city-windows, expected 52",
        ),
    ],
)
def test_another_size_than_the_authors_needs_partial(
    city_windows: list[tuple[str, int]], message: str, tmp_path: Path
) -> None:
    """Complete windows of too few cities pass only when asked for."""
    path = write_table(tmp_path, table_rows(city_windows))
    with pytest.raises(InvalidInstance) as refusal:
        read_profiles(path)
    assert message in str(refusal.value)
    assert "--partial" in str(refusal.value)
    assert len(read_profiles(path, partial=True)) == 18 * len(city_windows)


def test_the_authors_size_is_accepted(tmp_path: Path) -> None:
    """18 cities, 17 of them with three windows and one with one, are 936 rows."""
    pairs = [(f"city{v}", w) for v in range(18) for w in (1, 2, 3)][:-2]
    assert len(read_profiles(write_table(tmp_path, table_rows(pairs)))) == 936


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    """The columns alone are no recording."""
    html = table_html(table_rows()[:1])
    empty = html[: html.index("<tbody>")] + "</table>"
    path = write(tmp_path / "a.ipynb", json.dumps(notebook(empty)))
    with pytest.raises(InvalidInstance, match="has no rows"):
        read_profiles(path, partial=True)


HTML = table_html(table_rows([("north", 1)]))


@given(
    start=st.integers(0, len(HTML)),
    length=st.integers(0, 40),
    text=st.text(alphabet="<>/!&[]tdhr0159.-e _%é\x00\ud800", max_size=12),
)
@example(start=0, length=0, text="<![x y]>")
@example(start=0, length=len(HTML), text="")
def test_a_damaged_table_is_read_or_refused(start: int, length: int, text: str) -> None:
    """Whatever a few characters become: 18 checked configs, or one of our errors."""
    damaged = HTML[:start] + text + HTML[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.ipynb", json.dumps(notebook(damaged)))
        try:
            rows = read_profiles(path, partial=True)
        except EkyaOptError as problem:
            refusal = str(problem)
        else:
            assert len({row.name for row in rows}) == 18
            assert all(0 <= row.accuracy <= 1 for row in rows)
            assert all(row.gpu_seconds > 0 for row in rows)
            return
    assert refusal.startswith(f"{path}: ")
