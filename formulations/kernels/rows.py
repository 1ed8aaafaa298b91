"""One stream's value row as scalar functions, for CPU and CUDA alike.

A row holds the stream's best window-average accuracy with exactly k units, k from 0 to
a cap. What it needs on the way lies in ``work``, a float64 array of ``WORK_ROWS`` rows
and at least :func:`work_width` columns that the caller lends.
"""

import math

import numpy as np

from formulations.kernels.compiling import scalar
from formulations.kernels.profiles import STREAM, Profiles
from formulations.kernels.scalars import NEVER_SERVED, units_needed
from formulations.tolerances import TIME_TOLERANCE

LEVEL_UNITS, LEVEL_KEPT, COST, WAIT, AFTER, CONFIG, BEST, FREED, ROW = range(9)
UNITS, WORTH, HULL, SLOPE = range(9, 13)
"""Rows of the work array; those of the second line belong to the hulls."""

WORK_ROWS = 13

WORTH_TIGHTENING = 8.0
"""Units of a row beyond which a closer look at its useful length pays."""


def work_width(p: Profiles, cap: int) -> int:
    """Return the columns that a work array needs for rows of up to ``cap`` units."""
    levels = int(np.diff(p.inference_offsets).max()) + 1
    choices = int(np.diff(p.retraining_offsets).max())
    return max(levels, choices, cap + 1)


@scalar
def find_levels(p: Profiles, v: int, work: np.ndarray) -> int:
    """Write the stream's serving levels within the capacity; return their number.

    Levels rise in units and in what they keep; level 0 needs no units.
    """
    work[LEVEL_UNITS, 0] = 0
    work[LEVEL_KEPT, 0] = 0.0
    count = 1
    for entry in range(p.inference_offsets[v], p.inference_offsets[v + 1]):
        units = units_needed(p.demand_gpus[entry], p.units_per_gpu)
        kept = p.kept[entry]
        if units > p.capacity:
            continue
        at = count
        while at > 0 and work[LEVEL_UNITS, at - 1] > units:
            at -= 1
        if work[LEVEL_KEPT, at - 1] >= kept:
            continue
        # It replaces the level of the same units and all later ones that keep less.
        if work[LEVEL_UNITS, at - 1] == units:
            at -= 1
        beaten = at
        while beaten < count and work[LEVEL_KEPT, beaten] <= kept:
            beaten += 1
        shift = at + 1 - beaten
        if shift > 0:
            for idx in range(count - 1, beaten - 1, -1):
                work[LEVEL_UNITS, idx + 1] = work[LEVEL_UNITS, idx]
                work[LEVEL_KEPT, idx + 1] = work[LEVEL_KEPT, idx]
        elif shift < 0:
            for idx in range(beaten, count):
                work[LEVEL_UNITS, idx + shift] = work[LEVEL_UNITS, idx]
                work[LEVEL_KEPT, idx + shift] = work[LEVEL_KEPT, idx]
        count += shift
        work[LEVEL_UNITS, at] = units
        work[LEVEL_KEPT, at] = kept
    return count


@scalar
def find_choices(p: Profiles, v: int, work: np.ndarray) -> int:
    """Write the retraining configs worth a look; return their number.

    A config that does not beat the model held is left out, and so is one that
    another one dominates: no dearer, no later and no less accurate. Costs and waits
    are in shares of the window, the cost for a training speed of 1.
    """
    count = 0
    first, last = p.retraining_offsets[v], p.retraining_offsets[v + 1]
    accuracy = p.accuracy[v]
    for entry in range(first, last):
        after = p.retrained[entry]
        if after <= accuracy:
            continue
        cost, wait = p.gpu_seconds[entry], p.delay[entry]
        dominated = False
        other = 0
        while other < count:
            cheaper = work[COST, other] <= cost
            sooner = work[WAIT, other] <= wait
            better = work[AFTER, other] >= after
            if cheaper and sooner and better:
                dominated = True
                break
            if (
                work[COST, other] >= cost
                and work[WAIT, other] >= wait
                and work[AFTER, other] <= after
            ):
                count -= 1
                for row in (COST, WAIT, AFTER, CONFIG):
                    work[row, other] = work[row, count]
            else:
                other += 1
        if not dominated:
            work[COST, count] = cost
            work[WAIT, count] = wait
            work[AFTER, count] = after
            work[CONFIG, count] = entry - first
            count += 1
    for choice in range(count):
        work[COST, choice] /= p.window
        work[WAIT, choice] /= p.window
    return count


@scalar
def fill_row(
    p: Profiles, v: int, cap: int, levels: int, choices: int, work: np.ndarray
) -> None:
    """Write the value of exactly 0 to ``cap`` units to ``work[ROW]``.

    With s the completion's share of the window, a choice is worth
    ``a_γ r' + s (a r - a_γ r')``: linear in the seconds that a GPU-second takes. It
    needs no test for s > 1, since such a choice is worth less than no retraining.
    """
    accuracy = p.accuracy[v]
    for k in range(cap + 1):
        work[ROW, k] = NEVER_SERVED
    if p.mode == STREAM:
        _fill_kept(cap, levels, work)
    else:
        _fill_best(p, cap, accuracy, choices, work)
    for level in range(levels):
        units = int(work[LEVEL_UNITS, level])
        before = accuracy * work[LEVEL_KEPT, level]
        if before < p.floor[v]:
            _fill_instant(p, v, cap, level, choices, work)
        elif p.mode == STREAM:
            _fill_joined(p, cap, units, before, choices, work)
        else:
            kept = work[LEVEL_KEPT, level]
            for k in range(units, cap + 1):
                value = kept * work[BEST, k - units]
                work[ROW, k] = value if value > work[ROW, k] else work[ROW, k]


@scalar
def _fill_kept(cap: int, levels: int, work: np.ndarray) -> None:
    """Write what 0 to ``cap`` inference units keep."""
    for level in range(levels):
        kept = work[LEVEL_KEPT, level]
        for k in range(int(work[LEVEL_UNITS, level]), cap + 1):
            work[FREED, k] = kept


@scalar
def _fill_best(
    p: Profiles, cap: int, accuracy: float, choices: int, work: np.ndarray
) -> None:
    """Write the best average model accuracy with 0 to ``cap`` training units."""
    for k in range(cap + 1):
        work[BEST, k] = accuracy
    for choice in range(choices):
        after = work[AFTER, choice]
        slope = work[COST, choice] * (accuracy - after)
        start = after + work[WAIT, choice] * (accuracy - after)
        for k in range(cap + 1):
            value = start + slope * p.inverse_speed[k]
            work[BEST, k] = value if value > work[BEST, k] else work[BEST, k]


@scalar
def _fill_joined(
    p: Profiles, cap: int, units: int, before: float, choices: int, work: np.ndarray
) -> None:
    """Raise the row by the choices that serve with ``units`` until the completion."""
    for k in range(units, cap + 1):
        work[ROW, k] = before if before > work[ROW, k] else work[ROW, k]
    for choice in range(choices):
        after, cost, wait = work[AFTER, choice], work[COST, choice], work[WAIT, choice]
        for k in range(units, cap + 1):
            end = after * work[FREED, k]
            value = end + (wait + cost * p.inverse_speed[k - units]) * (before - end)
            work[ROW, k] = value if value > work[ROW, k] else work[ROW, k]


@scalar
def _fill_instant(
    p: Profiles, v: int, cap: int, level: int, choices: int, work: np.ndarray
) -> None:
    """Raise the row by retrainings that end at once, where the model held is too bad.

    Only then does the floor allow what the level makes of the model held.
    """
    units = int(work[LEVEL_UNITS, level])
    before = p.accuracy[v] * work[LEVEL_KEPT, level]
    for choice in range(choices):
        for k in range(units, cap + 1):
            share = work[WAIT, choice] + work[COST, choice] * p.inverse_speed[k - units]
            kept = work[LEVEL_KEPT, level]
            if p.mode == STREAM:
                kept = work[FREED, k]
            after = work[AFTER, choice] * kept
            if share <= TIME_TOLERANCE and after >= p.floor[v]:
                value = share * before + (1 - share) * after
                if value > work[ROW, k]:
                    work[ROW, k] = value


@scalar
def most_useful_units(
    p: Profiles,
    v: int,
    price: float,
    slack: float,
    levels: int,
    choices: int,
    work: np.ndarray,
) -> float:
    """Return the most units that may be worth their price, up to a slack.

    A bound from the best of some shares: no accuracy pays for more units. Infinite
    where it proves nothing.
    """
    accuracy, weight, top = p.accuracy[v], p.weight[v], levels - 1
    kept = work[LEVEL_KEPT, top]
    best = accuracy
    costs = False
    for choice in range(choices):
        best = max(best, work[AFTER, choice])
        costs = costs or work[COST, choice] > 0
    if not costs:
        return float(work[LEVEL_UNITS, top])
    if price <= 0:
        return math.inf
    surplus = NEVER_SERVED
    for level in range(levels):
        served = accuracy * work[LEVEL_KEPT, level]
        if served >= p.floor[v]:
            worth = weight * served - price * work[LEVEL_UNITS, level]
            surplus = max(surplus, worth)
    if surplus == NEVER_SERVED:
        instant = False
        for choice in range(choices):
            quickest = work[WAIT, choice] + work[COST, choice] / p.top_speed
            if quickest > TIME_TOLERANCE:
                continue
            instant = True
            for level in range(levels):
                served = work[AFTER, choice] * work[LEVEL_KEPT, level]
                if work[COST, choice] == 0 and served >= p.floor[v]:
                    worth = weight * served * (1 - TIME_TOLERANCE)
                    surplus = max(surplus, worth - price * work[LEVEL_UNITS, level])
        if not instant:
            return 0.0
        if surplus == NEVER_SERVED:
            return math.inf
    most = (weight * best * kept - surplus + slack) / price
    if most > WORTH_TIGHTENING and accuracy * kept >= p.floor[v]:
        scale = p.units_per_gpu / price
        for choice in range(choices):
            gain = weight * kept * (work[AFTER, choice] - accuracy)
            # Where one unit more gains its price, with the speed a share of a GPU.
            units = math.sqrt(gain * work[COST, choice] * scale)
            training = int(min(max(units, 1.0), float(p.inverse_speed.shape[0] - 1)))
            share = work[WAIT, choice] + work[COST, choice] * p.inverse_speed[training]
            worth = weight * kept * accuracy + gain * (1 - share)
            surplus = max(surplus, worth - price * (work[LEVEL_UNITS, top] + training))
        most = (weight * best * kept - surplus + slack) / price
    return float(most * (1 + 1e-12) + 1e-9)


@scalar
def best_split(
    p: Profiles, v: int, units: int, levels: int, choices: int, work: np.ndarray
) -> tuple[int, int, float]:
    """Return the best way to use exactly ``units`` units, from the stream's work array.

    Its inference units, its retraining config (-1 for none) and its value; of equals
    the fewest inference units, and no retraining before any.
    """
    best, best_inference, best_config = NEVER_SERVED, 0, -1
    freed = 0.0
    for level in range(levels):
        if work[LEVEL_UNITS, level] <= units:
            freed = work[LEVEL_KEPT, level]
    for level in range(levels):
        inference = int(work[LEVEL_UNITS, level])
        if inference > units:
            break
        inverse = p.inverse_speed[units - inference]
        kept = work[LEVEL_KEPT, level]
        before = p.accuracy[v] * kept
        if before >= p.floor[v] and before > best:
            best, best_inference, best_config = before, inference, -1
        for choice in range(choices):
            share = work[WAIT, choice] + work[COST, choice] * inverse
            after = work[AFTER, choice] * (freed if p.mode == STREAM else kept)
            held = before >= p.floor[v] or share <= TIME_TOLERANCE
            value = share * before + (1 - share) * after
            if share <= 1 and held and after >= p.floor[v] and value > best:
                best, best_inference = value, inference
                best_config = int(work[CONFIG, choice])
    return best_inference, best_config, best
