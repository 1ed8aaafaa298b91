"""Errors of profiles: their sizes, the rule, and a tiny run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ekya_opt.paper import fig_11
from ekya_opt.paper.finding import Scale, Verdict
from ekya_opt.paper.parts import overall
from instances import Estimate, Instance, write_instance
from tests.small import retraining, stream, window

YES, SHAPE, NO = Verdict


def test_errors_on_paper() -> None:
    """Errors of -10, 0, 20 and 10 points: 10 in the median and mean, 5 of bias."""
    table = fig_11.error_table({"some": np.array([-0.1, 0.0, 0.2, 0.1])})
    (row,) = table.itertuples()
    assert row.configs == 4
    assert row.median == pytest.approx(10)
    assert row.mean == pytest.approx(10)
    assert row.bias == pytest.approx(5)
    assert row.middle == pytest.approx(5)


def test_errors_of_recorded_windows(tmp_path: Path) -> None:
    """An estimate of 0.7 for a model of 0.9 is 20 points too low."""
    config = replace(
        retraining(10, 0.9), estimate=Estimate(gpu_seconds=9, accuracy=0.7)
    )
    path = tmp_path / "window.json"
    write_instance(window(stream("A", 0.5, retraining=(config,))), path)
    assert fig_11.recorded_errors([path]) == pytest.approx([-0.2])


def test_the_authors_errors(recorded: tuple[int, Instance], tmp_path: Path) -> None:
    """The median absolute error is that of the estimates in the file."""
    path = tmp_path / "window.json"
    write_instance(recorded[1], path)
    errors = [
        abs(config.estimate.accuracy - config.accuracy)
        for each in recorded[1].streams
        for config in each.retraining
        if config.estimate is not None
    ]
    found = fig_11.recorded_errors([path])
    assert len(found) == len(errors)
    assert np.median(np.abs(found)) == pytest.approx(np.median(errors))


def errors(median: float, bias: float, source: str = fig_11.OURS) -> pd.DataFrame:
    """Return a table of errors, in points."""
    return pd.DataFrame([{"source": source, "median": median, "bias": bias}])


def losses(*pairs: tuple[str, float, float]) -> pd.DataFrame:
    """Return a table of what the Thief loses with errors of 10 and 20 points."""
    rows = [
        {"group": group, "solver": solver, "noise": noise, "loss": loss}
        for group, middle, most in pairs
        for noise, loss in ((0.1, middle), (0.2, most))
        for solver, loss in (("thief", loss), ("dp", 0.5))
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("median", "bias", "middle", "most", "expected"),
    [
        (5.8, 0.0, 0.01, 0.03, (YES, YES, YES)),
        (3.0, -1.5, 0.01, 0.04, (YES, YES, SHAPE)),
        (11.0, 5.6, 0.03, 0.2, (YES, SHAPE, SHAPE)),
        (2.0, -2.1, 0.04, 0.2, (SHAPE, NO, NO)),
        (12.0, 0.0, 0.0, 0.0, (NO, YES, YES)),
    ],
)
def test_parts_are_judged(
    median: float,
    bias: float,
    middle: float,
    most: float,
    expected: tuple[Verdict, ...],
) -> None:
    """The worst of the generated groups counts, and the Thief alone."""
    lost = losses(("2 GPUs", middle, most), ("4 GPUs", 0.0, 0.0))
    found = fig_11.judge(errors(median, bias), lost)
    assert tuple(part.verdict for part in found) == expected


def test_recorded_windows_are_parts_of_their_own() -> None:
    """What is generated and what was recorded differ in verdict."""
    lost = losses(("2 GPUs", 0.1, 0.1), (fig_11.THEIRS, 0.01, 0.02))
    found = fig_11.judge(errors(5.8, 0.0), lost)
    assert {part.what: part.verdict for part in found[2:]} == {
        "robust, generated": NO,
        "robust, recorded by the authors": YES,
    }


def test_a_tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plans without noise lose nothing, and no plan beats the true optimum."""
    monkeypatch.setattr(fig_11, "STREAMS", 2)
    monkeypatch.setattr(fig_11, "GPUS", (0.5,))
    finding = fig_11.experiment(Scale(quick=True, seeds=(0,)))
    sizes, lost = (table for _, table in finding.tables)
    assert list(sizes["configs"]) == [4 * 6 * 18]
    assert len(lost) == len(fig_11.SOLVERS) * len(fig_11.NOISE)
    assert (lost["regret"] >= -1e-9).all()
    assert (lost[lost["noise"] == 0]["loss"] == 0).all()
    assert finding.verdict is overall(fig_11.judge(sizes, lost))
    for figure in finding.figures:
        figure.draw()
