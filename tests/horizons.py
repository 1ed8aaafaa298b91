"""Small horizons whose answers a reader checks on paper."""

from typing import Any

from formulations import Segment
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow
from tests.small import segment, serving


def config(
    gpu_seconds: float, accuracy: float, name: str = "train", **values: Any
) -> HorizonConfig:
    """Return a retraining config of one window."""
    return HorizonConfig(
        name=name, gpu_seconds=gpu_seconds, accuracy=accuracy, **values
    )


def camera(
    *windows: tuple[HorizonConfig, ...],
    name: str = "A",
    accuracy: Any = 0.5,
    **values: Any,
) -> HorizonStream:
    """Return a stream that serves fully on half a GPU unless told otherwise."""
    values.setdefault("inference", (serving(0.5, 1.0, "full"),))
    return HorizonStream(
        name=name,
        accuracy=accuracy,
        windows=tuple(StreamWindow(retraining=configs) for configs in windows),
        **values,
    )


def horizon(*streams: HorizonStream, **values: Any) -> Horizon:
    """Return windows of 100 seconds of one GPU in ten units unless told otherwise."""
    defaults: dict[str, Any] = {
        "name": "small",
        "window_seconds": 100,
        "gpus": 1,
        "units_per_gpu": 10,
    }
    return Horizon(streams=streams, **(defaults | values))


def plan(
    retraining: str | None = None, *segments: Segment, stream: str = "A", **values: Any
) -> HorizonPlan:
    """Return a plan that serves fully on 5 units and trains on 5 unless told others."""
    whole = segment(0, "full", 5, 0 if retraining is None else 5)
    return HorizonPlan(
        stream=stream, retraining=retraining, segments=segments or (whole,), **values
    )


def windows(*plans: HorizonPlan | tuple[HorizonPlan, ...]) -> HorizonSchedule:
    """Return a schedule from the plan, or the plans, of each window."""
    return HorizonSchedule(
        windows=tuple(
            WindowPlans(streams=each if isinstance(each, tuple) else (each,))
            for each in plans
        )
    )
