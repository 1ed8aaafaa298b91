"""The time of a decision: the rule, what a wait costs, and a tiny run."""

import pytest

from ekya_opt.paper import decision_time
from ekya_opt.paper.finding import Scale, Verdict
from ekya_opt.solving import solve
from tests.small import retraining, stream, window

SMALL = window(stream("A", 0.5, retraining=(retraining(10, 0.9),)), gpus=1)
"""Half a GPU serves and half trains: 20 s at 0.5 and 80 s at 0.9, 0.82 on average."""


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (9.4, Verdict.REPRODUCED),
        (3.2, Verdict.REPRODUCED),
        (28.0, Verdict.REPRODUCED),
        (3.1, Verdict.SHAPE_ONLY),
        (0.001, Verdict.SHAPE_ONLY),
        (28.3, Verdict.NOT_REPRODUCIBLE),
    ],
)
def test_seconds_are_judged(seconds: float, expected: Verdict) -> None:
    """A third to three times of 9.4 s is the paper's time, less is its shape."""
    assert decision_time.judge(seconds) is expected


def test_a_wait_on_paper() -> None:
    """After 10 s of 0.5, 20 s more of it and 70 s of 0.9 are left: 0.78."""
    table = decision_time.paid([SMALL], [0.0, 10.0, 100.0])
    assert list(table["optimum"]) == pytest.approx([0.82, 0.78, 0.5])
    assert solve(SMALL, "dp").objective == pytest.approx(0.82)


def test_a_tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every solver is timed in both modes, and a wait never helps."""
    monkeypatch.setattr(decision_time, "STREAMS", 2)
    monkeypatch.setattr(decision_time, "GPUS", 1)
    finding = decision_time.experiment(Scale(quick=True, seeds=(0,)))
    times, costs = (table for _, table in finding.tables)
    assert len(times) == 2 * len(decision_time.SOLVERS)
    assert (times["seconds"] > 0).all()
    by_solver = times.pivot_table("accuracy", "solver", "reallocation")
    assert (by_solver.loc["dp"] >= by_solver.max() - 1e-9).all()
    assert costs["optimum"].is_monotonic_decreasing
    assert finding.verdict in tuple(Verdict)
    finding.figures[0].draw()
