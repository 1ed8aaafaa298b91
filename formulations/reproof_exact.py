"""A window at a price in rational arithmetic: the referee's rules as fractions.

Each number of an instance is a float and so a rational; nothing is rounded. Floats
only choose which options are worth exact arithmetic, with margins beyond their error.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction

from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation, RetrainingConfig, Stream

FORGIVEN = ACCURACY_TOLERANCE * (1 + 1e-6)
"""What is granted to floors and units: the referee's billionth and its rounding."""

INSTANT = 3 * TIME_TOLERANCE
"""Share of the window within which a retraining may seem done from the start.

The referee does not check the floor of a stretch shorter than a billionth, which may
end a billionth before the completion.
"""

MARGIN = 2.0**-45
"""Relative; the floats below have errors of less than 2**-48."""

MOST_OPTIONS = 40_000
"""Options within a gap that are enumerated."""

Option = tuple[float, RetrainingConfig | None, int, float]
"""What is kept before, the retraining, its units and what is kept after it."""


class ExactRelaxation:
    """All streams of an instance at a price, each on its own.

    Parameters
    ----------
    instance
        A static window.
    price
        Multiplier λ of the capacity.

    Attributes
    ----------
    total_units
        Capacity K.
    rows
        What each stream's numbers of units are worth.
    bound
        L(λ); ``-inf`` if a stream cannot be kept at its floor.
    """

    method = "exact rational"

    def __init__(self, instance: Instance, price: float) -> None:
        self.total_units = round(instance.gpus * instance.units_per_gpu)
        total = sum(Fraction(stream.weight) for stream in instance.streams)
        speeds = Speeds(instance.units_per_gpu, instance.training_throughput)
        self.rows = [
            Row(instance, stream, speeds, Fraction(stream.weight) / total, price)
            for stream in instance.streams
        ]
        best = [row.best for row in self.rows]
        self.bound: Fraction | float = -math.inf
        if all(value is not None for value in best):
            reduced = sum(value for value in best if value is not None)
            self.bound = reduced + Fraction(price) * self.total_units

    def options(
        self, gap: Fraction
    ) -> list[tuple[Sequence[int], Sequence[Fraction]]] | None:
        """Return units and losses of each stream's options that lose less.

        ``None`` if they are more than ``MOST_OPTIONS``.
        """
        found: list[tuple[Sequence[int], Sequence[Fraction]]] = []
        left = MOST_OPTIONS
        for row in self.rows:
            units, losses = row.options(gap, left)
            left -= len(units)
            if left < 0:
                return None
            found.append((units, losses))
        return found


class Speeds:
    """Exact GPU-seconds that a retraining gains a second, by its units.

    Parameters
    ----------
    units_per_gpu, throughput
        As in :class:`instances.Instance`.
    """

    def __init__(
        self, units_per_gpu: int, throughput: Sequence[tuple[float, float]] | None
    ) -> None:
        self._units_per_gpu = units_per_gpu
        self._points = [
            (Fraction(gpus), Fraction(speed)) for gpus, speed in throughput or ()
        ]
        self._exact: dict[int, Fraction] = {}

    def __getitem__(self, units: int) -> Fraction:
        if units not in self._exact:
            self._exact[units] = self._at(Fraction(units, self._units_per_gpu))
        return self._exact[units]

    def _at(self, gpus: Fraction) -> Fraction:
        """Linear between (0, 0) and the points, one for one beyond the last."""
        start, speed = Fraction(0), Fraction(0)
        for end, reached in self._points:
            if gpus <= end:
                return speed + (gpus - start) * (reached - speed) / (end - start)
            start, speed = end, reached
        return speed + gpus - start


class Row:
    """One stream: what each number of units is worth at most, k = I + R exactly.

    Parameters
    ----------
    instance, stream
        The window and one of its streams.
    speeds
        Training speeds of the window.
    weight
        The stream's weight, as a share of all.
    price
        Multiplier λ of the capacity.

    Attributes
    ----------
    best
        max_k (w·A(k) - λ·k); ``None`` if no k keeps the floor.
    """

    def __init__(
        self,
        instance: Instance,
        stream: Stream,
        speeds: Speeds,
        weight: Fraction,
        price: float,
    ) -> None:
        self._stream, self._speeds = stream, speeds
        self._window = instance.window_seconds
        self._joins = instance.reallocation is Reallocation.STREAM
        self._total = round(instance.gpus * instance.units_per_gpu)
        own = stream.min_accuracy
        self._floor = (instance.min_accuracy if own is None else own) - FORGIVEN
        self._levels = _levels(stream, instance.units_per_gpu)
        self._level_units = [units for units, _ in self._levels]
        self._choices = _undominated(stream)
        self._shares: dict[int, list[float]] = {}
        self._near: dict[int, tuple[float, list[Option]]] = {}
        self._exact: dict[int, Fraction] = {}
        self._weight, self._price = weight, Fraction(price)
        self._weight_float, self._price_float = float(weight), price
        models = [stream.accuracy, *(config.accuracy for config in self._choices)]
        self._top = max(models) * self._levels[-1][1]
        self.best = self._best()

    def options(self, gap: Fraction, most: int) -> tuple[list[int], list[Fraction]]:
        """Return units and losses of the options that lose less than the gap.

        The first of them, if they are more than ``most``.
        """
        assert self.best is not None
        units: list[int] = []
        losses: list[Fraction] = []
        reach = float(gap)
        for k in self._worth_a_look(float(self.best) - reach, reach + 1):
            loss = self.best - self._reduced(k)
            if loss < gap:
                units.append(k)
                losses.append(loss)
            if len(units) > most:
                break
        return units, losses

    def _best(self) -> Fraction | None:
        """Return max_k (w·A(k) - λ·k); ``None`` if no k keeps the floor."""
        found = list(self._worth_a_look(-math.inf, 1))
        return max(map(self._reduced, found), default=None)

    def _worth_a_look(self, least: float, scale: float) -> Iterator[int]:
        """Yield every k whose reduced worth may reach ``least`` and the best so far.

        With no finite ``least``, what the best so far leaves behind is left out.
        """
        moving = least == -math.inf
        seen: list[tuple[float, int]] = []
        for k in range(self._total + 1):
            margin = MARGIN * (self._weight_float + self._price_float * k + scale)
            most = self._weight_float * self._top - self._price_float * k + margin
            if most < least:
                break
            worth = self._look(k)[0]
            reduced = self._weight_float * worth - self._price_float * k
            if reduced + margin < least or worth == -math.inf:
                continue
            if moving:
                least = max(least, reduced - margin)
                seen.append((reduced + margin, k))
            else:
                yield k
        yield from (k for most, k in seen if most >= least)

    def _reduced(self, k: int) -> Fraction:
        """Return w·A(k) - λ·k, the best of the options that floats could not part."""
        if k not in self._exact:
            self._exact[k] = max(self._worth(*option) for option in self._look(k)[1])
        return self._weight * self._exact[k] - self._price * k

    def _look(self, k: int) -> tuple[float, list[Option]]:
        """Return A(k) as a float and all options that may be worth as much."""
        if k not in self._near:
            options = list(self._options(k))
            best = max((value for value, _ in options), default=-math.inf)
            near = [option for value, option in options if value >= best - MARGIN]
            self._near[k] = best, near
        return self._near[k]

    def _options(self, k: int) -> Iterator[tuple[float, Option]]:
        """Yield value and option of every (γ, I, R) with I + R = k that may be best.

        With s the completion's share of the window: s·a·r(I) + (1 - s)·a_γ·r(I'), where
        I' is I under ``never`` and k under ``stream``. A retraining that ends with the
        window or later yields no more than none on fewer units.
        """
        held = self._stream.accuracy
        last = bisect_right(self._level_units, k)
        for units, kept in self._levels[:last]:
            before = held * kept
            served = before >= self._floor
            if units == k and served:
                yield before, (kept, None, 0, kept)
            after_kept = self._levels[last - 1][1] if self._joins else kept
            for config, share in zip(
                self._choices, self._completions(k - units), strict=True
            ):
                after = config.accuracy * after_kept
                in_time = share <= 1 + MARGIN and (served or share <= INSTANT)
                if in_time and after >= self._floor:
                    value = share * before + (1 - share) * after
                    yield value, (kept, config, k - units, after_kept)

    def _worth(
        self, kept: float, config: RetrainingConfig | None, units: int, after: float
    ) -> Fraction:
        """Return exactly what an option is worth."""
        before = Fraction(self._stream.accuracy) * Fraction(kept)
        if config is None:
            return before
        seconds = Fraction(config.delay_seconds)
        if config.gpu_seconds > 0:
            seconds += Fraction(config.gpu_seconds) / self._speeds[units]
        share = seconds / Fraction(self._window)
        new = Fraction(config.accuracy) * Fraction(after)
        return share * before + (1 - share) * new

    def _completions(self, units: int) -> list[float]:
        """Return when each choice completes on some units, as shares of the window."""
        if units not in self._shares:
            speed = float(self._speeds[units])
            self._shares[units] = [
                math.inf
                if config.gpu_seconds > 0 and speed == 0
                else (
                    config.delay_seconds
                    + (config.gpu_seconds and config.gpu_seconds / speed)
                )
                / self._window
                for config in self._choices
            ]
        return self._shares[units]


def _levels(stream: Stream, units_per_gpu: int) -> list[tuple[int, float]]:
    """Return units and relative accuracy of all that is best on its units, rising.

    The first is no inference on no units.
    """
    levels = [(0, 0.0)]
    needs = []
    for config in stream.inference:
        demand = Fraction(config.gpus) * units_per_gpu
        forgiven = Fraction(FORGIVEN) * max(Fraction(1), demand)
        needs.append((math.ceil(demand - forgiven), config.relative_accuracy))
    for units, kept in sorted(needs):
        if kept > levels[-1][1]:
            if units == levels[-1][0]:
                levels.pop()
            levels.append((units, kept))
    return levels


def _undominated(stream: Stream) -> list[RetrainingConfig]:
    """Return the configs that beat the held model and all no dearer, later ones."""
    kept: list[RetrainingConfig] = []
    for config in sorted(
        stream.retraining, key=lambda one: (one.gpu_seconds, one.delay_seconds)
    ):
        if config.accuracy > stream.accuracy and not any(
            other.delay_seconds <= config.delay_seconds
            and other.accuracy >= config.accuracy
            for other in kept
        ):
            kept.append(config)
    return kept
