"""Lagrangian sweeps: what every stream takes at prices of a unit, by its hull.

At a price λ a stream takes the units that maximise w_v A_v(k) - λ k; the sum over the
streams falls as the price rises, and where it meets the capacity the linear relaxation
has its optimum. A sweep never keeps a row of the value table: row, hull and answer of
a stream are made in one go.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.chunks import run_chunks
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import work_width
from formulations.kernels.sweeps_cpu import candidates_range, survey_range

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

WORTH_A_THREAD = 1_000
"""Streams that take about a millisecond on the CPU."""

CELLS_AT_ONCE = 20_000_000
"""Cells of rows after which a sweep may be ended; some tenths of a second."""

WORTH_A_DEVICE = 100_000
"""Streams from which on a device pays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A range of prices, and how far from the best an option may lie in it.

    Parameters
    ----------
    low, high
        Weighted accuracy a unit, 0 <= low <= high.
    slack
        Weighted accuracy that an option may lose at some price of the range to be a
        candidate.
    """

    low: float
    high: float
    slack: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What n streams take in a range of prices.

    Parameters
    ----------
    fewest, worth
        Shape ``(n,)``: the fewest units that are best at the high price, and their
        weighted accuracy.
    inference, config
        Shape ``(n,)``: how many of the fewest units are for inference, and the
        retraining config that goes with them, -1 for none.
    largest
        Shape ``(n,)``: the most units that are best at the low price.
    count
        Shape ``(n,)``: number of candidates; 0 where the stream cannot be served.
    useful
        Shape ``(n,)``: units beyond which nothing pays at the low price; the survey
        is right only if no entry lies above the most units of the profiles and below
        the capacity.
    """

    fewest: Whole
    worth: Floats
    inference: Whole
    config: Whole
    largest: Whole
    count: Whole
    useful: Floats

    def expanded(self, place: Whole) -> "Survey":
        """Return the survey of streams that equal those at some places in this one."""
        return Survey(
            fewest=self.fewest[place],
            worth=self.worth[place],
            inference=self.inference[place],
            config=self.config[place],
            largest=self.largest[place],
            count=self.count[place],
            useful=self.useful[place],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The candidates of n streams; those of stream i from offsets[i] to offsets[i+1].

    Parameters
    ----------
    offsets
        Shape ``(n + 1,)``.
    units, worth, on_hull
        Shape ``(m,)``: units, weighted accuracy, and whether the option is a vertex of
        the hull that is best at some price of the range. Units rise in a stream.
    """

    offsets: Whole
    units: Whole
    worth: Floats
    on_hull: NDArray[np.bool_]

    def expanded(self, place: Whole) -> "Candidates":
        """Return those of streams that equal the ones at some places among these."""
        counts = np.diff(self.offsets)[place]
        offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
        entry = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        entry += np.repeat(self.offsets[place], counts)
        return Candidates(
            offsets=offsets,
            units=self.units[entry],
            worth=self.worth[entry],
            on_hull=self.on_hull[entry],
        )


def survey_streams(
    profiles: Profiles,
    streams: Whole,
    prices: Prices,
    *,
    resident: Profiles | None = None,
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Survey:
    """Return what the listed streams take in a range of prices.

    The result does not depend on the number of workers.

    Parameters
    ----------
    profiles
        Of a static window.
    streams
        Shape ``(n,)``: indices of streams.
    prices
        The range of prices.
    resident
        The same profiles in a CUDA device's memory (``cuda.on_device``), to run
        there.
    workers
        Threads of the CPU.
    between
        Called now and then; what it raises ends the sweep.
    """
    count = len(streams)
    survey = Survey(
        fewest=np.empty(count, dtype=np.int64),
        worth=np.empty(count),
        inference=np.empty(count, dtype=np.int64),
        config=np.empty(count, dtype=np.int64),
        largest=np.empty(count, dtype=np.int64),
        count=np.empty(count, dtype=np.int64),
        useful=np.empty(count),
    )
    if resident is not None:
        from formulations.kernels.sweeps_cuda import survey_on_device

        survey_on_device(profiles, resident, streams, prices, survey)
        return survey
    most = profiles.total_units
    width = work_width(profiles, most)
    run_chunks(
        lambda start, stop: survey_range(
            profiles,
            streams,
            (prices.low, prices.high),
            prices.slack,
            most,
            width,
            start,
            stop,
            survey.fewest,
            survey.worth,
            survey.inference,
            survey.config,
            survey.largest,
            survey.count,
            survey.useful,
        ),
        count,
        workers,
        at_least=WORTH_A_THREAD,
        at_most=CELLS_AT_ONCE // max(1, most),
        between=between,
    )
    return survey


def list_candidates(
    profiles: Profiles,
    streams: Whole,
    counts: Whole,
    prices: Prices,
    *,
    resident: Profiles | None = None,
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Candidates:
    """Return the candidates of the listed streams, whose numbers a survey counted.

    ``counts`` has the shape ``(n,)``; the rest is as in :func:`survey_streams`.
    """
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    total = int(offsets[-1])
    candidates = Candidates(
        offsets=offsets,
        units=np.empty(total, dtype=np.int64),
        worth=np.empty(total),
        on_hull=np.empty(total, dtype=np.bool_),
    )
    if resident is not None:
        from formulations.kernels.sweeps_cuda import candidates_on_device

        candidates_on_device(profiles, resident, streams, prices, candidates)
        return candidates
    most = profiles.total_units
    width = work_width(profiles, most)
    run_chunks(
        lambda start, stop: candidates_range(
            profiles,
            streams,
            (prices.low, prices.high),
            prices.slack,
            most,
            width,
            start,
            stop,
            offsets,
            candidates.units,
            candidates.worth,
            candidates.on_hull,
        ),
        len(streams),
        workers,
        at_least=WORTH_A_THREAD,
        at_most=CELLS_AT_ONCE // max(1, most),
        between=between,
    )
    return candidates
