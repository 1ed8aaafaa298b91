"""Sweeps over all streams, on the CPU."""

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.hulls import (
    find_hull,
    first_best,
    last_best,
    mark_candidates,
    survey,
)
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import (
    ROW,
    UNITS,
    WORK_ROWS,
    WORTH,
    find_choices,
    find_levels,
)


@compiled
def survey_range(
    p: Profiles,
    streams: np.ndarray,
    prices: tuple[float, float],
    slack: float,
    most: int,
    width: int,
    start: int,
    stop: int,
    fewest: np.ndarray,
    worth: np.ndarray,
    inference: np.ndarray,
    config: np.ndarray,
    largest: np.ndarray,
    count: np.ndarray,
    useful: np.ndarray,
) -> None:
    """Survey the streams listed from start to stop; see ``hulls.survey``."""
    work = np.empty((WORK_ROWS, width))
    low, high = prices
    for i in range(start, stop):
        (
            fewest[i],
            worth[i],
            inference[i],
            config[i],
            largest[i],
            count[i],
            useful[i],
        ) = survey(p, streams[i], low, high, slack, most, work)


@compiled
def candidates_range(
    p: Profiles,
    streams: np.ndarray,
    prices: tuple[float, float],
    slack: float,
    most: int,
    width: int,
    start: int,
    stop: int,
    offsets: np.ndarray,
    units: np.ndarray,
    worth: np.ndarray,
    on_hull: np.ndarray,
) -> None:
    """Write the candidates of the streams listed from start to stop."""
    work = np.empty((WORK_ROWS, width))
    low, high = prices
    for i in range(start, stop):
        v = streams[i]
        levels = find_levels(p, v, most, work)
        choices = find_choices(p, v, work)
        options, hull, _ = find_hull(p, v, levels, choices, low, slack, most, work)
        at_high, at_low = first_best(work, hull, high), last_best(work, hull, low)
        mark_candidates(work, options, at_high, at_low, low, high, slack)
        at = offsets[i]
        for option in range(options):
            if work[ROW, option] > 0:
                units[at] = int(work[UNITS, option])
                worth[at] = work[WORTH, option]
                on_hull[at] = work[ROW, option] > 1
                at += 1
