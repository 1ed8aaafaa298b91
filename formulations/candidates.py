"""Many full schedules of one instance as arrays, ready to be simulated."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.schedule import Schedule, StreamPlan
from formulations.schedule_columns import ScheduleColumns
from formulations.stream_model import NO_RETRAINING, training_speed, units_needed
from formulations.tolerances import TIME_TOLERANCE
from instances import InvalidSchedule, Reallocation, SolverUnavailable
from instances.columns import Columns

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

AT_COMPLETION = np.nan
"""Start of a segment that applies from the stream's own completion."""


class Candidates(NamedTuple):
    """Full schedules of one instance, an argument of the simulation's kernels.

    Stream v of candidate c has the segments from ``offsets[c * V + v]`` to
    ``offsets[c * V + v + 1]``. What depends on no scenario is settled here: how much
    of the accuracy a segment's inference config keeps, and its training speed.

    Parameters
    ----------
    retraining
        Shape ``(C, V)``: entry of the retraining config in the columns; -1 for none.
    offsets
        Shape ``(C * V + 1,)``.
    start_seconds
        Shape ``(Q,)``: the first segment of a stream starts at 0; in a static window
        a second one starts ``AT_COMPLETION``.
    kept
        Shape ``(Q,)``: relative accuracy of the inference config; 0 without one, or
        if its demand exceeds the inference units.
    speed
        Shape ``(Q,)``: GPU-seconds that the retraining gains a second.
    units
        Shape ``(Q,)``: inference and training units together.
    """

    retraining: Whole
    offsets: Whole
    start_seconds: Floats
    kept: Floats
    speed: Floats
    units: Whole

    @property
    def num_candidates(self) -> int:
        """Number of candidates C."""
        return len(self.retraining)


def candidates_of_shares(
    columns: Columns, retraining: Any, inference_units: Any, training_units: Any
) -> Candidates:
    """Return the candidates of a static window that decide on configs and units.

    Parameters
    ----------
    columns
        The instance, with reallocation ``never`` or ``stream``.
    retraining
        Shape ``(C, V)``: index of the config among the stream's, or -1.
    inference_units, training_units
        Shape ``(C, V)``: units at the start, at least 0. The inference configs
        follow: the most accurate one that fits, under ``stream`` in all units of the
        stream once its retraining is done.

    Raises
    ------
    SolverUnavailable
        If the reallocation mode is ``server``.
    InvalidSchedule
        If a shape or an index does not fit the instance.
    """
    if columns.reallocation is Reallocation.SERVER:
        message = "reallocation server is not a static window; expected never or stream"
        raise SolverUnavailable(message)
    configs, serving, training = (
        np.atleast_2d(np.asarray(part, dtype=np.int64))
        for part in (retraining, inference_units, training_units)
    )
    shape = (len(configs), columns.num_streams)
    if not configs.shape == serving.shape == training.shape == shape:
        message = f"has the shape {configs.shape}, expected (C, {columns.num_streams})"
        raise InvalidSchedule(message, "retraining")
    first = columns.retraining_offsets[:-1]
    outside = (configs < NO_RETRAINING) | (
        configs >= np.diff(columns.retraining_offsets)
    )
    if outside.any():
        c, v = np.argwhere(outside)[0].tolist()
        message = f"is {configs[c, v]}, expected a config of the stream or -1"
        raise InvalidSchedule(message, f"retraining[{c}, {v}]")
    retrains = configs != NO_RETRAINING
    total = serving + training
    joins = columns.reallocation is Reallocation.STREAM
    kept = np.empty((2, *shape))
    for v in range(columns.num_streams):
        kept[0, :, v] = _kept_with(columns, v, serving[:, v])
        kept[1, :, v] = _kept_with(columns, v, total[:, v]) if joins else kept[0, :, v]
    # Two segments a stream; the second one stays only where there is a retraining.
    there = np.stack((np.ones(shape, dtype=bool), retrains), axis=-1)
    speed = _by_distinct(training, lambda units: _speed(columns, units))
    return Candidates(
        retraining=np.where(retrains, first + configs, -1),
        offsets=_offsets(there.sum(axis=-1).ravel()),
        start_seconds=np.broadcast_to([0.0, AT_COMPLETION], there.shape)[there],
        kept=np.moveaxis(kept, 0, -1)[there],
        speed=np.repeat(speed[..., None], 2, axis=-1)[there],
        units=np.repeat(total[..., None], 2, axis=-1)[there],
    )


def candidates_of_columns(
    columns: Columns, schedules: Sequence[ScheduleColumns]
) -> Candidates:
    """Return columnar schedules of a static window as candidates.

    Raises as :func:`candidates_of_shares`.
    """
    names = ("retraining", "inference_units", "training_units")
    return candidates_of_shares(
        columns, *([getattr(each, name) for each in schedules] for name in names)
    )


def candidates_of(columns: Columns, schedules: Iterable[Schedule]) -> Candidates:
    """Return schedules as candidates.

    Of a static window's schedule the decisions count, as in
    :func:`formulations.replaying.replay`: each stream's retraining config and its
    units at the start. Under ``server`` all segments count, at their times.

    Raises
    ------
    InvalidSchedule
        If a stream has no plan, or a stream or config is not in the instance.
    """
    tables = _Tables(columns)
    plans = [tables.ordered(schedule) for schedule in schedules]
    retraining = np.array(
        [[tables.retraining(v, plan) for v, plan in enumerate(row)] for row in plans],
        dtype=np.int64,
    ).reshape(len(plans), columns.num_streams)
    if columns.reallocation is not Reallocation.SERVER:
        first = [[plan.segments[0] for plan in row] for row in plans]
        shares = [[[s.inference_units for s in row] for row in first]]
        shares += [[[s.training_units for s in row] for row in first]]
        units = np.array(shares, dtype=np.int64).reshape(2, *retraining.shape)
        return candidates_of_shares(columns, retraining, units[0], units[1])
    segments = [
        (segment.start_seconds, tables.kept(v, segment), segment)
        for row in plans
        for v, plan in enumerate(row)
        for segment in plan.segments
    ]
    training = np.array(
        [each.training_units for _, _, each in segments], dtype=np.int64
    )
    serving = np.array(
        [each.inference_units for _, _, each in segments], dtype=np.int64
    )
    entries = columns.retraining_offsets[:-1] + retraining
    return Candidates(
        retraining=np.where(retraining == NO_RETRAINING, -1, entries),
        offsets=_offsets([len(plan.segments) for row in plans for plan in row]),
        start_seconds=np.array([start for start, _, _ in segments], dtype=np.float64),
        kept=np.array([kept for _, kept, _ in segments], dtype=np.float64),
        speed=_by_distinct(training, lambda units: _speed(columns, units)),
        units=serving + training,
    )


def exceeds_capacity(columns: Columns, candidates: Candidates) -> NDArray[np.bool_]:
    """Return for each candidate whether it ever uses too many units, shape ``(C,)``.

    No scenario changes that: in a static window a stream's total stays as it is.
    """
    count, streams = candidates.retraining.shape
    first = candidates.offsets[:-1]
    if columns.reallocation is not Reallocation.SERVER:
        used = candidates.units[first].reshape(count, streams).sum(axis=1)
        return np.asarray(used > columns.total_units)
    change = np.diff(candidates.units, prepend=0)
    change[first] = candidates.units[first]
    sizes = np.diff(candidates.offsets).reshape(count, streams).sum(axis=1)
    owner = np.repeat(np.arange(count), sizes)
    start = candidates.start_seconds
    order = np.lexsort((start, owner))
    owner, start, change = owner[order], start[order], change[order]
    used = np.cumsum(change)
    before = np.concatenate(([0], used))[_offsets(sizes)[:-1]]
    used -= np.repeat(before, sizes)
    same = TIME_TOLERANCE * columns.window_seconds
    settled = np.ones(len(start), dtype=bool)
    settled[:-1] = (owner[1:] > owner[:-1]) | (start[1:] > start[:-1] + same)
    over = np.zeros(count, dtype=bool)
    over[owner[settled & (used > columns.total_units)]] = True
    return over


class _Tables:
    """The instance's names, looked up once."""

    def __init__(self, columns: Columns) -> None:
        streams = [columns.stream(v) for v in range(columns.num_streams)]
        self._streams = {stream.name: v for v, stream in enumerate(streams)}
        self._retraining = [
            {config.name: idx for idx, config in enumerate(stream.retraining)}
            for stream in streams
        ]
        self._inference = [
            {
                config.name: (
                    units_needed(config.gpus, columns.units_per_gpu),
                    config.relative_accuracy,
                )
                for config in stream.inference
            }
            for stream in streams
        ]

    def ordered(self, schedule: Schedule) -> list[StreamPlan]:
        """Return the plans in the instance's order of streams."""
        plans = {plan.stream: plan for plan in schedule.streams}
        for name in self._streams.keys() ^ plans.keys():
            what = "has no plan" if name in self._streams else "is not in the instance"
            raise InvalidSchedule(f"stream {name!r} {what}", "streams")
        return [plans[name] for name in self._streams]

    def retraining(self, v: int, plan: StreamPlan) -> int:
        """Return the index of a plan's retraining config."""
        if plan.retraining is None:
            return NO_RETRAINING
        return int(_found(self._retraining[v], plan.retraining, plan.stream))

    def kept(self, v: int, segment: Any) -> float:
        """Return what a segment's inference config keeps of the accuracy."""
        if segment.inference is None:
            return 0.0
        needed, kept = _found(self._inference[v], segment.inference, f"stream {v}")
        return float(kept) if needed <= segment.inference_units else 0.0


def _found(table: dict[str, Any], name: str, who: str) -> Any:
    if name not in table:
        raise InvalidSchedule(f"{who} has no config {name!r}", "streams")
    return table[name]


def _kept_with(columns: Columns, v: int, units: Whole) -> Floats:
    """Return what the best inference config within each number of units keeps."""
    first, last = columns.inference_offsets[v : v + 2].tolist()
    per_gpu = columns.units_per_gpu
    needed = np.array(
        [units_needed(gpus, per_gpu) for gpus in columns.demand_gpus[first:last]]
    )
    order = np.argsort(needed, kind="stable")
    best = np.maximum.accumulate(columns.relative_accuracy[first:last][order])
    levels = np.searchsorted(needed[order], units, side="right")
    return np.asarray(np.concatenate(([0.0], best))[levels])


def _speed(columns: Columns, units: int) -> float:
    return training_speed(columns.training_throughput, units / columns.units_per_gpu)


def _by_distinct(numbers: Whole, function: Callable[[int], float]) -> Floats:
    """Return a function's values; it is called once for each distinct number."""
    distinct, places = np.unique(numbers, return_inverse=True)
    values = np.array([function(number) for number in distinct.tolist()])
    return values[places].reshape(numbers.shape)


def _offsets(counts: Any) -> Whole:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
