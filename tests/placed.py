"""Small placements whose answers a reader checks on paper, and drawn ones."""

from typing import Any

from hypothesis import strategies as st

from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from instances import InferenceConfig, RetrainingConfig, Stream
from instances.placement import Gpu, Placement, Shares
from tests.small import segment

Held = tuple[int, tuple[str, ...]]


def gpus(*speeds: float, memory_gb: float | None = None) -> tuple[Gpu, ...]:
    """Return GPUs named ``g0``, ``g1`` and so on, of the given speeds."""
    return tuple(
        Gpu(name=f"g{idx}", speed=speed, memory_gb=memory_gb)
        for idx, speed in enumerate(speeds)
    )


def placement(*streams: Stream, **values: Any) -> Placement:
    """Return 100 seconds of two equal GPUs in ten units unless told otherwise."""
    defaults: dict[str, Any] = {
        "name": "small",
        "window_seconds": 100,
        "gpus": gpus(1, 1),
        "units_per_gpu": 10,
    }
    return Placement(streams=streams, **(defaults | values))


def plan(
    stream: str,
    inference: str | None = None,
    serving: Held = (0, ()),
    retraining: str | None = None,
    training: Held = (0, ()),
) -> PlacedPlan:
    """Return a plan from the units and GPUs of the two jobs."""
    return PlacedPlan(
        stream=stream,
        retraining=retraining,
        segments=(segment(0, inference, serving[0], training[0]),),
        inference_gpus=serving[1],
        training_gpus=training[1],
    )


def placed(*plans: PlacedPlan) -> PlacedSchedule:
    """Return a placed schedule."""
    return PlacedSchedule(streams=plans)


_memory = st.sampled_from([0, 0, 1, 2, 3])


@st.composite
def _streams(draw: st.DrawFn, name: str, with_memory: bool) -> Stream:
    levels = st.sampled_from([0.2, 0.4, 0.5, 0.6, 0.75, 0.9, 1])
    retraining = [
        RetrainingConfig(
            name=f"g{idx}",
            gpu_seconds=draw(st.sampled_from([0, 5, 10, 15, 20, 30, 60, 90])),
            accuracy=draw(levels),
            delay_seconds=draw(st.sampled_from([0, 0, 5])),
            memory_gb=draw(_memory) if with_memory else 0,
        )
        for idx in range(draw(st.sampled_from([1, 2, 0])))
    ]
    inference = [
        InferenceConfig(
            name=f"l{idx}",
            gpus=draw(st.sampled_from([0, 0.1, 0.25, 0.3, 0.5, 0.6, 1, 1.5])),
            relative_accuracy=draw(levels),
            memory_gb=draw(_memory) if with_memory else 0,
        )
        for idx in range(draw(st.sampled_from([2, 1])))
    ]
    return Stream(
        name=name,
        accuracy=draw(levels),
        retraining=tuple(retraining),
        inference=tuple(inference),
        weight=draw(st.sampled_from([1, 1, 2])),
    )


@st.composite
def placements(
    draw: st.DrawFn, /, *, fastest: float = 2, most_streams: int = 3, **fixed: Any
) -> Placement:
    """Draw a placement that brute force can solve; it may be infeasible."""
    with_memory = draw(st.sampled_from([True, True, False]))
    units_per_gpu = draw(st.sampled_from([4, 6, 2, 3, 1]))
    speeds = [speed for speed in (1, 0.5, 2) if speed <= fastest]
    kinds = [
        Gpu(
            name="kind",
            speed=draw(st.sampled_from(speeds)),
            memory_gb=draw(st.sampled_from([3, 4, 2, None])) if with_memory else None,
        )
        for _ in range(draw(st.sampled_from([1, 1, 2])))
    ]
    count = draw(st.sampled_from([2, 1, 3] if units_per_gpu < 4 else [2, 1]))
    chosen = [draw(st.sampled_from(kinds)) for _ in range(count)]
    streams = draw(st.sampled_from(range(most_streams, 0, -1)))
    values: dict[str, Any] = {
        "name": "drawn",
        "window_seconds": 60,
        "gpus": tuple(
            Gpu(name=f"g{idx}", speed=gpu.speed, memory_gb=gpu.memory_gb)
            for idx, gpu in enumerate(chosen)
        ),
        "units_per_gpu": units_per_gpu,
        "streams": tuple(draw(_streams(f"s{v}", with_memory)) for v in range(streams)),
        "shares": draw(st.sampled_from(list(Shares))),
        "whole_gpus": draw(st.booleans()),
        "min_accuracy": draw(st.sampled_from([0, 0, 0, 0.1, 0.3])),
        "training_throughput": draw(
            st.sampled_from([None, None, ((0.5, 0.7), (1.0, 1.0))])
        ),
    }
    return Placement(**(values | fixed))
