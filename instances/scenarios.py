"""Scenarios: what the retraining profiles may turn out to be."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instances.checks import LARGEST_NUMBER
from instances.columns import Columns
from instances.errors import InstanceTooLarge, InvalidOption
from instances.generators.assembly import check_integer, check_number

MOST_NUMBERS = 30_000_000
"""Largest number of scenarios times retraining configs."""

NUMBERS_AT_ONCE = 200_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorModel:
    """How far the truth may lie from the profiles that are known.

    Parameters
    ----------
    accuracy_error
        Standard deviation of a Gaussian that is added to each retrained accuracy,
        which is then kept in [0, 1]; from 0 to 10 (Ekya, Fig. 11b).
    cost_error
        Standard deviation of the logarithm of a factor on each config's GPU-seconds;
        from 0 to 10.
    from_estimates
        Draw the errors instead, with replacement, from the instance's own: pairs of
        truth less estimate in accuracy and the logarithm of truth over estimate in
        GPU-seconds, of the configs that have an estimate. The two numbers above then
        do not count.

    Raises
    ------
    InvalidOption
        If a number lies outside its domain.
    """

    accuracy_error: float = 0.1
    cost_error: float = 0.1
    from_estimates: bool = False

    def __post_init__(self) -> None:
        check_number("accuracy_error", self.accuracy_error, 0, 10)
        check_number("cost_error", self.cost_error, 0, 10)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenarios:
    """Numbers that the retraining configs of an instance may have, equally likely.

    Parameters
    ----------
    gpu_seconds, accuracy
        Shape ``(S, N)``: scenario s gives config n of the columns these numbers in
        the place of ``gpu_seconds[n]`` and ``retrained_accuracy[n]``.
    """

    gpu_seconds: Floats
    accuracy: Floats

    @property
    def count(self) -> int:
        """Number of scenarios S."""
        return len(self.accuracy)

    def columns(self, columns: Columns, s: int) -> Columns:
        """Return the columns as they are in scenario s."""
        return columns.changed(
            gpu_seconds=self.gpu_seconds[s], retrained_accuracy=self.accuracy[s]
        )


def draw_scenarios(
    columns: Columns,
    model: ErrorModel,
    count: int,
    rng: np.random.Generator,
    *,
    paired: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Scenarios:
    """Return scenarios around the numbers of some columns, every config on its own.

    The first scenarios of a larger count are the same. A config that takes no
    GPU-seconds takes none in any scenario.

    Parameters
    ----------
    columns, model, count
        The instance, what the errors are like, and how many scenarios.
    rng
        Where the random numbers come from.
    paired
        Whether every second scenario has the opposite errors of the one before
        (antithetic variates). Means over the scenarios are then much closer to those
        of the model, which keeps a plan from fitting the draw. No effect on errors
        of estimates.
    between
        Called every some ten milliseconds; what it raises ends the drawing.

    Raises
    ------
    InvalidOption
        If the count is not from 1 to a million, or errors are to be drawn from
        estimates and no config has one.
    InstanceTooLarge
        If there are more than ``MOST_NUMBERS`` numbers to draw.
    """
    check_integer("scenarios", count, 1, 1_000_000)
    configs = len(columns.gpu_seconds)
    if count * configs > MOST_NUMBERS:
        message = f"{count} scenarios of {configs} retraining configs are more than"
        raise InstanceTooLarge(f"{message} {MOST_NUMBERS} numbers")
    known = _errors_of_estimates(columns) if model.from_estimates else None
    cost, accuracy = np.empty((2, count, configs))
    # Even, so that pairs stay together.
    at_once = 2 * max(1, NUMBERS_AT_ONCE // (2 * max(1, configs)))
    for start in range(0, count, at_once):
        between()
        here = slice(start, min(start + at_once, count))
        shape = (here.stop - start, 2, configs)
        if known is None:
            drawn = _normal(rng, shape, paired)
            added = model.accuracy_error * drawn[:, 0]
            stretched = model.cost_error * drawn[:, 1]
        else:
            added, stretched = known[:, rng.integers(known.shape[1], size=shape[::2])]
        with np.errstate(over="ignore"):
            cost[here] = columns.gpu_seconds * np.exp(stretched)
        accuracy[here] = columns.retrained_accuracy + added
    return Scenarios(
        gpu_seconds=np.minimum(cost, LARGEST_NUMBER, out=cost),
        accuracy=np.clip(accuracy, 0.0, 1.0, out=accuracy),
    )


def _normal(
    rng: np.random.Generator, shape: tuple[int, int, int], paired: bool
) -> Floats:
    """Return standard normal numbers, every second row the negative of the last."""
    if not paired:
        return rng.standard_normal(shape)
    half = rng.standard_normal((-(-shape[0] // 2), *shape[1:]))
    both = np.stack((half, -half), axis=1)
    return both.reshape(2 * len(half), *shape[1:])[: shape[0]]


def _errors_of_estimates(columns: Columns) -> Floats:
    """Return the errors in accuracy and in the logarithm of cost, shape ``(2, n)``."""
    guess, level = columns.estimated_gpu_seconds, columns.estimated_accuracy
    known = np.zeros(len(columns.gpu_seconds), dtype=bool)
    if guess is not None:
        known = (guess > 0) & (columns.gpu_seconds > 0)
    if not known.any():
        message = "from_estimates is true, but no retraining config has an estimate"
        raise InvalidOption(f"{message} and a true cost, both above 0 GPU-seconds")
    assert guess is not None
    assert level is not None
    errors = columns.retrained_accuracy[known] - level[known]
    return np.stack((errors, np.log(columns.gpu_seconds[known] / guess[known])))
