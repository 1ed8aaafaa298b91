"""What micro-profiling saves, on paper."""

import pytest

from instances import InvalidOption
from instances.profiler.point_checks import InvalidPoint
from instances.profiler.points import Point
from instances.profiler.speed_ups import speed_up
from tests.instances.profiler import records


def test_speed_ups_on_paper() -> None:
    """Separate: 1.5 + 7.5 s; shared: 7.5 s; micro: 0.3 s and 0.05 s of evaluations.

    A run's three evaluations take 0.25 s, so that its two configs cost 1/6 s.
    """
    points: list[Point] = [records.window(), records.run(), records.micro()]
    found = speed_up(points)
    assert found.separate == pytest.approx(9 / 0.3)
    assert found.shared == pytest.approx(7.5 / 0.3)
    assert found.separate_with_evaluations == pytest.approx((9 + 1 / 6) / 0.35)
    assert found.shared_with_evaluations == pytest.approx((7.5 + 1 / 6) / 0.35)
    assert found.probe_seconds == pytest.approx(0.6)


def test_only_recipes_profiled_both_ways_count() -> None:
    """A run without micro-profile changes nothing; without any there is no ratio."""
    points: list[Point] = [records.run(), records.micro()]
    assert speed_up([*points, records.run(recipe="s")]) == speed_up(points)
    with pytest.raises(InvalidOption, match="expected at least one"):
        speed_up([records.run()])


def test_a_run_that_does_not_add_up_is_refused() -> None:
    """The message names the run and the list."""
    broken = records.run(epoch_seconds=(1.0,))
    message = "run of r for stream A, window 1: epoch_seconds: has 1 numbers, expected"
    with pytest.raises(InvalidPoint, match=message):
        speed_up([broken, records.micro()])
