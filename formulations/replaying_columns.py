"""A fleet's plan made on one set of numbers, carried out on another."""

import numpy as np

from formulations.kernels.profiles import training_speeds
from formulations.schedule_columns import ScheduleColumns
from formulations.stream_model import NO_RETRAINING
from instances.columns import Columns


def replay_columns(columns: Columns, schedule: ScheduleColumns) -> ScheduleColumns:
    """Return the schedule without the retrainings that do not finish.

    See :func:`formulations.replaying.replay`; the units stay as they are.
    """
    retrains = np.flatnonzero(schedule.retraining != NO_RETRAINING)
    entry = columns.retraining_offsets[retrains] + schedule.retraining[retrains]
    cost, delay = columns.gpu_seconds[entry], columns.delay_seconds
    assert delay is not None
    units = schedule.training_units[retrains]
    most = int(units.max(initial=0))
    speed = training_speeds(columns, most)[np.minimum(units, columns.total_units)]
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = delay[entry] + np.where(cost > 0, cost / speed, 0.0)
    kept = schedule.retraining.copy()
    kept[retrains[~(seconds <= columns.window_seconds)]] = NO_RETRAINING
    return ScheduleColumns(
        retraining=kept,
        inference_units=schedule.inference_units,
        training_units=schedule.training_units,
    )
