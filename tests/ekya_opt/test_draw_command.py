"""The command ``draw``."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from formulations.problems import any_schedule_to_dict
from instances.problems import write_problem
from tests.ekya_opt.conftest import Run
from tests.ekya_opt.test_plots import three_windows, two_gpus, two_streams

HORIZON = "shipped:paper/horizon"


def segments(*parts: tuple[float, int]) -> list[dict[str, Any]]:
    """Return segments that serve on a whole GPU, with starts and training units."""
    return [
        {
            "start_seconds": start,
            "inference": "1.00-gpu",
            "inference_units": 10,
            "training_units": units,
        }
        for start, units in parts
    ]


@pytest.fixture
def optimum(tmp_path: Path) -> Path:
    """Return a file with the best schedule of the paper's horizon.

    A GPU trains B for 50 s, then A for 65 s; in window 2 A for 40 s, then B for 70 s.
    """
    first = {
        "A": segments((0, 0), (50, 10), (115, 0)),
        "B": segments((0, 10), (50, 0)),
    }
    second = {
        "A": segments((0, 10), (40, 0)),
        "B": segments((0, 0), (40, 10), (110, 0)),
    }
    content = {
        "schema_version": 1,
        "kind": "horizon",
        "windows": [
            {
                "streams": [
                    {"stream": name, "retraining": f"Cfg2{name}", "segments": parts}
                    for name, parts in window.items()
                ]
            }
            for window in (first, second)
        ],
    }
    path = tmp_path / "optimum.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def files(tmp_path: Path, problem: Any, schedule: Any) -> tuple[Path, Path]:
    """Return the files of a problem and of a schedule."""
    stated, planned = tmp_path / "problem.json", tmp_path / "schedule.json"
    write_problem(problem, stated)
    content = any_schedule_to_dict(schedule)
    planned.write_text(json.dumps(content), encoding="utf-8")
    return stated, planned


def test_the_papers_horizon_is_drawn(run: Run, optimum: Path, tmp_path: Path) -> None:
    """On paper (0.678125 + 0.84375) / 2 = 0.7609375; the same file comes again."""
    figures = [tmp_path / name for name in ("a.svg", "b.svg")]
    for figure in figures:
        outcome = run("draw", HORIZON, optimum, "-o", figure)
        assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    text = figures[0].read_text(encoding="utf-8")
    for words in (
        "paper-horizon: mean accuracy 0.7609",
        "window 1: mean 0.678",
        "window 2: mean 0.844",
        "time, s",
        "GPUs in use",
        "inference accuracy",
        "B Cfg2B",
        "2/Cfg2A",
    ):
        assert f">{words}<" in text
    assert figures[0].read_bytes() == figures[1].read_bytes()


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        (two_streams, "A cfg"),
        (three_windows, "reused, warm"),
        (two_gpus, "share of the GPU"),
    ],
)
def test_each_kind_is_drawn(run: Run, tmp_path: Path, drawn: Any, words: str) -> None:
    """Windows and horizons over time, placements on their GPUs."""
    stated, planned = files(tmp_path, *drawn())
    figure = tmp_path / "figure.svg"
    outcome = run("draw", stated, planned, "--output", figure)
    assert (outcome.status, outcome.err) == (0, "")
    assert words in figure.read_text(encoding="utf-8")


@pytest.mark.parametrize(("ending", "start"), [("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_other_formats(
    run: Run, optimum: Path, tmp_path: Path, ending: str, start: bytes
) -> None:
    """The ending tells the format, and no file holds the time it was written."""
    figure = tmp_path / f"figure.{ending}"
    assert run("draw", HORIZON, optimum, "-o", figure).status == 0
    content = figure.read_bytes()
    assert content.startswith(start)
    assert b"CreationDate" not in content


def test_what_the_referee_refuses_is_drawn_and_told(
    run: Run, optimum: Path, tmp_path: Path
) -> None:
    """On 2 GPUs the schedule of 3 takes too many units: status 1, and the figure."""
    figure = tmp_path / "figure.svg"
    outcome = run("draw", HORIZON, optimum, "--gpus", 2, "-o", figure)
    assert outcome.status == 1
    assert outcome.err.count("\n") == 1
    assert "violations, first: Window 1: 30 units are in use" in outcome.err
    assert "infeasible" in figure.read_text(encoding="utf-8")


def test_bad_input_is_one_line(
    run: Run, optimum: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another kind, other formats, no directory, and no matplotlib."""
    figure = tmp_path / "figure.svg"

    def refused(*words: object) -> str:
        outcome = run("draw", *words)
        assert outcome.status == 2
        assert outcome.err.count("\n") == 1
        assert not figure.exists()
        return outcome.err

    window = "shipped:paper/window1"
    found = refused(window, optimum, "-o", figure)
    assert "optimum.json: schedule: is one of a horizon, expected one of" in found
    found = refused(HORIZON, optimum, "-o", tmp_path / "figure.magic")
    assert "expected a .svg, .pdf or .png file" in found
    assert "no directory" in refused(HORIZON, optimum, "-o", figure / "a.svg")
    assert "holds columns" in refused(window, tmp_path / "plan.npz", "-o", figure)
    assert "cannot be read" in refused(HORIZON, tmp_path / "no.json", "-o", figure)
    monkeypatch.setattr("ekya_opt.commands.draw.MOST_STREAMS", 1)
    assert "has 2 streams" in refused(HORIZON, optimum, "-o", figure)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = refused(HORIZON, optimum, "-o", figure)
    assert "pip install 'ekya-opt[plots]'" in found
