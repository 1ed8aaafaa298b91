"""The hull's linear relaxation and the exact core of the multiple-choice knapsack."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.certificate import Certificate
from formulations.hull import Increments, hull_increments
from formulations.value_tables import ValueTable, value_table
from instances import Instance
from solvers.core_program import ROUNDING, Changes, best_changes
from solvers.greedy import greedy_units
from solvers.search import Answer, Search

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Optimum of the linear relaxation.

    Parameters
    ----------
    bound
        Its objective, an upper bound on every schedule's.
    price
        Optimal multiplier of the capacity: weighted accuracy a unit at the break.
    break_stream
        Index of the stream whose step is taken in part; ``None`` if none is.
    units
        Shape ``(V,)``: units of every stream before that step, best at the price.
    room
        Units left then.
    """

    bound: float
    price: float
    break_stream: int | None
    units: Whole
    room: int


def solve_bound(instance: Instance, search: Search) -> Answer:
    """Quick bound: the linear relaxation on the hull, with the greedy schedule.

    The relaxation is Dantzig's for the multiple-choice knapsack; it takes a sort.
    """
    return _relaxed(instance, search)[0]


def solve_core(instance: Instance, search: Search) -> Answer:
    """Exact: linear relaxation on the hull, then a program over the core.

    At the break's price, an option whose reduced cost exceeds the gap between the
    relaxation and the greedy schedule is in no better schedule. Dynamic programming
    over what is left is exact (Pisinger, 1995, with the whole gap as the core).
    """
    answer, table, relaxation = _relaxed(instance, search)
    if table is None or relaxation is None or answer.objective is None:
        return answer
    assert answer.schedule is not None
    schedule = answer.schedule
    search.report(answer.objective, lambda: schedule, relaxation.bound)
    changes = _changes(table, relaxation)
    gap = max(0.0, relaxation.bound - answer.objective)
    _, chosen = best_changes(changes, relaxation.room, relaxation.price, gap, search)
    units = relaxation.units.copy()
    units[changes.stream[chosen]] += changes.units[chosen]
    objective = table.objective(units.tolist())
    near = changes.loss <= gap + ROUNDING
    answer.metadata.update(
        core_streams=len(np.unique(changes.stream[near])),
        core_options=int(near.sum()),
    )
    if objective > answer.objective:
        answer.schedule = table.schedule(instance, units.tolist())
        answer.objective = objective
    answer.bound = answer.objective
    search.report_bound(answer.bound)
    return answer


def _relaxed(
    instance: Instance, search: Search
) -> tuple[Answer, ValueTable | None, Relaxation | None]:
    table = value_table(instance, search.check_time)
    search.check_time()
    increments = hull_increments(table, search.check_time)
    units = greedy_units(increments, table.total_units) if increments else None
    if increments is None or units is None:
        return Answer(infeasible=True), None, None
    relaxation = relax(increments, table.total_units)
    at = relaxation.break_stream
    certificate = Certificate(
        price=relaxation.price,
        break_stream=None if at is None else instance.streams[at].name,
    )
    answer = Answer(
        schedule=table.schedule(instance, units),
        objective=table.objective(units),
        bound=relaxation.bound,
        metadata={
            "lp_bound": relaxation.bound,
            "price": relaxation.price,
            "certificate": certificate.as_dict(),
        },
    )
    return answer, table, relaxation


def relax(increments: Increments, total_units: int) -> Relaxation:
    """Return the optimum of the linear relaxation; the base units must fit."""
    left = total_units - int(increments.base_units.sum())
    filled = np.cumsum(increments.cost)
    last = int(np.searchsorted(filled, left, side="right"))
    units = increments.base_units.copy()
    np.add.at(units, increments.stream_idx[:last], increments.cost[:last])
    room = left - (int(filled[last - 1]) if last else 0)
    price, at = 0.0, None
    if last < len(filled):
        price = float(increments.slope[last])
        at = int(increments.stream_idx[last]) if room else None
    value = increments.base_value + float(increments.gain[:last].sum())
    return Relaxation(
        bound=value + price * room,
        price=price,
        break_stream=at,
        units=units,
        room=room,
    )


def _changes(table: ValueTable, relaxation: Relaxation) -> Changes:
    """Return what every other option changes, and loses at the break's price."""
    streams, changes, losses = [], [], []
    for v, held in enumerate(relaxation.units.tolist()):
        units, values = table.options(v)
        reduced = table.weights[v] * values - relaxation.price * units
        other = units != held
        streams.append(np.full(int(other.sum()), v))
        changes.append((units - held)[other])
        losses.append((reduced.max() - reduced)[other])
    return Changes(
        stream=np.concatenate(streams),
        units=np.concatenate(changes),
        loss=np.concatenate(losses),
    )
