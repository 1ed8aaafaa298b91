r"""Optimus' learning curve, with which Ekya extrapolates a micro-profile (§4.3).

.. math:: a(x) ≈ 1 - \left(\frac{1}{b_0 x + b_1} + b_2\right)

with :math:`b_0, b_1, b_2 ≥ 0` (Peng et al., *Optimus*, EuroSys 2018); :math:`x` counts
epochs, or training samples seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from instances.errors import EkyaOptError, InvalidOption

SMALLEST_LOSS = 1e-3
GRID = 100
SAME_ERROR = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve of accuracy that never falls and saturates at ``1 - floor``.

    Attributes
    ----------
    slope, offset
        :math:`b_0` (per unit of x) and :math:`b_1`, at least 0.
    floor
        :math:`b_2`, the loss that no training takes away, in [0, 1].
    """

    slope: float
    offset: float
    floor: float

    def at(self, x: float) -> float:
        """Return the accuracy after ``x`` epochs (or samples), kept in [0, 1]."""
        denominator = self.slope * x + self.offset
        if denominator <= 0:
            return 0.0
        return min(1.0, max(0.0, 1 - (1 / denominator + self.floor)))


def fit(epochs: Sequence[float], accuracies: Sequence[float]) -> Curve:
    r"""Return the curve that fits measured accuracies best.

    For each :math:`b_2` on a grid of 100 values below the smallest loss measured,
    non-negative least squares give :math:`b_0, b_1` from the linear equations
    :math:`1 / (1 - a_i - b_2) = b_0 x_i + b_1`; of these curves the one with the least
    squared error in accuracy is kept, of equals that with the lowest floor. Losses
    count as 0.001 at least, so that accuracies of 1 have a finite inverse. Accuracies
    that fall on the whole give a flat curve, and so does a single one.

    Parameters
    ----------
    epochs
        Where accuracy was measured: increasing numbers above 0, epochs or samples.
    accuracies
        The accuracies there, in [0, 1]; as many, at least one.

    Raises
    ------
    InvalidOption
        If a number lies outside its domain.
    EkyaOptError
        If SciPy is not installed.
    """
    _check(epochs, accuracies)
    if len(epochs) == 1:
        loss = max(1 - accuracies[0], SMALLEST_LOSS)
        return Curve(slope=0.0, offset=1 / loss, floor=0.0)
    solve = _non_negative_least_squares()
    last = epochs[-1]
    rows = [[x / last, 1.0] for x in epochs]
    losses = [max(1 - accuracy, SMALLEST_LOSS) for accuracy in accuracies]
    best, least = None, math.inf
    for step in range(GRID):
        floor = min(losses) * step / GRID
        slope, offset = solve(rows, [1 / (loss - floor) for loss in losses])[0]
        curve = Curve(slope=float(slope) / last, offset=float(offset), floor=floor)
        pairs = zip(epochs, accuracies, strict=True)
        error = sum((curve.at(x) - accuracy) ** 2 for x, accuracy in pairs)
        if error < least - SAME_ERROR:
            best, least = curve, error
    assert best is not None
    return best


def _check(epochs: Sequence[float], accuracies: Sequence[float]) -> None:
    if not epochs or len(epochs) != len(accuracies):
        message = f"a curve has {len(epochs)} epochs and {len(accuracies)} accuracies"
        raise InvalidOption(f"{message}, expected as many of both and at least one")
    before = 0.0
    for idx, x in enumerate(epochs):
        if not before < x < math.inf:
            message = f"epochs[{idx}] is {x}, expected a number above {before:g}"
            raise InvalidOption(message)
        before = x
    for idx, accuracy in enumerate(accuracies):
        if not 0 <= accuracy <= 1:
            message = f"accuracies[{idx}] is {accuracy}, expected a number in [0, 1]"
            raise InvalidOption(message)


def _non_negative_least_squares() -> Any:
    try:
        from scipy.optimize import nnls
    except ImportError:
        message = "fitting learning curves needs SciPy"
        raise EkyaOptError(f"{message} (pip install 'ekya-opt[profile]')") from None
    return nnls
