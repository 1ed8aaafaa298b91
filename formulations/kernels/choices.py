"""From a number of units for every stream to its schedule."""

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.choices_cpu import choices_range
from formulations.kernels.chunks import run_chunks
from formulations.kernels.profiles import Profiles
from formulations.kernels.rows import work_width
from formulations.schedule_columns import ScheduleColumns

WORTH_A_THREAD = 5_000


def best_choices(
    profiles: Profiles, units: NDArray[np.int64], *, workers: int = 1
) -> tuple[ScheduleColumns, NDArray[np.float64]]:
    """Return the best schedule of exactly ``units[v]`` units, and the values, ``(V,)``.

    A value is the stream's accuracy averaged over the window; ``NEVER_SERVED`` where
    the units cannot keep the floor.
    """
    count = profiles.num_streams
    inference = np.empty(count, dtype=np.int64)
    retraining = np.empty(count, dtype=np.int64)
    values = np.empty(count)
    width = work_width(profiles, 0)
    run_chunks(
        lambda start, stop: choices_range(
            profiles, units, width, start, stop, inference, retraining, values
        ),
        count,
        workers,
        at_least=WORTH_A_THREAD,
    )
    schedule = ScheduleColumns(
        retraining=retraining,
        inference_units=inference,
        training_units=units - inference,
    )
    return schedule, values
