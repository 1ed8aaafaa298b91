"""Rules for time on numbers that a reader checks on paper."""

from dataclasses import replace
from typing import Any

import pytest

from instances import InvalidOption
from instances.profiler.estimators import estimates
from instances.profiler.observations import observations_of_points
from instances.profiler.points import Point
from instances.profiler.time_rules import TIME_RULES
from tests.instances.profiler import records

POINTS: list[Point] = [records.window(), records.run(), records.micro()]


def seconds(name: str) -> list[float]:
    """Return the estimated seconds of the measured run's two configs."""
    found = estimates(observations_of_points(POINTS), "last", time=name)
    return [found["A", 1, f"r-e{epochs}"].gpu_seconds for epochs in (1, 3)]


def test_linear_time_scales_data_and_epochs() -> None:
    """Micro-epochs of 0.15 s on a tenth of the data: 1.5 s an epoch."""
    assert seconds("linear") == pytest.approx([1.5, 4.5])


def test_the_probe_multiplies_steps() -> None:
    """Steps of 0.1 s, 10 an epoch: 1 s an epoch."""
    assert seconds("probe") == pytest.approx([1.0, 3.0])


def test_nominal_time_is_the_formula() -> None:
    """2 GFLOP at 0.035 s and 10 steps at 0.95 ms: 0.0795 s an epoch."""
    assert seconds("nominal") == pytest.approx([0.0795, 0.2385])


@pytest.mark.parametrize("name", TIME_RULES)
def test_time_does_not_depend_on_the_windows_own_cost(name: str) -> None:
    """A run that took longer is estimated alike."""
    slow = records.run(epoch_seconds=(10.0, 20.0, 40.0), setup_seconds=9.0)
    found, same = (
        estimates(observations_of_points([POINTS[0], run, POINTS[2]]), time=name)
        for run in (POINTS[1], slow)
    )
    assert found == same


@pytest.mark.parametrize(
    ("field", "name", "message"),
    [
        ("epochs", "linear", "linear needs epochs of config r-e1 of stream A"),
        ("steps_per_epoch", "probe", "probe needs steps_per_epoch of config r-e1"),
        ("nominal_seconds", "nominal", "nominal needs nominal_seconds of config"),
        ("micro", "linear", "linear needs an estimate of config r-e1"),
        ("micro", "probe", "probe needs the micro-profile of config r-e1"),
    ],
)
def test_what_is_not_known_is_named(field: str, name: str, message: str) -> None:
    """The message says which rule needs what of which config."""
    first = observations_of_points(POINTS)[0]
    unknown: dict[str, Any] = {field: None}
    candidate = replace(first.candidate, **unknown)
    with pytest.raises(InvalidOption, match=message):
        TIME_RULES[name](candidate, [])


def test_an_empty_micro_profile_is_none() -> None:
    """Without a share of the data, seconds cannot be scaled."""
    points = [*POINTS[:2], records.micro(data_fraction=0.0)]
    with pytest.raises(InvalidOption, match="epochs and a share of data"):
        estimates(observations_of_points(points), "last")
