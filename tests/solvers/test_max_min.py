"""Max-min fairness against brute force and on paper."""

import itertools

import numpy as np
import pytest
from hypothesis import given

from formulations.evaluate import evaluate
from formulations.value_tables import value_table
from instances import Instance
from solvers import Status, solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances


@given(instances())
def test_no_schedule_serves_the_worst_stream_better(instance: Instance) -> None:
    """The least accuracy is the best of all splits of the units, by the referee too."""
    result = solve(instance, "max-min")
    values = value_table(instance).values
    splits = itertools.product(range(instance.total_units + 1), repeat=len(values))
    rows = np.arange(len(values))
    best = max(
        values[rows, units].min()
        for units in splits
        if sum(units) <= instance.total_units
    )
    if best == -np.inf:
        assert result.status is Status.INFEASIBLE
        return
    assert result.schedule is not None
    verdict = evaluate(instance, result.schedule)
    least = min(each.accuracy for each in verdict.streams)
    assert least == pytest.approx(best, abs=1e-9)
    assert result.metadata["least_accuracy"] == pytest.approx(best, abs=1e-9)
    optimum = solve(instance, "dp").objective
    assert result.objective is not None
    assert optimum is not None
    assert result.objective <= optimum + 1e-9


def test_the_weaker_stream_gets_the_units() -> None:
    """With ten units both are served; with eight one must be 0, and the mean decides.

    Serving takes five units. With ten: A 0.9 and B 0.3. With eight A is served and
    trains 25 GPU-seconds on three units.
    """
    own = (serving(0.5, 1.0, "full"),)
    streams = (
        stream("A", 0.9, retraining=(retraining(25, 1.0),), inference=own),
        stream("B", 0.3, inference=own),
    )
    both = solve(window(*streams), "max-min")
    assert both.metadata["least_accuracy"] == pytest.approx(0.3)
    assert both.objective == pytest.approx(0.6)
    one = solve(window(*streams, gpus=0.8), "max-min")
    assert one.metadata["least_accuracy"] == 0
    # Three units train 25 GPU-seconds in 83.3 s: 0.9 · 0.8333 + 0.1667.
    assert one.objective == pytest.approx((0.75 + 1 / 6) / 2)


def test_the_mean_gives_way_to_the_worst_stream() -> None:
    """Serving B from 0.2 to 0.4 costs A more than that, and is done all the same.

    Six units: A gains 0.3 from its last three, B 0.2 from its second three.
    """
    streams = (
        stream("A", 1.0, inference=(serving(0.3, 0.6), serving(0.6, 1.0))),
        stream("B", 0.4, inference=(serving(0.0, 0.5), serving(0.3, 1.0))),
    )
    instance = window(*streams, gpus=0.6)
    assert solve(instance, "dp").objective == pytest.approx(0.6)
    fair = solve(instance, "max-min")
    assert fair.metadata["least_accuracy"] == pytest.approx(0.4)
    assert fair.objective == pytest.approx(0.5)
