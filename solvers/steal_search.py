"""Local search in the Thief's neighbourhood from many starts, with kicks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from formulations.hull import hull_increments
from formulations.pick_configs import PickConfigs, Share
from formulations.schedule import Schedule
from formulations.value_tables import value_table
from instances import Instance, InstanceTooLarge, InvalidOption
from solvers.allocations import (
    allocation_of,
    answer_allocation,
    fair_split,
    random_split,
    random_splits,
    report_allocation,
)
from solvers.compiled_work import in_time
from solvers.greedy import greedy_units
from solvers.search import Answer, Search
from solvers.thief import CompiledRobbery, fair_start, ordered_jobs, usual_steal_units

if TYPE_CHECKING:
    from formulations.kernels.tabled_picks import TabledPicks

Units = NDArray[np.int64]
Floats = NDArray[np.float64]

KICKED_STREAMS = 3
"""Streams whose units a kick splits anew."""

MOST_STARTS = 100_000


def solve_steal_search(
    instance: Instance,
    search: Search,
    *,
    starts: int = 32,
    kicks: int = 10,
    pairs: bool = True,
    steal_units: int = 1,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> Answer:
    """Steal search: the best steal of any amount, or pair of steals, from many starts.

    Iterated local search (Lourenço, Martin and Stützle, 2003): every start climbs to a
    local optimum, then some streams' units are split anew at random, and what is no
    worse is kept. The first starts are the initial schedule if there is one, the end
    of the Thief with ``passes=0``, greedy's units and the fair start; the others are
    random. So the result is never below theirs. On large windows pairs of steals move
    coarser amounts, ``pair_units`` in the metadata.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    starts
        Number of starts, from 1 to 100,000.
    kicks
        Rounds of kicks, one for every start; at least 0.
    pairs
        Whether to look at pairs of steals where no single steal improves.
    steal_units
        Every amount is a multiple of it, at least 1.
    device
        Where to search: ``auto`` takes CUDA where there is a device and it pays.
    """
    if starts > MOST_STARTS:
        message = f"steal-search: starts is {starts}, expected at most {MOST_STARTS}"
        raise InvalidOption(message)
    for name, value, least in (
        ("starts", starts, 1),
        ("kicks", kicks, 0),
        ("steal_units", steal_units, 1),
    ):
        if value < least:
            message = f"steal-search: {name} is {value}, expected at least {least}"
            raise InvalidOption(message)
    report_allocation(
        search,
        PickConfigs(instance, "penalised"),
        fair_start(instance, "inference-first"),
    )
    rule = steal_units, "pairs" if pairs else "all-amounts"
    climber = in_time(
        search, lambda between: _Climber(instance, search, rule, device, between)
    )
    first = _first_starts(instance, search, climber.picks)
    if first is None:
        return Answer()
    units = first[:starts]
    values = climber.climb(units)
    others = random_splits(instance, starts - len(units), search.rng)
    values = np.concatenate((values, climber.climb(others)))
    units = np.concatenate((units, others))
    for _ in range(kicks):
        kicked = _kicked(units, search.rng)
        after = climber.climb(kicked)
        kept = after >= values
        units[kept], values[kept] = kicked[kept], after[kept]
    best = climber.best or _shares(units[values.argmax()])
    answer = answer_allocation(climber.picks, best)
    answer.metadata.update(moves=climber.moves, pair_units=climber.pair_units)
    return answer


class _Climber:
    """Climbs from allocations and reports where that leads.

    Parameters
    ----------
    instance, search, device
        As in :func:`solve_steal_search`.
    rule
        Step and neighbourhood of the steals.
    between
        Called while the share table is built.

    Attributes
    ----------
    picks
        What shares are worth.
    best
        Best allocation so far that keeps every floor; ``None`` before the first.
    moves, pair_units
        Moves made, and the step of pairs of steals where it was the largest.
    """

    def __init__(
        self,
        instance: Instance,
        search: Search,
        rule: Any,
        device: str,
        between: Callable[[], None],
    ) -> None:
        from formulations.kernels import batches, shares, steals
        from formulations.kernels.tabled_picks import TabledPicks

        self.picks = TabledPicks(
            instance, "penalised", workers=search.options.workers, between=between
        )
        self._rule = rule
        self.best: list[Share] | None = None
        self.moves, self.pair_units = 0, 0
        self._search = search
        self._below_floor = shares.BELOW_FLOOR
        self._where: Any = {"device": device, "workers": search.options.workers}
        self._climb_all, self._evaluate = steals.climb_all, batches.evaluate_batch
        # Nothing to steal: this compiles what is not on disk yet.
        nothing = np.zeros((1, len(instance.streams), 2), dtype=np.int64)
        self._climb_all(self.picks.gains, nothing, *self._rule, **self._where)
        self._evaluate(self.picks.gains, self._codes(nothing), device="cpu")

    def climb(self, units: Units) -> Floats:
        """Climb in place; return the penalised mean accuracies, one for each start."""
        if not len(units):
            return np.zeros(0)
        between = self._search.check_time
        try:
            climbs = self._climb_all(
                self.picks.gains, units, *self._rule, **self._where, between=between
            )
        finally:
            values = self._report(units)
        self.moves += int(climbs.moves.sum())
        self.pair_units = max(self.pair_units, climbs.pair_stride * self._rule[0])
        return values

    def _report(self, units: Units) -> Floats:
        """Report the best of some allocations; return their mean accuracies."""
        table, codes = self.picks.table, self._codes(units)
        values: Floats = self._evaluate(self.picks.gains, codes, device="cpu")
        served = table.picks[table.offsets[:-1] + codes] != self._below_floor
        if served.all(axis=1).any():
            best = np.where(served.all(axis=1), values, -np.inf).argmax()
            allocation = _shares(units[best])
            before = self._search.objective
            report_allocation(self._search, self.picks, allocation)
            if before != self._search.objective:
                self.best = allocation
        return values

    def _codes(self, units: Units) -> NDArray[Any]:
        return self.picks.gains.codes(units[..., 0], units[..., 1])


def _first_starts(
    instance: Instance, search: Search, picks: "TabledPicks"
) -> Units | None:
    """Return the starts that are not random; ``None`` if there is no schedule."""
    starts = []
    if isinstance(search.options.initial_schedule, Schedule):
        given = allocation_of(instance, search.options.initial_schedule)
        starts.append(_with_spare_units(instance, given))
    fair = fair_start(instance, "inference-first")
    jobs = ordered_jobs(len(instance.streams), "inference-first")
    robbery = CompiledRobbery(picks, fair, jobs, usual_steal_units(instance))
    for _ in robbery.run(search, passes=0):
        pass
    starts.append(robbery.allocation)
    try:
        table = value_table(instance, search.check_time)
    except InstanceTooLarge:
        return np.array([*starts, fair])
    increments = hull_increments(table)
    units = greedy_units(increments, table.total_units) if increments else None
    if units is None:
        return None
    greedy = [
        (int(table.inference_units[v, k]), int(table.training_units[v, k]))
        for v, k in enumerate(units)
    ]
    return np.array([*starts, _with_spare_units(instance, greedy), fair])


def _with_spare_units(instance: Instance, shares: list[Share]) -> list[Share]:
    """Return shares that use all units: those left over go to the trainings."""
    left = instance.total_units - sum(map(sum, shares))
    more = fair_split(left, len(shares))
    return [
        (inference, training + spare)
        for (inference, training), spare in zip(shares, more, strict=True)
    ]


def _kicked(units: Units, rng: np.random.Generator) -> Units:
    """Return allocations in which some streams' units are split anew."""
    kicked = units.copy()
    num_streams = units.shape[1]
    for each in kicked:
        size = min(KICKED_STREAMS, num_streams)
        chosen = rng.choice(num_streams, size, replace=False)
        parts = random_split(int(each[chosen].sum()), 2 * size, rng)
        each[chosen] = parts.reshape(size, 2)
    return kicked


def _shares(units: Units) -> list[Share]:
    return [(inference, training) for inference, training in units.tolist()]
