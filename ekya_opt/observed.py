"""What is known of the windows of a server, from instances or from measured points."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from instances import Estimate, Instance, InvalidOption
from instances.profiler.costs import CostSource
from instances.profiler.observations import (
    Key,
    Observation,
    observations_of_instances,
    observations_of_points,
    with_estimates,
)
from instances.profiler.points import Point

OF_INSTANCES = ("recorded", "history", "combo", "calibrated")
OF_POINTS = ("paper", "samples", "last", "history", "combo", "calibrated")
TIMES_OF_INSTANCES = ("linear", "history")
TIMES_OF_POINTS = ("linear", "probe", "history")
TIMES_OF_NOMINAL_COSTS = ("nominal", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is known of the windows of a server, for estimators.

    Attributes
    ----------
    observations
        Of every retraining config, in their own seconds.
    windows
        Number of each instance's window in the observations.
    scale
        GPU-seconds of the instances for a second of the observations.
    estimators, times
        Names of the estimators and time rules for which this suffices.
    """

    observations: list[Observation]
    windows: list[int]
    scale: float
    estimators: tuple[str, ...]
    times: tuple[str, ...]

    def told(
        self, instances: list[Instance], said: Mapping[Key, Estimate]
    ) -> list[Instance]:
        """Return the instances with estimates in the observations' own seconds."""
        return with_estimates(instances, said, windows=self.windows, scale=self.scale)


def observed(instances: list[Instance], points: Iterable[Point] | None) -> Observed:
    """Return what is known of instances, and of the points that they were made of.

    Raises
    ------
    InvalidOption
        If points are given and the instances do not say which window of them each is.
    """
    if points is None:
        return Observed(
            observations=observations_of_instances(instances),
            windows=list(range(1, len(instances) + 1)),
            scale=1.0,
            estimators=OF_INSTANCES,
            times=TIMES_OF_INSTANCES,
        )
    told: list[Mapping[str, Any]] = [instance.metadata for instance in instances]
    source, scale = told[0].get("cost_source"), told[0].get("scale")
    windows = [each["window"] for each in told if isinstance(each.get("window"), int)]
    alike = all(
        (each.get("cost_source"), each.get("scale")) == (source, scale) for each in told
    )
    if (
        source not in tuple(CostSource)
        or not isinstance(scale, int | float)
        or len(windows) < len(told)
        or not alike
    ):
        message = "the instances are not made of one profile for one server"
        raise InvalidOption(message)
    nominal = source == CostSource.NOMINAL
    return Observed(
        observations=observations_of_points(points, CostSource(str(source))),
        windows=windows,
        scale=scale,
        estimators=OF_POINTS,
        times=TIMES_OF_NOMINAL_COSTS if nominal else TIMES_OF_POINTS,
    )
