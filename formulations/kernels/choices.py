"""From numbers of units of some streams to their shares and configs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.choices_cpu import choices_range
from formulations.kernels.chunks import run_chunks
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import work_width

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

WORTH_A_THREAD = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What n streams do with the units that they have.

    Parameters
    ----------
    inference
        Shape ``(n,)``: inference units; the others train.
    config
        Shape ``(n,)``: retraining config, -1 for none.
    worth
        Shape ``(n,)``: weighted accuracy; ``-inf`` where the units cannot keep the
        floor.
    """

    inference: Whole
    config: Whole
    worth: Floats


def best_choices(
    profiles: Profiles, streams: Whole, units: Whole, *, workers: int = 1
) -> Choices:
    """Return the best choices of the listed streams with exactly ``units[i]`` units."""
    count = len(streams)
    choices = Choices(
        inference=np.empty(count, dtype=np.int64),
        config=np.empty(count, dtype=np.int64),
        worth=np.empty(count),
    )
    width = work_width(profiles, 0)
    run_chunks(
        lambda start, stop: choices_range(
            profiles,
            streams,
            units,
            width,
            start,
            stop,
            choices.inference,
            choices.config,
            choices.worth,
        ),
        count,
        workers,
        at_least=WORTH_A_THREAD,
    )
    return choices
