"""Prices of a horizon's windows: a subgradient method, with schedules on the way."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from formulations.horizon_schedule import HorizonSchedule
from formulations.lineage import lineages
from formulations.tolerances import OBJECTIVE_TOLERANCE
from instances.horizon import Horizon
from solvers.horizon_relaxation import Floats, HorizonRelaxation, Point
from solvers.search import Search

HALVINGS = 16
"""Bisections of the price that all windows start from."""

PATIENCE = 8
"""Steps without a better bound before they become half as long."""

ROLL_EVERY = 20
"""Better bounds from one schedule to the next, where schedules are quick to make."""

SHORTEST = 2e-3
"""Length of a step, as a share of Polyak's, at which the method ends."""

LULL = 40
"""Steps in which the bound must come closer to the objective by a hundredth."""

ROUNDING = 1e-9
"""How far below the best objective a bound may lie and still be of interest."""

INERTIA = 0.5
"""Share of the last direction that is kept."""


class Relaxation(Protocol):
    """A relaxation by prices."""

    @property
    def horizon(self) -> Horizon:
        """The problem."""

    @property
    def num_prices(self) -> int:
        """Number of prices of units."""

    def at(self, prices: Floats, memory_prices: Floats) -> Point:
        """Return the bound at prices."""

    def rolled(
        self, point: Point, search: Search
    ) -> tuple[float, Callable[[], HorizonSchedule]] | None:
        """Return what a schedule by the prices is worth, and the schedule."""


class PriceSearch:
    """The lowest bound known of a relaxation, and schedules by its prices.

    Parameters
    ----------
    relaxation
        The relaxation.
    search
        The run; better bounds and schedules are reported.
    roll_every
        Better bounds from one schedule to the next.
    """

    def __init__(
        self, relaxation: Relaxation, search: Search, roll_every: int = ROLL_EVERY
    ) -> None:
        self.relaxation = relaxation
        self.horizon = relaxation.horizon
        self.best: Point = self._uniform(search)
        self.steps = 0
        self._search = search
        self._roll_every = roll_every
        self._report_bound()

    @property
    def is_infeasible(self) -> bool:
        """Whether the bound proves that there is no schedule; none is worth below 0."""
        return self.best.bound < -OBJECTIVE_TOLERANCE

    def schedule(self) -> None:
        """Roll through the horizon by the best prices; report what it finds."""
        found = self.relaxation.rolled(self.best, self._search)
        if found is not None:
            self._search.report(*found)

    def descend(self, gap: float) -> None:
        """Lower the bound until the gap is reached or the steps are too short.

        Polyak's steps towards the best objective, along directions with inertia; half
        as long whenever nothing is gained for a while.
        """
        length, idle, gains = 1.0, 0, 0
        point, direction = self.best, np.zeros_like(self._excess(self.best))
        before = self.best.bound
        while length > SHORTEST and not self.is_infeasible and not self.reached(gap):
            self._search.check_time()
            self.steps += 1
            if self.steps % LULL == 0:
                if before - self.best.bound < 0.01 * (before - self._target()):
                    break
                before = self.best.bound
            direction = self._excess(point) + INERTIA * direction
            size = float(direction @ direction)
            if size == 0:
                break
            step = length * (point.bound - self._target()) / size
            point = self._moved(point, step * direction)
            if point.bound < self.best.bound:
                self.best, idle, gains = point, 0, gains + 1
                self._report_bound()
                if gains % self._roll_every == 0:
                    self.schedule()
                continue
            idle += 1
            if idle == PATIENCE:
                length, idle = length / 2, 0
                point, direction = self.best, np.zeros_like(direction)
        if not self.is_infeasible:
            self.schedule()

    def reached(self, gap: float) -> bool:
        """Return whether the best schedule is within a relative gap of the bound."""
        objective = self._search.objective
        if objective is None:
            return False
        return self.best.bound * (1 - gap) <= objective + ROUNDING

    def _report_bound(self) -> None:
        if not self.is_infeasible:
            self._search.report_bound(self.best.bound)

    def _target(self) -> float:
        """Return what the bound may come down to."""
        objective = self._search.objective
        return 0.9 * self.best.bound if objective is None else objective

    def _uniform(self, search: Search) -> Point:
        """Return the best point at which all windows have the same price."""
        nothing = np.zeros(self.relaxation.num_prices)
        free = np.zeros(self.horizon.num_windows)
        best = self.relaxation.at(nothing, free)
        total = self.horizon.total_units * len(nothing)
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            search.check_time()
            price = (low + high) / 2
            point = self.relaxation.at(nothing + price, free)
            low, high = (price, high) if point.units.sum() > total else (low, price)
            best = min(best, point, key=lambda each: each.bound)
        return best

    def _excess(self, point: Point) -> Floats:
        """Return by how much the longest paths exceed what there is, in units.

        The memory counts as many units as there are in all; where none is there, or a
        price is 0 and would fall, there is no excess.
        """
        scale = self._memory_scale
        units = point.units - self.horizon.total_units
        memory = (point.memory - self.horizon.warm_gb) * scale
        excess = np.concatenate((units, memory))
        prices = np.concatenate((point.prices, point.memory_prices))
        return np.where((prices <= 0) & (excess < 0), 0.0, excess)

    def _moved(self, point: Point, step: Floats) -> Point:
        units, memory = np.split(step, [self.relaxation.num_prices])
        return self.relaxation.at(
            np.maximum(point.prices + units, 0.0),
            np.maximum(point.memory_prices + memory * self._memory_scale, 0.0),
        )

    @property
    def _memory_scale(self) -> float:
        gb = self.horizon.warm_gb
        return 0.0 if gb == 0 else self.horizon.total_units / gb


def loaded(
    horizon: Horizon, search: Search, between: Callable[[], None]
) -> tuple[HorizonRelaxation, PriceSearch]:
    """Return the relaxation and its first prices, with all that they need compiled.

    Parameters
    ----------
    horizon, search
        The problem and the run.
    between
        Called now and then; may raise to stop the work.
    """
    relaxation = HorizonRelaxation(horizon, lineages(horizon, between))
    prices = PriceSearch(relaxation, search)
    if not prices.is_infeasible:
        prices.schedule()
        relaxation.undominated_above(prices.best, prices.best.bound, between)
    return relaxation, prices
