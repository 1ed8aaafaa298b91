"""Single steals and the moves that steals make, for CPU and CUDA alike.

A move is eight integers: up to four jobs, each followed by the units it gets.
"""

from typing import Any

import numpy as np

from formulations.kernels.compiling import scalar
from formulations.kernels.steal_partners_cpu import (
    GIVES,
    NO_JOB,
    gain_with,
    next_partner,
    room,
)

MOVE_SIZE = 8


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

    The victim is its other job or the best job of another stream. More than the job
    has a use for would cost the victim and bring nothing.
    """
    now = gain_with(gains, units, s, 0, 0)
    best = 0.0
    for kind in range(2):
        useful = min(most, room(gains, units, s, kind, steal_units))
        for amount in range(1, useful + 1):
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
