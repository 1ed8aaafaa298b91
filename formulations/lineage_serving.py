"""How a stream is served in one window of a horizon, whatever model it holds."""

from typing import TYPE_CHECKING

import numpy as np

from formulations.stream_model import training_speed, units_needed
from formulations.tolerances import ACCURACY_TOLERANCE
from instances import Reallocation
from instances.horizon import Horizon
from instances.horizon_stream import HorizonStream

if TYPE_CHECKING:
    from formulations.kernels.lineage_rows_cpu import Serving


def serving_of(horizon: Horizon, stream: HorizonStream, window_idx: int) -> "Serving":
    """Return a stream's serving levels and training speeds in a window."""
    from formulations.kernels.lineage_rows_cpu import Serving

    total, per_gpu = horizon.total_units, horizon.units_per_gpu
    levels = {0: 0.0}
    best = 0.0
    demands = (
        (units_needed(config.gpus, per_gpu), config.relative_accuracy)
        for config in stream.serving(window_idx)
    )
    for units, relative in sorted(demands):
        if relative > best and units <= total:
            best = levels[units] = relative
    kept = np.zeros(total + 1)
    for units, relative in levels.items():
        kept[units:] = relative
    points = horizon.training_throughput
    return Serving(
        level_units=np.array(list(levels), dtype=np.int64),
        level_kept=np.array(list(levels.values())),
        kept=kept,
        speed=np.array([training_speed(points, k / per_gpu) for k in range(total + 1)]),
        window=horizon.window_seconds,
        floor=horizon.floor(stream) - ACCURACY_TOLERANCE,
        joins=horizon.reallocation is Reallocation.STREAM,
    )
