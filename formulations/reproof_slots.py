"""A server's window at prices of its slots, with every rounding on the safe side.

Written from the rules (DESIGN, "What a schedule is"), it shares no code with windows,
cells and kernels that claim bounds. With prices p_t ≥ 0 of a unit in slot t, no
schedule is worth more than

    L(p) = Σ_t p_t·K + Σ_v max over plans of v (Σ_t served value - Σ_t p_t·units),

where a plan is a retraining config or none, the slot c from which its model serves, and
the units of every slot. A plan is best slot by slot, but for the training before c,
which takes the cheapest units of all slots: on the concave hull of what units do, and
the last of them in part, so that it never costs too much.

A row of prices also shows what a schedule worth more than the claim T cannot do. A plan
that is worth l less than the best one of its stream is in no schedule worth more than
L(p) - l. Where r units train in slot t, K - r are left to serve; with a further price
π on serving there, no schedule is worth more than L(p) - Σ_v (what v's best level loses
by π) + π·(K - r). What is shown by one row to lead to no more than T is left out from
the next. So the claim holds as soon as a row's bound on what is left is at most T.

The arithmetic is that of whole multiples of 2**-SHIFT: values are rounded up, work and
costs down. The referee's tolerances are inside: its billionth on units and accuracies
is granted, and so is the training that changes a billionth of the window off their
slots could gain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, RetrainingConfig, Stream

SHIFT = 80
ONE = 1 << SHIFT

FORGIVEN = Fraction(ACCURACY_TOLERANCE) * Fraction(1_000_001, 1_000_000)
"""What is granted to floors and units: the referee's billionth and its rounding."""

INSTANT = Fraction(TIME_TOLERANCE)

MOST_STEPS = 16
"""Further prices that are tried in a slot."""

Levels = list[tuple[int, int]]
"""Units and value of serving levels, by rising units."""


@dataclass(slots=True, kw_only=True)
class Model:
    """A model that may serve: the one held, or what a retraining config makes.

    Parameters
    ----------
    levels
        Levels that keep it at its floor, without any that another one beats.
    work
        Least unit-slots of training, rounded down.
    parts
        The part of each slot that its training has, rounded up.
    cells
        The slots from which it may still serve; ``[0]`` for the model held.
    """

    levels: Levels
    work: int
    parts: list[int]
    cells: list[int]


class ServerRelaxation:
    """All streams of a server's window at prices of its slots, each on its own.

    Parameters
    ----------
    instance
        A window with reallocation ``server``.

    Attributes
    ----------
    slots
        Number of slots T.
    """

    def __init__(self, instance: Instance) -> None:
        assert instance.slot_seconds is not None
        self._instance = instance
        self._slot_seconds = Fraction(instance.slot_seconds)
        self.slots = round(instance.window_seconds / instance.slot_seconds)
        self._units = round(instance.gpus * instance.units_per_gpu)
        self._gains = [self._speed(units) for units in range(self._units + 1)]
        self._is_linear = all(gain == u for u, gain in enumerate(self._gains))
        total = sum(Fraction(stream.weight) for stream in instance.streams)
        self._streams = [
            self._models(stream, Fraction(stream.weight) / total / self.slots)
            for stream in instance.streams
        ]
        fewest = sum(
            min((model.levels[0][0] for model in models if model.levels), default=0)
            for models in self._streams
        )
        most = max(0, self._units - fewest)
        self._room = [most] * self.slots
        self._pieces = _hull(list(enumerate(self._gains[: most + 1])))
        self._doable: dict[int, list[tuple[int, Fraction, int]]] = {}

    @property
    def has_plans(self) -> bool:
        """Whether every stream has a plan that keeps it at its floor in slot 0."""
        return all(
            any(m.levels for m in models if 0 in m.cells and m.work == 0)
            for models in self._streams
        )

    def bound_at(self, prices: Sequence[float]) -> Fraction:
        """Return the bound of what is left at prices; every stream must have a plan."""
        bound, _ = self._priced(_row(prices))
        assert bound is not None
        return Fraction(bound, ONE)

    def look(self, prices: Sequence[float], threshold: Fraction) -> Fraction:
        """Return the bound of what is left at prices; leave out what it shows.

        Nothing that may be worth more than ``threshold`` is left out; it is returned
        where a stream has no plan left.
        """
        row = _row(prices)
        bound, worths = self._priced(row)
        limit = math.floor(threshold * ONE)
        if bound is None:
            return threshold
        if bound > limit:
            for models, found in zip(self._streams, worths, strict=True):
                top = max(max(each.values()) for each in found if each)
                for model, each in zip(models, found, strict=True):
                    model.cells = [
                        c for c, worth in each.items() if bound - top + worth > limit
                    ]
            self._cap(row, bound - limit)
        return Fraction(bound, ONE)

    def _priced(self, row: list[int]) -> tuple[int | None, list[list[dict[int, int]]]]:
        """Return the bound at prices, and the worth of each plan that is left.

        ``None`` where a stream has no plan left.
        """
        worths: list[list[dict[int, int]]] = []
        bound = sum(row) * self._units
        for models in self._streams:
            served = [self._served(model, row) for model in models]
            found = [
                self._worths(model, served[0], each, row, is_held=idx == 0)
                for idx, (model, each) in enumerate(zip(models, served, strict=True))
            ]
            if not any(found):
                return None, []
            worths.append(found)
            bound += max(max(each.values()) for each in found if each)
        return bound, worths

    @property
    def size(self) -> tuple[int, int]:
        """Plans that are left, and units that may train in all slots together."""
        cells = sum(len(m.cells) for models in self._streams for m in models)
        return cells, sum(self._room)

    def _speed(self, units: int) -> Fraction:
        """Return the unit-slots of work that units do in a slot."""
        per_gpu = self._instance.units_per_gpu
        gpus = Fraction(units, per_gpu)
        before, speed = Fraction(0), Fraction(0)
        for point_gpus, point_speed in self._instance.training_throughput or ():
            at, to = Fraction(point_gpus), Fraction(point_speed)
            if gpus <= at:
                gained = (gpus - before) * (to - speed) / (at - before)
                return (speed + gained) * per_gpu
            before, speed = at, to
        return (speed + gpus - before) * per_gpu

    def _models(self, stream: Stream, weight: Fraction) -> list[Model]:
        """Return the model held and those of configs that are of any use."""
        held = Model(
            levels=self._levels(stream, stream.accuracy, weight),
            work=0,
            parts=[],
            cells=[0],
        )
        models = [held]
        better = [c for c in stream.retraining if c.accuracy > stream.accuracy]
        better.sort(key=lambda c: (-c.accuracy, c.gpu_seconds, c.delay_seconds))
        kept: list[RetrainingConfig] = []
        for config in better:
            if not any(
                other.gpu_seconds <= config.gpu_seconds
                and other.delay_seconds <= config.delay_seconds
                for other in kept
            ):
                kept.append(config)
                models.append(self._model(stream, config, weight))
        return models

    def _model(
        self, stream: Stream, config: RetrainingConfig, weight: Fraction
    ) -> Model:
        slot, delay = self._slot_seconds, Fraction(config.delay_seconds)
        parts = [
            min(Fraction(1), max(Fraction(0), t + 1 - delay / slot))
            for t in range(self.slots)
        ]
        same = INSTANT * Fraction(self._instance.window_seconds)
        first = max(0, math.ceil((delay - same) / slot))
        work = Fraction(0)
        cells = [first] if first < self.slots else []
        if config.gpu_seconds > 0:
            # A change may lie a billionth of the window off its slot, and so may the
            # end of the training.
            slack = (2 * self.slots + 3) * INSTANT * self.slots * max(self._gains)
            work = Fraction(config.gpu_seconds) * self._instance.units_per_gpu / slot
            work = max(Fraction(0), work - slack)
            if self._is_linear and all(part in (0, 1) for part in parts):
                work = Fraction(math.ceil(work))
            cells = list(range(first, self.slots))
        return Model(
            levels=self._levels(stream, config.accuracy, weight),
            work=math.floor(work * ONE),
            parts=[math.ceil(part * ONE) for part in parts],
            cells=cells,
        )

    def _levels(self, stream: Stream, accuracy: float, weight: Fraction) -> Levels:
        own = stream.min_accuracy
        floor = Fraction(self._instance.min_accuracy if own is None else own) - FORGIVEN
        offers = [(0, Fraction(0))]
        for config in stream.inference:
            demand = Fraction(config.gpus) * self._instance.units_per_gpu
            units = math.ceil(demand - FORGIVEN * max(Fraction(1), demand))
            kept = Fraction(accuracy) * Fraction(config.relative_accuracy)
            offers.append((units, kept))
        levels: Levels = []
        for units, kept in sorted(offers, key=lambda offer: (offer[0], -offer[1])):
            value = math.ceil(kept * weight * ONE)
            if kept < floor or units > self._units:
                continue
            if not levels or value > levels[-1][1]:
                levels.append((units, value))
        return levels

    def _served(self, model: Model, row: list[int]) -> list[int] | None:
        """Return the worth of the best level in each slot; ``None`` without levels."""
        if not model.levels or not (model.cells or not model.parts):
            return None
        return [max(v - p * units for units, v in model.levels) for p in row]

    def _worths(
        self,
        model: Model,
        held: list[int] | None,
        served: list[int] | None,
        row: list[int],
        *,
        is_held: bool,
    ) -> dict[int, int]:
        """Return the worth of every plan of a model that is left, by its slot."""
        if served is None or not model.cells:
            return {}
        if is_held:
            return {0: sum(served)}
        last = max(model.cells)
        costs = self._costs(model, row, last)
        later = sum(served[last:])
        before = sum(held[:last]) if held is not None else 0
        wanted, found = set(model.cells), {}
        for c in range(last, min(model.cells) - 1, -1):
            cost = costs[c]
            if c in wanted and cost is not None and (held is not None or c == 0):
                found[c] = before + later - cost
            if c:
                later += served[c - 1]
                before -= held[c - 1] if held is not None else 0
        return found

    def _costs(self, model: Model, row: list[int], last: int) -> list[int | None]:
        """Return the least cost of the training before each slot, none too high.

        ``None`` where the work does not fit.
        """
        if model.work == 0:
            return [0] * (last + 1)
        costs: list[int | None] = [None] * (last + 1)
        kept: list[tuple[int, int, int]] = []
        total = 0
        # Rounded keys may put nearly equal parts in another order.
        margin = (model.work >> SHIFT) + self.slots * len(self._pieces) + 2
        for t in range(last):
            part = model.parts[t]
            for units, gain, in_full in self._within(self._room[t]):
                amount = in_full if part == ONE else math.ceil(gain * part)
                if amount:
                    cost = row[t] * units
                    kept.append(((cost << SHIFT) // amount, cost, amount))
                    total += amount
            kept.sort()
            while kept and total - kept[-1][2] >= model.work:
                total -= kept.pop()[2]
            if total >= model.work and kept:
                _, cost, amount = kept[-1]
                taken = model.work - (total - amount)
                paid = sum(each[1] for each in kept[:-1])
                costs[t + 1] = paid + cost * taken // amount - margin
        return costs

    def _within(self, room: int) -> list[tuple[int, Fraction, int]]:
        """Return units and work of the pieces of the hull up to some units.

        The work as it is, and rounded up.
        """
        if room not in self._doable:
            found, left = [], room
            for units, gain in self._pieces:
                some = min(units, left)
                if some > 0:
                    work = gain * some / units
                    found.append((some, work, math.ceil(work * ONE)))
                left -= some
            self._doable[room] = found
        return self._doable[room]

    def _cap(self, row: list[int], gap: int) -> None:
        """Lower the units that may train in each slot."""
        slopes = sorted(
            (
                (after[1] - before[1]) // (after[0] - before[0])
                for models in self._streams
                for model in models
                for before, after in _steps(model.levels)
            ),
            reverse=True,
        )
        steps = min(len(slopes), MOST_STEPS)
        chosen = [
            slopes[i * (len(slopes) - 1) // max(1, steps - 1)] for i in range(steps)
        ]
        for t, price in enumerate(row):
            for slope in chosen:
                extra = slope - price
                if extra <= 0:
                    break
                lost = self._lost(t, price, extra)
                most = self._units + (gap - lost) // extra
                self._room[t] = max(0, min(self._room[t], most))

    def _lost(self, t: int, price: int, extra: int) -> int:
        """Return what all streams lose at least by a further price of a slot."""
        lost = 0
        for models in self._streams:
            least = None
            stays = bool(models[0].cells)
            stays = stays or any(
                model.cells and max(model.cells) > t for model in models[1:]
            )
            for idx, model in enumerate(models):
                serves = stays if idx == 0 else model.cells and min(model.cells) <= t
                if serves and model.levels:
                    free = max(v - price * units for units, v in model.levels)
                    paid = max(v - (price + extra) * u for u, v in model.levels)
                    fallen = free - paid
                    least = fallen if least is None else min(least, fallen)
            # Values were rounded up, each by less than a part.
            lost += 0 if least is None else least - 1
        return lost


def _row(prices: Sequence[float]) -> list[int]:
    return [round(Fraction(price) * ONE) for price in prices]


def _steps(levels: Levels) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the pairs of neighbours on the upper concave hull of levels."""
    hull: Levels = []
    for units, value in levels:
        while len(hull) > 1:
            (u1, v1), (u2, v2) = hull[-2:]
            if (v2 - v1) * (units - u2) > (value - v2) * (u2 - u1):
                break
            hull.pop()
        hull.append((units, value))
    return list(pairwise(hull))


def _hull(points: list[tuple[int, Fraction]]) -> list[tuple[int, Fraction]]:
    """Return units and work of the steps along the upper concave hull."""
    hull: list[tuple[int, Fraction]] = []
    for units, gain in points:
        while len(hull) > 1:
            (u1, g1), (u2, g2) = hull[-2:]
            if (g2 - g1) * (units - u2) > (gain - g2) * (u2 - u1):
                break
            hull.pop()
        hull.append((units, gain))
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(hull)]
