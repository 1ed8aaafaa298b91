"""The command ``study``: run, status and show."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ekya_opt import Store, open_store
from ekya_opt.studies.errors import StoreUnavailable
from ekya_opt.studies.outcome import Failure
from tests.ekya_opt.conftest import Run
from tests.ekya_opt.studies.conftest import InProcess
from tests.ekya_opt.studies.test_study_runs import Failing

STUDY = """
instances = "shipped:paper/window1"
solvers = ["dp", "inference-only"]

[changes]
gpus = [2, 3]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of a study of 4 runs."""
    path = tmp_path / "gpus.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Return a function that sets what runs the tasks of the next studies."""

    def set_executor(executor: Any) -> None:
        monkeypatch.setattr(
            "ekya_opt.studies.running.make_executor", lambda *_: executor
        )

    return set_executor


def test_a_study_is_run_counted_and_shown(run: Run, file: Path, tmp_path: Path) -> None:
    """From a file to its gaps with three commands, each run in its own process."""
    done = run("study", "run", file)
    assert (done.status, done.err) == (0, "")
    assert "gpus.sqlite: study gpus" in done.out
    status = run("study", "status", file, "--json")
    assert status.data == [
        {
            "study": "gpus",
            "solver": solver,
            "planned": 2,
            "done": 2,
            "missing": 0,
            "failed": 0,
        }
        for solver in ("dp", "inference-only")
    ]
    store = tmp_path / "gpus.sqlite"
    assert run("study", "status", store, "--json").data == status.data
    shown = run("study", "show", store, "--by", "gpus", "--markdown")
    # The optimum with 3 GPUs retrains B with Cfg2B; without, A and B keep 0.65 and 0.5.
    optimum = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
    gap = (optimum - (0.65 + 0.5) / 2) / optimum
    lines = shown.out.splitlines()
    assert lines[0] == "| solver | 2 | 3 |"
    assert lines[2] == "| dp | 0.000% | 0.000% |"
    assert lines[3].startswith("| inference-only | ")
    assert lines[3].endswith(f" {100 * gap:.3f}% |")


def test_some_runs_are_shown_and_drawn(
    run: Run, file: Path, tmp_path: Path, here: Callable[[Any], None]
) -> None:
    """--only leaves rows out of the table and the figure, not out of the proofs."""
    here(InProcess())
    assert run("study", "run", file).status == 0
    store, figure = file.with_suffix(".sqlite"), tmp_path / "gaps.svg"
    only = ("--only", "solver=inference-only", "--only", "gpus=3,4")
    shown = run("study", "show", store, *only, "--digits", "1", "--figure", figure)
    assert shown.status == 0
    # 0.677083 is the optimum with 3 GPUs, which dp alone proves, and 0.575 the mean.
    assert shown.out.splitlines()[3].split() == ["inference-only", "15.1%"]
    drawn = figure.read_text()
    assert "inference-only" in drawn
    assert ">dp<" not in drawn
    for wrong in ("solver=thief", "solvr=dp", "solver"):
        refused = run("study", "show", store, "--only", wrong)
        assert (refused.status, refused.out) == (2, "")
        assert wrong.split("=")[0] in refused.err


def test_a_second_run_does_nothing(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """What is done is not done again, whatever runs it."""
    first, second = InProcess(), InProcess()
    here(first)
    assert run("study", "run", file).status == 0
    here(second)
    assert run("study", "run", file).status == 0
    assert (len(first.keys), second.keys) == (4, [])
    longer = InProcess()
    here(longer)
    assert run("study", "run", file, "--time-limit", "7").status == 0
    assert len(longer.keys) == 4
    (limit,) = set(open_store(file.with_suffix(".sqlite")).runs()["time_limit"])
    assert limit == 7


def test_a_dry_run_counts_and_makes_no_store(run: Run, file: Path) -> None:
    """--dry-run says what would be done."""
    done = run("study", "run", file, "--dry-run")
    assert done.status == 0
    assert done.out.splitlines()[2].split() == ["dp", "2", "0", "2", "0"]
    assert list(file.parent.iterdir()) == [file]
    status = run("study", "status", file)
    assert status.out.startswith("study gpus: 0 of 4 runs are done")


def test_failures_are_listed_and_make_the_status_1(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """A study with failed rows ends with 1, again and again until they are retried."""
    here(Failing({"inference-only": Failure.WORKER_LOST}))
    failed = run("study", "run", file)
    assert failed.status == 1
    line = "inference-only on paper-window1 gpus=2, seed 0: worker lost: so"
    assert line in failed.out.splitlines()
    here(InProcess())
    assert run("study", "run", file, "--retry", "crash,memory").status == 1
    assert run("study", "run", file, "--retry", "worker-lost").status == 0


def test_ctrl_c_says_how_much_is_done(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """The exit status is 130, and the rows are in the store."""
    here(InProcess(stop_after=3))
    stopped = run("study", "run", file)
    assert stopped.status == 130
    assert stopped.err == (
        "ekya-opt: interrupted: 3 of 4 runs are done; the same again does the rest\n"
    )
    assert "3 of 4 runs are done" in run("study", "status", file).out


def test_ctrl_c_in_the_middle_of_real_runs(
    tmp_path: Path, python_environment: Callable[[], dict[str, str]]
) -> None:
    """The runs in flight are given up at once, and nothing is left behind."""
    file, path = tmp_path / "s.toml", tmp_path / "s.sqlite"
    file.write_text(
        'instances = "shipped:recorded-like/n10-g4"\nseeds = 50\n'
        'solvers = ["uniform", "random:samples=1000000"]\n'
    )
    words = [sys.executable, "-m", "ekya_opt", "study", "run", str(file)]
    with subprocess.Popen(
        [*words, "--workers", "2"],
        env=python_environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not _ended(path):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.startswith("ekya-opt: interrupted: ")
    assert told.count("\n") == 1
    runs = open_store(path).runs()
    assert set(runs["label"]) == {"uniform"}
    assert f"{len(runs)} of 100 runs are done" in told
    assert {each.name for each in tmp_path.iterdir()} == {"s.toml", "s.sqlite"}


def _ended(path: Path) -> bool:
    try:
        return bool(Store(path).ended())
    except StoreUnavailable:
        return False


def test_rows_go_to_csv_and_json(
    run: Run, file: Path, here: Callable[[Any], None], tmp_path: Path
) -> None:
    """Both hold every row with its gaps; a trace is a list."""
    here(InProcess())
    run("study", "run", file)
    csv = tmp_path / "rows.csv"
    store = file.with_suffix(".sqlite")
    shown = run("study", "show", store, "--csv", csv, "--json")
    assert shown.status == 0
    frame = pd.read_csv(csv)
    runs = open_store(store).runs()
    assert list(frame["key"]) == [row["key"] for row in shown.data] == list(runs["key"])
    assert frame["objective"].tolist() == pytest.approx(runs["objective"].tolist())
    assert shown.data[0]["trace"] == [list(point) for point in runs["trace"][0]]
    assert [row["gap_to_bound"] for row in shown.data] == frame["gap_to_bound"].tolist()
    assert all(row["failure"] is None for row in shown.data)


def test_a_store_shows_gaps_proofs_and_counts(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """For people there are three tables, by any column of the runs."""
    here(InProcess())
    run("study", "run", file)
    store = file.with_suffix(".sqlite")
    shown = run("study", "show", store, "--study", "gpus")
    assert shown.out.startswith("mean gap to bound by streams per gpu\n")
    assert "proven" in shown.out
    missing = run("study", "show", store, "--by", "failure", "--only", "failure=-")
    assert missing.out.split("\n")[1].split() == ["solver", "-"]
    found = run("study", "show", store, "--by", "seed", "--gap", "best-found")
    assert found.out.startswith("mean gap to best found by seed\n")
    status = run("study", "status", store)
    assert status.out.startswith("study gpus: 4 of 4 runs are done\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "gone.toml"), "gone.toml: cannot be read"),
        (("run", "FILE", "--retry", "luck"), "retry is 'luck', expected all,"),
        (("run", "FILE", "--workers", "0"), "workers is 0"),
        (("run", "FILE", "--scheduler", "x"), "scheduler is 'x', expected dask://"),
        (("run", "FILE", "--time-limit", "-1"), "time_limit: is -1.0, expected"),
        (("run", "FILE", "--store", "FILE"), "is damaged or no store of studies"),
        (("status", "gone.sqlite"), "gone.sqlite: there is no such file"),
        (("show", "gone.sqlite"), "gone.sqlite: there is no such file"),
        (("show", "FILE", "--digits", "-1"), "digits is -1, expected from 0 to 15"),
        (("show", "FILE"), "is damaged or no store of studies"),
        (("run", "WRONG"), "wrong.toml: changes[0]: paper-window1 with gpus=0.33: "),
        (("status", "WRONG"), "wrong.toml: changes[0]: paper-window1 with gpus=0.33"),
        (("go",), "argument ACTION: invalid choice: 'go'"),
    ],
)
def test_bad_usage_is_one_line(
    run: Run, file: Path, words: tuple[str, ...], message: str
) -> None:
    """The exit status is 2, and one line says what is wrong."""
    wrong = file.with_name("wrong.toml")
    wrong.write_text(STUDY.replace("[2, 3]", "0.33"))
    files = {"FILE": file, "WRONG": wrong}
    done = run("study", *(files.get(word, word) for word in words))
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_a_study_without_runs_is_shown(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """Before the first run has ended there are tables without gaps."""
    here(InProcess(stop_after=0))
    run("study", "run", file)
    store = file.with_suffix(".sqlite")
    assert run("study", "show", store, "--json").data == []
    shown = run("study", "show", store)
    assert (shown.status, shown.err) == (0, "")
    assert "inference-only        2     0        2       0" in shown.out


def test_unknown_columns_and_studies_are_told(
    run: Run, file: Path, here: Callable[[Any], None]
) -> None:
    """The message says what there is."""
    here(InProcess())
    run("study", "run", file)
    store = file.with_suffix(".sqlite")
    column = run("study", "show", store, "--by", "colour")
    assert column.status == 2
    assert "there is no column 'colour'; there are: key, study," in column.err
    study = run("study", "show", store, "--study", "x")
    assert study.status == 2
    assert "has no study 'x'; it has gpus" in study.err
