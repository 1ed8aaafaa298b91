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

accuracies = st.integers(0, 20).map(lambda part: part / 20)
"""Coarse on purpose: equal values make ties, which is where solvers differ."""

fine_accuracies = st.floats(0, 1).map(lambda value: round(value, 6))


@st.composite
def retraining_configs(draw: st.DrawFn, name: str) -> RetrainingConfig:
    """Draw a config; some cost nothing, some are late, some never finish."""
    estimate = None
    if draw(st.booleans()):
        estimate = Estimate(
            gpu_seconds=draw(st.integers(0, 60)), accuracy=draw(accuracies)
        )
    return RetrainingConfig(
        name=name,
        gpu_seconds=draw(st.one_of(st.just(0), st.integers(1, 90))),
        accuracy=draw(st.one_of(accuracies, fine_accuracies)),
        delay_seconds=draw(st.sampled_from([0, 0, 0, 5, 30, 60, 70])),
        estimate=estimate,
    )


@st.composite
def inference_configs(draw: st.DrawFn, name: str) -> InferenceConfig:
    """Draw a config that needs from no GPU to more than there may be."""
    return InferenceConfig(
        name=name,
        gpus=draw(st.sampled_from([0, 0.1, 0.25, 0.3, 0.5, 0.7, 1, 2])),
        relative_accuracy=draw(st.one_of(st.just(1), accuracies, fine_accuracies)),
    )


@st.composite
def streams(draw: st.DrawFn, name: str, floors: bool) -> Stream:
    """Draw a stream with up to three configs of each kind."""
    retraining = [
        draw(retraining_configs(f"g{idx}")) for idx in range(draw(st.integers(0, 3)))
    ]
    inference = [
        draw(inference_configs(f"l{idx}")) for idx in range(draw(st.integers(1, 3)))
    ]
    return Stream(
        name=name,
        accuracy=draw(accuracies),
        retraining=tuple(retraining),
        inference=tuple(inference),
        weight=draw(st.sampled_from([1, 1, 0.5, 3])),
        min_accuracy=draw(_floor) if floors else None,
    )


_floor = st.sampled_from([None, None, 0, 0.1, 0.3])
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
    count = draw(st.integers(1, max_streams))
    units_per_gpu = draw(st.sampled_from([1, 2, 3, 5]))
    total = draw(st.integers(1, max_units))
    values: dict[str, Any] = {
        "name": "drawn",
        "window_seconds": WINDOW_SECONDS,
        "gpus": total / units_per_gpu,
        "units_per_gpu": units_per_gpu,
        "streams": tuple(draw(streams(f"s{v}", floors)) for v in range(count)),
        "reallocation": draw(
            st.sampled_from([Reallocation.NEVER, Reallocation.STREAM])
        ),
        "min_accuracy": draw(st.sampled_from([0, 0, 0.05, 0.2])) if floors else 0,
        "training_throughput": draw(_throughput),
    }
    return Instance(**(values | fixed))
