"""The share table with CUDA: one thread for each cell."""

from typing import Any

from formulations.kernels.cuda import cuda, kernel, launch, on_device, to_host
from formulations.kernels.profiles import Profiles
from formulations.kernels.shares_cpu import share_value


@kernel
def share_kernel(
    p: Profiles, offsets: Any, top_training: Any, below: int, values: Any, picks: Any
) -> None:
    """Write one cell of the table."""
    cell = cuda.grid(1)
    if cell < len(values):
        low, high = 0, len(offsets) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if offsets[middle] <= cell:
                low = middle
            else:
                high = middle
        inside = cell - offsets[low]
        width = top_training[low] + 1
        value, idx = share_value(p, low, inside // width, inside % width, below)
        values[cell] = value
        picks[cell] = idx


def fill(profiles: Profiles, table: Any, below: int) -> None:
    """Write all cells of a ``ShareTable``."""
    values = cuda.device_array(table.values.shape, table.values.dtype)
    picks = cuda.device_array(table.picks.shape, table.picks.dtype)
    layout = cuda.to_device(table.offsets), cuda.to_device(table.top_training)
    arguments = on_device(profiles), *layout, below, values, picks
    launch(share_kernel, len(values), *arguments)
    table.values[:] = to_host(values)
    table.picks[:] = to_host(picks)
