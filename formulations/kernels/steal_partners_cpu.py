"""What other streams offer a steal, as scalar functions for CPU and CUDA alike.

An allocation is ``units``, shape ``(V, 2)``: inference and training units of every
stream; job ``2 v + kind`` has ``units[v, kind]``. Amounts are counted in the step of
the steals, ``steal_units``.

``changes[sign, amount]`` and ``jobs[sign, amount]`` hold the three best changes of
different streams for one job that takes (sign 0) or gives (sign 1) the amount, and
these jobs; -inf and -1 where there is none.
"""

import math
from typing import Any

import numpy as np

from formulations.kernels.compiling import scalar
from formulations.kernels.shares_cpu import share_gain

TAKES, GIVES = 0, 1
NUM_PARTNERS = 3
NO_JOB = -1


@scalar
def gain_with(gains: Any, units: np.ndarray, v: int, more: int, training: int) -> float:
    """Return the gain of stream v with so many units more in each job.

    Minus infinity where that is below none or above all units.
    """
    inference_units, training_units = units[v, 0] + more, units[v, 1] + training
    if inference_units < 0 or training_units < 0:
        return -math.inf
    if inference_units + training_units >= gains.width:
        return -math.inf
    return share_gain(gains, v, inference_units, training_units)


@scalar
def room(gains: Any, units: np.ndarray, v: int, kind: int, steal_units: int) -> int:
    """Return the largest amount that a job has any use for."""
    top = gains.top[v] if kind == 0 else gains.top_training[v]
    return max(0, top - units[v, kind] + steal_units - 1) // steal_units  # type: ignore[no-any-return]


@scalar
def find_partners(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    sign: int,
    amount: int,
    changes: np.ndarray,
    jobs: np.ndarray,
) -> None:
    """Write the three best partners for one sign and amount; of equals the first."""
    more = amount * steal_units if sign == TAKES else -amount * steal_units
    for place in range(NUM_PARTNERS):
        changes[sign, amount, place] = -math.inf
        jobs[sign, amount, place] = NO_JOB
    for v in range(len(units)):
        inference = gain_with(gains, units, v, more, 0)
        training = gain_with(gains, units, v, 0, more)
        change = max(inference, training) - gain_with(gains, units, v, 0, 0)
        job = 2 * v if inference >= training else 2 * v + 1
        place = NUM_PARTNERS
        while place > 0 and change > changes[sign, amount, place - 1]:
            place -= 1
        if place == NUM_PARTNERS:
            continue
        for later in range(NUM_PARTNERS - 1, place, -1):
            changes[sign, amount, later] = changes[sign, amount, later - 1]
            jobs[sign, amount, later] = jobs[sign, amount, later - 1]
        changes[sign, amount, place] = change
        jobs[sign, amount, place] = job


@scalar
def sign_of(amount: int) -> int:
    """Return what a partner does for a stream that gets the amount."""
    return GIVES if amount > 0 else TAKES


@scalar
def offer(changes: np.ndarray, amount: int) -> float:
    """Return the best change of any stream that is a partner for the amount."""
    return changes[sign_of(amount), abs(amount), 0]  # type: ignore[no-any-return]


@scalar
def next_partner(jobs: np.ndarray, sign: int, amount: int, s: int, place: int) -> int:
    """Return the first place from the given one on whose stream is not s."""
    return place + 1 if jobs[sign, amount, place] // 2 == s else place


@scalar
def two_partners(
    changes: np.ndarray, jobs: np.ndarray, s: int, a: int, b: int
) -> tuple[float, int, int]:
    """Return the change that two partners for a and b make, and their jobs.

    Of two streams other than s. The best offer to each is right unless both are of
    one stream; of the two ways out of that, the better one.
    """
    sign, amount = sign_of(a), abs(a)
    other_sign, other_amount = sign_of(b), abs(b)
    i = next_partner(jobs, sign, amount, s, 0)
    j = next_partner(jobs, other_sign, other_amount, s, 0)
    if jobs[sign, amount, i] // 2 == jobs[other_sign, other_amount, j] // 2:
        second = next_partner(jobs, sign, amount, s, i + 1)
        other_second = next_partner(jobs, other_sign, other_amount, s, j + 1)
        change = changes[sign, amount, i]
        change += changes[other_sign, other_amount, other_second]
        other_change = changes[sign, amount, second]
        other_change += changes[other_sign, other_amount, j]
        if change >= other_change:
            j = other_second
        else:
            i = second
    change = changes[sign, amount, i] + changes[other_sign, other_amount, j]
    return change, jobs[sign, amount, i], jobs[other_sign, other_amount, j]


@scalar
def partner_amounts(gains: Any, steal_units: int) -> int:
    """Return how many amounts, from 0, partners may be asked for."""
    return 2 * ((gains.width - 1) // steal_units) + 2  # type: ignore[no-any-return]
