"""PickConfigs with every share looked up in a table."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.profiles import profiles_of
from formulations.kernels.shares import BELOW_FLOOR, share_table
from formulations.pick_configs import BelowFloor, PickConfigs, Share
from formulations.stream_model import NEVER_SERVED, NO_RETRAINING
from instances import Instance
from instances.columns import columns_of


class TabledPicks(PickConfigs):
    """Picks every stream's configs by table, with the numbers of PickConfigs.

    Parameters
    ----------
    instance, below_floor
        As in :class:`PickConfigs`.
    workers, between
        As in :func:`formulations.kernels.shares.share_table`.

    Raises
    ------
    InstanceTooLarge
        If the table would not fit in memory.
    """

    def __init__(
        self,
        instance: Instance,
        below_floor: BelowFloor = "unserved",
        *,
        workers: int = 1,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(instance, below_floor)
        profiles = profiles_of(columns_of(instance))
        self.table = share_table(
            profiles, below_floor, device="cpu", workers=workers, between=between
        )
        self.gains = self.table.gains(np.array(self.weights))

    def pick(self, stream_idx: int, share: Share) -> tuple[float, int]:
        """Return the best value and its retraining config for a stream's share."""
        cell = self._cell(stream_idx, share)
        idx = int(self.table.picks[cell])
        if idx == BELOW_FLOOR:
            return NEVER_SERVED, NO_RETRAINING
        return float(self.table.values[cell]), idx

    def gain(self, stream_idx: int, share: Share) -> float:
        """Return what a stream adds to the mean accuracy."""
        return float(self.gains.values[self._cell(stream_idx, share)])

    def objective(self, allocation: Sequence[Share]) -> float:
        """Return the mean accuracy of an allocation, one share a stream."""
        return float(sum(self.gains.values[self._cells(allocation)].tolist()))

    def keeps_floors(self, allocation: Sequence[Share]) -> bool:
        """Return whether an allocation serves every stream at its floor."""
        return bool((self.table.picks[self._cells(allocation)] != BELOW_FLOOR).all())

    def _cell(self, stream_idx: int, share: Share) -> int:
        table, top_training = self.table, int(self.table.top_training[stream_idx])
        row = min(share[0], int(table.top[stream_idx])) * (top_training + 1)
        return int(table.offsets[stream_idx]) + row + min(share[1], top_training)

    def _cells(self, allocation: Sequence[Share]) -> NDArray[np.int64]:
        units = np.array(allocation)
        codes: NDArray[np.int64] = self.gains.codes(units[:, 0], units[:, 1])
        return self.table.offsets[:-1] + codes
