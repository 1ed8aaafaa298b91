"""The value table: what each stream yields with each number of units.

With the profiles known, a static window couples the streams by one capacity only.
All of (γ, λ, R, I) collapses to one row a stream, and what is left of Eq. 1 is a
multiple-choice knapsack (Sinha and Zoltners, 1979) over the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.schedule import Schedule
from formulations.stream_model import (
    NEVER_SERVED,
    StreamModel,
    check_static,
    units_needed,
)
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import (
    Instance,
    InstanceTooLarge,
    Reallocation,
    Stream,
)

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
    inference_units, training_units
        Shape ``(V, K + 1)``, int32: the units I and R of the choice, I + R <= k. The
        configs follow from them (``StreamModel.pick``, Ekya's Algorithm 2).
    weights
        Shape ``(V,)``, float64: the streams' weights, scaled to the sum 1.
    """

    values: Floats
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

    def units_within(self, instance: Instance, schedule: Schedule) -> list[int] | None:
        """Return for each stream its largest option within the units it holds.

        The units are those of the schedule's first segments, so that the choice is at
        least as good as the schedule. ``None`` if a stream has no such option.
        """
        held = {
            plan.stream: plan.segments[0].inference_units
            + plan.segments[0].training_units
            for plan in schedule.streams
        }
        units = []
        for v, stream in enumerate(instance.streams):
            options = self.options(v)[0]
            fitting = int(np.searchsorted(options, held[stream.name], side="right"))
            if not fitting:
                return None
            units.append(int(options[fitting - 1]))
        return units

    def schedule(self, instance: Instance, units: Sequence[int]) -> Schedule:
        """Return the schedule in which stream v takes its best choice of units[v]."""
        plans = []
        for v, (stream, k) in enumerate(zip(instance.streams, units, strict=True)):
            model = StreamModel(instance, stream)
            share = int(self.inference_units[v, k]), int(self.training_units[v, k])
            plans.append(model.plan(model.pick(*share)[1], *share))
        return Schedule(streams=tuple(plans))


def value_table(
    instance: Instance, between_parts: Callable[[], None] = lambda: None
) -> ValueTable:
    """Return the value table of a static window.

    Large tables are built in parts of some streams; ``between_parts`` is called before
    each and may raise to stop the work.

    Raises
    ------
    SolverUnavailable
        If the instance's reallocation is ``server``.
    InstanceTooLarge
        If the table, or the work on one of its rows, has more than ``MOST_CELLS``
        cells.
    """
    check_static(instance)
    num_streams, columns = len(instance.streams), instance.total_units + 1
    choices = max(len(stream.retraining) for stream in instance.streams) + 1
    if max(num_streams, choices) * columns > MOST_CELLS:
        message = f"{instance.name}: {num_streams} streams with up to"
        message += f" {choices} choices and {columns} numbers of units are beyond a"
        message += (
            f" value table of {MOST_CELLS} cells; use coarser units or the solver fleet"
        )
        raise InstanceTooLarge(message)
    at_once = max(1, CELLS_AT_ONCE // (choices * columns))
    parts = []
    for start in range(0, num_streams, at_once):
        between_parts()
        parts.append(_rows(instance, instance.streams[start : start + at_once]))
    values, inference_units, training_units = (
        parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    )
    weights = np.array([stream.weight for stream in instance.streams])
    return ValueTable(
        values=values,
        inference_units=inference_units,
        training_units=training_units,
        weights=weights / weights.sum(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowInputs:
    """What the rows of some streams are made of, padded to one length.

    Parameters
    ----------
    needed, kept
        Shape ``(v, level)``: units and relative accuracy of the serving levels, both
        rising; level 0 is no inference, those beyond the total need total + 1 units.
    cost, delay, after
        Shape ``(v, choice)``: GPU-seconds, seconds and accuracy of the retraining
        choices that beat the model held; choice 0 is none and costs infinitely much,
        as do those that fill a row.
    accuracy, floors
        Shape ``(v,)``: accuracy of the model held; floor less the tolerance.
    speed
        Shape ``(K + 1,)``: training speed of 0 to K units.
    window_seconds
        Length of the window.
    joins
        Whether the training units join the inference at the completion.
    """

    needed: Ints
    kept: Floats
    cost: Floats
    delay: Floats
    after: Floats
    accuracy: Floats
    floors: Floats
    speed: Floats
    window_seconds: float
    joins: bool


def _rows(instance: Instance, streams: Sequence[Stream]) -> tuple[Floats, Ints, Ints]:
    needed, kept = _serving_levels(instance, streams)
    cost, delay, after = _retraining_choices(streams)
    inputs = RowInputs(
        needed=needed,
        kept=kept,
        cost=cost,
        delay=delay,
        after=after,
        accuracy=np.array([stream.accuracy for stream in streams]),
        floors=np.array([instance.floor(s) for s in streams]) - ACCURACY_TOLERANCE,
        speed=_speeds(instance),
        window_seconds=instance.window_seconds,
        joins=instance.reallocation is Reallocation.STREAM,
    )
    return value_rows(inputs)


def value_rows(inputs: RowInputs) -> tuple[Floats, Ints, Ints]:
    """Return values, inference and training units of some streams, shape ``(v, k)``.

    With s the completion's share of the window, a choice (I, R, γ) is worth
    ``s · a · r(I) + (1 - s) · a_γ · r(I')``; see ``StreamModel.value``. Axes: stream
    v, retraining choice c (0 is none), training units R; one serving level at a time,
    which keeps the arrays small.
    """
    needed, kept, after = inputs.needed, inputs.kept, inputs.after
    share = _completion_shares(inputs)
    trained = (1 - share) * after[:, :, None]
    units = np.arange(len(inputs.speed))
    rows = np.arange(len(after))[:, None]
    exact = np.full((len(after), len(units)), NEVER_SERVED)
    inference = np.zeros(exact.shape, dtype=np.int32)
    for level in range(kept.shape[1]):
        fewest = needed[:, level, None]
        now = kept[:, level, None]
        freed = _kept_by_units(needed, kept, fewest + units) if inputs.joins else now
        before = inputs.accuracy[:, None] * now
        worth = share * before[:, :, None]
        worth += trained * freed[:, None]
        if inputs.floors.max() > 0:
            limit = inputs.floors[:, None, None]
            waits = share > TIME_TOLERANCE
            ends = share < 1 - TIME_TOLERANCE
            fails = waits & (before[:, :, None] < limit)
            fails |= ends & (after[:, :, None] * freed[:, None] < limit)
            worth[fails] = NEVER_SERVED
        training = units - fewest
        at_k = worth.max(axis=1)[rows, np.maximum(training, 0)]
        better = (training >= 0) & (at_k > exact)
        np.copyto(exact, at_k, where=better)
        np.copyto(inference, fewest, where=better)
    return at_most(exact, inference)


def at_most(exact: Floats, inference: Ints) -> tuple[Floats, Ints, Ints]:
    """Return the rows of at most k units, given those of exactly k.

    Where one unit more gains nothing, the split is that of fewer units.
    """
    values = np.maximum.accumulate(exact, axis=1)
    fewest = np.zeros(exact.shape, dtype=np.int32)
    fewest[:, 1:] = values[:, 1:] > values[:, :-1]
    fewest *= np.arange(exact.shape[1], dtype=np.int32)
    np.maximum.accumulate(fewest, axis=1, out=fewest)
    inference = inference[np.arange(len(exact))[:, None], fewest]
    return values, inference, fewest - inference


def _completion_shares(inputs: RowInputs) -> Floats:
    """Return the completions' shares of the window, shape (v, choice, R).

    A retraining that does not finish inside the window has the share 1: its model
    never serves.
    """
    speed = inputs.speed.copy()
    speed[0] = 1.0
    share: Floats = inputs.cost[:, :, None] / speed
    share[:, :, 0] = np.where(inputs.cost > 0, np.inf, 0.0)
    share += inputs.delay[:, :, None]
    share /= inputs.window_seconds
    return np.minimum(share, 1.0, out=share)


def _serving_levels(
    instance: Instance, streams: Sequence[Stream]
) -> tuple[Ints, Floats]:
    """Return units and relative accuracy of every serving level, shape (v, level).

    Level 0 is no inference; levels beyond the total need total + 1 units.
    """
    total, units_per_gpu = instance.total_units, instance.units_per_gpu
    width = max(len(stream.inference) for stream in streams) + 1
    needed = np.full((len(streams), width), total + 1, dtype=np.int32)
    kept = np.zeros((len(streams), width))
    needed[:, 0] = 0
    for v, stream in enumerate(streams):
        levels = {0: 0.0}
        best = 0.0
        demands = [
            (config.gpus, config.relative_accuracy) for config in stream.inference
        ]
        for gpus, relative in sorted(demands):
            if relative > best:
                best = levels[units_needed(gpus, units_per_gpu)] = relative
        used = [units for units in levels if units <= total]
        needed[v, : len(used)] = used
        kept[v, : len(used)] = [levels[units] for units in used]
    width = int((needed <= total).sum(axis=1).max())
    return needed[:, :width], kept[:, :width]


def _retraining_choices(streams: Sequence[Stream]) -> tuple[Floats, Floats, Floats]:
    """Return cost, delay and accuracy of the choices, shape (v, choice).

    Choice 0 is no retraining: it never ends. A config that does not beat the model
    held is left out, and so is one after another that is no dearer, no later and no
    less accurate: a row's best choice needs neither.
    """
    kept = [_undominated(stream) for stream in streams]
    shape = (len(streams), max(map(len, kept)) + 1)
    cost, delay, after = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
    for v, choices in enumerate(kept):
        for c, (seconds, wait, negated) in enumerate(choices, start=1):
            cost[v, c], delay[v, c], after[v, c] = seconds, wait, -negated
    return cost, delay, after


def _undominated(stream: Stream) -> list[tuple[float, float, float]]:
    """Return (cost, delay, -accuracy) of the configs worth a look, by rising cost."""
    useful = sorted(
        (config.gpu_seconds, config.delay_seconds, -config.accuracy)
        for config in stream.retraining
        if config.accuracy > stream.accuracy
    )
    kept: list[tuple[float, float, float]] = []
    for choice in useful:
        if not kept or choice[2] < kept[-1][2] or choice[1] < kept[-1][1]:
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


def _kept_by_units(needed: Ints, kept: Floats, units: Ints) -> Floats:
    """Return the relative accuracy of numbers of units, shape (v, k)."""
    result: Floats = kept[:, :1] * (units >= 0)
    for level in range(1, kept.shape[1]):
        np.copyto(result, kept[:, level, None], where=units >= needed[:, level, None])
    return result
