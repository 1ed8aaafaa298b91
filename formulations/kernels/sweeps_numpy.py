"""Lagrangian sweeps in NumPy, from whole value rows: the reference for the others."""

import numpy as np
from numpy.typing import NDArray

from formulations.hull import concave_hull
from formulations.kernels.sweeps import Candidates, Prices, Survey
from formulations.value_tables import ValueTable

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_CONFIG = -1


def numpy_survey(table: ValueTable, prices: Prices) -> Survey:
    """Return what all streams take in a range of prices, from their value rows.

    As :func:`formulations.kernels.sweeps.survey_streams`, but for ``useful``, which
    is the capacity, as rows are whole here, and ``config``, which a table leaves out.
    """
    units = np.arange(table.total_units + 1)
    worth = table.weights[:, None] * table.values
    served = np.isfinite(worth[:, -1])
    at_high = worth - prices.high * units
    fewest = at_high.argmax(axis=1)
    at_low = worth - prices.low * units
    largest = _last_step(table)
    back = at_low[:, ::-1].argmax(axis=1)
    largest = np.minimum(largest, table.total_units - back)
    rows = np.arange(len(worth))
    candidates = numpy_candidates(table, prices)
    return Survey(
        fewest=np.where(served, fewest, 0),
        worth=np.where(served, worth[rows, fewest], 0.0),
        inference=np.where(served, table.inference_units[rows, fewest], 0),
        config=np.full(len(worth), NO_CONFIG),
        largest=np.where(served, largest, 0),
        count=np.diff(candidates.offsets),
        useful=np.full(len(worth), float(table.total_units)),
    )


def numpy_candidates(table: ValueTable, prices: Prices) -> Candidates:
    """Return the options that lose at most the slack at some price of the range."""
    counts, units, worth, on_hull = [], [], [], []
    for v in range(len(table.weights)):
        at, values = table.options(v)
        kept, best = _kept(at, table.weights[v] * values, prices)
        counts.append(int(kept.sum()))
        units.append(at[kept])
        worth.append((table.weights[v] * values)[kept])
        on_hull.append(best[kept])
    return Candidates(
        offsets=np.concatenate(([0], np.cumsum(counts))),
        units=np.concatenate(units),
        worth=np.concatenate(worth),
        on_hull=np.concatenate(on_hull),
    )


def _kept(units: Whole, worth: Floats, prices: Prices) -> tuple[Flags, Flags]:
    """Return which options are candidates, and which best at some price.

    The least loss over a range of prices lies at one of its ends or at a slope of the
    hull inside it.
    """
    if not len(units):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    hull = concave_hull(units, worth)
    slopes = np.diff(worth[hull]) / np.diff(units[hull])
    inside = slopes[(slopes >= prices.low) & (slopes <= prices.high)]
    tried = np.concatenate(([prices.low, prices.high], inside))
    reduced = worth - tried[:, None] * units
    losses = (reduced.max(axis=1)[:, None] - reduced).min(axis=0)
    first = int((slopes > prices.high).sum())
    last = int((slopes >= prices.low).sum())
    best = np.zeros(len(units), dtype=bool)
    best[hull[first : last + 1]] = True
    return (losses <= prices.slack) | best, best


def _last_step(table: ValueTable) -> Whole:
    """Return the units from which on a row does not rise any more."""
    steps: Whole = (table.values < table.values[:, -1:]).sum(axis=1)
    return steps
