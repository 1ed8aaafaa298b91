"""Some streams of a fleet at a price: arrays, with every rounding on the safe side.

The numbers that go in are moved to the optimistic side by more than the few operations
on them can lose (each at most 2**-53 of its result): completions and price by a factor
1 - 2**-50, weights by 1 + 2**-50, and accuracies, which are at most 1, by 2**-49.

On a stretch of R where the training speed is β·(R + ρ), a retraining yields
w·(a_γ·r' - (s_0 + c/(β·(R + ρ)))·(a_γ·r' - a·r)) - λ·(I + R), which is concave in R.
One unit more gains until (R + ρ)·(R + ρ + 1) reaches w·(a_γ·r' - a·r)·c / (β·λ), so
that the best whole R is known; where rounding leaves it open, both are taken. Below
the last point of a throughput curve every R is tried.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from formulations.reproof_exact import FORGIVEN, INSTANT, Speeds
from instances import Reallocation
from instances.columns import Columns

LESS, MORE, SPARE = 1 - 2.0**-50, 1 + 2.0**-50, 2.0**-49
NEARLY = 2.0**-45
"""Relative error beyond that of the best number of training units."""

NO_SPEED = 1e250
"""Seconds a GPU-second without training units: finite, and 0 times it is 0."""

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


class Training:
    """Training speed: reciprocals by units, rounded down, and its last stretch.

    Parameters
    ----------
    columns
        The window.

    Attributes
    ----------
    units_per_gpu
        1/β beyond the last point of the throughput curve.
    curve_units
        Units up to that point, at most all.
    ahead
        ρ beyond it, rounded up.
    fewest
        Seconds a GPU-second takes on all units, or less.
    """

    def __init__(self, columns: Columns) -> None:
        throughput = columns.training_throughput
        self._speeds = Speeds(columns.units_per_gpu, throughput)
        self.units_per_gpu = float(columns.units_per_gpu)
        gpus, speed = throughput[-1] if throughput else (0.0, 0.0)
        last = Fraction(gpus) * columns.units_per_gpu
        self.curve_units = min(math.floor(last), columns.total_units)
        ahead = Fraction(speed) * columns.units_per_gpu - last
        self.ahead = float(ahead) if float(ahead) >= ahead else up(float(ahead))
        self._inverse = np.array([NO_SPEED])
        self.fewest = self.inverse(columns.total_units)

    def inverse(self, units: int) -> float:
        """Return the seconds a GPU-second takes on 1 or more units, or less."""
        exact = 1 / self._speeds[units]
        nearest = float(exact)
        return nearest if nearest <= exact else math.nextafter(nearest, 0.0)

    def inverses(self, most: int) -> Floats:
        """Return the same for 0 to ``most`` units; ``NO_SPEED`` on none."""
        table = self._inverse
        if most >= len(table):
            new = [self.inverse(units) for units in range(len(table), 2 * most + 1)]
            self._inverse = table = np.concatenate((table, new))
        return table[: most + 1]


class StreamBlock:
    """Some streams in arrays padded to the same number of configs.

    Parameters
    ----------
    columns, training
        The window and its training speeds.
    start, stop
        The range of streams.
    price
        Multiplier λ, rounded down.
    total_weight
        Sum of all streams' weights.
    """

    def __init__(
        self,
        columns: Columns,
        training: Training,
        start: int,
        stop: int,
        price: float,
        total_weight: float,
    ) -> None:
        assert columns.weight is not None
        assert columns.delay_seconds is not None
        self._training, self._price = training, price
        self._total = float(columns.total_units)
        self._joins = columns.reallocation is Reallocation.STREAM
        here = slice(start, stop)
        self._held = columns.accuracy[here]
        self._weight = columns.weight[here] / total_weight * MORE
        self._floor = columns.floors[here] - FORGIVEN
        first = columns.retraining_offsets[start : stop + 1]
        self._after = _padded(columns.retrained_accuracy, first, 0.0)
        cost = _padded(columns.gpu_seconds, first, 0.0)
        wait = _padded(columns.delay_seconds, first, 0.0)
        # A config that does not beat the held model never finishes.
        useless = self._after <= self._held[:, None]
        self._after[useless] = 0.0
        self._cost = np.where(useless, 0.0, cost / columns.window_seconds * LESS)
        self._wait = np.where(useless, 2.0, wait / columns.window_seconds * LESS)
        self._needed, self._kept = _levels(columns, start, stop)

    def best(self) -> Floats:
        """Return no less than max_k (w·A(k) - λ·k) of each stream, shape (v,)."""
        best = np.full(len(self._held), -np.inf)
        most, curve = self.most(), self._training.curve_units
        for level in range(self._needed.shape[1]):
            np.maximum(best, self._without(level), out=best)
            for units in range(curve + 1):
                if not (most - self._price * units > best).any():
                    break
                trained = np.full(len(best), float(units))
                np.maximum(best, self._with(level, trained), out=best)
            last = self._needed.shape[1] if self._joins else level + 1
            for later in range(level, last):
                np.maximum(best, self._beyond_curve(level, later), out=best)
        for _, instant in self._instants():
            np.maximum(best, instant, out=best)
        size = np.abs(np.maximum(best, -np.finfo(np.float64).max))
        enough: Floats = best + (self._weight * 2.0**-46 + size * 2.0**-50)
        return enough

    def rows(self, most: int) -> Floats:
        """Return no less than w·A(k) - λ·k for k up to ``most``, shape (v, k)."""
        rows = np.full((len(self._held), most + 1), -np.inf)
        for k in range(most + 1):
            row = rows[:, k]
            for level in range(self._needed.shape[1]):
                trained = k - self._needed[:, level]
                np.maximum(row, self._with(level, trained), out=row)
                plain = np.where(trained == 0, self._without(level), -np.inf)
                np.maximum(row, plain, out=row)
        for units, instant in self._instants():
            v = np.flatnonzero(units <= most)
            at = units[v].astype(np.int64)
            rows[v, at] = np.maximum(rows[v, at], instant[v])
        return rows

    def most(self) -> Floats:
        """Return no less than w·A(k) for any k, shape (v,)."""
        model = np.maximum(self._held, self._after.max(axis=1, initial=0.0))
        worth: Floats = self._weight * (model * self._kept.max(axis=1) + SPARE)
        return worth

    def _without(self, level: int) -> Floats:
        """Return what serving at a level without retraining is worth."""
        before, served = self._served(level)
        worth = self._weight * (before + SPARE) - self._price * self._needed[:, level]
        return np.where(served, worth, -np.inf)

    def _served(self, level: int) -> tuple[Floats, Bits]:
        """Return the held model's accuracy at a level, and where that is allowed."""
        before = self._held * self._kept[:, level]
        served = (before >= self._floor) & (self._needed[:, level] <= self._total)
        return before, served

    def _with(self, level: int, trained: Floats) -> Floats:
        """Return what serving at a level and retraining on some units is worth.

        The new model beats the held one and so keeps the floor where that does.
        """
        if not self._after.shape[1]:
            return np.full(len(trained), -np.inf)
        before, served = self._served(level)
        units = self._needed[:, level] + trained
        possible = served & (trained >= 0) & (units <= self._total)
        whole = np.where(possible, trained, 0).astype(np.int64)
        inverse = self._training.inverses(int(whole.max()))[whole]
        kept = self._kept_with(units) if self._joins else self._kept[:, level]
        after = self._after * kept[:, None]
        share = self._wait + self._cost * inverse[:, None]
        value = after - share * (after - before[:, None])
        value[share > 1] = -np.inf
        worth = self._weight * (value.max(axis=1) + SPARE) - self._price * units
        return np.where(possible, worth, -np.inf)

    def _beyond_curve(self, level: int, later: int) -> Floats:
        """Return the best worth of a level before and one after the completion.

        Over all numbers of training units beyond the throughput curve.
        """
        if not self._after.shape[1]:
            return np.full(len(self._held), -np.inf)
        before, served = self._served(level)
        fewest = np.maximum(
            self._training.curve_units + 1,
            self._needed[:, later] - self._needed[:, level],
        )
        most = self._total - self._needed[:, level]
        possible = served & (fewest <= most)
        after = self._after * self._kept[:, later, None]
        gained = after - before[:, None]
        cost = self._cost * self._training.units_per_gpu
        ahead = self._training.ahead
        pull = self._weight[:, None] * gained * cost
        with np.errstate(divide="ignore", over="ignore"):
            pull = np.divide(pull, self._price, out=np.zeros_like(pull), where=pull > 0)
        root = (np.sqrt(1 + 4 * np.minimum(pull, 1e40)) - 1) / 2
        unsure = (root + 1 + abs(ahead)) * NEARLY
        low, high = fewest[:, None], np.maximum(most, fewest)[:, None]
        first = np.clip(np.ceil(root - ahead - unsure), low, high)
        second = np.clip(np.ceil(root - ahead + unsure), low, high)
        best = np.full(len(before), -np.inf)
        for trained in (first, second) if (first != second).any() else (first,):
            share = self._wait + cost / (trained + ahead)
            value = after - share * gained
            value[share > 1] = -np.inf
            units = self._needed[:, level, None] + trained
            worth = self._weight[:, None] * (value + SPARE) - self._price * units
            np.maximum(best, worth.max(axis=1), out=best)
        return np.where(possible, best, -np.inf)

    def _instants(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield units and worth of new models that serve from the start, by level.

        The floor does not bind the held model then. That one training unit may do is
        assumed of all that end at once with the whole capacity.
        """
        ends = self._wait + self._cost * self._training.fewest
        trained = (self._cost > 0).astype(np.float64)
        if not (ends <= INSTANT).any():
            return
        for level in range(self._needed.shape[1]):
            needed = self._needed[:, level, None]
            units = np.maximum(needed, trained) if self._joins else needed + trained
            after = self._after * self._kept[:, level, None]
            possible = (ends <= INSTANT) & (after >= self._floor[:, None])
            possible &= units <= self._total
            worth = self._weight[:, None] * (after + SPARE) - self._price * units
            worth[~possible] = -np.inf
            yield from zip(units.T, worth.T, strict=True)

    def _kept_with(self, units: Floats) -> Floats:
        """Return what the best level within some units keeps, shape (v,)."""
        kept = np.zeros(len(units))
        for level in range(self._needed.shape[1]):
            fits = self._needed[:, level] <= units
            np.copyto(kept, self._kept[:, level], where=fits)
        return kept


def _levels(columns: Columns, start: int, stop: int) -> tuple[Floats, Floats]:
    """Return units and relative accuracy of the serving levels, shape (v, level).

    Both rise; level 0 is no inference, and levels that are none need too much.
    """
    offsets = columns.inference_offsets[start : stop + 1]
    beyond = columns.total_units + 1
    demand = _padded(columns.demand_gpus, offsets, 1e300) * columns.units_per_gpu
    needed = np.minimum(beyond, np.ceil(demand - FORGIVEN * np.maximum(1.0, demand)))
    kept = _padded(columns.relative_accuracy, offsets, 0.0)
    needed, kept = _ordered(needed, kept, np.argsort(needed, axis=1, kind="stable"))
    record = np.maximum.accumulate(kept, axis=1)
    better = needed < beyond
    better[:, 1:] &= kept[:, 1:] > record[:, :-1]
    better[:, 0] &= kept[:, 0] > 0
    needed[~better], kept[~better] = beyond, 0.0
    needed, kept = _ordered(needed, kept, np.argsort(~better, axis=1, kind="stable"))
    width = int(better.sum(axis=1).max())
    none = np.zeros((stop - start, 1))
    return (
        np.concatenate((none, needed[:, :width]), axis=1),
        np.concatenate((none, kept[:, :width]), axis=1),
    )


def _ordered(
    needed: Floats, kept: Floats, order: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    return (
        np.take_along_axis(needed, order, axis=1),
        np.take_along_axis(kept, order, axis=1),
    )


def _padded(column: Floats, offsets: NDArray[np.int64], pad: float) -> Floats:
    """Return ragged rows of a column as a matrix."""
    counts = np.diff(offsets)
    places = np.arange(int(counts.max()))
    if not len(places):
        return np.zeros((len(counts), 0))
    index = np.minimum(offsets[:-1, None] + places, len(column) - 1)
    return np.where(places < counts[:, None], column[index], pad)


def up(number: float) -> float:
    """Return the next float."""
    return math.nextafter(number, math.inf)
