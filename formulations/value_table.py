"""The value table: what each stream yields with each number of units.

With the profiles known, a static window couples the streams by one capacity only.
All of (γ, λ, R, I) collapses to one row a stream, and what is left of Eq. 1 is a
multiple-choice knapsack (Sinha and Zoltners, 1979) over the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.schedule import Schedule
from formulations.stream_model import (
    NEVER_SERVED,
    NO_RETRAINING,
    StreamModel,
    check_static,
    units_needed,
)
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, InstanceTooLarge, Reallocation, Stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

MOST_CELLS = 50_000_000
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """Best value and choice of each stream v for each number of units k.

    Parameters
    ----------
    values
        Shape ``(V, K + 1)``, float64: accuracy of stream v averaged over the window
        with at most k units; ``-inf`` where its floor cannot be kept. Rows increase.
    retraining_idx
        Shape ``(V, K + 1)``, int32: index of the retraining config, -1 for none.
    inference_units, training_units
        Shape ``(V, K + 1)``, int32: the units I and R of the choice, I + R <= k.
    weights
        Shape ``(V,)``, float64: the streams' weights, scaled to the sum 1.
    """

    values: Floats
    retraining_idx: Ints
    inference_units: Ints
    training_units: Ints
    weights: Floats

    @property
    def total_units(self) -> int:
        """Capacity K."""
        return int(self.values.shape[1]) - 1

    def options(self, stream_idx: int) -> tuple[NDArray[np.int64], Floats]:
        """Return the undominated numbers of units of a stream and their values.

        Both have shape ``(n,)`` and increase strictly; n is 0 if no number of units
        keeps the stream at its floor.
        """
        row = self.values[stream_idx]
        before = np.concatenate(([NEVER_SERVED], row[:-1]))
        units = np.flatnonzero(row > before)
        return units, row[units]

    def objective(self, units: Sequence[int]) -> float:
        """Return the weighted mean of the values of one number of units a stream."""
        rows = np.arange(len(self.weights))
        return float(self.weights @ self.values[rows, np.asarray(units)])

    def schedule(self, instance: Instance, units: Sequence[int]) -> Schedule:
        """Return the schedule in which stream v takes its best choice of units[v]."""
        plans = []
        for v, (stream, k) in enumerate(zip(instance.streams, units, strict=True)):
            plans.append(
                StreamModel(instance, stream).plan(
                    int(self.retraining_idx[v, k]),
                    int(self.inference_units[v, k]),
                    int(self.training_units[v, k]),
                )
            )
        return Schedule(streams=tuple(plans))


def value_table(instance: Instance) -> ValueTable:
    """Return the value table of a static window.

    Raises
    ------
    SolverUnavailable
        If the instance's reallocation is ``server``.
    InstanceTooLarge
        If the table would have more than ``MOST_CELLS`` cells.
    """
    check_static(instance)
    num_streams, columns = len(instance.streams), instance.total_units + 1
    if num_streams * columns > MOST_CELLS:
        message = f"{instance.name}: a value table of {num_streams} streams x {columns}"
        message += f" numbers of units is beyond {MOST_CELLS} cells; use coarser units"
        raise InstanceTooLarge(message)
    levels = max(len(stream.inference) for stream in instance.streams) + 1
    choices = max(len(stream.retraining) for stream in instance.streams) + 1
    at_once = max(1, CELLS_AT_ONCE // (levels * choices * columns))
    parts = [
        _rows(instance, instance.streams[start : start + at_once])
        for start in range(0, num_streams, at_once)
    ]
    values, retraining_idx, inference_units, training_units = (
        parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    )
    weights = np.array([stream.weight for stream in instance.streams])
    return ValueTable(
        values=values,
        retraining_idx=retraining_idx,
        inference_units=inference_units,
        training_units=training_units,
        weights=weights / weights.sum(),
    )


def _rows(
    instance: Instance, streams: Sequence[Stream]
) -> tuple[Floats, Ints, Ints, Ints]:
    """Return the table's rows of some streams.

    With s the completion's share of the window, a choice (I, R, γ) is worth
    ``s · a · r(I) + (1 - s) · a_γ · r(I')``; see ``StreamModel.value``. Axes: stream
    v, serving level l, retraining choice c (0 is none), training units R.
    """
    total = instance.total_units
    needed, kept = _serving_levels(instance, streams)
    cost, delay, after, original = _retraining_choices(streams)
    before = np.array([stream.accuracy for stream in streams])[:, None] * kept
    floors = np.array([instance.floor(s) for s in streams]) - ACCURACY_TOLERANCE

    speed = _speeds(instance)
    with np.errstate(divide="ignore", invalid="ignore"):
        training = cost[:, :, None] / speed
    training[cost == 0] = 0.0
    share = (training + delay[:, :, None]) / instance.window_seconds
    share[share > 1] = 1.0

    best_after = kept[:, :, None]
    if instance.reallocation is Reallocation.STREAM:
        best_after = _joined(needed, kept, total)
    old = before[:, :, None, None]
    new = after[:, None, :, None] * best_after[:, :, None, :]
    worth = new + share[:, None] * (old - new)
    if floors.max() > 0:
        limit = floors[:, None, None, None]
        waits = share[:, None] > TIME_TOLERANCE
        ends = share[:, None] < 1 - TIME_TOLERANCE
        worth[(waits & (old < limit)) | (ends & (new < limit))] = NEVER_SERVED
    choice = worth.argmax(axis=2)
    worth = np.take_along_axis(worth, choice[:, :, None], axis=2)[:, :, 0]
    return _best_splits(worth, choice, needed, original)


def _best_splits(
    worth: Floats, choice: NDArray[np.int64], needed: Ints, original: Ints
) -> tuple[Floats, Ints, Ints, Ints]:
    """Return the best split of k units into I of a level and R, for all v and k.

    ``worth`` and ``choice`` have shape (v, level, R); k = I + R.
    """
    units = np.arange(worth.shape[2])
    left = units - needed[:, :, None]
    at_k = np.take_along_axis(worth, np.maximum(left, 0), axis=2)
    at_k[left < 0] = NEVER_SERVED
    level = at_k.argmax(axis=1)
    exact = np.take_along_axis(at_k, level[:, None], axis=1)[:, 0]
    values = np.maximum.accumulate(exact, axis=1)
    rises = exact[:, 1:] > values[:, :-1]
    origin = np.zeros(exact.shape, dtype=np.int64)
    np.maximum.accumulate(np.where(rises, units[1:], 0), axis=1, out=origin[:, 1:])

    rows = np.arange(len(worth))[:, None]
    level = level[rows, origin]
    inference = needed[rows, level]
    training = np.maximum(origin - inference, 0)
    retraining = original[rows, choice[rows, level, training]]
    training[retraining == NO_RETRAINING] = 0
    kinds = (retraining, np.minimum(inference, origin), training)
    return (values, *(kind.astype(np.int32) for kind in kinds))


def _serving_levels(
    instance: Instance, streams: Sequence[Stream]
) -> tuple[Ints, Floats]:
    """Return units and relative accuracy of every serving level, shape (v, level).

    Level 0 is no inference; levels beyond the total need total + 1 units.
    """
    total = instance.total_units
    width = max(len(stream.inference) for stream in streams) + 1
    needed = np.full((len(streams), width), total + 1, dtype=np.int32)
    kept = np.zeros((len(streams), width))
    needed[:, 0] = 0
    for v, stream in enumerate(streams):
        level, best = 0, 0.0
        demands = [
            (
                units_needed(config.gpus, instance.units_per_gpu),
                config.relative_accuracy,
            )
            for config in stream.inference
        ]
        for units, relative in sorted(demands):
            if relative <= best or units > total:
                continue
            level += units > needed[v, level]
            needed[v, level], kept[v, level] = units, relative
            best = relative
    used = int((needed <= total).sum(axis=1).max())
    return needed[:, :used], kept[:, :used]


def _retraining_choices(
    streams: Sequence[Stream],
) -> tuple[Floats, Floats, Floats, Ints]:
    """Return cost, delay, accuracy and index of the choices, shape (v, choice).

    Choice 0 is no retraining: it never ends. A config that does not beat the model
    held is left out, and so is one that another undercuts in cost and delay and
    matches in accuracy: neither can be in a row's best choice first.
    """
    kept = [_undominated(stream) for stream in streams]
    shape = (len(streams), max(map(len, kept)) + 1)
    cost, delay = np.full(shape, np.inf), np.zeros(shape)
    after = np.zeros(shape)
    original = np.full(shape, NO_RETRAINING, dtype=np.int32)
    for v, choices in enumerate(kept):
        if choices:
            width = len(choices) + 1
            cost[v, 1:width], delay[v, 1:width], negated, indices = zip(
                *choices, strict=True
            )
            after[v, 1:width] = -np.array(negated)
            original[v, 1:width] = indices
    return cost, delay, after, original


def _undominated(stream: Stream) -> list[tuple[float, float, float, int]]:
    """Return (cost, delay, -accuracy, index) of the configs worth a look."""
    useful = sorted(
        (config.gpu_seconds, config.delay_seconds, -config.accuracy, idx)
        for idx, config in enumerate(stream.retraining)
        if config.accuracy > stream.accuracy
    )
    kept: list[tuple[float, float, float, int]] = []
    for choice in useful:
        if not any(k[1] <= choice[1] and k[2] <= choice[2] for k in kept):
            kept.append(choice)
    return kept


def _speeds(instance: Instance) -> Floats:
    """Return the training speed of 0 to K units, shape (K + 1,)."""
    gpus = np.linspace(0, instance.total_units, instance.total_units + 1)
    gpus /= instance.units_per_gpu
    if instance.training_throughput is None:
        return gpus
    points = np.array([(0.0, 0.0), *instance.training_throughput])
    speeds: Floats = np.interp(gpus, points[:, 0], points[:, 1])
    speeds += np.maximum(gpus - points[-1, 0], 0.0)
    return speeds


def _joined(needed: Ints, kept: Floats, total: int) -> Floats:
    """Return the relative accuracy of I + R units, shape (v, level, R)."""
    by_units = np.zeros((len(needed), total + 2))
    np.maximum.at(by_units, (np.arange(len(needed))[:, None], needed), kept)
    by_units[:, total + 1] = 0.0
    by_units = np.maximum.accumulate(by_units, axis=1)
    joined = np.minimum(needed[:, :, None] + np.arange(total + 1), total)
    rows = np.arange(len(needed))[:, None, None]
    result: Floats = by_units[rows, joined]
    return result
