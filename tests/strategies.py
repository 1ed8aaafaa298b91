"""Hypothesis strategies for instances that brute force can solve."""

from typing import Any

from hypothesis import strategies as st

from instances import (
    Estimate,
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)

WINDOW_SECONDS = 60

accuracies = st.sampled_from([0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1])
"""Coarse on purpose: equal values make ties, which is where solvers differ."""

fine_accuracies = st.floats(0.2, 1).map(lambda value: round(value, 6))


@st.composite
def retraining_configs(draw: st.DrawFn, name: str) -> RetrainingConfig:
    """Draw a config; some cost nothing, some are late, some never finish."""
    estimate = None
    if draw(st.booleans()):
        estimate = Estimate(
            gpu_seconds=draw(st.integers(0, 30)), accuracy=draw(accuracies)
        )
    return RetrainingConfig(
        name=name,
        gpu_seconds=draw(st.sampled_from([0, 1, 2, 4, 5, 6, 7.5, 9, 12, 18, 30, 90])),
        accuracy=draw(st.one_of(accuracies, fine_accuracies)),
        delay_seconds=draw(st.sampled_from([0, 0, 0, 0, 5, 30, 60, 70])),
        estimate=estimate,
    )


@st.composite
def inference_configs(draw: st.DrawFn, name: str) -> InferenceConfig:
    """Draw a config that needs from no GPU to more than there may be."""
    demands = [0, 0.02, 0.07, 0.1, 0.14, 0.2, 0.25, 0.3, 0.4, 0.5, 1]
    return InferenceConfig(
        name=name,
        gpus=draw(st.sampled_from(demands)),
        relative_accuracy=draw(st.one_of(st.just(1), accuracies, fine_accuracies)),
    )


@st.composite
def streams(draw: st.DrawFn, name: str, floors: bool) -> Stream:
    """Draw a stream with up to three configs of each kind."""
    retraining = [
        draw(retraining_configs(f"g{idx}"))
        for idx in range(draw(st.sampled_from([2, 3, 1, 0])))
    ]
    inference = [
        draw(inference_configs(f"l{idx}"))
        for idx in range(draw(st.sampled_from([2, 3, 1])))
    ]
    return Stream(
        name=name,
        accuracy=draw(accuracies),
        retraining=tuple(retraining),
        inference=tuple(inference),
        weight=draw(st.sampled_from([1, 1, 0.5, 3])),
        min_accuracy=draw(_floor) if floors else None,
    )


_floor = st.sampled_from([None, None, None, None, 0, 0.1, 0.3])
_throughput = st.sampled_from(
    [None, None, ((0.5, 0.7), (1.0, 1.0)), ((0.25, 0.1), (0.5, 0.1), (2.0, 3.0))]
)


@st.composite
def instances(
    draw: st.DrawFn,
    /,
    *,
    max_streams: int = 3,
    max_units: int = 6,
    floors: bool = True,
    **fixed: Any,
) -> Instance:
    """Draw a small static window; with floors it may be infeasible."""
    count = draw(st.sampled_from(range(max_streams, 0, -1)))
    units_per_gpu = draw(st.sampled_from([2, 3, 5, 10, 50, 100]))
    total = draw(st.sampled_from(range(max_units, 0, -1)))
    values: dict[str, Any] = {
        "name": "drawn",
        "window_seconds": WINDOW_SECONDS,
        "gpus": total / units_per_gpu,
        "units_per_gpu": units_per_gpu,
        "streams": tuple(draw(streams(f"s{v}", floors)) for v in range(count)),
        "reallocation": draw(
            st.sampled_from([Reallocation.NEVER, Reallocation.STREAM])
        ),
        "min_accuracy": draw(st.sampled_from([0, 0, 0, 0.05, 0.2])) if floors else 0,
        "training_throughput": draw(_throughput),
    }
    return Instance(**(values | fixed))
