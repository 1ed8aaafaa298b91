"""What the kernels read: an instance's columns with everything derived once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.stream_model import training_speed
from formulations.tolerances import ACCURACY_TOLERANCE
from instances import Reallocation
from instances.columns import Columns

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]

NEVER_FINISHED = 1e300
"""Seconds a GPU-second without any training unit; finite, so that 0 · it is 0."""

NEVER, STREAM, SERVER = 0, 1, 2
"""Codes of the reallocation modes."""

MODES = {
    Reallocation.NEVER: NEVER,
    Reallocation.STREAM: STREAM,
    Reallocation.SERVER: SERVER,
}


class Profiles(NamedTuple):
    """Columns as plain arrays and numbers, an argument of every kernel.

    Parameters
    ----------
    accuracy, weight, floor
        Shape ``(V,)``: accuracy of the model held; weight, scaled to the sum 1; floor
        less the tolerance.
    retraining_offsets, gpu_seconds, delay, retrained
        Shape ``(V + 1,)`` and ``(N,)``: the retraining configs.
    inference_offsets, demand_gpus, kept
        Shape ``(V + 1,)`` and ``(M,)``: the inference configs.
    speed, inverse_speed
        Shape ``(K + 1,)``: GPU-seconds that a retraining gains a second with 0 to K
        units, and its reciprocal, ``NEVER_FINISHED`` with none.
    capacity, top_speed
        Units of all GPUs together, K, and the training speed with all of them, even
        where the speeds end before.
    window
        Seconds.
    slot
        Seconds; 0 unless the mode is ``SERVER``.
    units_per_gpu
        Units of one GPU.
    mode
        ``NEVER``, ``STREAM`` or ``SERVER``.
    """

    accuracy: Floats
    weight: Floats
    floor: Floats
    retraining_offsets: Offsets
    gpu_seconds: Floats
    delay: Floats
    retrained: Floats
    inference_offsets: Offsets
    demand_gpus: Floats
    kept: Floats
    speed: Floats
    inverse_speed: Floats
    capacity: int
    top_speed: float
    window: float
    slot: float
    units_per_gpu: float
    mode: int

    @property
    def num_streams(self) -> int:
        """Number of streams V."""
        return len(self.accuracy)

    @property
    def total_units(self) -> int:
        """Capacity K, or the most units of one stream."""
        return len(self.inverse_speed) - 1


def profiles_of(columns: Columns, most_units: int | None = None) -> Profiles:
    """Return what the kernels read of an instance; the large arrays are shared.

    With ``most_units`` the training speeds end there, and so do all rows.
    """
    weight = columns.weight
    delay = columns.delay_seconds
    assert weight is not None
    assert delay is not None
    speed = training_speeds(columns, most_units)
    inverse = np.full(len(speed), NEVER_FINISHED)
    inverse[1:] = 1 / speed[1:]
    return Profiles(
        accuracy=columns.accuracy,
        weight=weight / weight.sum(),
        floor=columns.floors - ACCURACY_TOLERANCE,
        retraining_offsets=columns.retraining_offsets,
        gpu_seconds=columns.gpu_seconds,
        delay=delay,
        retrained=columns.retrained_accuracy,
        inference_offsets=columns.inference_offsets,
        demand_gpus=columns.demand_gpus,
        kept=columns.relative_accuracy,
        speed=speed,
        inverse_speed=inverse,
        capacity=columns.total_units,
        top_speed=training_speed(
            columns.training_throughput, columns.total_units / columns.units_per_gpu
        ),
        window=columns.window_seconds,
        slot=columns.slot_seconds or 0.0,
        units_per_gpu=float(columns.units_per_gpu),
        mode=MODES[columns.reallocation],
    )


def training_speeds(columns: Columns, most_units: int | None = None) -> Floats:
    """Return the training speed of 0 to K, or the most, units, shape ``(K + 1,)``.

    Linear between (0, 0) and the points of ``training_throughput``, and growing one
    for one beyond the last; without points it is the share of a GPU.
    """
    most = columns.total_units
    if most_units is not None:
        most = min(most, most_units)
    gpus = np.arange(most + 1) / columns.units_per_gpu
    if columns.training_throughput is None:
        return gpus
    speed = np.zeros(len(gpus))
    before_gpus, before_speed = 0.0, 0.0
    for point_gpus, point_speed in columns.training_throughput:
        here = (gpus > before_gpus) & (gpus <= point_gpus)
        part = (gpus[here] - before_gpus) / (point_gpus - before_gpus)
        speed[here] = before_speed + part * (point_speed - before_speed)
        before_gpus, before_speed = point_gpus, point_speed
    beyond = gpus > before_gpus
    speed[beyond] = before_speed + gpus[beyond] - before_gpus
    return speed
