"""The command ``import table``: a log becomes instance files that solve."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import ekya_opt

LOG = """cam,window,config,ms,acc,start_accuracy,note
A,1,fast,10000,70,60,x
A,1,slow,40000,80,60,y
B,1,none,,50,,z
A,2,fast,11000,75,65,x
"""
MEANING = (
    *("--column", "stream=cam", "--column", "gpu_seconds=ms"),
    *("--column", "accuracy=acc", "--scale", "gpu_seconds=0.001", "--percent"),
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a file that holds the log."""
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_a_file_is_written_for_each_window(run: Any, log: Path, tmp_path: Path) -> None:
    """The files are listed, validate, and hold what the options say."""
    folder = tmp_path / "made" / "here"
    outcome = run("import", "table", log, "-o", folder, *MEANING, "--gpus", 2)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        f"{folder}/log-window1.json: 2 streams, 2 retraining configs",
        f"{folder}/log-window2.json: 1 streams, 1 retraining configs",
        "columns not used: note",
    ]
    assert run("validate", folder).status == 0
    instance = ekya_opt.read(folder / "log-window1.json")
    assert (instance.gpus, instance.streams[0].accuracy) == (2, 0.6)
    assert instance.streams[0].retraining[1].gpu_seconds == 40


def test_imported_windows_solve(run: Any, log: Path, tmp_path: Path) -> None:
    """On paper: all of half a GPU trains A, while both are served for free.

    The 10 GPU-seconds of fast take 20 s of 100, the 40 of slow 80 s, so that fast is
    worth 0.2 · 0.6 + 0.8 · 0.7 = 0.68 and slow 0.8 · 0.6 + 0.2 · 0.8 = 0.64.
    """
    inference = tmp_path / "inference.csv"
    inference.write_text("config,gpus,relative_accuracy\nfull,0.5,1\nfree,0,1\n")
    outcome = run(
        *("import", "table", log, "-o", tmp_path, *MEANING, "--window", 1),
        *("--units-per-gpu", 2, "--window-seconds", 100, "--inference", inference),
        *("--gpus", 0.5, "--name", "mine", "--json"),
    )
    assert outcome.data == {
        "written": [
            {
                "file": str(tmp_path / "mine-window1.json"),
                "streams": 2,
                "retraining_configs": 2,
            }
        ],
        "unused_columns": ["note"],
    }
    result = ekya_opt.solve(tmp_path / "mine-window1.json")
    assert result.objective == pytest.approx((0.68 + 0.5) / 2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "log.csv: has no column 'stream', found 'cam', 'window', 'config', 'ms',"),
        ((*MEANING, "--gpus", "0.33"), "gpus: is 0.33, expected gpus * units_per_gpu"),
        ((*MEANING, "--window", "9"), "log.csv: has no window '9', found '1', '2'"),
        (("--column", "stream"), "setting 'stream' is not KEY=VALUE"),
        (("--scale", "gpu_seconds=x"), "--scale has 'x', expected a number"),
        ((*MEANING, "--reallocation", "server"), "slot_seconds: is missing, expected"),
        ((*MEANING, "--reallocation", "all"), "invalid choice: 'all'"),
        ((*MEANING, "--inference", "nowhere.csv"), "nowhere.csv: cannot be read: No"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(
    run: Any, log: Path, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    """Whatever is wrong is one line on standard error, with status 2 and no file."""
    outcome = run("import", "table", log, "-o", tmp_path / "out", *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert len(outcome.err.splitlines()) == 1
    assert expected in outcome.err
    assert not (tmp_path / "out").exists()


def test_shipped_windows_come_back_through_a_table(run: Any, tmp_path: Path) -> None:
    """The paper's first window as a compressed CSV has the optimum that it had."""
    instance = ekya_opt.load_shipped("paper/window1")
    rows = ekya_opt.table_of(instance).to_csv(index=False)
    served = ekya_opt.inference_table_of(instance).to_csv(index=False)
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(rows.encode()))
    (tmp_path / "served.csv").write_text(served, encoding="utf-8")
    outcome = run(
        *("import", "table", tmp_path / "rows.csv.gz", "-o", tmp_path),
        *("--inference", tmp_path / "served.csv", "--gpus", instance.gpus),
        *("--units-per-gpu", instance.units_per_gpu),
        *("--window-seconds", instance.window_seconds),
        *("--min-accuracy", instance.min_accuracy),
        *("--reallocation", instance.reallocation),
    )
    assert outcome.status == 0
    path = tmp_path / f"rows-window{instance.name}.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["inference"]["file"] == "served.csv"
    # 0.677083… on paper, see the fixture of the worked example.
    optimum = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
    assert ekya_opt.solve(path).objective == pytest.approx(optimum)
