"""The mean of the worst scenarios."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TailRisk:
    """Conditional value at risk of numbers that are better when larger.

    Over S equally likely scenarios it is the mean of the worst share 1 - α, where a
    scenario may count in part: min q·f over the envelope of weights q with Σ q = 1
    and 0 <= q <= 1 / ((1 - α) S) (Rockafellar and Uryasev, 2000).

    Parameters
    ----------
    confidence
        α, from 0 (the mean of all) to below 1 (towards the worst alone).
    count
        Number of scenarios S.
    """

    confidence: float
    count: int

    @property
    def most(self) -> float:
        """Largest weight of one scenario."""
        return min(1.0, 1 / ((1 - self.confidence) * self.count))

    def value(self, outcomes: Any) -> Any:
        """Return the CVaR of outcomes along the last axis, of length S."""
        weights = self._weights_by_rank()
        counted = int((weights > 0).sum())
        # All but the last of those that count have the same weight: no need to sort.
        worst = np.partition(outcomes, counted - 1, axis=-1)[..., :counted]
        return worst @ weights[:counted]

    def worst_weights(self, outcomes: Floats) -> Floats:
        """Return the weights in the envelope at which the mean is the CVaR, (S,)."""
        weights = np.empty(self.count)
        weights[np.argsort(outcomes, kind="stable")] = self._weights_by_rank()
        return weights

    def nearest_weights(self, point: Floats) -> Floats:
        """Return the point of the envelope that is nearest to a given one.

        It is the given one, less a number, kept from 0 to the largest weight; the
        number is found by bisection.
        """
        low, high = point.min() - self.most, point.max()
        for _ in range(100):
            middle = (low + high) / 2
            if np.clip(point - middle, 0, self.most).sum() >= 1:
                low = middle
            else:
                high = middle
        weights = np.clip(point - low, 0, self.most)
        return np.asarray(weights / weights.sum())

    def _weights_by_rank(self) -> Floats:
        """Return the weights of the worst, the second worst, … scenario."""
        left = 1 - self.most * np.arange(self.count)
        return np.asarray(np.clip(left, 0, self.most))
