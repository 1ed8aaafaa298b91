"""Small instances whose answers a reader checks on paper."""

from typing import Any

from formulations import Schedule, Segment, StreamPlan
from instances import InferenceConfig, Instance, RetrainingConfig, Stream


def retraining(
    gpu_seconds: float, accuracy: float, delay_seconds: float = 0, name: str = "retrain"
) -> RetrainingConfig:
    """Return a retraining config."""
    return RetrainingConfig(
        name=name,
        gpu_seconds=gpu_seconds,
        accuracy=accuracy,
        delay_seconds=delay_seconds,
    )


def serving(gpus: float, relative_accuracy: float, name: str = "") -> InferenceConfig:
    """Return an inference config, named by its demand unless told otherwise."""
    return InferenceConfig(
        name=name or f"{gpus:g}-gpus", gpus=gpus, relative_accuracy=relative_accuracy
    )


def stream(name: str = "A", accuracy: Any = 0.5, **values: Any) -> Stream:
    """Return a stream that serves fully on half a GPU unless told otherwise."""
    values.setdefault("inference", (serving(0.5, 1.0, "full"),))
    return Stream(name=name, accuracy=accuracy, **values)


def window(*streams: Stream, **values: Any) -> Instance:
    """Return 100 seconds of one GPU in ten units unless told otherwise."""
    defaults: dict[str, Any] = {
        "name": "small",
        "window_seconds": 100,
        "gpus": 1,
        "units_per_gpu": 10,
    }
    return Instance(streams=streams, **(defaults | values))


def segment(
    start_seconds: float,
    inference: str | None,
    inference_units: int,
    training_units: int = 0,
) -> Segment:
    """Return a segment."""
    return Segment(
        start_seconds=start_seconds,
        inference=inference,
        inference_units=inference_units,
        training_units=training_units,
    )


def schedule(**plans: tuple[str | None, list[Segment]]) -> Schedule:
    """Return a schedule from ``stream=(retraining, segments)``."""
    return Schedule(
        streams=tuple(
            StreamPlan(stream=name, retraining=config, segments=tuple(segments))
            for name, (config, segments) in plans.items()
        )
    )
