"""An optimal schedule of a whole fleet: the break, the core, and what they prove."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.certificate import Certificate
from formulations.kernels.chunks import default_workers
from formulations.kernels.device import Device
from formulations.kernels.plan_check import verify_plan
from formulations.kernels.sweeps import Candidates, Prices, Survey
from formulations.kernels.types import find_types
from formulations.schedule_columns import ScheduleColumns
from formulations.tolerances import OBJECTIVE_TOLERANCE
from instances import SolverDisagreement
from instances.columns import Columns
from solvers.core_program import ROUNDING, Changes, best_changes, cheapest_changes
from solvers.fleet_relaxation import (
    Steps,
    Sweeps,
    highest_price,
    likely_prices,
    steps_of,
    widened,
)
from solvers.options import Options
from solvers.result import StoppedBy
from solvers.search import Answer, Search, TimeUp

FEW_CHANGES = 8
"""Changes of each size in the first, small core."""

LARGEST_SLACK, SMALLEST_SLACK, USUAL_SLACK = 4.0, 0.01, 2000.0
"""Units whose price a candidate may lose; the last one is divided by the streams."""

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

NOTHING = Changes(
    stream=np.empty(0, dtype=np.int64),
    units=np.empty(0, dtype=np.int64),
    loss=np.empty(0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the linear relaxation of the fleet stops taking steps.

    Parameters
    ----------
    price
        The capacity's multiplier: slope of the step that does not fit, or the lowest
        price looked at if all fit.
    stream
        The stream of that step; ``None`` if no units are left for it.
    units
        Shape ``(V,)``: units of every stream before it, best at the price.
    room
        Units left then, fewer than the step takes.
    bound
        Optimum of the relaxation.
    survey
        What the streams take in the range of prices around it.
    """

    price: float
    stream: int | None
    units: Whole
    room: int
    bound: float
    survey: Survey


def prove_fleet(
    columns: Columns, search: Search, device: Device, threads: int
) -> Answer:
    """Return an optimal schedule of a fleet and its certificate.

    Stopped early, it returns the best schedule of the core so far, or the break's.
    """
    workers = threads or default_workers()
    between = search.check_time
    sweeps = Sweeps(
        columns=columns,
        device=device,
        workers=workers,
        between=between,
        types=find_types(columns, search.rng, workers=workers, between=between),
    )
    prices = likely_prices(sweeps, search.rng)
    per_stream = USUAL_SLACK / columns.num_streams
    slack = prices.high * min(LARGEST_SLACK, max(SMALLEST_SLACK, per_stream))
    prices = Prices(low=prices.low, high=prices.high, slack=slack)
    at: Break | None = None
    changes, loss = NOTHING, 0.0
    chosen = np.empty(0, dtype=np.int64)
    stopped_by = None
    try:
        while True:
            found = _swept(sweeps, prices)
            if found is None:
                return Answer(infeasible=True)
            at, changes = found
            search.report_bound(at.bound)
            chosen = np.empty(0, dtype=np.int64)
            loss = at.price * at.room
            loss, chosen = _core(at, changes, search)
            if loss <= prices.slack or at.room == 0:
                break
            # Whatever a better schedule changes loses no more than this one does.
            prices = Prices(low=at.price, high=at.price, slack=loss + ROUNDING)
    except (TimeUp, KeyboardInterrupt) as stop:
        if at is None:
            raise
        timed = isinstance(stop, TimeUp)
        stopped_by = StoppedBy.TIME_LIMIT if timed else StoppedBy.INTERRUPT
    units = at.units.copy()
    units[changes.stream[chosen]] += changes.units[chosen]
    schedule, objective = _schedule(sweeps, at.survey, units)
    if abs(at.bound - loss - objective) > OBJECTIVE_TOLERANCE / 1000:
        message = f"fleet on {columns.name}: the core finds {at.bound - loss!r}"
        raise SolverDisagreement(f"{message}, its schedule is worth {objective!r}")
    certificate = Certificate(
        price=at.price,
        break_stream=None if at.stream is None else columns.stream_name(at.stream),
    )
    metadata: dict[str, Any] = {
        "lp_bound": at.bound,
        "certificate": certificate.as_dict(),
        "core_changes": len(changes),
        "changed_streams": len(chosen),
    }
    bound = objective if stopped_by is None else at.bound
    search.report_bound(bound)
    return Answer(
        schedule_columns=schedule,
        objective=objective,
        bound=bound,
        stopped_by=stopped_by,
        metadata=metadata,
    )


@cache
def load_kernels() -> None:
    """Compile all that a fleet's proof calls, or load it, with a fleet of two."""
    columns = Columns(
        name="two streams",
        window_seconds=10,
        gpus=0.5,
        units_per_gpu=10,
        accuracy=np.array([0.5, 0.5]),
        retraining_offsets=np.arange(3),
        gpu_seconds=np.array([1.0, 1.0]),
        retrained_accuracy=np.array([0.9, 0.9]),
        inference_offsets=np.arange(3),
        demand_gpus=np.array([0.1, 0.1]),
        relative_accuracy=np.array([1.0, 1.0]),
    )
    answer = prove_fleet(columns, Search(Options()), "cpu", 1)
    assert answer.schedule_columns is not None
    verify_plan(columns, answer.schedule_columns)


def _schedule(
    sweeps: Sweeps, survey: Survey, units: Whole
) -> tuple[ScheduleColumns, float]:
    """Return the best schedule of these units for each stream, and its objective."""
    changed = np.flatnonzero(units != survey.fewest)
    choices = sweeps.choices(changed, units[changed])
    inference, config = survey.inference.copy(), survey.config.copy()
    worth = survey.worth.copy()
    inference[changed], config[changed] = choices.inference, choices.config
    worth[changed] = choices.worth
    schedule = ScheduleColumns(
        retraining=config, inference_units=inference, training_units=units - inference
    )
    return schedule, float(worth.sum())


def _swept(sweeps: Sweeps, prices: Prices) -> tuple[Break, Changes] | None:
    """Return the break and the changes near it; ``None`` if the floors do not fit."""
    capacity = sweeps.columns.total_units
    top = highest_price(sweeps.profiles)
    everyone = np.arange(sweeps.columns.num_streams)
    wider: Prices | None = prices
    while wider is not None:
        prices = wider
        survey = sweeps.survey(everyone, prices)
        if not survey.count.all():
            return None
        if prices.high >= top and survey.fewest.sum() > capacity:
            return None
        wider = widened(prices, survey, capacity, top)
    undecided = np.flatnonzero(survey.count > 1)
    counts = survey.count[undecided]
    candidates = sweeps.candidates(undecided, counts, prices)
    at = _break(survey, steps_of(candidates), undecided, prices, capacity)
    return at, _changes(at, candidates, undecided)


def _break(
    survey: Survey, steps: Steps, streams: Whole, prices: Prices, capacity: int
) -> Break:
    """Return where the steps by falling slope exceed the capacity."""
    units = survey.fewest.copy()
    left = capacity - int(units.sum())
    filled = np.cumsum(steps.cost)
    taken = int(np.searchsorted(filled, left, side="right"))
    np.add.at(units, streams[steps.stream[:taken]], steps.cost[:taken])
    room = left - (int(filled[taken - 1]) if taken else 0)
    value = float(survey.worth.sum()) + float(steps.gain[:taken].sum())
    price, stream = prices.low, None
    if taken < len(steps.stream):
        price = float(steps.slope[taken])
        stream = int(streams[steps.stream[taken]]) if room else None
    return Break(
        price=price,
        stream=stream,
        units=units,
        room=room,
        bound=value + price * room,
        survey=survey,
    )


def _changes(at: Break, candidates: Candidates, streams: Whole) -> Changes:
    """Return what the candidates change, and lose against the best at the price."""
    counts = np.diff(candidates.offsets)
    stream = np.repeat(streams, counts)
    units = candidates.units - at.units[stream]
    reduced = candidates.worth - at.price * candidates.units
    best = np.repeat(_largest(reduced, candidates.offsets), counts)
    changed = units != 0
    return Changes(
        stream=stream[changed],
        units=units[changed],
        loss=np.maximum(best - reduced, 0.0)[changed],
    )


def _largest(values: Floats, offsets: Whole) -> Floats:
    if not len(values):
        return values
    largest: Floats = np.maximum.reduceat(values, offsets[:-1])
    return largest


def _core(at: Break, changes: Changes, search: Search) -> tuple[float, Whole]:
    """Return the least loss against the relaxation and the changes that reach it."""
    gap = at.price * at.room
    if gap <= 0:
        return 0.0, np.empty(0, dtype=np.int64)
    near = changes.taken(np.flatnonzero(changes.loss <= gap + ROUNDING))
    few = near.taken(cheapest_changes(near, FEW_CHANGES))
    gap, _ = best_changes(few, at.room, at.price, gap, search)
    return best_changes(changes, at.room, at.price, gap, search)
