"""The averaged table in plain sight: every choice, every scenario, one mean each."""

import numpy as np
from numpy.typing import NDArray

from formulations.stream_model import (
    NEVER_SERVED,
    NO_RETRAINING,
    StreamModel,
    training_speed,
)
from instances import Instance, Reallocation
from instances.columns import columns_of
from instances.scenarios import Scenarios


def averaged_values(
    instance: Instance, scenarios: Scenarios, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the best mean value of each stream with at most k units, (V, K + 1).

    Choices that break a rule on the nominal numbers do not count.
    """
    columns = columns_of(instance)
    size = instance.total_units + 1
    values = np.full((len(instance.streams), size), NEVER_SERVED)
    for v, stream in enumerate(instance.streams):
        model = StreamModel(instance, stream)
        first = int(columns.retraining_offsets[v])
        for idx in range(NO_RETRAINING, len(stream.retraining)):
            cost = scenarios.gpu_seconds[:, first + idx] if idx >= 0 else None
            for inference in range(size):
                for training in range(size - inference):
                    if model.value(idx, inference, training) == NEVER_SERVED:
                        continue
                    k = inference + training
                    before = stream.accuracy * model.relative_accuracy(inference)
                    mean = before
                    if cost is not None:
                        share = _shares(instance, model, idx, training, cost)
                        joins = instance.reallocation is Reallocation.STREAM
                        after = model.relative_accuracy(k if joins else inference)
                        level = scenarios.accuracy[:, first + idx] * after
                        mean = float(weights @ (share * before + (1 - share) * level))
                    values[v, k] = max(values[v, k], mean)
    return np.maximum.accumulate(values, axis=1)


def _shares(
    instance: Instance,
    model: StreamModel,
    idx: int,
    training: int,
    cost: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the completion's share of the window in each scenario; 1 if too late."""
    gpus = training / instance.units_per_gpu
    speed = training_speed(instance.training_throughput, gpus)
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = np.where(cost > 0, cost / speed, 0.0)
    seconds += model.stream.retraining[idx].delay_seconds
    share: NDArray[np.float64] = np.where(
        seconds > instance.window_seconds, 1.0, seconds / instance.window_seconds
    )
    return share
