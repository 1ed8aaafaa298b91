"""Whether a window has any feasible schedule at all."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from formulations.server_window import ServerWindow
from formulations.stream_model import StreamModel, training_speed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation

if TYPE_CHECKING:
    from instances.columns import Columns


def is_infeasible(instance: Instance) -> bool:
    """Return whether no schedule of a window keeps every accuracy floor.

    Each stream needs a fewest number of units whatever the others do, so the window
    is feasible exactly when these numbers exist and fit together.
    """
    if instance.reallocation is Reallocation.SERVER:
        return ServerWindow(instance).infeasible
    fewest = [
        StreamModel(instance, stream).fewest_units() for stream in instance.streams
    ]
    known = [units for units in fewest if units is not None]
    return len(known) < len(fewest) or sum(known) > instance.total_units


def are_infeasible(columns: "Columns") -> bool:
    """Return the same for an instance given as columns.

    A stream that a retraining may serve from the first instant is looked at as an
    object, about a tenth of a millisecond each; the others all at once.
    """
    fewest = _fewest_serving(columns)
    quick = np.flatnonzero(_may_start_retrained(columns))
    frame = Instance(streams=(columns.stream(0),), **columns.window())
    for v in quick.tolist():
        units = StreamModel(frame, columns.stream(v)).fewest_units()
        fewest[v] = np.inf if units is None else units
    return bool(fewest.sum() > columns.total_units)


def _fewest_serving(columns: "Columns") -> NDArray[np.float64]:
    """Return the fewest units that keep the models held at their floors, ``(V,)``."""
    counts = np.diff(columns.inference_offsets)
    accuracy = np.repeat(columns.accuracy, counts)
    floor = columns.floors - ACCURACY_TOLERANCE
    units = columns.demand_gpus * columns.units_per_gpu
    units = np.ceil(units - 1e-9 * np.maximum(1.0, units))
    serves = accuracy * columns.relative_accuracy >= np.repeat(floor, counts)
    needed = np.where(serves, units, np.inf)
    fewest = np.minimum.reduceat(needed, columns.inference_offsets[:-1])
    return np.where(floor <= 0, 0.0, fewest)


def _may_start_retrained(columns: "Columns") -> NDArray[np.bool_]:
    """Return whether all units could end some retraining at the first instant."""
    gpus = columns.total_units / columns.units_per_gpu
    speed = training_speed(columns.training_throughput, gpus)
    assert columns.delay_seconds is not None
    seconds = columns.delay_seconds + columns.gpu_seconds / speed
    instant = seconds <= 2 * TIME_TOLERANCE * columns.window_seconds
    found = np.concatenate(([0], np.cumsum(instant)))
    per_stream: NDArray[np.int64] = np.diff(found[columns.retraining_offsets])
    return per_stream > 0
