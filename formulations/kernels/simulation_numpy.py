"""The simulation in plain sight: NumPy over the scenarios, loops over the rest."""

import numpy as np
from numpy.typing import NDArray

from formulations.candidates import Candidates, exceeds_capacity
from formulations.kernels.simulation import Simulation
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Reallocation
from instances.columns import Columns
from instances.scenarios import Scenarios

Floats = NDArray[np.float64]


def simulate_plainly(
    columns: Columns, candidates: Candidates, scenarios: Scenarios
) -> Simulation:
    """Return what :func:`formulations.kernels.simulation.simulate` returns."""
    shape = (candidates.num_candidates, scenarios.count)
    objective = np.zeros(shape)
    misses = np.zeros(shape, dtype=np.int64)
    below = np.zeros(shape, dtype=np.int64)
    assert columns.weight is not None
    weight = columns.weight / columns.weight.sum()
    for c in range(candidates.num_candidates):
        for v in range(columns.num_streams):
            served, done, low = _stream(columns, candidates, scenarios, c, v)
            objective[c] += weight[v] * served
            below[c] += low
            if candidates.retraining[c, v] >= 0:
                misses[c] += np.isinf(done)
    return Simulation(
        objective=objective,
        misses=misses,
        below_floor=below,
        over_capacity=exceeds_capacity(columns, candidates),
    )


def _stream(
    columns: Columns, candidates: Candidates, scenarios: Scenarios, c: int, v: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return accuracy, completion and stretches below the floor by scenario, (S,)."""
    at = c * columns.num_streams + v
    own = slice(*candidates.offsets[at : at + 2])
    starts, kept = candidates.start_seconds[own], candidates.kept[own]
    speeds = candidates.speed[own]
    entry = int(candidates.retraining[c, v])
    window, same = columns.window_seconds, TIME_TOLERANCE * columns.window_seconds
    done = np.full(scenarios.count, np.inf)
    new = np.zeros(scenarios.count)
    if entry >= 0:
        assert columns.delay_seconds is not None
        cost, delay = scenarios.gpu_seconds[:, entry], columns.delay_seconds[entry]
        new = scenarios.accuracy[:, entry]
        if columns.reallocation is Reallocation.SERVER:
            done = _completion(starts, speeds, cost, float(delay), window)
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                done = np.where(cost > 0, delay + cost / speeds[0], delay)
            done[done > window] = np.inf
    serves = done.copy()
    if columns.reallocation is Reallocation.SERVER:
        slot = columns.slot_seconds
        assert slot is not None
        serves = np.ceil((done - same) / slot) * slot
        inside = starts < window - same
        starts, kept = starts[inside], kept[inside]
    serves[serves <= same] = 0
    serves[serves >= window - same] = np.inf
    stretches = []
    if columns.reallocation is Reallocation.SERVER:
        ends = np.append(starts[1:], window)
        for begin, end, share in zip(starts, ends, kept, strict=True):
            change = np.clip(serves, begin, end)
            stretches += [(begin, change, False, share), (change, end, True, share)]
    else:
        change = np.minimum(serves, window)
        joined = np.where(serves < window - 2 * same, kept[-1], kept[0])
        stretches += [(0, change, False, kept[0]), (change, window, True, joined)]
    floor = columns.floors[v] - ACCURACY_TOLERANCE
    area = np.zeros(scenarios.count)
    below = np.zeros(scenarios.count, dtype=np.int64)
    for begin, end, with_new, share in stretches:
        level = (new if with_new else columns.accuracy[v]) * share
        area += (end - begin) * level
        below += (end - begin > same) & (level < floor)
    return area / window, done, below


def _completion(
    starts: Floats, speeds: Floats, cost: Floats, delay: float, window: float
) -> Floats:
    """Return the instants at which what is trained so far reaches the costs.

    What is trained is piecewise linear in time: it is inverted between the segments'
    starts, from the delay on.
    """
    same = TIME_TOLERANCE * window
    inside = starts < window - same
    begins = np.maximum(starts[inside], delay)
    ends = np.append(starts[inside][1:], window)
    gained = speeds[inside] * np.maximum(ends - begins, 0)
    before = np.concatenate(([0.0], np.cumsum(gained)[:-1]))
    done = np.full(len(cost), np.inf)
    for begin, end, speed, trained in zip(
        begins[::-1], ends[::-1], speeds[inside][::-1], before[::-1], strict=True
    ):
        reaches = (end + same >= begin) & (
            cost - trained <= speed * (end + same - begin)
        )
        if speed > 0:
            here = np.minimum(begin + (cost - trained) / speed, end)
            done = np.where(reaches, here, done)
    at_delay = delay if delay <= window + same else np.inf
    return np.where(cost == 0, at_delay, done)
