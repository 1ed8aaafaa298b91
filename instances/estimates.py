"""The instance as the profiler saw it."""

from dataclasses import replace

from instances.instance import Instance, RetrainingConfig


def as_estimated(instance: Instance) -> Instance:
    """Return the instance with every estimate in the place of the true numbers.

    A config without an estimate keeps its true numbers.
    """
    streams = tuple(
        replace(stream, retraining=tuple(map(_as_estimated, stream.retraining)))
        for stream in instance.streams
    )
    return replace(instance, streams=streams)


def _as_estimated(config: RetrainingConfig) -> RetrainingConfig:
    if config.estimate is None:
        return config
    return replace(
        config,
        gpu_seconds=config.estimate.gpu_seconds,
        accuracy=config.estimate.accuracy,
        estimate=None,
    )
