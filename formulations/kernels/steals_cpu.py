"""The Thief's neighbourhood as scalar functions, for CPU and CUDA alike.

An allocation is ``units``, shape ``(V, 2)``: inference and training units of every
stream; job ``2 v + kind`` has ``units[v, kind]``. A steal moves a multiple of
``steal_units`` from one job to another; amounts are counted in that multiple.

Partners are what other streams offer: ``changes[sign, amount]`` and ``jobs[sign,
amount]`` hold the three best changes of different streams for one job that takes
(sign 0) or gives (sign 1) the amount, and these jobs; -inf and -1 where there is none.
A move is eight integers: up to four jobs, each followed by the units it gets.
"""

import math
from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar
from formulations.kernels.shares_cpu import share_gain
from formulations.kernels.thieves_cpu import LEAST_IMPROVEMENT

ONE_STEP, ALL_AMOUNTS, PAIRS = 0, 1, 2
"""Codes of the neighbourhoods."""

TAKES, GIVES = 0, 1
NUM_PARTNERS, MOVE_SIZE = 3, 8
NO_JOB = -1


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


@scalar
def room(gains: Any, units: np.ndarray, v: int, kind: int, steal_units: int) -> int:
    """Return the largest amount that a job has any use for."""
    top = gains.top[v] if kind == 0 else gains.top_training[v]
    return max(0, top - units[v, kind] + steal_units - 1) // steal_units  # type: ignore[no-any-return]


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
def write_move(
    move: np.ndarray,
    stream: int,
    inference: int,
    training: int,
    job: int,
    units: int,
    other_job: int,
    other_units: int,
) -> None:
    """Write a move: a stream's two jobs, and one job each of two others or none."""
    move[0], move[1] = 2 * stream, inference
    move[2], move[3] = 2 * stream + 1, training
    move[4], move[5] = job, units
    move[6], move[7] = other_job, other_units


@scalar
def make_move(units: np.ndarray, move: np.ndarray) -> None:
    """Change an allocation by a move."""
    for place in range(0, MOVE_SIZE, 2):
        job = move[place]
        if job != NO_JOB:
            units[job // 2, job % 2] += move[place + 1]


@scalar
def best_steal(
    gains: Any,
    units: np.ndarray,
    steal_units: int,
    most: int,
    changes: np.ndarray,
    jobs: np.ndarray,
    s: int,
    move: np.ndarray,
) -> float:
    """Return the best change by one steal of a job of stream s; write the move.

    The victim is its other job or the best job of another stream.
    """
    now = gain_with(gains, units, s, 0, 0)
    best = 0.0
    for kind in range(2):
        for amount in range(1, most + 1):
            more = amount * steal_units
            inference, training = (more, 0) if kind == 0 else (0, more)
            inside = gain_with(
                gains, units, s, inference - training, training - inference
            )
            if inside - now > best:
                best = inside - now
                write_move(
                    move,
                    s,
                    inference - training,
                    training - inference,
                    NO_JOB,
                    0,
                    NO_JOB,
                    0,
                )
            place = next_partner(jobs, GIVES, amount, s, 0)
            change = gain_with(gains, units, s, inference, training) - now
            change += changes[GIVES, amount, place]
            if change > best:
                best = change
                job = jobs[GIVES, amount, place]
                write_move(move, s, inference, training, job, -more, NO_JOB, 0)
    return best


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


@scalar
def sign_of(amount: int) -> int:
    """Return what a partner does for a stream that gets the amount."""
    return GIVES if amount > 0 else TAKES


@scalar
def offer(changes: np.ndarray, amount: int) -> float:
    """Return the best change of any stream that is a partner for the amount."""
    return changes[sign_of(amount), abs(amount), 0]  # type: ignore[no-any-return]


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
def next_partner(jobs: np.ndarray, sign: int, amount: int, s: int, place: int) -> int:
    """Return the first place from the given one on whose stream is not s."""
    return place + 1 if jobs[sign, amount, place] // 2 == s else place


@scalar
def partner_amounts(gains: Any, steal_units: int) -> int:
    """Return how many amounts, from 0, partners may be asked for."""
    return 2 * ((gains.width - 1) // steal_units) + 2  # type: ignore[no-any-return]


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
