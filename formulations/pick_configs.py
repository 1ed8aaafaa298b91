"""What an allocation of units to jobs is worth: Algorithm 2 of Ekya for all streams."""

from collections.abc import Sequence

from formulations.schedule import Schedule
from formulations.stream_model import NEVER_SERVED, StreamModel
from instances import Instance

Share = tuple[int, int]
"""Inference units and training units of one stream."""


class PickConfigs:
    """Picks every stream's configs for the units it is given (Ekya, Algorithm 2).

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    """

    def __init__(self, instance: Instance) -> None:
        self.models = [StreamModel(instance, stream) for stream in instance.streams]
        weights = [stream.weight for stream in instance.streams]
        self.weights = [weight / sum(weights) for weight in weights]
        self._picks: list[dict[Share, tuple[float, int]]] = [{} for _ in weights]

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
        """Return what a stream adds to the mean accuracy; 0 if it cannot be served."""
        value = self.pick(stream_idx, share)[0]
        return 0.0 if value == NEVER_SERVED else self.weights[stream_idx] * value

    def objective(self, allocation: Sequence[Share]) -> float:
        """Return the mean accuracy of an allocation, one share a stream."""
        return sum(self.gain(v, share) for v, share in enumerate(allocation))

    def schedule(self, allocation: Sequence[Share]) -> Schedule | None:
        """Return the schedule of an allocation; ``None`` if a floor is not kept."""
        plans = []
        for v, share in enumerate(allocation):
            value, retraining_idx = self.pick(v, share)
            if value == NEVER_SERVED:
                return None
            plans.append(self.models[v].plan(retraining_idx, *share))
        return Schedule(streams=tuple(plans))
