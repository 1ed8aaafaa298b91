"""The share table on the CPU, and the scalar function that CUDA shares with it."""

from typing import Any

import numpy as np

from formulations.kernels.compiling import compiled, scalar
from formulations.kernels.profiles import STREAM, Profiles
from formulations.kernels.scalars import (
    NEVER_SERVED,
    NO_RETRAINING,
    completion_share,
    kept_with,
    pick,
)
from formulations.tolerances import TIME_TOLERANCE

BELOW_FLOOR = -2
"""The pick where a share cannot keep the stream's floor."""

NEVER_SERVED_IS, PENALISED_IS, UNSERVED_IS = 0, 1, 2
"""Codes of what such a share counts."""


@scalar
def share_value(
    p: Profiles, v: int, inference_units: int, training_units: int, below: int
) -> tuple[float, int]:
    """Return a share's value and its retraining config, or ``BELOW_FLOOR``."""
    value, idx = pick(p, v, inference_units, training_units)
    if value > NEVER_SERVED:
        return value, idx
    if below == PENALISED_IS:
        return unfloored_value(p, v, inference_units, training_units) - 1, BELOW_FLOOR
    if below == NEVER_SERVED_IS:
        return NEVER_SERVED, BELOW_FLOOR
    return 0.0, BELOW_FLOOR


@scalar
def unfloored_value(
    p: Profiles, v: int, inference_units: int, training_units: int
) -> float:
    """Return the best value of a share for a stream without a floor."""
    kept = kept_with(p, v, inference_units)
    freed = kept
    if p.mode == STREAM:
        freed = kept_with(p, v, inference_units + training_units)
    before = p.accuracy[v] * kept
    best = before
    for entry in range(p.retraining_offsets[v], p.retraining_offsets[v + 1]):
        share = completion_share(p, entry, training_units)
        if share <= 1:
            after = p.retrained[entry] * freed
            best = max(best, share * before + (1 - share) * after)
    return float(best)


@compiled
def fill_streams(p: Profiles, table: Any, below: int, start: int, stop: int) -> None:
    """Write the cells of the streams from start to stop of a ``ShareTable``.

    The completions of a stream's configs are the same for all inference units, and
    divisions are dear, so they come first.
    """
    most_configs, most_units, most_training = 1, 0, 0
    for v in range(start, stop):
        configs = p.retraining_offsets[v + 1] - p.retraining_offsets[v]
        most_configs = max(most_configs, configs)
        most_units = max(most_units, table.top[v])
        most_training = max(most_training, table.top_training[v])
    shares = np.empty((most_configs, most_training + 1))
    kept = np.empty(most_units + 1)
    unfloored = np.empty(most_training + 1)
    unused = np.empty(most_training + 1, dtype=table.picks.dtype)
    for v in range(start, stop):
        for units in range(table.top[v] + 1):
            kept[units] = kept_with(p, v, units)
        width = table.top_training[v] + 1
        _fill_shares(p, v, width, shares)
        for units in range(table.top[v] + 1):
            cell = table.offsets[v] + units * width
            row, picks = table.values[cell : cell + width], table.picks[cell:]
            here = units, table.top[v], width, kept, shares
            _fill_row(p, v, p.floor[v], *here, row, picks)
            if not _any_never_served(row):
                continue
            if below == PENALISED_IS:
                _fill_row(p, v, 0.0, *here, unfloored, unused)
            for training in range(width):
                if row[training] == NEVER_SERVED:
                    picks[training] = BELOW_FLOOR
                    if below == PENALISED_IS:
                        row[training] = unfloored[training] - 1
                    elif below == UNSERVED_IS:
                        row[training] = 0.0


@scalar
def _any_never_served(values: np.ndarray) -> bool:
    count = 0
    for cell in range(len(values)):
        count += values[cell] == NEVER_SERVED
    return count > 0


@compiled
def _fill_shares(p: Profiles, v: int, width: int, shares: np.ndarray) -> None:
    """Write each config's completion with 0 to K units, as a share of the window.

    As in ``completion_share``, but that any share above 1 means never.
    """
    first = p.retraining_offsets[v]
    for entry in range(first, p.retraining_offsets[v + 1]):
        cost, delay = p.gpu_seconds[entry], p.delay[entry]
        row, speed = shares[entry - first], p.speed
        row[0] = completion_share(p, entry, 0)
        for training in range(1, width):
            seconds = delay + np.divide(cost, speed[training])
            row[training] = np.divide(seconds, p.window)


@compiled
def _fill_row(
    p: Profiles,
    v: int,
    floor: float,
    units: int,
    top: int,
    width: int,
    kept: np.ndarray,
    shares: np.ndarray,
    values: np.ndarray,
    picks: np.ndarray,
) -> None:
    """Write the row of ``units`` inference units."""
    first = p.retraining_offsets[v]
    before = p.accuracy[v] * kept[units]
    none = before if before >= floor else NEVER_SERVED
    for training in range(width):
        values[training] = none
        picks[training] = NO_RETRAINING
    # From there on more units that serve make no difference.
    settled = min(width, top - units) if p.mode == STREAM else 0
    last = kept[top if p.mode == STREAM else units]
    for entry in range(first, p.retraining_offsets[v + 1]):
        idx, retrained = entry - first, p.retrained[entry]
        share = shares[idx]
        for training in range(settled):
            after = retrained * kept[units + training]
            end = training + 1
            _raise(floor, idx, before, after, share, training, end, values, picks)
        after = retrained * last
        _raise(floor, idx, before, after, share, settled, width, values, picks)


@compiled
def _raise(
    floor: float,
    idx: int,
    before: float,
    after: float,
    shares: np.ndarray,
    start: int,
    stop: int,
    values: np.ndarray,
    picks: np.ndarray,
) -> None:
    """Raise cells by a config that makes of ``before`` an ``after`` at the share."""
    # Within these completions the floor holds at every instant that counts.
    earliest = 1 - TIME_TOLERANCE if after < floor else -1.0
    latest = TIME_TOLERANCE if before < floor else 1.0
    shares, values, picks = shares[start:stop], values[start:stop], picks[start:stop]
    for cell in range(len(shares)):
        share = shares[cell]
        value = share * before + (1 - share) * after
        better = value > values[cell] and earliest <= share <= latest
        values[cell] = value if better else values[cell]
        picks[cell] = idx if better else picks[cell]


@scalar
def share_gain(gains: Any, v: int, inference_units: int, training_units: int) -> float:
    """Return what a share of stream v adds to the mean accuracy."""
    row = min(inference_units, gains.top[v]) * (gains.top_training[v] + 1)
    cell = gains.offsets[v] + row + min(training_units, gains.top_training[v])
    return gains.values[cell]  # type: ignore[no-any-return]
