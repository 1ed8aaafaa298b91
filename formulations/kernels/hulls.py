"""One stream's hull and its options at a price, as scalar functions for CPU and CUDA.

An option is a number of units that no smaller number equals; it is worth the stream's
weight times the row's value. At a price, an option loses what the best one is worth
more, both less the price of their units.
"""

import numpy as np

from formulations.kernels.compiling import scalar
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import (
    HULL,
    ROW,
    SLOPE,
    UNITS,
    WORTH,
    best_split,
    fill_row,
    find_choices,
    find_levels,
    most_useful_units,
)
from formulations.kernels.scalars import NEVER_SERVED


@scalar
def find_slopes(work: np.ndarray, hull: int) -> None:
    """Write the gain a unit from every hull vertex to the next; 0 after the last.

    On nearly straight stretches rounding may turn two slopes around; they are made to
    fall.
    """
    least = np.inf
    for vertex in range(hull - 1):
        here, there = int(work[HULL, vertex]), int(work[HULL, vertex + 1])
        gain = work[WORTH, there] - work[WORTH, here]
        least = min(least, gain / (work[UNITS, there] - work[UNITS, here]))
        work[SLOPE, vertex] = least
    work[SLOPE, hull - 1] = 0.0


@scalar
def find_hull(
    p: Profiles,
    v: int,
    levels: int,
    choices: int,
    price: float,
    slack: float,
    most: int,
    work: np.ndarray,
) -> tuple[int, int, float]:
    """Write the stream's options and hull; return their numbers and the useful units.

    ``work`` holds the stream's levels and choices. The options are those of up to
    the most useful units at the lowest price of interest; where these are more than
    ``most``, the row ends there. The hull is the upper concave one (Andrew's monotone
    chain), as indices of options.
    """
    useful = most_useful_units(p, v, price, slack, levels, choices, work)
    cap = int(min(float(most), useful))
    fill_row(p, v, cap, levels, choices, work)
    weight = p.weight[v]
    options, hull = 0, 0
    record = NEVER_SERVED
    for k in range(cap + 1):
        value = work[ROW, k]
        if value <= record:
            continue
        record = value
        worth = weight * value
        while hull > 1:
            last, before = int(work[HULL, hull - 1]), int(work[HULL, hull - 2])
            rise = (work[WORTH, last] - work[WORTH, before]) * (k - work[UNITS, before])
            run = work[UNITS, last] - work[UNITS, before]
            if rise > (worth - work[WORTH, before]) * run:
                break
            hull -= 1
        work[UNITS, options] = k
        work[WORTH, options] = worth
        work[HULL, hull] = options
        options += 1
        hull += 1
    if hull:
        find_slopes(work, hull)
    return options, hull, useful


@scalar
def first_best(work: np.ndarray, hull: int, price: float) -> int:
    """Return the hull vertex of the fewest units that is best at a price."""
    vertex = 0
    while vertex + 1 < hull and work[SLOPE, vertex] > price:
        vertex += 1
    return vertex


@scalar
def last_best(work: np.ndarray, hull: int, price: float) -> int:
    """Return the hull vertex of the most units that is best at a price."""
    vertex = 0
    while vertex + 1 < hull and work[SLOPE, vertex] >= price:
        vertex += 1
    return vertex


@scalar
def loss(work: np.ndarray, option: int, best: int, price: float) -> float:
    """Return what an option loses against the best one at a price."""
    gain = work[WORTH, best] - work[WORTH, option]
    return float(gain - price * (work[UNITS, best] - work[UNITS, option]))


@scalar
def mark_side(
    work: np.ndarray, start: int, stop: int, best: int, price: float, slack: float
) -> None:
    """Mark the options from start to stop that lose at most the slack at a price."""
    worth, units = work[WORTH, best], work[UNITS, best]
    for option in range(start, stop):
        lost = worth - work[WORTH, option] - price * (units - work[UNITS, option])
        work[ROW, option] = 1.0 if lost <= slack else 0.0


@scalar
def mark_candidates(
    work: np.ndarray,
    options: int,
    at_high: int,
    at_low: int,
    low: float,
    high: float,
    slack: float,
) -> int:
    """Mark the options that lose at most a slack at some price from low to high.

    ``at_high`` and ``at_low`` are the vertices that :func:`first_best` and
    :func:`last_best` find for the high and the low price. Returns the number of
    candidates; ``work[ROW]`` becomes 2 for vertices of the hull that are best at some
    of these prices, 1 for other candidates and 0 for the rest. The loss of an option
    falls until the slope of the hull above it and rises after.
    """
    first, end = int(work[HULL, at_high]), int(work[HULL, at_low])
    mark_side(work, 0, first, first, high, slack)
    mark_side(work, end + 1, options, end, low, slack)
    vertex = at_high
    for option in range(first, end + 1):
        while vertex < at_low and work[HULL, vertex + 1] <= option:
            vertex += 1
        work[ROW, option] = 0.0
        if int(work[HULL, vertex]) == option:
            work[ROW, option] = 2.0
        elif loss(work, option, int(work[HULL, vertex]), work[SLOPE, vertex]) <= slack:
            work[ROW, option] = 1.0
    count = 0
    for option in range(options):
        count += work[ROW, option] > 0
    return count


@scalar
def survey(
    p: Profiles,
    v: int,
    low: float,
    high: float,
    slack: float,
    most: int,
    work: np.ndarray,
) -> tuple[int, float, int, int, int, int, float]:
    """Return what a stream takes at prices from low to high.

    The fewest best units at the high price, what they are worth, how many of them are
    for inference and which retraining config goes with them; the most best units at
    the low price; the number of candidates (0: the stream cannot be served); and the
    most useful units at the low price.
    """
    levels = find_levels(p, v, work)
    choices = find_choices(p, v, work)
    options, hull, useful = find_hull(p, v, levels, choices, low, slack, most, work)
    if options == 0:
        return 0, 0.0, 0, -1, 0, 0, useful
    at_high, at_low = first_best(work, hull, high), last_best(work, hull, low)
    count = mark_candidates(work, options, at_high, at_low, low, high, slack)
    fewest = int(work[HULL, at_high])
    units = int(work[UNITS, fewest])
    inference, config, _ = best_split(p, v, units, levels, choices, work)
    largest = int(work[UNITS, int(work[HULL, at_low])])
    return units, work[WORTH, fewest], inference, config, largest, count, useful


@scalar
def write_candidates(
    p: Profiles,
    v: int,
    low: float,
    high: float,
    slack: float,
    most: int,
    work: np.ndarray,
    at: int,
    end: int,
    units: np.ndarray,
    worth: np.ndarray,
    on_hull: np.ndarray,
) -> None:
    """Write the candidates that :func:`survey` counts to the entries from at to end.

    Where a compiler rounds otherwise here than there, an option more or less may lose
    just the slack: one too many is left out, one too few is the last one again.
    """
    levels = find_levels(p, v, work)
    choices = find_choices(p, v, work)
    options, hull, _ = find_hull(p, v, levels, choices, low, slack, most, work)
    if options == 0:
        return
    at_high, at_low = first_best(work, hull, high), last_best(work, hull, low)
    mark_candidates(work, options, at_high, at_low, low, high, slack)
    for option in range(options):
        if work[ROW, option] > 0 and at < end:
            units[at] = int(work[UNITS, option])
            worth[at] = work[WORTH, option]
            on_hull[at] = work[ROW, option] > 1
            at += 1
    for entry in range(at, end):
        units[entry], worth[entry] = units[at - 1], worth[at - 1]
        on_hull[entry] = False
