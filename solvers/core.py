"""The hull's linear relaxation and the exact core of the multiple-choice knapsack."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.certificate import Certificate
from formulations.hull import Increments, hull_increments
from formulations.value_tables import ValueTable, value_table
from instances import Instance
from solvers.greedy import greedy_units
from solvers.search import Answer, Search

ROUNDING = 1e-12
"""Slack in comparisons of sums of weighted accuracies."""

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
    """

    bound: float
    price: float
    break_stream: int | None = None


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
    core = _Core(table, relaxation, answer.objective)
    units = core.best_units(search)
    objective = table.objective(units)
    answer.metadata.update(core_streams=core.num_open, core_options=core.num_options)
    if objective > answer.objective:
        answer.schedule = table.schedule(instance, units)
        answer.objective = objective
    answer.bound = answer.objective
    search.report_bound(answer.bound)
    return answer


def _relaxed(
    instance: Instance, search: Search
) -> tuple[Answer, ValueTable | None, Relaxation | None]:
    table = value_table(instance, search.check_time)
    search.check_time()
    increments = hull_increments(table)
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
    value = increments.base_value + float(increments.gain[:last].sum())
    if last == len(filled):
        return Relaxation(bound=value, price=0.0)
    price = float(increments.slope[last])
    spare = left - (int(filled[last - 1]) if last else 0)
    at = int(increments.stream_idx[last]) if spare else None
    return Relaxation(bound=value + price * spare, price=price, break_stream=at)


class _Core:
    """Options that a better schedule may use, and the program over them.

    With price λ, option i of stream v loses m_v - (y_i - λ u_i) against the stream's
    best m_v, and a schedule is worth Σ m_v + λ K minus its losses minus λ times its
    unused units. Losses beyond the gap are out.
    """

    def __init__(
        self, table: ValueTable, relaxation: Relaxation, objective: float
    ) -> None:
        self._price = relaxation.price
        self._units: list[Whole] = []
        self._losses: list[Floats] = []
        best = 0.0
        rows = []
        for v in range(len(table.weights)):
            units, values = table.options(v)
            reduced = table.weights[v] * values - self._price * units
            best += float(reduced.max())
            rows.append((units, reduced.max() - reduced))
        self._total = table.total_units
        self._gap = max(0.0, best + self._price * self._total - objective) + ROUNDING
        for units, losses in rows:
            kept = losses <= self._gap
            self._units.append(units[kept])
            self._losses.append(losses[kept])
        self._open = [v for v, units in enumerate(self._units) if len(units) > 1]
        self._open.sort(key=lambda v: len(self._units[v]))

    @property
    def num_open(self) -> int:
        """Streams with a choice left."""
        return len(self._open)

    @property
    def num_options(self) -> int:
        """Options left to the streams with a choice."""
        return sum(len(self._units[v]) for v in self._open)

    def best_units(self, search: Search) -> list[int]:
        """Return the number of units of each stream in an optimal schedule.

        States are (units used, loss); one that uses no fewer units and is worth no
        more than another is dropped.
        """
        chosen = [int(units[0]) for units in self._units]
        least, most = self._extremes()
        used = np.array([sum(int(self._units[v][0]) for v in self._fixed())])
        loss = np.array([sum(float(self._losses[v][0]) for v in self._fixed())])
        history: list[tuple[Whole, Whole]] = []
        for position, v in enumerate(self._open):
            search.check_time()
            grown = (used[:, None] + self._units[v]).ravel()
            lost = (loss[:, None] + self._losses[v]).ravel()
            spare = self._total - grown
            idle = np.maximum(spare - most[position + 1], 0)
            keep = (spare >= least[position + 1]) & (
                lost + self._price * idle <= self._gap
            )
            index = np.flatnonzero(keep)
            index = index[np.lexsort((lost[index], grown[index]))]
            worth = self._price * grown[index] - lost[index]
            record = np.maximum.accumulate(np.concatenate(([-np.inf], worth[:-1])))
            index = index[worth > record]
            history.append(np.divmod(index, len(self._units[v])))
            used, loss = grown[index], lost[index]
        state = int((loss + self._price * (self._total - used)).argmin())
        for v, (parent, option) in zip(self._open[::-1], history[::-1], strict=True):
            chosen[v] = int(self._units[v][option[state]])
            state = int(parent[state])
        return chosen

    def _fixed(self) -> list[int]:
        return [v for v, units in enumerate(self._units) if len(units) == 1]

    def _extremes(self) -> tuple[list[int], list[int]]:
        """Return the fewest and most units of the open streams from each on."""
        least, most = [0], [0]
        for v in self._open[::-1]:
            least.append(least[-1] + int(self._units[v].min()))
            most.append(most[-1] + int(self._units[v].max()))
        return least[::-1], most[::-1]
