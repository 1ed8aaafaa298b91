"""Local search in the Thief's neighbourhood, from many allocations at once.

The neighbourhoods: one step from job to job, as the paper's Thief steals; all amounts;
and pairs of steals. The objective is a sum over the streams, so two steals that share
no stream gain what each gains alone: where no single steal improves, no such pair
does. What is new are the pairs that share a stream:

- chains, in which it takes from one stream and gives to another,
- two victims or two thieves, of one of its jobs or of both,
- both jobs of one stream against one job, or both, of another.

The other ends of such a pair are chosen for each amount among the three best streams,
so that all pairs are looked at without being listed. Left out are steals of more than
the thief has a use for: they cost the victim and bring nothing.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import chosen_device
from formulations.kernels.shares import Gains
from formulations.kernels.steals_cpu import ALL_AMOUNTS, ONE_STEP, PAIRS, climb_range

Neighbourhood = Literal["one-step", "all-amounts", "pairs"]
Whole = NDArray[np.int64]

NEIGHBOURHOODS: dict[str, int] = {
    "one-step": ONE_STEP,
    "all-amounts": ALL_AMOUNTS,
    "pairs": PAIRS,
}
PAIR_WORK = 20_000_000
"""Look-ups for the pairs around one allocation, beyond which amounts are coarser."""

LOOKUPS_AT_ONCE = 5_000_000
WORTH_A_DEVICE = 20_000
"""Starts × streams from which on a device pays."""


class Climbs(NamedTuple):
    """How local searches went.

    Parameters
    ----------
    moves
        Shape ``(S,)``: moves made from each start.
    pair_stride
        Pairs moved multiples of this many steps; 1 is all.
    """

    moves: Whole
    pair_stride: int


def climb_all(
    gains: Gains,
    units: Whole,
    steal_units: int,
    neighbourhood: Neighbourhood = "pairs",
    *,
    device: str = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Climbs:
    """Climb from every start to the local optimum that the best moves lead to.

    Of equal moves the first is made: by stream, then by amount. The same on every
    device, for any number of workers.

    Parameters
    ----------
    gains
        What each share adds; finite.
    units
        Shape ``(S, V, 2)``, int64: allocations of at most K units each. Changed in
        place, so that what is reached remains when ``between`` raises.
    steal_units
        Every amount is a multiple of it.
    neighbourhood
        ``one-step``, ``all-amounts`` or ``pairs``, which includes all amounts.
    device, workers
        ``auto``, ``cpu`` or ``cuda``; threads on the CPU.
    between
        Called now and then; may raise to stop the work.
    """
    hood = NEIGHBOURHOODS[neighbourhood]
    count = len(units)
    if chosen_device(device, count * gains.num_streams, WORTH_A_DEVICE) == "cuda":
        from formulations.kernels import steals_cuda

        rule = steal_units, hood, PAIR_WORK
        return Climbs(*steals_cuda.climb(gains, units, *rule, between))
    counts = np.zeros((count, 2), dtype=np.int64)
    done = np.zeros(count, dtype=np.bool_)
    while not done.all():
        moves = _moves_at_once(units, steal_units)

        def climb(start: int, stop: int, most_moves: int = moves) -> None:
            rule = steal_units, hood, PAIR_WORK, most_moves
            climb_range(gains, units, *rule, counts, done, start, stop)

        run_chunks(climb, count, workers, between=between)
    return Climbs(counts[:, 0], int(counts[:, 1].max(initial=1)))


def _moves_at_once(units: Whole, steal_units: int) -> int:
    """Return how many moves from one start take some ten milliseconds."""
    num_streams = units.shape[1]
    most = int(units.max()) // steal_units
    total = int(units[0].sum()) // steal_units
    pairs = 3 * num_streams * most**2 + 2 * total**2
    lookups = 8 * num_streams * most + min(pairs, PAIR_WORK)
    return max(1, LOOKUPS_AT_ONCE // max(1, int(lookups)))
