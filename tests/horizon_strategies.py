"""Hypothesis strategies for horizons that brute force can solve."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from instances import InferenceConfig, Reallocation
from instances.horizon import Horizon
from instances.horizon_stream import (
    INITIAL,
    Decay,
    HorizonConfig,
    HorizonStream,
    StreamWindow,
)
from tests.strategies import WINDOW_SECONDS, accuracies, inference_configs

KEPT = 0.5
"""Share of the accuracy that the inference config without GPU keeps."""

_MODES = list(Reallocation)

decays = st.builds(
    Decay,
    factor=st.sampled_from([1, 1, 0.9, 0.5, 0]),
    loss=st.sampled_from([0, 0.1, 0.05, 1]),
    least=st.sampled_from([0, 0.3, 0.6]),
)


@st.composite
def horizon_configs(draw: st.DrawFn, name: str, num_later: int) -> HorizonConfig:
    """Draw a config; some cost nothing, some are late, some never finish."""
    return HorizonConfig(
        name=name,
        gpu_seconds=draw(st.sampled_from([0, 1, 2, 4, 6, 7.5, 9, 12, 18, 30, 90])),
        accuracy=draw(accuracies),
        delay_seconds=draw(st.sampled_from([0, 0, 0, 0, 5, 30, 60, 70])),
        later_accuracy=draw(_later(num_later)),
    )


@st.composite
def horizon_streams(
    draw: st.DrawFn, name: str, num_windows: int, feasible: bool
) -> HorizonStream:
    """Draw a stream with up to two configs of each kind in a window."""
    windows = []
    for w in range(num_windows):
        count = draw(st.sampled_from([2, 1, 0]))
        configs = [
            draw(horizon_configs(f"g{idx}", num_windows - 1 - w))
            for idx in range(count)
        ]
        # The window's own inference configs are rare, and keep the free one.
        own = draw(_serving(feasible)) if draw(st.integers(0, 4)) == 4 else ()
        windows.append(StreamWindow(retraining=tuple(configs), inference=own))
    stream = HorizonStream(
        name=name,
        accuracy=draw(accuracies),
        later_accuracy=draw(_later(num_windows - 1)),
        decay=draw(decays),
        inference=draw(_serving(feasible)),
        windows=tuple(windows),
        weight=draw(st.sampled_from([1, 1, 0.5, 3])),
        load_seconds=draw(st.sampled_from([0, 5, 20, 60, 70])),
        model_gb=draw(st.sampled_from([0, 1, 2])),
    )
    return replace(stream, min_accuracy=draw(_floors(stream, feasible)))


@st.composite
def horizons(
    draw: st.DrawFn,
    /,
    *,
    max_streams: int = 3,
    max_windows: int = 3,
    max_units: int = 5,
    feasible: bool = True,
    **fixed: Any,
) -> Horizon:
    """Draw a small horizon.

    When it is feasible, every stream has an inference config that needs no GPU, and a
    floor that its first model keeps with it in all windows, so that doing nothing is
    feasible; otherwise floors are drawn without regard to that.
    """
    count = draw(st.sampled_from(range(max_streams, 0, -1)))
    num_windows = draw(st.sampled_from(range(max_windows, 0, -1)))
    units_per_gpu = draw(st.sampled_from([2, 5, 10]))
    total = draw(st.sampled_from(range(max_units, 0, -1)))
    mode = Reallocation(fixed.get("reallocation") or draw(st.sampled_from(_MODES)))
    slot = draw(st.sampled_from([30, 20, 15])) if mode == Reallocation.SERVER else None
    values: dict[str, Any] = {
        "name": "drawn",
        "window_seconds": WINDOW_SECONDS,
        "gpus": total / units_per_gpu,
        "units_per_gpu": units_per_gpu,
        "streams": tuple(
            draw(horizon_streams(f"s{v}", num_windows, feasible)) for v in range(count)
        ),
        "reallocation": mode,
        "slot_seconds": slot,
        "min_accuracy": 0 if feasible else draw(st.sampled_from([0, 0, 0.05, 0.2])),
        "training_throughput": draw(st.sampled_from([None, None, ((0.5, 0.7),)])),
        "cached_models": draw(st.sampled_from([0, 1, 2])),
        "warm_gb": draw(st.sampled_from([0, 1, 3])),
    }
    return Horizon(**(values | fixed))


def _later(count: int) -> st.SearchStrategy[tuple[float, ...] | None]:
    """Draw recorded scores of the later windows, or none."""
    recorded = st.lists(accuracies, min_size=count, max_size=count).map(tuple)
    return st.one_of(st.none(), recorded)


@st.composite
def _serving(draw: st.DrawFn, feasible: bool) -> tuple[InferenceConfig, ...]:
    configs = [
        draw(inference_configs(f"l{idx}"))
        for idx in range(draw(st.sampled_from([2, 1])))
    ]
    if feasible:
        configs.append(InferenceConfig(name="free", gpus=0, relative_accuracy=KEPT))
    return tuple(configs)


def _floors(stream: HorizonStream, feasible: bool) -> st.SearchStrategy[float | None]:
    if not feasible:
        return st.sampled_from([None, None, 0, 0.1, 0.3])
    lowest = KEPT * min(stream.scores(INITIAL))
    return st.sampled_from([None, None, lowest, lowest / 2])
