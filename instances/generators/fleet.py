"""Family fleet: streams with the statistics of recorded-like ones, as columns."""

from typing import Any, Unpack

import numpy as np

from instances.column_checks import Floats
from instances.columns import WINDOW_FIELDS, Columns
from instances.generators.assembly import (
    ServerOptions,
    check_integer,
    check_number,
    make_frame,
    stream_rng,
)
from instances.generators.recorded_like import (
    COST_SPREAD,
    EPOCHS,
    NUM_SETTINGS,
    SAMPLING,
    recorded_stream,
)
from instances.names import Names

MOST_STREAMS = 10_000_000
BLOCK = 4096
"""Streams that share a generator of random numbers, drawn whole each time."""


def fleet(
    num_streams: int,
    gpus: float,
    seed: int,
    *,
    num_types: int | None = None,
    estimates: bool = False,
    cost_error: float = 0.1,
    accuracy_error: float = 0.092,
    labelling_seconds: float = 0.0,
    weighted: bool = False,
    **server: Unpack[ServerOptions],
) -> Columns:
    """Return streams with the distributions of recorded-like ones, by the million.

    Every stream has the 18 retraining and 12 inference configs of
    :func:`instances.generators.recorded_like.recorded_stream`. The streams of a
    smaller fleet are the first ones of a larger one with the same seed and options;
    whether there are estimates changes no other number.

    Parameters
    ----------
    num_streams
        From 1 to 10,000,000.
    gpus, seed, server
        See :func:`instances.generators.assembly.assemble`.
    num_types
        Number of distinct streams, weights included: stream v is of type v modulo
        num_types. ``None``: all are distinct.
    estimates
        Whether retraining configs have estimates.
    cost_error, accuracy_error
        Of the estimates; see ``recorded_stream``.
    labelling_seconds
        Delay of every retraining: the golden model labels the data first.
    weighted
        Whether streams weigh 1, 2 or 4 with equal chances, instead of 1.

    Raises
    ------
    InvalidOption
        If an option is unknown or lies outside its domain.
    InvalidInstance
        If a field of the instance lies outside its domain.
    """
    check_integer("num_streams", num_streams, 1, MOST_STREAMS)
    if num_types is not None:
        check_integer("num_types", num_types, 1, MOST_STREAMS)
    check_number("cost_error", cost_error, 0, 10)
    check_number("accuracy_error", accuracy_error, 0, 10)
    check_number("labelling_seconds", labelling_seconds, 0, 1e9)
    options = {
        "num_types": num_types,
        "estimates": estimates,
        "cost_error": cost_error,
        "accuracy_error": accuracy_error,
        "labelling_seconds": labelling_seconds,
        "weighted": weighted,
    }
    frame = make_frame("fleet", num_streams, gpus, seed, options, server)
    errors = (cost_error, accuracy_error) if estimates else None
    distinct = num_streams if num_types is None else min(num_types, num_streams)
    drawn: dict[str, Any] = {**_draw(distinct, seed, errors)}
    if not weighted:
        del drawn["weight"]
    if distinct < num_streams:
        types = np.arange(num_streams) % distinct
        drawn = {name: column[types] for name, column in drawn.items()}
    pattern = recorded_stream("pattern", stream_rng(0, 0))
    num_retraining, num_inference = len(pattern.retraining), len(pattern.inference)
    delays = None
    if labelling_seconds > 0:
        delays = np.full(num_streams * num_retraining, float(labelling_seconds))
    return Columns(
        **{name: getattr(frame, name) for name in WINDOW_FIELDS},
        **{name: column.ravel() for name, column in drawn.items()},
        delay_seconds=delays,
        demand_gpus=np.tile([config.gpus for config in pattern.inference], num_streams),
        retraining_offsets=np.arange(num_streams + 1, dtype=np.int64) * num_retraining,
        inference_offsets=np.arange(num_streams + 1, dtype=np.int64) * num_inference,
        retraining_names=_repeated([c.name for c in pattern.retraining], num_streams),
        inference_names=_repeated([c.name for c in pattern.inference], num_streams),
    )


def _draw(
    num_streams: int, seed: int, errors: tuple[float, float] | None
) -> dict[str, Floats]:
    """Return the drawn columns, one row a stream."""
    columns: dict[str, Floats] = {}
    for first in range(0, num_streams, BLOCK):
        rng = stream_rng(seed, first // BLOCK)
        for name, values in _draw_block(rng, errors).items():
            if name not in columns:
                columns[name] = np.empty((num_streams, *values.shape[1:]))
            rows = columns[name][first : first + BLOCK]
            np.round(values[: len(rows)], 6, out=rows)
    return columns


def _draw_block(
    rng: np.random.Generator, errors: tuple[float, float] | None
) -> dict[str, Floats]:
    """Return a block of streams; the model is that of ``recorded_stream``."""
    start = 0.6 + 0.36 * rng.random((BLOCK, 2)).mean(axis=1)
    gain = rng.uniform(0.2, 0.65, BLOCK) * (1 - start)
    steps = np.tile(np.arange(NUM_SETTINGS, dtype=float), (BLOCK, 1))
    steps[:, 1:-1] += rng.uniform(-0.4, 0.4, (BLOCK, NUM_SETTINGS - 2))
    spread = np.log(COST_SPREAD * EPOCHS[0] / EPOCHS[-1])
    log_cost = (spread * steps / (NUM_SETTINGS - 1))[:, :, None]
    log_cost = log_cost + np.log(EPOCHS / EPOCHS[0])
    level = log_cost / np.log(COST_SPREAD)
    accuracy = gain[:, None, None] * (1 - (1 - level) ** 2)
    accuracy += start[:, None, None]
    accuracy += rng.normal(0, 0.053, (BLOCK, NUM_SETTINGS, 1))
    accuracy += rng.normal(0, 0.02, accuracy.shape)
    accuracy = accuracy.clip(0.05, 0.99)
    cost = rng.uniform(0.8, 1.8, (BLOCK, 1, 1)) * np.exp(log_cost)
    beta, gamma = (
        rng.uniform(0.2, 0.34, (BLOCK, 1)),
        rng.uniform(0.75, 0.95, (BLOCK, 1)),
    )
    log_kept = np.zeros((BLOCK, len(SAMPLING)))
    log_kept[:, 1:] = rng.normal(0, 0.06, (BLOCK, len(SAMPLING) - 1))
    log_kept[:, 1:] -= beta * (SAMPLING[1:] - 1.0) ** gamma
    block = {
        "accuracy": start,
        "weight": rng.choice([1.0, 2.0, 4.0], BLOCK),
        "gpu_seconds": cost,
        "retrained_accuracy": accuracy,
        "relative_accuracy": np.exp(np.minimum.accumulate(log_kept, axis=1)),
    }
    if errors is not None:
        cost_error, accuracy_error = errors
        guess = accuracy + rng.normal(0, accuracy_error, accuracy.shape)
        factor = np.exp(rng.normal(0, cost_error, cost.shape))
        block["estimated_gpu_seconds"] = cost * factor
        block["estimated_accuracy"] = guess.clip(0, 1)
    return block


def _repeated(names: list[str], num_streams: int) -> Names:
    codes = np.arange(len(names), dtype=np.uint8)
    return Names(tuple(names), np.tile(codes, num_streams))
