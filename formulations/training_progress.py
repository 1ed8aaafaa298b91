"""How far a retraining has come under shares that change from segment to segment."""

import math
from collections.abc import Sequence

from formulations.schedule import Segment
from formulations.stream_model import training_speed
from formulations.tolerances import TIME_TOLERANCE
from instances import Instance, RetrainingConfig


def trained_by(
    instance: Instance,
    config: RetrainingConfig,
    segments: Sequence[Segment],
    seconds: float,
) -> float:
    """Return the GPU-seconds that a config has gained by some instant."""
    gained = 0.0
    for start, end, speed in _stretches(instance, config, segments):
        gained += speed * max(0.0, min(end, seconds) - start)
    return gained


def completion_seconds(
    instance: Instance, config: RetrainingConfig, segments: Sequence[Segment]
) -> float:
    """Return when a retraining is done; infinite if not inside the window."""
    same = TIME_TOLERANCE * instance.window_seconds
    missing = config.gpu_seconds
    if missing == 0:
        inside = config.delay_seconds <= instance.window_seconds + same
        return config.delay_seconds if inside else math.inf
    for start, end, speed in _stretches(instance, config, segments):
        late = end + same - start
        if speed > 0 and late >= 0 and missing <= speed * late:
            return min(start + missing / speed, end)
        missing -= speed * max(0.0, end - start)
    return math.inf


def slot_at(instance: Instance, seconds: float) -> int:
    """Return the first slot that starts at or after some instant of the window."""
    assert instance.slot_seconds is not None
    same = TIME_TOLERANCE * instance.window_seconds
    return math.ceil((seconds - same) / instance.slot_seconds)


def _stretches(
    instance: Instance, config: RetrainingConfig, segments: Sequence[Segment]
) -> list[tuple[float, float, float]]:
    """Return each segment's start, not before the delay's end, its end and speed."""
    ends = [part.start_seconds for part in segments[1:]] + [instance.window_seconds]
    throughput, per_gpu = instance.training_throughput, instance.units_per_gpu
    return [
        (
            max(part.start_seconds, config.delay_seconds),
            end,
            training_speed(throughput, part.training_units / per_gpu),
        )
        for part, end in zip(segments, ends, strict=True)
    ]
