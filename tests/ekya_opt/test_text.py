"""Text for people, strict JSON for programs, and progress on terminals only."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import progress
from ekya_opt.text import number, one_line, percent, text_table, to_json


def test_tables_align_numbers_to_the_right() -> None:
    """Text is flush left, numbers flush right, and nothing trails."""
    table = text_table(("name", "n"), [("a", 10), ("long", None), ("b\n", "5%")])
    assert table.splitlines() == [
        "name   n",
        "----  --",
        "a     10",
        "long   -",
        "b\\n   5%",
    ]


def test_a_table_may_be_empty() -> None:
    """A table without rows has its head."""
    assert text_table(("a", "b"), []).splitlines() == ["a  b", "-  -"]


def test_missing_numbers_are_a_dash() -> None:
    """None, NaN and infinities are no numbers to print."""
    for value in (None, float("nan"), float("-inf")):
        assert number(value) == percent(value) == "-"
    assert number(0.5, 2) == "0.50"
    assert percent(0.5) == "50.000%"


def test_json_has_no_nan() -> None:
    """Numbers that are not finite become null, however deep they are."""
    text = to_json({"a": [float("nan"), {"b": (float("inf"), 1.5)}], "c": None})
    assert json.loads(text) == {"a": [None, {"b": [None, 1.5]}], "c": None}


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", "\ud800", "a\u2028b", "\0"])
def test_lines_stay_one_line(text: str) -> None:
    """Whatever is not printable is escaped."""
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_names_that_the_terminal_cannot_show_are_escaped(
    worked: dict[str, Any],
    tmp_path: Path,
    python_environment: Callable[[], dict[str, str]],
) -> None:
    """Output in an encoding without the characters of a name does not fail."""
    worked["streams"][0]["name"] = "Zürich 駅"
    path = tmp_path / "names.json"
    path.write_text(json.dumps(worked), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ekya_opt", "solve", str(path)],
        env={**python_environment(), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    assert b"Z\\xfcrich" in done.stdout


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


def test_progress_is_shown_on_a_terminal_and_cleared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line tells what runs, and is gone at the end."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "FIRST_AFTER", 0.01)
    with progress.Ticker("dp on worked") as ticker:
        ticker.note(1, 2, "thief on worked")
        while "1/2 thief on worked" not in terminal.getvalue():
            time.sleep(0.01)
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_progress_is_not_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a file or a pipe nothing is written."""
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setattr(progress, "FIRST_AFTER", 0.001)
    with progress.Ticker("dp on worked"):
        time.sleep(0.05)
    assert pipe.getvalue() == ""
