"""Simulating full schedules, on the CPU; CUDA runs the same functions."""

import math

import numpy as np

from formulations.candidates import Candidates
from formulations.kernels.compiling import compiled
from formulations.kernels.profiles import SERVER, Profiles
from formulations.tolerances import TIME_TOLERANCE


@compiled
def simulate_range(
    p: Profiles,
    candidates: Candidates,
    cost: np.ndarray,
    accuracy: np.ndarray,
    start: int,
    stop: int,
    objective: np.ndarray,
    misses: np.ndarray,
    below_floor: np.ndarray,
) -> None:
    """Simulate the pairs i = c · S + s from start to stop.

    ``cost`` and ``accuracy`` have the shape ``(N, S)``: pairs of one candidate lie
    side by side, and so do the numbers that they read.
    """
    streams, scenarios = candidates.retraining.shape[1], cost.shape[1]
    for i in range(start, stop):
        c = i // scenarios
        s = i - c * scenarios
        total = 0.0
        missed = below = 0
        for v in range(streams):
            entry = candidates.retraining[c, v]
            first = candidates.offsets[c * streams + v]
            last = candidates.offsets[c * streams + v + 1]
            serves, after = math.inf, 0.0
            if p.mode == SERVER:
                if entry >= 0:
                    after = accuracy[entry, s]
                    serves = finish_in_slots(
                        candidates.start_seconds[first:last],
                        candidates.speed[first:last],
                        cost[entry, s],
                        p.delay[entry],
                        p.window,
                        p.slot,
                    )
                value, low = serve_segments(
                    candidates.start_seconds[first:last],
                    candidates.kept[first:last],
                    p.accuracy[v],
                    after,
                    serves,
                    p.floor[v],
                    p.window,
                )
            else:
                if entry >= 0:
                    after = accuracy[entry, s]
                    serves = finish(
                        cost[entry, s],
                        p.delay[entry],
                        candidates.speed[first],
                        p.window,
                    )
                value, low = serve(
                    p.accuracy[v] * candidates.kept[first],
                    after * candidates.kept[first],
                    after * candidates.kept[last - 1],
                    serves / p.window,
                    p.floor[v],
                )
            if entry >= 0 and serves == math.inf:
                missed += 1
            below += low
            total += p.weight[v] * value
        objective[i] = total
        misses[i] = missed
        below_floor[i] = below


@compiled
def finish(cost: float, delay: float, speed: float, window: float) -> float:
    """Return when a retraining at one speed is done; infinite if not in the window."""
    if cost > 0:
        if speed == 0:
            return math.inf
        delay += cost / speed
    return delay if delay <= window else math.inf


@compiled
def serve(
    before: float, after: float, joined: float, share: float, floor: float
) -> tuple[float, int]:
    """Return a static stream's mean accuracy and its stretches below the floor.

    The new model serves from ``share`` of the window, at ``joined`` with the freed
    units; ``after``, without them, is what it has when it comes with the end.
    """
    if share <= TIME_TOLERANCE:
        return joined, int(joined < floor)
    below = int(before < floor)
    if share >= 1 - TIME_TOLERANCE:
        return before, below
    if share >= 1 - 2 * TIME_TOLERANCE:
        joined = after
    return share * before + (1 - share) * joined, below + int(joined < floor)


@compiled
def finish_in_slots(
    starts: np.ndarray,
    speeds: np.ndarray,
    cost: float,
    delay: float,
    window: float,
    slot: float,
) -> float:
    """Return the slot from which a new model serves; infinite if it never does.

    The speed changes from segment to segment; the model waits for the first slot at
    or after its completion.
    """
    same = TIME_TOLERANCE * window
    done = math.inf
    if cost == 0:
        if delay <= window + same:
            done = delay
    else:
        for q in range(len(starts)):
            if starts[q] >= window - same:
                break
            end = window
            if q + 1 < len(starts) and starts[q + 1] < window - same:
                end = starts[q + 1]
            begin = max(starts[q], delay)
            late = end + same - begin
            if speeds[q] > 0 and late >= 0 and cost <= speeds[q] * late:
                done = min(begin + cost / speeds[q], end)
                break
            cost -= speeds[q] * max(0.0, end - begin)
    if done == math.inf:
        return math.inf
    return float(math.ceil((done - same) / slot) * slot)


@compiled
def serve_segments(
    starts: np.ndarray,
    kept: np.ndarray,
    held: float,
    after: float,
    serves: float,
    floor: float,
    window: float,
) -> tuple[float, int]:
    """Return a stream's mean accuracy over its segments, and those below the floor."""
    same = TIME_TOLERANCE * window
    area, below = 0.0, 0
    for q in range(len(starts)):
        begin = starts[q]
        if begin >= window - same:
            break
        end = window
        if q + 1 < len(starts) and starts[q + 1] < window - same:
            end = starts[q + 1]
        old, new = held * kept[q], after * kept[q]
        change = begin
        if serves > begin:
            change = min(serves, end) if serves < window - same else end
        area += (change - begin) * old + (end - change) * new
        below += int(change - begin > same and old < floor)
        below += int(end - change > same and new < floor)
    return area / window, below
