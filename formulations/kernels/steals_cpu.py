"""Climbing by steals on the CPU."""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar
from formulations.kernels.steal_moves_cpu import MOVE_SIZE, best_steal, make_move
from formulations.kernels.steal_pairs_cpu import best_pair, pair_stride
from formulations.kernels.steal_partners_cpu import (
    GIVES,
    NUM_PARTNERS,
    TAKES,
    find_partners,
    partner_amounts,
)
from formulations.tolerances import LEAST_IMPROVEMENT

ONE_STEP, ALL_AMOUNTS, PAIRS = 0, 1, 2
"""Codes of the neighbourhoods."""


@scalar
def most_amount(units: np.ndarray, steal_units: int, neighbourhood: int) -> int:
    """Return the largest amount that one steal can move.

    Partners may take twice as much: what both jobs of one stream give.
    """
    if neighbourhood == ONE_STEP:
        return 1
    most = 0
    for v in range(len(units)):
        most = max(most, units[v, 0], units[v, 1])
    return most // steal_units


@compiled
def climb(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    neighbourhood: int,
    pair_work: int,
    most_moves: int,
    counts: np.ndarray,
) -> bool:
    """Make the best move until there is none; return whether the end is reached.

    Pairs of steals are looked at where no single steal improves. Stops after
    ``most_moves``. Writes to ``counts``, shape ``(2,)``: it adds the moves made, and
    keeps the largest stride of pairs.
    """
    size = partner_amounts(gains, steal_units)
    changes = np.empty((2, size, NUM_PARTNERS))
    jobs = np.empty((2, size, NUM_PARTNERS), dtype=np.int64)
    move = np.empty(MOVE_SIZE, dtype=np.int64)
    best_move = np.empty(MOVE_SIZE, dtype=np.int64)
    for _ in range(most_moves):
        most = most_amount(units, steal_units, neighbourhood)
        for amount in range(1, most + 1):
            find_partners(gains, units, steal_units, GIVES, amount, changes, jobs)
        best = 0.0
        for s in range(len(units)):
            change = best_steal(gains, units, steal_units, most, changes, jobs, s, move)
            if change > best:
                best = change
                move, best_move = best_move, move
        if best <= LEAST_IMPROVEMENT and neighbourhood == PAIRS:
            stride = pair_stride(gains, units, steal_units, most, pair_work)
            counts[1] = max(counts[1], stride)
            for amount in range(1, 2 * most + 1):
                find_partners(gains, units, steal_units, TAKES, amount, changes, jobs)
            for s in range(len(units)):
                change = best_pair(
                    gains, units, steal_units, most, stride, changes, jobs, s, move
                )
                if change > best:
                    best = change
                    move, best_move = best_move, move
        if best <= LEAST_IMPROVEMENT:
            return True
        make_move(units, best_move)
        counts[0] += 1
    return False


@compiled
def climb_range(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    neighbourhood: int,
    pair_work: int,
    most_moves: int,
    counts: np.ndarray,
    done: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Climb from the starts from start to stop that are not done."""
    for n in range(start, stop):
        if not done[n]:
            done[n] = climb(
                gains,
                units[n],
                steal_units,
                neighbourhood,
                pair_work,
                most_moves,
                counts[n],
            )
