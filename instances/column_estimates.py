"""Columns as a profiler saw them."""

import numpy as np

from instances.columns import Columns


def columns_as_estimated(columns: Columns) -> Columns:
    """Return the columns with the profiler's estimates in place of the true numbers.

    A retraining config without an estimate keeps its numbers; see
    :func:`instances.as_estimated`.
    """
    if columns.estimated_gpu_seconds is None or columns.estimated_accuracy is None:
        return columns
    known = ~np.isnan(columns.estimated_gpu_seconds)
    return columns.changed(
        gpu_seconds=np.where(known, columns.estimated_gpu_seconds, columns.gpu_seconds),
        retrained_accuracy=np.where(
            known, columns.estimated_accuracy, columns.retrained_accuracy
        ),
    )
