"""What a profile says of itself: sizes, spread of costs, worth of micro-profiling."""

from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import pandas as pd

from ekya_opt.observed import OF_POINTS
from instances.profiler.costs import CostSource, cost_spread
from instances.profiler.estimator_errors import estimator_frame
from instances.profiler.observations import Observation, observations_of_points
from instances.profiler.points import WindowPoint
from instances.profiler.profile import Profile
from instances.profiler.speed_ups import SpeedUp, speed_up


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileReport:
    """The numbers of a profile.

    Attributes
    ----------
    streams, windows, configs
        Numbers of streams, of windows and of the retraining configs of each.
    start_accuracy, best_accuracy
        Means over the streams' windows, on the window's own frames: of the model that
        serves when it begins, and of its best retraining config.
    configs_below_start
        Share of the configs that end below the start accuracy.
    least_spread, largest_spread
        Over the streams' windows: the largest measured cost over the smallest.
    speed_up
        Of micro-profiling.
    errors
        Of the estimators, as
        :func:`instances.profiler.estimator_errors.estimator_frame` returns them.
    """

    streams: int
    windows: int
    configs: int
    start_accuracy: float
    best_accuracy: float
    configs_below_start: float
    least_spread: float
    largest_spread: float
    speed_up: SpeedUp
    errors: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return all but the errors, the speed-ups of both denominators among them."""
        speed = self.speed_up
        values = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("speed_up", "errors")
        }
        return {
            **values,
            **asdict(speed),
            "speed_up_separate": speed.separate,
            "speed_up_shared": speed.shared,
            "speed_up_separate_with_evaluations": speed.separate_with_evaluations,
            "speed_up_shared_with_evaluations": speed.shared_with_evaluations,
        }


def profile_report(profile: Profile) -> ProfileReport:
    """Return the numbers of a profile; costs are the measured ones.

    Raises
    ------
    InvalidOption
        If no recipe was both micro-profiled and run in full.
    """
    seen = observations_of_points(profile.points, CostSource.MEASURED)
    starts = {
        (point.stream, point.window): point.start_test_accuracy
        for point in profile.points
        if isinstance(point, WindowPoint)
    }
    groups: dict[tuple[str, int], list[Observation]] = {}
    for each in seen:
        place = each.candidate.stream, each.candidate.window
        groups.setdefault(place, []).append(each)
    spreads = [
        cost_spread([each.gpu_seconds for each in group]) for group in groups.values()
    ]
    below = [each.accuracy < starts[each.candidate.key[:2]] for each in seen]
    return ProfileReport(
        streams=len({stream for stream, _ in groups}),
        windows=len({window for _, window in groups}),
        configs=max(map(len, groups.values())),
        start_accuracy=fmean(starts[place] for place in groups),
        best_accuracy=fmean(
            max(each.accuracy for each in group) for group in groups.values()
        ),
        configs_below_start=fmean(below),
        least_spread=min(spreads),
        largest_spread=max(spreads),
        speed_up=speed_up(profile.points),
        errors=estimator_frame(seen, OF_POINTS, ("probe",)),
    )
