"""Family recorded-like: streams with the statistics of the authors' recordings."""

from dataclasses import replace
from typing import Unpack

import numpy as np

from instances.generators.assembly import (
    ServerOptions,
    assemble,
    check_integer,
    check_number,
    rounded,
)
from instances.instance import (
    Estimate,
    InferenceConfig,
    Instance,
    RetrainingConfig,
    Stream,
)

NUM_SETTINGS = 6
EPOCHS = np.array([5, 15, 30])
COST_SPREAD = 200
SAMPLING = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20])
GPUS_AT_EVERY_FRAME = 0.25


def recorded_like(
    num_streams: int,
    gpus: float,
    seed: int,
    *,
    cost_error: float = 0.1,
    accuracy_error: float = 0.092,
    labelling_seconds: float = 0.0,
    cached_models: int = 0,
    cloud_seconds: float | None = None,
    weighted: bool = False,
    **server: Unpack[ServerOptions],
) -> Instance:
    """Return streams like the recorded ones (Ekya, §6.1) on a server of any size.

    A stream has 18 retraining and 12 inference configs; see
    :func:`recorded_stream`.

    Parameters
    ----------
    num_streams, gpus, seed, server
        See :func:`instances.generators.assembly.assemble`.
    cost_error, accuracy_error
        Of the estimates; see :func:`recorded_stream`.
    labelling_seconds
        Delay of every retraining: the golden model labels the data first.
    cached_models
        Number of models of earlier windows that can be served instead: no GPU time,
        loaded in U(2, 10) s, and U(0.02, 0.26) less accurate than the stream's best
        retraining (Ekya, Fig. 12).
    cloud_seconds
        Seconds that a retraining in the cloud holds the link; ``None``: no cloud. It
        takes no GPU time and ends as accurate as the stream's best retraining. The
        link serves one stream after the other: stream v waits for v + 1 turns.
    weighted
        Whether streams weigh 1, 2 or 4 with equal chances, instead of 1.
    """
    check_number("labelling_seconds", labelling_seconds, 0, 1e9)
    check_integer("cached_models", cached_models, 0, 100)
    if cloud_seconds is not None:
        check_number("cloud_seconds", cloud_seconds, 0, 1e6)
    options = {
        "cost_error": cost_error,
        "accuracy_error": accuracy_error,
        "labelling_seconds": labelling_seconds,
        "cached_models": cached_models,
        "cloud_seconds": cloud_seconds,
        "weighted": weighted,
    }

    def make_stream(v: int, rng: np.random.Generator, _: Instance) -> Stream:
        stream = recorded_stream(
            f"camera-{v}", rng, cost_error, accuracy_error, labelling_seconds
        )
        best = max(config.accuracy for config in stream.retraining)
        extra = [_cached(idx, best, rng) for idx in range(cached_models)]
        if cloud_seconds is not None:
            wait = rounded((v + 1) * cloud_seconds)
            extra.append(
                RetrainingConfig(
                    name="cloud", gpu_seconds=0, accuracy=best, delay_seconds=wait
                )
            )
        weight = int(rng.choice([1, 2, 4])) if weighted else 1
        retraining = (*stream.retraining, *extra)
        return replace(stream, retraining=retraining, weight=weight)

    return assemble(
        "recorded-like", num_streams, gpus, seed, make_stream, options, server
    )


def recorded_stream(
    name: str,
    rng: np.random.Generator,
    cost_error: float = 0.1,
    accuracy_error: float = 0.092,
    labelling_seconds: float = 0.0,
) -> Stream:
    """Return one stream with the statistics of the recorded ones.

    The model starts at an accuracy of 0.6 + 0.36 (U(0, 1) + U(0, 1)) / 2, and could
    gain U(0.2, 0.65) of what it lacks to 1.

    Retraining: 6 hyper-parameter settings × 5, 15 or 30 epochs. A setting's seconds
    an epoch are spread evenly in their logarithm over 200/6, the inner ones shifted
    by U(-0.4, 0.4) of a step; the cheapest config costs U(0.8, 1.8) GPU-seconds and
    the dearest 200 times that (Ekya, §4.3: "200×"). With x the logarithm of the cost,
    from 0 to 1, a config ends at start + gain · (1 - (1 - x)²), concave in x,
    plus N(0, 0.053) of its setting and N(0, 0.02) of its own, kept in [0.05, 0.99]:
    18 % of the configs end below the start, as recorded.

    Estimates: the cost times exp N(0, cost_error), the accuracy plus
    N(0, accuracy_error), kept in [0, 1]. The default 0.092 puts the median of the
    absolute error at 0.058 (Ekya, Fig. 11).

    Inference: every n-th frame for 12 values of n needs 0.25/n GPUs and keeps
    exp(-β (n - 1)^γ) of the accuracy, times exp N(0, 0.06) for n > 1, never more than
    a denser sampling; β is U(0.2, 0.34) and γ is U(0.75, 0.95), the stream's own.
    """
    check_number("cost_error", cost_error, 0, 10)
    check_number("accuracy_error", accuracy_error, 0, 10)
    start = draw_start(rng)
    gain = draw_gain(rng, start)
    retraining = draw_retraining(
        rng, start, gain, cost_error, accuracy_error, labelling_seconds
    )
    return Stream(
        name=name,
        accuracy=rounded(start),
        retraining=retraining,
        inference=sampling_curve(rng),
    )


def draw_start(rng: np.random.Generator) -> float:
    """Return the accuracy that a model starts at, see :func:`recorded_stream`."""
    return float(0.6 + 0.36 * rng.uniform(size=2).mean())


def draw_gain(rng: np.random.Generator, start: float) -> float:
    """Return what a model could gain, see :func:`recorded_stream`."""
    return float(rng.uniform(0.2, 0.65) * (1 - start))


def draw_retraining(
    rng: np.random.Generator,
    start: float,
    gain: float,
    cost_error: float,
    accuracy_error: float,
    labelling_seconds: float,
) -> tuple[RetrainingConfig, ...]:
    """Return 18 retraining configs, see :func:`recorded_stream`."""
    steps = np.arange(NUM_SETTINGS, dtype=float)
    steps[1:-1] += rng.uniform(-0.4, 0.4, NUM_SETTINGS - 2)
    per_epoch = (COST_SPREAD * EPOCHS[0] / EPOCHS[-1]) ** (steps / steps[-1])
    cost = per_epoch[:, None] * EPOCHS / EPOCHS[0]
    level = np.log(cost) / np.log(COST_SPREAD)
    accuracy = start + gain * (1 - (1 - level) ** 2)
    accuracy += rng.normal(0, 0.053, (NUM_SETTINGS, 1))
    accuracy += rng.normal(0, 0.02, cost.shape)
    accuracy = accuracy.clip(0.05, 0.99).ravel()
    cost = rng.uniform(0.8, 1.8) * cost.ravel()
    estimated_cost = cost * np.exp(rng.normal(0, cost_error, cost.shape))
    estimated = accuracy + rng.normal(0, accuracy_error, cost.shape)
    labels = [f"hp{h}-e{e}" for h in range(NUM_SETTINGS) for e in EPOCHS]
    return tuple(
        RetrainingConfig(
            name=label,
            gpu_seconds=seconds,
            accuracy=end,
            delay_seconds=labelling_seconds,
            estimate=Estimate(gpu_seconds=guessed_seconds, accuracy=guessed_end),
        )
        for label, seconds, end, guessed_seconds, guessed_end in zip(
            labels,
            rounded(cost),
            rounded(accuracy),
            rounded(estimated_cost),
            rounded(estimated.clip(0, 1)),
            strict=True,
        )
    )


def sampling_curve(rng: np.random.Generator) -> tuple[InferenceConfig, ...]:
    """Return 12 inference configs, see :func:`recorded_stream`."""
    beta, gamma = rng.uniform(0.2, 0.34), rng.uniform(0.75, 0.95)
    kept = np.exp(-beta * (SAMPLING - 1.0) ** gamma)
    kept[1:] *= np.exp(rng.normal(0, 0.06, len(kept) - 1))
    kept = np.minimum.accumulate(kept)
    return tuple(
        InferenceConfig(
            name="every-frame" if n == 1 else f"every-{n}",
            gpus=demand,
            relative_accuracy=share,
        )
        for n, demand, share in zip(
            SAMPLING,
            rounded(GPUS_AT_EVERY_FRAME / SAMPLING),
            rounded(kept),
            strict=True,
        )
    )


def _cached(idx: int, best: float, rng: np.random.Generator) -> RetrainingConfig:
    return RetrainingConfig(
        name=f"cached-{idx}",
        gpu_seconds=0,
        accuracy=max(0.05, rounded(best - rng.uniform(0.02, 0.26))),
        delay_seconds=rounded(rng.uniform(2, 10)),
    )
