"""The linear relaxation of a whole fleet: the break's price, without any sort of all.

A sample of the streams tells in which range of prices the break lies; one sweep over
all streams leaves only those with a choice in that range.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.choices import Choices, best_choices
from formulations.kernels.device import cuda, resident_profiles
from formulations.kernels.profiles import Profiles, profiles_of
from formulations.kernels.sweeps import (
    WORTH_A_DEVICE,
    Candidates,
    Prices,
    Survey,
    list_candidates,
    survey_streams,
)
from formulations.kernels.types import Types
from instances import InstanceTooLarge
from instances.columns import Columns

SMALLEST_SAMPLE, LARGEST_SAMPLE, SAMPLED_SHARE = 2048, 8192, 16
DEVIATIONS = 4.0
"""Standard errors of the sample's demand between which the break is looked for."""

FALL = 8.0
"""Ratio of the prices that the first search tries one after the other."""

PLENTY = 1.2
"""Demand, as a share of the capacity, up to which the search lowers the price."""

WIDER = 1.5
"""Factor by which a range of prices grows that did not hold the break."""

LOWEST = 1e-18
"""Least price that is tried, as a share of the highest; below it is 0."""

FIRST_ROW = 256
LONGEST_ROW = 10_000_000
MOST_CELLS = 20_000_000_000
MOST_CANDIDATES = 100_000_000

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps along the hulls of some streams by falling slope.

    Parameters
    ----------
    stream, cost, gain
        Shape ``(n,)``: position of the stream, units and weighted accuracy added.
    """

    stream: Whole
    cost: Whole
    gain: Floats

    @property
    def slope(self) -> Floats:
        """Gain a unit, shape ``(n,)``."""
        slopes: Floats = self.gain / self.cost
        return slopes


@dataclass(slots=True, kw_only=True)
class Sweeps:
    """Sweeps over one fleet, with rows as long as its prices ask for.

    Parameters
    ----------
    columns
        The fleet.
    device, workers
        Where to run, and on how many threads.
    between
        Called now and then; may raise to stop the work.
    types
        Types of the streams; a sweep looks at one stream of each.
    """

    columns: Columns
    device: str
    workers: int
    between: Callable[[], None]
    types: Types | None = None
    profiles: Profiles = field(init=False)
    resident: Profiles | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.profiles = profiles_of(self.columns, FIRST_ROW)
        self.resident = resident_profiles(
            self.profiles, self.device, self.columns.num_streams, WORTH_A_DEVICE
        )

    def survey(self, streams: Whole, prices: Prices) -> Survey:
        """Return what the streams take in a range of prices.

        Raises
        ------
        InstanceTooLarge
            If the rows that the low price asks for have too many cells in all.
        """
        listed, place = self._examples(streams)
        while True:
            survey = survey_streams(
                self.profiles,
                listed,
                prices,
                resident=self.resident,
                workers=self.workers,
                between=self.between,
            )
            most = self.profiles.total_units
            useful = np.minimum(survey.useful, self.columns.total_units)
            if useful.max() <= most:
                return survey if place is None else survey.expanded(place)
            if useful.max() > LONGEST_ROW or useful.sum() > MOST_CELLS:
                message = f"{self.columns.name}: value rows of up to {useful.max():.2g}"
                message += f" units, {useful.sum():.2g} in all, are too long"
                raise InstanceTooLarge(f"{message}; use coarser units")
            longest = max(2 * most, ceil(useful.max()))
            self.profiles = profiles_of(self.columns, longest)
            if self.resident is not None:
                self.resident = cuda().with_speeds(self.resident, self.profiles)

    def candidates(self, streams: Whole, counts: Whole, prices: Prices) -> Candidates:
        """Return the candidates that a survey of the same prices has counted.

        Raises
        ------
        InstanceTooLarge
            If there are more than ``MOST_CANDIDATES``.
        """
        if counts.sum() > MOST_CANDIDATES:
            message = (
                f"{self.columns.name}: {counts.sum():.2g} options are equally good"
            )
            raise InstanceTooLarge(f"{message} within a step; use coarser units")
        listed, place = self._examples(streams)
        if place is not None:
            few = np.empty(len(listed), dtype=np.int64)
            few[place] = counts
            counts = few
        candidates = list_candidates(
            self.profiles,
            listed,
            counts,
            prices,
            resident=self.resident,
            workers=self.workers,
            between=self.between,
        )
        return candidates if place is None else candidates.expanded(place)

    def choices(self, streams: Whole, units: Whole) -> Choices:
        """Return the best choices of some streams with these units."""
        return best_choices(self.profiles, streams, units, workers=self.workers)

    def _examples(self, streams: Whole) -> tuple[Whole, Whole | None]:
        """Return one stream of each type, and each stream's place among them."""
        if self.types is None:
            return streams, None
        types, place = np.unique(self.types.type_of[streams], return_inverse=True)
        return self.types.example[types], place


def steps_of(candidates: Candidates) -> Steps:
    """Return the steps between the candidates on the hulls by falling slope."""
    vertices = np.flatnonzero(candidates.on_hull)
    counts = np.diff(candidates.offsets)
    stream = np.repeat(np.arange(len(counts)), counts)[vertices]
    units, worth = candidates.units[vertices], candidates.worth[vertices]
    inside = np.flatnonzero(stream[1:] == stream[:-1])
    steps = Steps(
        stream=stream[inside],
        cost=(units[1:] - units[:-1])[inside],
        gain=(worth[1:] - worth[:-1])[inside],
    )
    slope = _falling(steps.slope, steps.stream)
    order = np.argsort(-slope, kind="stable")
    return Steps(
        stream=steps.stream[order], cost=steps.cost[order], gain=steps.gain[order]
    )


def _falling(slope: Floats, stream: Whole) -> Floats:
    """Return the slopes of each stream's steps, none above the one before it.

    Rounding may turn two around that are equal.
    """
    slope = slope.copy()
    alike = stream[1:] == stream[:-1]
    while len(rises := np.flatnonzero(alike & (slope[1:] > slope[:-1]))):
        slope[rises + 1] = slope[rises]
    return slope


def likely_prices(sweeps: Sweeps, rng: np.random.Generator) -> Prices:
    """Return a range in which the break's price lies almost surely.

    For up to ``SMALLEST_SAMPLE`` streams it does surely, if the floors fit. The demand
    of a sample, a few standard errors up and down, tells it for more.
    """
    count, capacity = sweeps.columns.num_streams, sweeps.columns.total_units
    streams, share = np.arange(count), float(capacity)
    sampled = count > SMALLEST_SAMPLE
    if sampled:
        size = min(LARGEST_SAMPLE, max(SMALLEST_SAMPLE, count // SAMPLED_SHARE))
        streams = np.sort(rng.integers(0, count, size))
        share = capacity * size / count
    high = top = highest_price(sweeps.profiles)
    low = top / FALL
    survey = sweeps.survey(streams, Prices(low=top, high=top))
    if survey.fewest.sum() > share or not survey.count.all():
        return Prices(low=low, high=top)
    survey = sweeps.survey(streams, Prices(low=low, high=low))
    while survey.largest.sum() < PLENTY * share:
        high, low = low, low / FALL
        if low < top * LOWEST:
            return Prices(low=0.0, high=high)
        survey = sweeps.survey(streams, Prices(low=low, high=low))
    wide = Prices(low=low, high=min(top, high * FALL))
    survey = sweeps.survey(streams, wide)
    steps = steps_of(sweeps.candidates(streams, survey.count, wide))
    demand = int(survey.fewest.sum()) + np.cumsum(steps.cost)
    margin = 0.0
    if sampled:
        taken = int(np.searchsorted(demand, share, side="right"))
        units = survey.fewest.copy()
        np.add.at(units, steps.stream[:taken], steps.cost[:taken])
        margin = DEVIATIONS * float(units.std()) * len(streams) ** 0.5
    slopes = np.concatenate(([wide.high], steps.slope, [wide.low]))
    above = int(np.searchsorted(demand, share - margin, side="right"))
    below = min(int(np.searchsorted(demand, share + margin)) + 1, len(steps.cost) + 1)
    return Prices(low=float(slopes[below]), high=float(slopes[above]))


def highest_price(profiles: Profiles) -> float:
    """Return a price at which no stream takes a unit that its floor does not ask for.

    No step gains more than a stream's weight.
    """
    return 2 * float(profiles.weight.max())


def widened(prices: Prices, survey: Survey, capacity: int, top: float) -> Prices | None:
    """Return a wider range if the demand in this one does not enclose the capacity."""
    if survey.fewest.sum() > capacity:
        return replace(prices, high=min(top, prices.high * WIDER))
    if survey.largest.sum() < capacity and prices.low > 0:
        low = prices.low / WIDER
        return replace(prices, low=low if low > top * LOWEST else 0.0)
    return None
