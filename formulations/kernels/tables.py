"""Value tables from columns of profiles, on the CPU or with CUDA."""

from collections.abc import Callable

import numpy as np

from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import chosen_device
from formulations.kernels.profiles import profiles_of
from formulations.kernels.rows import work_width
from formulations.kernels.tables_cpu import table_range
from formulations.stream_model import check_static
from formulations.value_tables import MOST_CELLS, ValueTable
from instances import InstanceTooLarge
from instances.columns import Columns

CELLS_A_MILLISECOND = 50_000
WORTH_A_DEVICE = 1_000_000


def column_table(
    columns: Columns,
    most_units: int | None = None,
    *,
    device: str = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> ValueTable:
    """Return the value table of a static window given as columns.

    Values agree with the NumPy reference within 1e-12 on any device. Where several
    splits of the units are equally good within that, they may differ.

    Parameters
    ----------
    columns
        Problem with reallocation ``never`` or ``stream``.
    most_units
        Units at which the rows end; ``None`` is the capacity K.
    device, workers
        ``auto``, ``cpu`` or ``cuda``; threads of the CPU.
    between
        Called now and then; what it raises ends the work.

    Raises
    ------
    SolverUnavailable
        If the reallocation is ``server``, or there is no CUDA device to be used.
    InstanceTooLarge
        If the table has more than ``MOST_CELLS`` cells.
    """
    check_static(columns)
    most = columns.total_units
    if most_units is not None:
        most = min(most, most_units)
    shape = columns.num_streams, most + 1
    if shape[0] * shape[1] > MOST_CELLS:
        message = f"{columns.name}: a value table of {shape[0]} × {shape[1]} cells is"
        raise InstanceTooLarge(f"{message} beyond {MOST_CELLS}; use coarser units")
    profiles = profiles_of(columns, most)
    table = ValueTable(
        values=np.empty(shape),
        inference_units=np.empty(shape, dtype=np.int32),
        training_units=np.empty(shape, dtype=np.int32),
        weights=profiles.weight,
    )
    parts = table.values, table.inference_units, table.training_units
    if chosen_device(device, table.values.size, WORTH_A_DEVICE) == "cuda":
        from formulations.kernels.tables_cuda import fill_table

        fill_table(profiles, *parts)
        return table
    width = work_width(profiles, most)
    run_chunks(
        lambda start, stop: table_range(profiles, width, start, stop, *parts),
        columns.num_streams,
        workers,
        at_least=max(1, CELLS_A_MILLISECOND // shape[1]),
        between=between,
    )
    return table
