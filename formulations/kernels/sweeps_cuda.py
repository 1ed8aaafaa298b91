"""Sweeps over all streams with CUDA: one thread for one stream after the other."""

from typing import Any

import numpy as np

from formulations.kernels.cuda import cuda, kernel, launch, to_host
from formulations.kernels.hulls import survey, write_candidates
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import WORK_ROWS, work_width

WORK_BYTES = 2**30
"""Device memory that the threads' work arrays may take together."""


@kernel
def survey_kernel(
    p: Profiles,
    streams: Any,
    low: float,
    high: float,
    slack: float,
    work: Any,
    fewest: Any,
    worth: Any,
    inference: Any,
    config: Any,
    largest: Any,
    count: Any,
    useful: Any,
) -> None:
    """Survey every n-th stream, n being the number of work arrays."""
    first, step = cuda.grid(1), work.shape[2]
    if first < step:
        own = work[:, :, first]
        for i in range(first, len(streams), step):
            (
                fewest[i],
                worth[i],
                inference[i],
                config[i],
                largest[i],
                count[i],
                useful[i],
            ) = survey(p, streams[i], low, high, slack, len(p.speed) - 1, own)


@kernel
def candidates_kernel(
    p: Profiles,
    streams: Any,
    low: float,
    high: float,
    slack: float,
    work: Any,
    offsets: Any,
    units: Any,
    worth: Any,
    on_hull: Any,
) -> None:
    """Write the candidates of every n-th stream, n being the number of work arrays."""
    first, step = cuda.grid(1), work.shape[2]
    if first < step:
        own = work[:, :, first]
        for i in range(first, len(streams), step):
            write_candidates(
                p,
                streams[i],
                low,
                high,
                slack,
                len(p.speed) - 1,
                own,
                offsets[i],
                offsets[i + 1],
                units,
                worth,
                on_hull,
            )


def survey_on_device(
    host: Profiles, device: Profiles, streams: Any, prices: Any, survey: Any
) -> None:
    """Fill a ``Survey``; ``device`` holds the same profiles as ``host``."""
    work = _work_arrays(host, len(streams))
    columns = (
        survey.fewest,
        survey.worth,
        survey.inference,
        survey.config,
        survey.largest,
        survey.count,
        survey.useful,
    )
    results = [cuda.device_array(len(streams), column.dtype) for column in columns]
    launch(
        survey_kernel,
        work.shape[2],
        device,
        cuda.to_device(np.ascontiguousarray(streams)),
        prices.low,
        prices.high,
        prices.slack,
        work,
        *results,
    )
    for column, result in zip(columns, results, strict=True):
        column[:] = to_host(result)


def candidates_on_device(
    host: Profiles, device: Profiles, streams: Any, prices: Any, candidates: Any
) -> None:
    """Fill ``Candidates`` whose offsets are given."""
    work = _work_arrays(host, len(streams))
    columns = (candidates.units, candidates.worth, candidates.on_hull)
    results = [cuda.device_array(len(column), column.dtype) for column in columns]
    launch(
        candidates_kernel,
        work.shape[2],
        device,
        cuda.to_device(np.ascontiguousarray(streams)),
        prices.low,
        prices.high,
        prices.slack,
        work,
        cuda.to_device(candidates.offsets),
        *results,
    )
    for column, result in zip(columns, results, strict=True):
        column[:] = to_host(result)


def _work_arrays(profiles: Profiles, count: int) -> Any:
    """Return one work array a thread, neighbouring threads' entries side by side."""
    width = work_width(profiles, profiles.total_units)
    threads = max(1, min(count, WORK_BYTES // (8 * WORK_ROWS * width)))
    return cuda.device_array((WORK_ROWS, width, threads), np.float64)
