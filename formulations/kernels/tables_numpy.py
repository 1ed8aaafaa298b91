"""Value tables from columns in NumPy: the reference for the compiled ones."""

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.profiles import training_speeds
from formulations.tolerances import ACCURACY_TOLERANCE
from formulations.value_tables import (
    CELLS_AT_ONCE,
    RowInputs,
    ValueTable,
    value_rows,
)
from instances import Reallocation
from instances.columns import Columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Whole = NDArray[np.int64]


def numpy_table(columns: Columns, most_units: int | None = None) -> ValueTable:
    """Return the value table of a static window, a block of streams after the other.

    With ``most_units`` its rows end there.
    """
    choices = int(np.diff(columns.retraining_offsets).max()) + 1
    most = columns.total_units if most_units is None else most_units
    at_once = max(1, CELLS_AT_ONCE // (choices * (most + 1)))
    parts = [
        value_rows(row_inputs(columns, start, start + at_once, most))
        for start in range(0, columns.num_streams, at_once)
    ]
    values, inference, training = map(np.concatenate, zip(*parts, strict=True))
    assert columns.weight is not None
    return ValueTable(
        values=values,
        inference_units=inference,
        training_units=training,
        weights=columns.weight / columns.weight.sum(),
    )


def row_inputs(columns: Columns, start: int, stop: int, most_units: int) -> RowInputs:
    """Return what the rows of the streams from start to stop are made of."""
    accuracy = columns.accuracy[start:stop]
    needed, kept = _levels(columns, start, stop, most_units)
    cost, delay, after = _choices(columns, start, stop)
    beaten = after <= accuracy[:, None]
    cost[beaten], after[beaten] = np.inf, 0.0
    return RowInputs(
        needed=needed,
        kept=kept,
        cost=cost,
        delay=delay,
        after=after,
        accuracy=accuracy,
        floors=columns.floors[start:stop] - ACCURACY_TOLERANCE,
        speed=training_speeds(columns, most_units),
        window_seconds=columns.window_seconds,
        joins=columns.reallocation is Reallocation.STREAM,
    )


def _levels(
    columns: Columns, start: int, stop: int, most_units: int
) -> tuple[Ints, Floats]:
    """Return units and what is kept of every level, sorted by units."""
    offsets = columns.inference_offsets[start : stop + 1]
    units = columns.demand_gpus[offsets[0] : offsets[-1]] * columns.units_per_gpu
    units = np.ceil(units - 1e-9 * np.maximum(1.0, units))
    needed = _padded(np.minimum(units, most_units + 1), offsets, most_units + 1)
    part = columns.relative_accuracy[offsets[0] : offsets[-1]]
    kept = _padded(part, offsets, 0.0)
    order = np.argsort(needed, axis=1, kind="stable")
    needed = np.take_along_axis(needed, order, axis=1)
    kept = np.take_along_axis(kept, order, axis=1)
    kept[needed > most_units] = 0.0
    none = np.zeros((len(needed), 1))
    whole: Ints = np.concatenate((none, needed), axis=1).astype(np.int32)
    share: Floats = np.concatenate((none, kept), axis=1)
    return whole, np.maximum.accumulate(share, axis=1)


def _choices(columns: Columns, start: int, stop: int) -> tuple[Floats, Floats, Floats]:
    """Return cost, delay and accuracy of no retraining and of every config."""
    offsets = columns.retraining_offsets[start : stop + 1]
    part = slice(offsets[0], offsets[-1])
    assert columns.delay_seconds is not None
    none = np.zeros((len(offsets) - 1, 1))
    return (
        np.concatenate(
            (none + np.inf, _padded(columns.gpu_seconds[part], offsets, np.inf)), axis=1
        ),
        np.concatenate(
            (none, _padded(columns.delay_seconds[part], offsets, 0.0)), axis=1
        ),
        np.concatenate(
            (none, _padded(columns.retrained_accuracy[part], offsets, 0.0)), axis=1
        ),
    )


def _padded(values: Floats, offsets: Whole, fill: float) -> Floats:
    """Return the streams' entries as rows of one length, filled up at their ends."""
    counts = np.diff(offsets)
    rows = np.full((len(counts), int(counts.max(initial=0))), fill)
    place = np.arange(len(values)) - np.repeat(offsets[:-1] - offsets[0], counts)
    rows[np.repeat(np.arange(len(counts)), counts), place] = values
    return rows
