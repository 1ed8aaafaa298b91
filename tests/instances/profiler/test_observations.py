"""Observations from measured points and from instances."""

from dataclasses import replace

import pytest

from instances import Estimate, RetrainingConfig
from instances.profiler.costs import CostSource
from instances.profiler.estimators import estimates
from instances.profiler.observations import (
    observations_of_instances,
    observations_of_points,
    with_estimates,
)
from instances.profiler.point_checks import InvalidPoint
from instances.profiler.points import Point
from tests.instances.profiler import records
from tests.small import stream, window

MICRO = records.micro()
POINTS: list[Point] = [records.window(), records.run(), MICRO]


def test_points_become_observations() -> None:
    """Each checkpoint is one; costs add the set-up and the epochs up to it."""
    first, second = observations_of_points(POINTS)
    assert first.candidate.key == ("A", 1, "r-e1")
    assert second.candidate.key == ("A", 1, "r-e3")
    assert (first.gpu_seconds, second.gpu_seconds) == (1.5, 7.5)
    assert (first.validation_accuracy, second.validation_accuracy) == (0.5, 0.7)
    assert (first.accuracy, second.accuracy) == (0.4, 0.65)
    assert first.candidate.start_accuracy == 0.55
    assert second.candidate.micro is MICRO
    nominal = observations_of_points(POINTS, CostSource.NOMINAL)
    assert nominal[1].gpu_seconds == nominal[1].candidate.nominal_seconds


def test_a_run_waits_for_its_window() -> None:
    """Without its window's point a run has no start accuracy and is left out."""
    assert observations_of_points([records.run(), MICRO]) == []


def test_instances_become_observations_and_take_estimates_back() -> None:
    """Windows are numbered in order; models at hand are left alone."""
    trained = RetrainingConfig(
        name="x",
        gpu_seconds=10,
        accuracy=0.7,
        estimate=Estimate(gpu_seconds=20, accuracy=0.6),
    )
    cached = replace(trained, name="cached", gpu_seconds=0)
    one = window(stream("A", 0.5, retraining=(trained, cached)))
    two = window(stream("A", 0.6, retraining=(trained, cached)))
    table = observations_of_instances([one, two])
    assert [each.candidate.key for each in table] == [("A", 1, "x"), ("A", 2, "x")]
    found = estimates(table, "history", time="history")
    first, second = with_estimates([one, two], found)
    assert first == one
    told = second.streams[0].retraining
    assert told[0].estimate is not None
    assert told[0].estimate.accuracy == pytest.approx(0.8)
    assert told[0].estimate.gpu_seconds == 10
    assert told[1] == cached


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": ()}, r"epochs: is \[\], expected at least one number"),
        ({"epochs": (0, 3)}, r"epochs: is \[0, 3\]"),
        ({"validation_accuracy": (0.5,)}, "validation_accuracy: has 1 numbers"),
        ({"test_accuracy": (0.5,)}, "test_accuracy: has 1 numbers, expected 2"),
    ],
)
def test_a_run_that_does_not_add_up_is_refused(
    changes: dict[str, tuple[float, ...]], message: str
) -> None:
    """The message names the run and the list."""
    broken = records.run(**changes)
    with pytest.raises(InvalidPoint, match=f"run of r for stream A, .*{message}"):
        observations_of_points([records.window(), broken])
