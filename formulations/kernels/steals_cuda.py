"""Local search in the Thief's neighbourhood with CUDA.

A round of three launches makes one move from every start: the partners, one thread for
each start, sign and amount; the best move through each stream, one thread for each
start and stream; and the move itself, one thread for each start.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from formulations.kernels.batches_cuda import on_device
from formulations.kernels.cuda import cuda, kernel, launch, to_host
from formulations.kernels.shares import Gains
from formulations.kernels.steal_moves_cpu import MOVE_SIZE, best_steal, make_move
from formulations.kernels.steal_pairs_cpu import best_pair, pair_stride
from formulations.kernels.steal_partners_cpu import (
    GIVES,
    NUM_PARTNERS,
    find_partners,
    partner_amounts,
)
from formulations.kernels.steals_cpu import PAIRS, most_amount
from formulations.tolerances import LEAST_IMPROVEMENT

SINGLES_NOW, PAIRS_NOW, DONE = 0, 1, 2
"""What is looked at next from a start."""

ROUNDS_AT_ONCE = 8


@kernel
def partners_kernel(
    gains: Any,
    units: Any,
    steal_units: int,
    neighbourhood: int,
    phases: Any,
    changes: Any,
    jobs: Any,
) -> None:
    """Write the best partners for one start, sign and amount."""
    item = cuda.grid(1)
    size = changes.shape[2]
    if item < units.shape[0] * 2 * size:
        start, sign, amount = item // (2 * size), item // size % 2, item % size
        if phases[start] != DONE and amount > 0:
            most = most_amount(units[start], steal_units, neighbourhood)
            most *= 1 if sign == GIVES else 2
            wanted = sign == GIVES or phases[start] == PAIRS_NOW
            if wanted and amount <= most:
                find_partners(
                    gains,
                    units[start],
                    steal_units,
                    sign,
                    amount,
                    changes[start],
                    jobs[start],
                )


@kernel
def moves_kernel(
    gains: Any,
    units: Any,
    steal_units: int,
    neighbourhood: int,
    pair_work: int,
    changes: Any,
    jobs: Any,
    phases: Any,
    best: Any,
    moves: Any,
) -> None:
    """Write the best move through one stream of one start, and what it changes."""
    item = cuda.grid(1)
    num_streams = units.shape[1]
    if item < units.shape[0] * num_streams:
        start, s = item // num_streams, item % num_streams
        here, partners = units[start], changes[start]
        most = most_amount(here, steal_units, neighbourhood)
        if phases[start] == SINGLES_NOW:
            best[start, s] = best_steal(
                gains,
                here,
                steal_units,
                most,
                partners,
                jobs[start],
                s,
                moves[start, s],
            )
        elif phases[start] == PAIRS_NOW:
            best[start, s] = best_pair(
                gains,
                here,
                steal_units,
                most,
                pair_stride(gains, here, steal_units, most, pair_work),
                partners,
                jobs[start],
                s,
                moves[start, s],
            )


@kernel
def make_kernel(
    gains: Any,
    units: Any,
    steal_units: int,
    neighbourhood: int,
    pair_work: int,
    phases: Any,
    best: Any,
    moves: Any,
    counts: Any,
) -> None:
    """Make the best move from one start, or turn to pairs, or end."""
    start = cuda.grid(1)
    if start < units.shape[0] and phases[start] != DONE:
        here = units[start]
        if phases[start] == PAIRS_NOW:
            most = most_amount(here, steal_units, neighbourhood)
            stride = pair_stride(gains, here, steal_units, most, pair_work)
            counts[start, 1] = max(counts[start, 1], stride)
        found = 0
        for s in range(1, best.shape[1]):
            if best[start, s] > best[start, found]:
                found = s
        if best[start, found] > LEAST_IMPROVEMENT:
            make_move(here, moves[start, found])
            counts[start, 0] += 1
            phases[start] = SINGLES_NOW
        elif phases[start] == SINGLES_NOW and neighbourhood == PAIRS:
            phases[start] = PAIRS_NOW
        else:
            phases[start] = DONE


def climb(
    gains: Gains,
    units: Any,
    steal_units: int,
    neighbourhood: int,
    pair_work: int,
    between: Callable[[], None],
) -> tuple[Any, int]:
    """Climb in place; return the moves made and the largest stride of pairs."""
    starts, num_streams = units.shape[:2]
    size = partner_amounts(gains, steal_units)
    there = on_device(gains)
    held = cuda.to_device(units)
    phases = cuda.to_device(np.zeros(starts, dtype=np.int64))
    counts = cuda.to_device(np.zeros((starts, 2), dtype=np.int64))
    changes = cuda.device_array((starts, 2, size, NUM_PARTNERS), np.float64)
    jobs = cuda.device_array((starts, 2, size, NUM_PARTNERS), np.int64)
    best = cuda.device_array((starts, num_streams), np.float64)
    moves = cuda.device_array((starts, num_streams, MOVE_SIZE), np.int64)
    rule = steal_units, neighbourhood
    state = there, held, *rule
    partners, found = (changes, jobs), (phases, best, moves)
    try:
        while starts and (to_host(phases) != DONE).any():
            for _ in range(ROUNDS_AT_ONCE):
                between()
                launch(partners_kernel, starts * 2 * size, *state, phases, *partners)
                launch(
                    moves_kernel,
                    starts * num_streams,
                    *state,
                    pair_work,
                    *partners,
                    *found,
                )
                launch(make_kernel, starts, *state, pair_work, *found, counts)
    finally:
        units[:] = to_host(held)
    told = to_host(counts)
    return told[:, 0], int(told[:, 1].max(initial=1))
