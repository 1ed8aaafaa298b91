"""The referee for fleets: a columnar schedule checked and valued as a whole.

Written from the rules alone (DESIGN, "What a schedule is"): it shares no arithmetic
with the kernels that solvers use. Objective and accuracies equal those that
:func:`formulations.evaluate.evaluate` finds for the same schedule as objects within
1e-12, or 2e-9 where a retraining ends that close to the window's start or end, as a
share of the window; the verdicts are the same.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.chunks import run_chunks
from formulations.kernels.compiling import compiled
from formulations.schedule_columns import ScheduleColumns
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import InvalidSchedule, Reallocation, SolverUnavailable
from instances.columns import Columns

BLOCK = 4096
"""Streams whose sums are taken together, whatever the number of threads."""

MOST_NAMED = 100
"""Streams that violations name one by one."""

UNKNOWN, UNFINISHED, BELOW_BEFORE, BELOW_AFTER = 1, 2, 4, 8
"""What a stream's plan can break, as bits."""

NO_END = math.inf

Floats = NDArray[np.float64]
Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanVerdict:
    """What a columnar schedule is worth and what it breaks.

    Parameters
    ----------
    objective
        Weighted mean of the accuracies.
    accuracy
        Shape ``(V,)``: each stream's inference accuracy averaged over the window.
    violations
        Broken rules as sentences, of at most ``MOST_NAMED`` streams one by one; empty
        for a feasible schedule.
    """

    objective: float
    accuracy: Floats
    violations: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether the schedule breaks no rule."""
        return not self.violations


class _Problem(NamedTuple):
    """The columns and the plan as the compiled code reads them."""

    accuracy: Floats
    weight: Floats
    own_floor: Floats
    retraining_offsets: NDArray[np.int64]
    gpu_seconds: Floats
    delay_seconds: Floats
    retrained_accuracy: Floats
    inference_offsets: NDArray[np.int64]
    demand_gpus: Floats
    relative_accuracy: Floats
    throughput: Floats
    retraining: NDArray[np.int64]
    inference_units: NDArray[np.int64]
    training_units: NDArray[np.int64]
    units_per_gpu: int
    window: float
    floor: float
    joins: bool


def verify_plan(
    columns: Columns, schedule: ScheduleColumns, *, workers: int = 1
) -> PlanVerdict:
    """Return what a columnar schedule of a static window is worth and breaks.

    Takes about 0.1 µs a stream. The number of threads, ``workers``, changes no bit.

    Raises
    ------
    SolverUnavailable
        If the reallocation mode is ``server``.
    InvalidSchedule
        If the schedule has another number of streams.
    """
    problem = _problem(columns, schedule)
    count = columns.num_streams
    accuracy = np.empty(count)
    broken = np.empty(count, dtype=np.uint8)
    blocks = -(-count // BLOCK)
    sums = np.empty((blocks, 4))
    units = np.empty(blocks, dtype=np.int64)

    def check(start: int, stop: int) -> None:
        _check_blocks(problem, start, stop, accuracy, broken, sums, units)

    run_chunks(check, blocks, workers, at_least=2)
    gained, weight = math.fsum(sums[:, :2].ravel()), math.fsum(sums[:, 2:].ravel())
    violations = _sentences(columns, broken)
    used = sum(units.tolist())
    if used > columns.total_units:
        violations.append(f"{used} units are in use, of {columns.total_units}.")
    return PlanVerdict(
        objective=gained / weight, accuracy=accuracy, violations=tuple(violations)
    )


def _problem(columns: Columns, schedule: ScheduleColumns) -> _Problem:
    if columns.reallocation is Reallocation.SERVER:
        message = "reallocation server is not a static window; expected never or stream"
        raise SolverUnavailable(message)
    if schedule.num_streams != columns.num_streams:
        message = f"has {schedule.num_streams} streams, expected {columns.num_streams}"
        raise InvalidSchedule(message, "retraining")
    assert columns.weight is not None
    assert columns.stream_min_accuracy is not None
    assert columns.delay_seconds is not None
    points = columns.training_throughput or ()
    return _Problem(
        accuracy=columns.accuracy,
        weight=columns.weight,
        own_floor=columns.stream_min_accuracy,
        retraining_offsets=columns.retraining_offsets,
        gpu_seconds=columns.gpu_seconds,
        delay_seconds=columns.delay_seconds,
        retrained_accuracy=columns.retrained_accuracy,
        inference_offsets=columns.inference_offsets,
        demand_gpus=columns.demand_gpus,
        relative_accuracy=columns.relative_accuracy,
        throughput=np.array([(0.0, 0.0), *points]),
        retraining=schedule.retraining,
        inference_units=schedule.inference_units,
        training_units=schedule.training_units,
        units_per_gpu=columns.units_per_gpu,
        window=columns.window_seconds,
        floor=columns.min_accuracy,
        joins=columns.reallocation is Reallocation.STREAM,
    )


@compiled
def _check_blocks(
    problem: _Problem,
    start: int,
    stop: int,
    accuracy: Floats,
    broken: Bits,
    sums: Floats,
    units: NDArray[np.int64],
) -> None:
    """Check the streams of some blocks; each sum comes with what its rounding lost."""
    for block in range(start, stop):
        gained = lost = weight = lost_weight = 0.0
        used = 0
        last = min((block + 1) * BLOCK, len(accuracy))
        for v in range(block * BLOCK, last):
            inference, training = problem.inference_units[v], problem.training_units[v]
            kept, joined = _kept(problem, v, inference, inference + training)
            done, after, broken_here = NO_END, 0.0, 0
            idx = problem.retraining[v]
            entry = problem.retraining_offsets[v] + idx
            if idx >= 0 and entry >= problem.retraining_offsets[v + 1]:
                broken_here = UNKNOWN
            elif idx >= 0:
                done = problem.delay_seconds[entry]
                cost = problem.gpu_seconds[entry]
                if cost > 0:
                    gpus = training / problem.units_per_gpu
                    speed = _speed(problem.throughput, gpus)
                    done += cost / speed if speed > 0 else NO_END
                after = problem.retrained_accuracy[entry]
                if done > problem.window * (1 + TIME_TOLERANCE):
                    broken_here = UNFINISHED
            if not problem.joins or done >= problem.window * (1 - 2 * TIME_TOLERANCE):
                joined = kept
            floor = problem.own_floor[v]
            if math.isnan(floor):
                floor = problem.floor
            accuracy[v], below = _serve(
                problem.accuracy[v] * kept, after * joined, done / problem.window, floor
            )
            broken[v] = broken_here | below
            gained, lost = _add(gained, lost, problem.weight[v] * accuracy[v])
            weight, lost_weight = _add(weight, lost_weight, problem.weight[v])
            used += inference + training
        sums[block, 0], sums[block, 1] = gained, lost
        sums[block, 2], sums[block, 3] = weight, lost_weight
        units[block] = used


@compiled
def _add(total: float, lost: float, value: float) -> tuple[float, float]:
    """Return a sum and all that its roundings lost (Neumaier, 1974)."""
    grown = total + value
    if abs(total) >= abs(value):
        return grown, lost + ((total - grown) + value)
    return grown, lost + ((value - grown) + total)


@compiled
def _serve(before: float, after: float, done: float, floor: float) -> tuple[float, int]:
    """Return one stream's accuracy over the window, and where it is below its floor.

    It is served at ``before`` until the share ``done`` of the window, then at
    ``after``; stretches within the tolerance do not count.
    """
    if done <= TIME_TOLERANCE:
        return after, BELOW_AFTER if after < floor - ACCURACY_TOLERANCE else 0
    below = BELOW_BEFORE if before < floor - ACCURACY_TOLERANCE else 0
    if done >= 1 - TIME_TOLERANCE:
        return before, below
    if after < floor - ACCURACY_TOLERANCE:
        below |= BELOW_AFTER
    return done * before + (1 - done) * after, below


@compiled
def _speed(throughput: Floats, gpus: float) -> float:
    """Return the GPU-seconds that a retraining gains a second on a share."""
    upper = 1
    while upper < len(throughput) and gpus > throughput[upper, 0]:
        upper += 1
    speed = throughput[upper - 1, 1]
    beyond = gpus - throughput[upper - 1, 0]
    if upper < len(throughput):
        rise = throughput[upper, 1] - throughput[upper - 1, 1]
        beyond *= rise / (throughput[upper, 0] - throughput[upper - 1, 0])
    return float(speed + beyond)


@compiled
def _kept(problem: _Problem, v: int, fewer: int, more: int) -> tuple[float, float]:
    """Return what the best inference configs within two numbers of units keep."""
    kept_fewer = kept_more = 0.0
    few, many = float(fewer), float(more)
    for entry in range(problem.inference_offsets[v], problem.inference_offsets[v + 1]):
        demand = problem.demand_gpus[entry] * problem.units_per_gpu
        # A whole number holds ceil(x) exactly when it holds x.
        demand -= 1e-9 * (demand if demand > 1.0 else 1.0)
        kept = problem.relative_accuracy[entry]
        fitting = kept if demand <= few else 0.0
        kept_fewer = fitting if fitting > kept_fewer else kept_fewer
        fitting = kept if demand <= many else 0.0
        kept_more = fitting if fitting > kept_more else kept_more
    return kept_fewer, kept_more


def _sentences(columns: Columns, broken: Bits) -> list[str]:
    """Return the violations of single streams as sentences."""
    streams = np.flatnonzero(broken)
    floors = columns.floors
    sentences = []
    for v in streams[:MOST_NAMED].tolist():
        who, bits = f"Stream {columns.stream_name(v)!r}", int(broken[v])
        if bits & UNKNOWN:
            sentences.append(f"{who} has no retraining config of its plan's index.")
        if bits & UNFINISHED:
            sentences.append(f"{who}: the retraining does not finish in the window.")
        for bit, when in ((BELOW_BEFORE, "old"), (BELOW_AFTER, "new")):
            if bits & bit:
                text = f"{who} is served below its floor of {floors[v]:g} with the"
                sentences.append(f"{text} {when} model.")
    if len(streams) > MOST_NAMED:
        rest = len(streams) - MOST_NAMED
        sentences.append(f"{rest} more streams break a rule of their own.")
    return sentences
