"""What an estimator may know of a retraining config, and what came true.

Both are made of measured points or of instances whose files hold estimates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from instances.instance import Estimate, Instance, RetrainingConfig
from instances.profiler.costs import CostSource, nominal_epoch_seconds, run_costs
from instances.profiler.point_checks import InvalidPoint
from instances.profiler.points import MicroRun, Point, RecipeRun, WindowPoint

Key = tuple[str, int, str]
"""Stream, window and config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A retraining config of a stream in a window, as known before it is trained.

    Attributes
    ----------
    stream, window, config
        Names and number of the window.
    start_accuracy
        Accuracy of the model in service, on the frames that profiles are made with.
    epochs, num_samples, steps_per_epoch
        Epochs of the config, training frames and steps of each; ``None`` if unknown.
    nominal_seconds
        Cost by formula (:mod:`instances.profiler.costs`), where FLOPs are known.
    micro
        The micro-profile of the config's recipe.
    recorded
        The estimate that came with the instance.
    """

    stream: str
    window: int
    config: str
    start_accuracy: float
    epochs: int | None = None
    num_samples: int | None = None
    steps_per_epoch: int | None = None
    nominal_seconds: float | None = None
    micro: MicroRun | None = None
    recorded: Estimate | None = None

    @property
    def key(self) -> Key:
        """Stream, window and config."""
        return self.stream, self.window, self.config


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A candidate and what retraining with it took and gave.

    Attributes
    ----------
    candidate
        What was known before.
    gpu_seconds
        Its true cost.
    validation_accuracy
        Accuracy of the retrained model on the frames of ``start_accuracy``: what a
        perfect profile would say.
    accuracy
        Accuracy on the window's own frames: the truth of an instance.
    """

    candidate: Candidate
    gpu_seconds: float
    validation_accuracy: float
    accuracy: float


def observations_of_points(
    points: Iterable[Point], cost_source: CostSource = CostSource.MEASURED
) -> list[Observation]:
    """Return an observation for each config measured, in the order of the runs.

    Costs are device seconds. A run whose stream and window have no
    :class:`~instances.profiler.points.WindowPoint` yet is left out.

    Raises
    ------
    InvalidPoint
        If a run's checkpoints and its measured epochs do not match.
    """
    found = list(points)
    windows = {
        (point.stream, point.window): point
        for point in found
        if isinstance(point, WindowPoint)
    }
    micros = {
        (point.stream, point.window, point.recipe): point
        for point in found
        if isinstance(point, MicroRun)
    }
    observations = []
    for run in found:
        if not isinstance(run, RecipeRun) or (run.stream, run.window) not in windows:
            continue
        check_run(run)
        start = windows[run.stream, run.window].start_validation_accuracy
        nominal = nominal_epoch_seconds(run.flops_per_epoch, run.steps_per_epoch)
        costs = run_costs(run, cost_source)
        for epochs, cost, accuracy in zip(
            run.epochs, costs, run.test_accuracy, strict=True
        ):
            candidate = Candidate(
                stream=run.stream,
                window=run.window,
                config=f"{run.recipe}-e{epochs}",
                start_accuracy=start,
                epochs=epochs,
                num_samples=run.num_samples,
                steps_per_epoch=run.steps_per_epoch,
                nominal_seconds=epochs * nominal,
                micro=micros.get((run.stream, run.window, run.recipe)),
            )
            observations.append(
                Observation(
                    candidate=candidate,
                    gpu_seconds=cost,
                    validation_accuracy=run.validation_accuracy[epochs - 1],
                    accuracy=accuracy,
                )
            )
    return observations


def check_run(run: RecipeRun) -> RecipeRun:
    """Return the run if it was measured at every epoch and tested at its checkpoints.

    Raises
    ------
    InvalidPoint
        If a list is shorter or longer than its epochs tell.
    """
    place = f"run of {run.recipe} for stream {run.stream}, window {run.window}"
    if not run.epochs or min(run.epochs) < 1:
        message = f"is {list(run.epochs)}, expected at least one number from 1 on"
        raise InvalidPoint(message, f"{place}: epochs")
    last = max(run.epochs)
    for name, length in (
        ("epoch_seconds", last),
        ("validation_accuracy", last),
        ("test_accuracy", len(run.epochs)),
    ):
        found = len(getattr(run, name))
        if found != length:
            message = f"has {found} numbers, expected {length}"
            raise InvalidPoint(message, f"{place}: {name}")
    return run


def observations_of_instances(instances: Sequence[Instance]) -> list[Observation]:
    """Return an observation for each retraining config of the instances.

    The first instance is window 1, the next window 2, and streams of one name are one
    camera. Files hold no validation accuracy; the true one stands for it. Configs of
    no GPU-seconds are models at hand, which need no estimate, and are left out.
    """
    return [
        Observation(
            candidate=Candidate(
                stream=stream.name,
                window=window,
                config=config.name,
                start_accuracy=stream.accuracy,
                recorded=config.estimate,
            ),
            gpu_seconds=config.gpu_seconds,
            validation_accuracy=config.accuracy,
            accuracy=config.accuracy,
        )
        for window, instance in enumerate(instances, start=1)
        for stream in instance.streams
        for config in stream.retraining
        if config.gpu_seconds > 0
    ]


def with_estimates(
    instances: Sequence[Instance],
    estimates: Mapping[Key, Estimate],
    *,
    windows: Sequence[int] | None = None,
    scale: float = 1.0,
) -> list[Instance]:
    """Return the instances with these estimates.

    A config without one keeps its own.

    Parameters
    ----------
    instances
        The windows of a server.
    estimates
        By (stream, window, config).
    windows
        The number of each instance's window; 1, 2, … by default.
    scale
        GPU-seconds of the instances for a second of the estimates.
    """
    numbers = range(1, len(instances) + 1) if windows is None else windows
    return [
        _with_estimates(instance, window, estimates, scale)
        for window, instance in zip(numbers, instances, strict=True)
    ]


def _with_estimates(
    instance: Instance, window: int, estimates: Mapping[Key, Estimate], scale: float
) -> Instance:
    def estimated(stream: str, config: RetrainingConfig) -> RetrainingConfig:
        estimate = estimates.get((stream, window, config.name))
        if estimate is None:
            return config
        seconds = scale * estimate.gpu_seconds
        return replace(config, estimate=replace(estimate, gpu_seconds=seconds))

    streams = tuple(
        replace(
            stream,
            retraining=tuple(
                estimated(stream.name, config) for config in stream.retraining
            ),
        )
        for stream in instance.streams
    )
    return replace(instance, streams=streams)
