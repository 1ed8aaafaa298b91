"""The problem as the profiler saw it."""

from dataclasses import replace
from typing import TypeVar

from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream
from instances.instance import Instance, RetrainingConfig

Config = TypeVar("Config", bound=RetrainingConfig)


def as_estimated(instance: Instance) -> Instance:
    """Return the instance with every estimate in the place of the true numbers.

    A config without an estimate keeps its true numbers.
    """
    streams = tuple(
        replace(stream, retraining=tuple(map(_as_estimated, stream.retraining)))
        for stream in instance.streams
    )
    return replace(instance, streams=streams)


def horizon_as_estimated(horizon: Horizon) -> Horizon:
    """Return the horizon with every estimate in the place of the true numbers.

    Profilers estimate a model in the window that trains it. What it is recorded to
    score later is taken to be off by as much, within [0, 1]; without records, the
    estimate decays as the true accuracy would.
    """
    return replace(horizon, streams=tuple(map(_stream_as_estimated, horizon.streams)))


def _stream_as_estimated(stream: HorizonStream) -> HorizonStream:
    windows = tuple(
        replace(window, retraining=tuple(map(_later_as_estimated, window.retraining)))
        for window in stream.windows
    )
    return replace(stream, windows=windows)


def _later_as_estimated(config: HorizonConfig) -> HorizonConfig:
    estimated = _as_estimated(config)
    if config.estimate is None or config.later_accuracy is None:
        return estimated
    error = config.estimate.accuracy - config.accuracy
    later = tuple(min(1.0, max(0.0, each + error)) for each in config.later_accuracy)
    return replace(estimated, later_accuracy=later)


def _as_estimated(config: Config) -> Config:
    if config.estimate is None:
        return config
    return replace(
        config,
        gpu_seconds=config.estimate.gpu_seconds,
        accuracy=config.estimate.accuracy,
        estimate=None,
    )
