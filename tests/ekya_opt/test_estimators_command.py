"""Estimators from the outside: errors and plan regret, table, command, bad input."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ekya_opt import EkyaOptError, Instance, InvalidOption, write_instance
from ekya_opt.estimator_study import COLUMNS, estimator_report
from instances import Estimate
from tests.ekya_opt.conftest import Run
from tests.small import retraining, stream, window

SWAPPED = tuple(
    replace(
        retraining(25, accuracy, name=name),
        estimate=Estimate(gpu_seconds=25, accuracy=said),
    )
    for name, accuracy, said in (("x", 0.9, 0.6), ("y", 0.6, 0.9))
)
"""The estimates take one config for the other; both are done after half the window."""


def windows() -> list[Instance]:
    """Return two windows of one stream, alike but for their names."""
    return [
        window(stream("A", 0.5, retraining=SWAPPED), name=f"window{number}")
        for number in (1, 2)
    ]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return the two windows as files."""
    paths = [tmp_path / f"{each.name}.json" for each in windows()]
    for path, instance in zip(paths, windows(), strict=True):
        write_instance(instance, path)
    return paths


def test_regret_on_paper() -> None:
    """Truth: (0.5 + 0.9) / 2 = 0.7; with x and y swapped 0.55, in both windows.

    The history prior knows better in the second window: x gains 0.4, y 0.1.
    """
    report = estimator_report(windows(), "dp", estimators=("recorded", "history"))
    assert tuple(report.plans.columns) == COLUMNS
    found = report.plans.groupby("estimator")["regret"].agg(list).to_dict()
    assert found["truth"] == [0, 0]
    assert found["recorded"] == pytest.approx([0.15] * 4)
    # Two rules for time, then the windows in order.
    assert found["history"] == pytest.approx([0.15, 0, 0.15, 0])
    assert report.plans["on_truth"].tolist() == pytest.approx([0.7] * 10)


def test_the_summary_joins_errors_and_regret() -> None:
    """Recorded: errors of 0.3 and the reverse ranking; history: half of that."""
    report = estimator_report(
        windows(), "dp,thief", estimators=("recorded", "history"), times=("linear",)
    )
    table = report.summary().set_index(["estimator", "solver"])
    assert len(table) == 6
    recorded = table.loc[("recorded", "dp")]
    assert recorded["test_median"] == pytest.approx(0.3)
    assert recorded["test_bias"] == pytest.approx(0.0)
    assert recorded["test_rank_correlation"] == pytest.approx(-1.0)
    assert recorded["regret"] == pytest.approx(0.15)
    history = table.loc[("history", "dp")]
    assert history["test_mean"] == pytest.approx(0.15)
    assert history["test_rank_correlation"] == pytest.approx(0.0)
    assert history["regret"] == pytest.approx(0.075)
    assert (table["solved"] == 2).all()


def test_ctrl_c_keeps_the_plans_so_far() -> None:
    """Interrupted before its fourth plan, the report has three."""

    def stop(done: int, _total: int, _what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    report = estimator_report(windows(), "dp", progress=stop)
    assert len(report.plans) == 3
    assert report.plans.attrs["interrupted"]
    assert len(report.summary()) == 2


def test_the_command_prints_a_table_json_and_csv(
    run: Run, files: list[Path], tmp_path: Path
) -> None:
    """All three tell the same regret of the recorded estimates."""
    path = tmp_path / "plans.csv"
    words = ("estimators", *files, "--solvers", "dp", "--estimators", "recorded")
    words = (*words, "--times", "linear", "--csv", path)
    shown = run(*words)
    assert shown.status == 0
    # A table of one row for errors, one of two for plans, and a line between.
    assert len(shown.out.splitlines()) == 3 + 1 + 4
    assert "val" not in shown.out
    assert "0.1500" in shown.out.splitlines()[-1]
    objects = run(*words, "--json").data
    assert [each["estimator"] for each in objects] == ["truth", "recorded"]
    assert objects[1]["regret"] == pytest.approx(0.15)
    assert objects[0]["test_median"] is None
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["regret"]) for row in rows[2:]] == pytest.approx([0.15, 0.15])


def test_other_streams_can_be_the_history(run: Run, tmp_path: Path) -> None:
    """In a single window B learns from A, and A from B, what x and y gain."""
    both = [stream(name, 0.5, retraining=SWAPPED) for name in "AB"]
    path = tmp_path / "both.json"
    write_instance(window(*both, gpus=2), path)
    words = ("estimators", path, "--solvers", "dp", "--estimators", "history", "--json")
    alone, others = (
        run(*words, "--history", history).data[1]
        for history in ("earlier", "other-streams")
    )
    assert alone["regret"] == pytest.approx(0.15)
    assert others["regret"] == pytest.approx(0.0)
    assert others["test_rank_correlation"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--estimators", "oracle"), "estimator is 'oracle', expected one of paper"),
        (("--times", "clock"), "time is 'clock', expected one of linear"),
        (("--estimators", "paper"), "paper needs the micro-profile of config x"),
        (("--times", "probe"), "probe needs epochs of config x"),
        (("--solvers", "nobody"), "nobody"),
        (("--seed", "-1"), "seed"),
    ],
)
def test_bad_usage_is_one_line(
    run: Run, files: list[Path], words: tuple[str, ...], message: str
) -> None:
    """Unknown names and estimators that the files cannot serve give status 2."""
    done = run("estimators", *files, *words)
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_files_without_estimates_are_refused(run: Run, files: list[Path]) -> None:
    """The message names the config that has none."""
    content = json.loads(files[0].read_text(encoding="utf-8"))
    del content["streams"][0]["retraining"][1]["estimate"]
    files[0].write_text(json.dumps(content), encoding="utf-8")
    done = run("estimators", *files)
    assert done.status == 2
    assert "needs an estimate of config y of stream A, window 1" in done.err


def test_windows_without_retraining_are_refused() -> None:
    """Where nothing can be trained there is nothing to estimate."""
    with pytest.raises(InvalidOption, match="at least one"):
        estimator_report([window(stream())])
    with pytest.raises(EkyaOptError, match="no instance"):
        estimator_report([])
