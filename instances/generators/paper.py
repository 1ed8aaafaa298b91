"""The worked example of the paper: two windows of two streams on three GPUs."""

from typing import Any

from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow
from instances.instance import (
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)

UNITS_PER_GPU = 20
HORIZON_UNITS_PER_GPU = 10

_Row = tuple[str, float, float]

FIRST: dict[str, tuple[_Row, ...]] = {
    "A": (("Cfg1A", 85, 0.75), ("Cfg2A", 65, 0.7)),
    "B": (("Cfg1B", 80, 0.9), ("Cfg2B", 50, 0.85)),
}
SECOND: dict[str, tuple[_Row, ...]] = {
    "A": (("Cfg1A", 90, 0.95), ("Cfg2A", 40, 0.9)),
    "B": (("Cfg1B", 80, 0.98), ("Cfg2B", 70, 0.9)),
}
"""Ekya, Table 1: configs of each stream with their GPU-seconds and end accuracy."""

SERVER: dict[str, Any] = {
    "window_seconds": 120,
    "gpus": 3,
    "min_accuracy": 0.4,
    "metadata": {"source": "Ekya, Table 1 and Fig. 4"},
}


def paper_windows() -> tuple[Instance, Instance]:
    """Return windows 1 and 2 of Ekya, Table 1 and Fig. 4.

    Inference with i GPUs keeps min(1, i) of the model's accuracy: one inference config
    for each unit up to a whole GPU. Window 2 starts from the models that the best plan
    of window 1 leaves: A's as it was (0.65) and B's after Cfg2B (0.85).
    """
    return (
        _window("window1", FIRST, A=0.65, B=0.5),
        _window("window2", SECOND, A=0.65, B=0.85),
    )


def paper_horizon(slot_seconds: float | None = 5) -> Horizon:
    """Return both windows as one horizon, in units of 1/10.

    A model scores in window 2 what it scored in window 1, and nothing is kept.

    Parameters
    ----------
    slot_seconds
        Of the server's reallocation; ``None``: none, the units never change.
    """
    never = slot_seconds is None
    return Horizon(
        name="paper-horizon",
        units_per_gpu=HORIZON_UNITS_PER_GPU,
        reallocation=Reallocation.NEVER if never else Reallocation.SERVER,
        slot_seconds=slot_seconds,
        streams=(_horizon_stream("A", 0.65), _horizon_stream("B", 0.5)),
        **SERVER,
    )


def _window(
    name: str, rows: dict[str, tuple[_Row, ...]], **accuracy: float
) -> Instance:
    return Instance(
        name=f"paper-{name}",
        units_per_gpu=UNITS_PER_GPU,
        streams=tuple(
            Stream(
                name=stream,
                accuracy=accuracy[stream],
                retraining=tuple(
                    RetrainingConfig(name=config, gpu_seconds=seconds, accuracy=end)
                    for config, seconds, end in rows[stream]
                ),
                inference=_serving(UNITS_PER_GPU),
            )
            for stream in rows
        ),
        **SERVER,
    )


def _horizon_stream(name: str, accuracy: float) -> HorizonStream:
    return HorizonStream(
        name=name,
        accuracy=accuracy,
        inference=_serving(HORIZON_UNITS_PER_GPU),
        windows=tuple(
            StreamWindow(
                retraining=tuple(
                    HorizonConfig(name=config, gpu_seconds=seconds, accuracy=end)
                    for config, seconds, end in rows[name]
                )
            )
            for rows in (FIRST, SECOND)
        ),
    )


def _serving(units_per_gpu: int) -> tuple[InferenceConfig, ...]:
    shares = [units / units_per_gpu for units in range(1, units_per_gpu + 1)]
    return tuple(
        InferenceConfig(name=f"{share:.2f}-gpu", gpus=share, relative_accuracy=share)
        for share in shares
    )
