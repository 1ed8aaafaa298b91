"""Sweeps over all streams, on the CPU."""

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.hulls import survey, write_candidates
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import WORK_ROWS


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
        write_candidates(
            p,
            streams[i],
            low,
            high,
            slack,
            most,
            work,
            offsets[i],
            offsets[i + 1],
            units,
            worth,
            on_hull,
        )
