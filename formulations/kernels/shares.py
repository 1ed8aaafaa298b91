"""The share table: what each stream yields with each split of its units.

It is Algorithm 2 of Ekya (PickConfigs) for all shares at once, and what batched
evaluation and the searches over allocations look up.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import chosen_device
from formulations.kernels.profiles import STREAM, Profiles
from formulations.kernels.shares_cpu import (
    BELOW_FLOOR,
    NEVER_SERVED_IS,
    PENALISED_IS,
    UNSERVED_IS,
    fill_streams,
)
from instances import InstanceTooLarge, SolverUnavailable

__all__ = ["BELOW_FLOOR", "Gains", "ShareTable", "share_table"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
BelowFloor = Literal["never-served", "penalised", "unserved"]

MOST_CELLS = 60_000_000
"""Cells of a table that is kept whole; 0.6 GB."""

CELLS_A_MILLISECOND = 100_000
WORTH_A_DEVICE = 5_000_000

_BELOW = {
    "never-served": NEVER_SERVED_IS,
    "penalised": PENALISED_IS,
    "unserved": UNSERVED_IS,
}


class Gains(NamedTuple):
    """What each share adds to the mean accuracy, an argument of the kernels.

    A share (I, R) of stream v, with I + R within K, is the cell ``offsets[v] +
    min(I, top[v]) · (top_training[v] + 1) + min(R, top_training[v])``.

    Parameters
    ----------
    values
        Shape ``(cells,)``, float64 or float32: the streams' weighted values.
    offsets
        Shape ``(V + 1,)``: first cell of every stream.
    top, top_training
        Shape ``(V,)``: inference and training units beyond which a stream gains
        nothing, at most K.
    width
        K + 1.
    """

    values: Any
    offsets: Whole
    top: Whole
    top_training: Whole
    width: int

    @property
    def num_streams(self) -> int:
        """Number of streams V."""
        return len(self.top)

    def codes(self, inference_units: Any, training_units: Any) -> NDArray[Any]:
        """Return shares as codes, a cell's place among those of its stream.

        Both arguments are arrays of the shape ``(..., V)``, the units within 0 to K;
        the codes are uint16 where that holds them all, else uint32.
        """
        inference = np.minimum(inference_units, self.top)
        training = np.minimum(training_units, self.top_training)
        codes = inference * (self.top_training + 1) + training
        largest = int(((self.top + 1) * (self.top_training + 1)).max())
        kind: type[np.unsignedinteger[Any]] = (
            np.uint16 if largest <= 2**16 else np.uint32
        )
        packed: NDArray[Any] = codes.astype(kind)
        return packed


class ShareTable(NamedTuple):
    """Best value and retraining config of every stream for every share.

    Cells are laid out as in :class:`Gains`.

    Parameters
    ----------
    values
        Shape ``(cells,)``, float64: accuracy averaged over the window (A_T of Eq. 1).
    picks
        Shape ``(cells,)``, int16 or int32: the retraining config, -1 for none and
        ``BELOW_FLOOR`` (-2) where the share cannot keep the stream's floor.
    offsets, top, top_training, width
        As in :class:`Gains`.
    """

    values: Floats
    picks: NDArray[Any]
    offsets: Whole
    top: Whole
    top_training: Whole
    width: int

    def gains(self, weights: Floats, *, single: bool = False) -> Gains:
        """Return the values times the streams' weights, in single precision if asked.

        ``weights`` has the shape ``(V,)``.
        """
        each = np.repeat(weights, np.diff(self.offsets))
        gains = self.values * each
        if single:
            gains = gains.astype(np.float32)
        return Gains(gains, *self[2:])


def share_table(
    profiles: Profiles,
    below_floor: BelowFloor = "never-served",
    *,
    device: str = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> ShareTable:
    """Return the share table of a static window.

    On the CPU the values are those of ``StreamModel.pick`` bit for bit; CUDA may
    differ by 1e-15, as it fuses products with sums.

    Parameters
    ----------
    profiles
        Problem with reallocation ``never`` or ``stream``.
    below_floor
        The value of a share that cannot keep the floor: minus infinity, or as in
        :class:`formulations.pick_configs.PickConfigs`.
    device, workers
        ``auto``, ``cpu`` or ``cuda``; threads on the CPU.
    between
        Called now and then; may raise to stop the work.

    Raises
    ------
    InstanceTooLarge
        If the table has more than ``MOST_CELLS`` cells.
    SolverUnavailable
        If the reallocation is ``server``, or the device is not there.
    """
    if profiles.slot > 0:
        message = "the share table needs reallocation never or stream, not server"
        raise SolverUnavailable(message)
    top, top_training = top_units(profiles), top_training_units(profiles)
    cells_of = (top + 1) * (top_training + 1)
    cells = int(cells_of.sum())
    if cells > MOST_CELLS:
        message = f"a share table of {cells} cells is beyond {MOST_CELLS}"
        raise InstanceTooLarge(f"{message}; use coarser units")
    offsets = np.concatenate(([0], np.cumsum(cells_of)))
    most_configs = int(np.diff(profiles.retraining_offsets).max(initial=0))
    table = ShareTable(
        values=np.empty(cells),
        picks=np.empty(cells, dtype=np.int16 if most_configs < 2**15 else np.int32),
        offsets=offsets,
        top=top,
        top_training=top_training,
        width=profiles.total_units + 1,
    )
    below = _BELOW[below_floor]
    if chosen_device(device, cells * max(1, most_configs), WORTH_A_DEVICE) == "cuda":
        from formulations.kernels import shares_cuda

        shares_cuda.fill(profiles, table, below)
        return table
    work = cells / profiles.num_streams * max(1, most_configs)
    run_chunks(
        lambda start, stop: fill_streams(profiles, table, below, start, stop),
        profiles.num_streams,
        workers,
        at_least=max(1, int(CELLS_A_MILLISECOND / work)),
        between=between,
    )
    return table


def top_units(profiles: Profiles) -> Whole:
    """Return the units of each stream's best serving level within K, shape ``(V,)``."""
    units = profiles.demand_gpus * profiles.units_per_gpu
    needed = np.ceil(units - 1e-9 * np.maximum(1.0, units))
    fits = needed <= profiles.total_units
    first = profiles.inference_offsets[:-1]
    kept = np.where(fits, profiles.kept, 0.0)
    best = np.maximum.reduceat(kept, first)
    counts = np.diff(profiles.inference_offsets)
    at_best = fits & (kept == np.repeat(best, counts))
    fewest = np.minimum.reduceat(np.where(at_best, needed, np.inf), first)
    return np.where(best > 0, fewest, 0.0).astype(np.int64)


def top_training_units(profiles: Profiles) -> Whole:
    """Return the training units beyond which nothing changes, shape ``(V,)``.

    None for streams whose retraining, if any, needs no GPU; then under ``stream``
    still all, since the units join the inference.
    """
    costs = np.concatenate(([0], np.cumsum(profiles.gpu_seconds > 0)))
    needed = np.diff(costs[profiles.retraining_offsets]) > 0
    if profiles.mode == STREAM:
        needed = np.diff(profiles.retraining_offsets) > 0
    return np.where(needed, profiles.total_units, 0)
