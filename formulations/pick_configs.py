"""What an allocation of units to jobs is worth: Algorithm 2 of Ekya for all streams."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from formulations.stream_model import NEVER_SERVED, StreamModel
from instances import Instance

Share = tuple[int, int]
"""Inference units and training units of one stream."""

BelowFloor = Literal["penalised", "unserved"]
"""What a share that cannot keep its stream's floor counts in the mean accuracy."""


class PickConfigs:
    """Picks every stream's configs for the units it is given (Ekya, Algorithm 2).

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    below_floor
        With ``unserved`` a share that cannot keep the floor gains 0; with
        ``penalised`` the accuracy that it has, less 1.
    """

    def __init__(
        self, instance: Instance, below_floor: BelowFloor = "unserved"
    ) -> None:
        self.models = [StreamModel(instance, stream) for stream in instance.streams]
        self._below = [
            StreamModel(instance, replace(stream, min_accuracy=0))
            for stream in instance.streams
            if below_floor == "penalised"
        ]
        total = instance.total_weight
        self.weights = [stream.weight / total for stream in instance.streams]
        self._picks: list[dict[Share, tuple[float, int]]] = [{} for _ in self.models]
        self._gains: list[dict[Share, float]] = [{} for _ in self.models]

    def pick(self, stream_idx: int, share: Share) -> tuple[float, int]:
        """Return the best value and its retraining config for a stream's share.

        The value is ``NEVER_SERVED`` if the share cannot keep the stream's floor.
        """
        picks = self._picks[stream_idx]
        found = picks.get(share)
        if found is None:
            found = picks[share] = self.models[stream_idx].pick(*share)
        return found

    def gain(self, stream_idx: int, share: Share) -> float:
        """Return what a stream adds to the mean accuracy."""
        gains = self._gains[stream_idx]
        found = gains.get(share)
        if found is None:
            value = self.pick(stream_idx, share)[0]
            if value == NEVER_SERVED:
                below = self._below
                value = below[stream_idx].pick(*share)[0] - 1 if below else 0.0
            found = gains[share] = self.weights[stream_idx] * value
        return found

    def objective(self, allocation: Sequence[Share]) -> float:
        """Return the mean accuracy of an allocation, one share a stream."""
        return sum(self.gain(v, share) for v, share in enumerate(allocation))

    def keeps_floors(self, allocation: Sequence[Share]) -> bool:
        """Return whether an allocation serves every stream at its floor."""
        return all(
            self.pick(v, share)[0] != NEVER_SERVED for v, share in enumerate(allocation)
        )
