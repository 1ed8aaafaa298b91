"""What micro-profiling saves over training every config."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from instances.errors import InvalidOption
from instances.profiler.observations import check_run
from instances.profiler.points import MicroRun, Point, RecipeRun


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """Device seconds of exhaustive profiling and of micro-profiling.

    Training counts a run's set-up and epochs; evaluation one test of each config and,
    for a micro-profile, all that it makes. The step probe is a cost of its own, for it
    is needed by one time rule only.

    Attributes
    ----------
    separate_seconds
        Training every config on its own, as the paper counts it.
    shared_seconds
        One run for each recipe, tested at every checkpoint.
    micro_seconds, probe_seconds
        Training of the micro-profiles, and their step probes.
    evaluation_seconds, micro_evaluation_seconds
        Evaluations of the exhaustive ways and of the micro-profiles.
    """

    separate_seconds: float
    shared_seconds: float
    micro_seconds: float
    probe_seconds: float
    evaluation_seconds: float
    micro_evaluation_seconds: float

    @property
    def separate(self) -> float:
        """Separate training runs over micro-profiling, training only."""
        return self.separate_seconds / self.micro_seconds

    @property
    def shared(self) -> float:
        """Shared training runs over micro-profiling, training only."""
        return self.shared_seconds / self.micro_seconds

    @property
    def separate_with_evaluations(self) -> float:
        """Separate runs over micro-profiling, each with its evaluations."""
        return (self.separate_seconds + self.evaluation_seconds) / self._micro_in_all

    @property
    def shared_with_evaluations(self) -> float:
        """Shared runs over micro-profiling, each with its evaluations."""
        return (self.shared_seconds + self.evaluation_seconds) / self._micro_in_all

    @property
    def _micro_in_all(self) -> float:
        return self.micro_seconds + self.micro_evaluation_seconds


def speed_up(points: Iterable[Point]) -> SpeedUp:
    """Return what micro-profiling saves on the recipes that were also run in full.

    Raises
    ------
    InvalidOption
        If no recipe has both a run and a micro-profile that took time.
    InvalidPoint
        If a run's checkpoints and its measured epochs do not match.
    """
    found = list(points)
    runs = {_place(point): point for point in found if isinstance(point, RecipeRun)}
    micros = [
        point
        for point in found
        if isinstance(point, MicroRun) and _place(point) in runs
    ]
    full = [check_run(runs[_place(micro)]) for micro in micros]
    in_micros = sum(sum(micro.epoch_seconds) for micro in micros)
    if in_micros <= 0:
        message = "no recipe was both run and micro-profiled, expected at least one"
        raise InvalidOption(message)
    separate = 0.0
    for run in full:
        seconds = [*accumulate(run.epoch_seconds, initial=run.setup_seconds)]
        separate += sum(seconds[epochs] for epochs in run.epochs)
    return SpeedUp(
        separate_seconds=separate,
        shared_seconds=sum(run.setup_seconds + sum(run.epoch_seconds) for run in full),
        micro_seconds=in_micros,
        probe_seconds=sum(micro.probe_seconds for micro in micros),
        evaluation_seconds=sum(
            run.evaluation_seconds / len(run.epoch_seconds) * len(run.epochs)
            for run in full
        ),
        micro_evaluation_seconds=sum(micro.evaluation_seconds for micro in micros),
    )


def _place(point: RecipeRun | MicroRun) -> tuple[str, int, str]:
    return point.stream, point.window, point.recipe
