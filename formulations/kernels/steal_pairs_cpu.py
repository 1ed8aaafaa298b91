"""Pairs of steals through one stream, as scalar functions for CPU and CUDA alike.

Two steals that share stream s change one of its jobs or both, and one job each of one
or two other streams, or both jobs of one. Arguments as in
:mod:`formulations.kernels.steals_cpu`; amounts are multiples of ``stride`` steps.
"""

import math
from typing import Any

import numpy as np

from formulations.kernels.compiling import scalar
from formulations.kernels.steal_moves_cpu import write_move
from formulations.kernels.steal_partners_cpu import (
    NO_JOB,
    gain_with,
    next_partner,
    offer,
    room,
    sign_of,
    two_partners,
)


@scalar
def pair_stride(
    gains: Any, units: np.ndarray, steal_units: int, most: int, work: int
) -> int:
    """Return which multiples of ``steal_units`` pairs move, for so much work at most.

    The work is the number of look-ups of best_pair over all streams, roughly.
    """
    count = len(units)
    usual = 0.0
    for v in range(count):
        usual += max(units[v, 0], units[v, 1]) / steal_units / count
    lookups = 0.0
    for v in range(count):
        held, other = units[v, 0] / steal_units, units[v, 1] / steal_units
        gets = room(gains, units, v, 0, steal_units)
        other_gets = room(gains, units, v, 1, steal_units)
        both = held + min(gets, most + other)
        both *= other + min(other_gets, most + held)
        one = held + min(gets, 2 * most) + other + min(other_gets, 2 * most)
        between = (held + min(gets, usual)) * (other + min(other_gets, usual))
        lookups += both + one * most + between * count
    return max(1, math.ceil(math.sqrt(lookups / work)))


@scalar
def best_pair(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    most: int,
    stride: int,
    changes: np.ndarray,
    jobs: np.ndarray,
    s: int,
    move: np.ndarray,
) -> float:
    """Return the best change by two steals that share stream s; write the move."""
    best = _through_both_jobs(
        gains, units, steal_units, most, stride, changes, jobs, s, move
    )
    best = _through_one_job(
        gains, units, steal_units, most, stride, changes, jobs, s, best, move
    )
    return _between_two(gains, units, steal_units, stride, s, best, move)


@scalar
def _through_both_jobs(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    most: int,
    stride: int,
    changes: np.ndarray,
    jobs: np.ndarray,
    s: int,
    move: np.ndarray,
) -> float:
    """Both jobs of s change, and one job of another stream or of each of two."""
    now = gain_with(gains, units, s, 0, 0)
    best = 0.0
    held = units[s, 0] // steal_units // stride * stride
    other_held = units[s, 1] // steal_units // stride * stride
    last = min(room(gains, units, s, 0, steal_units) + stride - 1, most + other_held)
    other_last = min(room(gains, units, s, 1, steal_units) + stride - 1, most + held)
    for a in range(-held, last + 1, stride):
        for b in range(-other_held, other_last + 1, stride):
            if a == 0 or b == 0 or a + b == 0:
                continue
            more, other = a * steal_units, b * steal_units
            own = gain_with(gains, units, s, more, other) - now
            if a + b <= most and own + offer(changes, a + b) > best:
                sign, amount = sign_of(a + b), abs(a + b)
                place = next_partner(jobs, sign, amount, s, 0)
                if own + changes[sign, amount, place] > best:
                    best = own + changes[sign, amount, place]
                    job = jobs[sign, amount, place]
                    write_move(move, s, more, other, job, -more - other, NO_JOB, 0)
            if abs(a) > most or abs(b) > most:
                continue
            if own + offer(changes, a) + offer(changes, b) > best:
                change, job, other_job = two_partners(changes, jobs, s, a, b)
                if own + change > best:
                    best = own + change
                    write_move(move, s, more, other, job, -more, other_job, -other)
    return best


@scalar
def _through_one_job(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    most: int,
    stride: int,
    changes: np.ndarray,
    jobs: np.ndarray,
    s: int,
    best: float,
    move: np.ndarray,
) -> float:
    """One job of s changes, and one job each of two other streams."""
    now = gain_with(gains, units, s, 0, 0)
    largest = most // stride * stride
    for kind in range(2):
        held = units[s, kind] // steal_units // stride * stride
        last = room(gains, units, s, kind, steal_units) + stride - 1
        before = -math.inf
        for net in range(-held, min(last, 2 * largest) + 1, stride):
            more, training = net * steal_units, 0
            if kind == 1:
                more, training = 0, net * steal_units
            own = gain_with(gains, units, s, more, training) - now
            # It takes no more, and gives no less, than changes what it is worth.
            if net == 0 or own <= before:
                continue
            before = own
            # The smaller of the two amounts; the other one is at most the largest.
            for a in range(max(net - largest, -largest), net // 2 + 1, stride):
                b = net - a
                if a == 0 or b == 0 or b < a:
                    continue
                if own + offer(changes, a) + offer(changes, b) > best:
                    change, job, other_job = two_partners(changes, jobs, s, a, b)
                    if own + change > best:
                        best = own + change
                        write_move(
                            move,
                            s,
                            more,
                            training,
                            job,
                            -a * steal_units,
                            other_job,
                            -b * steal_units,
                        )
    return best


@scalar
def _between_two(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    stride: int,
    s: int,
    best: float,
    move: np.ndarray,
) -> float:
    """Both jobs of s change, and both jobs of one later stream."""
    now = gain_with(gains, units, s, 0, 0)
    held = units[s, 0] // steal_units // stride * stride
    other_held = units[s, 1] // steal_units // stride * stride
    gets = room(gains, units, s, 0, steal_units) + stride - 1
    other_gets = room(gains, units, s, 1, steal_units) + stride - 1
    for t in range(s + 1, len(units)):
        base = now + gain_with(gains, units, t, 0, 0)
        most = max(units[t, 0], units[t, 1]) // steal_units
        for a in range(-held, min(gets, most) + 1, stride):
            for b in range(-other_held, min(other_gets, most) + 1, stride):
                if a == 0 or b == 0 or a + b == 0:
                    continue
                more, other = a * steal_units, b * steal_units
                own = gain_with(gains, units, s, more, other) - base
                straight = own + gain_with(gains, units, t, -more, -other)
                crossed = own + gain_with(gains, units, t, -other, -more)
                if straight > best:
                    best = straight
                    write_move(move, s, more, other, 2 * t, -more, 2 * t + 1, -other)
                if crossed > best:
                    best = crossed
                    write_move(move, s, more, other, 2 * t, -other, 2 * t + 1, -more)
    return best
