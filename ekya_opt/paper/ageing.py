"""One stretch of time cut into windows of any length, while models age."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from instances import InvalidOption
from instances.generators.assembly import rounded, stream_rng
from instances.generators.recorded_like import recorded_stream
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow

Floats = NDArray[np.float64]

TICK_SECONDS = 10.0
"""Windows are whole numbers of these."""

BLOCK_SECONDS = 200.0
LOWEST_LOSS, HIGHEST_LOSS = 0.02, 0.1
"""What a block takes from all models, as in the family drift."""

LEAST = 0.3
"""Accuracy below which no model falls, as in the family drift."""

PROFILING_SECONDS = 4.4
"""What the micro-profiler takes at the start of a window (Ekya, §4.3)."""


def stretch(
    num_streams: int,
    gpus: float,
    seed: int,
    *,
    window_seconds: float,
    seconds: float = 800.0,
    units_per_gpu: int = 20,
    profiling_seconds: float = PROFILING_SECONDS,
) -> Horizon:
    """Return a stretch of time as a horizon of windows of one length.

    The streams are those of the family recorded-like, with the same 18 configs in every
    window, whatever its length: cost and accuracy of a config when its model is fresh.
    A model is fresh at the start of the window that trains it, from where its data
    come. Each 200 s take U(0.02, 0.1), evenly spread, from all models of a stream, down
    to 0.3. What a model scores in a window is its mean over the window, so that a long
    window lowers even the models trained in it.

    Parameters
    ----------
    num_streams, gpus, seed
        As of any family.
    window_seconds
        A multiple of 10 that divides the stretch.
    seconds
        Length of the stretch, a multiple of 10.
    units_per_gpu
        Units of a GPU.
    profiling_seconds
        Delay of every retraining, for the micro-profiler.

    Raises
    ------
    InvalidOption
        If the windows do not divide the stretch.
    """
    ticks, a_window = round(seconds / TICK_SECONDS), window_seconds / TICK_SECONDS
    if a_window < 1 or a_window != round(a_window) or ticks % round(a_window):
        message = f"window_seconds is {window_seconds:g}, expected a multiple of"
        raise InvalidOption(f"{message} {TICK_SECONDS:g} that divides {seconds:g}")
    streams = []
    for v in range(num_streams):
        rng = stream_rng(seed, v)
        stream = recorded_stream(f"camera-{v}", rng)
        lost = _losses(rng, ticks)
        starts = range(0, ticks, round(a_window))
        first, *later = _scores(stream.accuracy, lost, 0, round(a_window))
        windows = []
        for start in starts:
            configs = []
            for config in stream.retraining:
                own, *others = _scores(config.accuracy, lost, start, round(a_window))
                configs.append(
                    HorizonConfig(
                        name=config.name,
                        gpu_seconds=config.gpu_seconds,
                        accuracy=own,
                        delay_seconds=profiling_seconds,
                        later_accuracy=tuple(others),
                    )
                )
            windows.append(StreamWindow(retraining=tuple(configs)))
        streams.append(
            HorizonStream(
                name=stream.name,
                accuracy=first,
                later_accuracy=tuple(later),
                inference=stream.inference,
                windows=tuple(windows),
            )
        )
    return Horizon(
        name=f"stretch-n{num_streams}-g{gpus:g}-s{seed}-w{window_seconds:g}",
        window_seconds=window_seconds,
        gpus=gpus,
        units_per_gpu=units_per_gpu,
        streams=tuple(streams),
    )


def without_retraining(horizon: Horizon) -> Horizon:
    """Return the same stretch served by the first models alone."""
    streams = tuple(
        replace(stream, windows=(StreamWindow(),) * horizon.num_windows)
        for stream in horizon.streams
    )
    return replace(horizon, streams=streams)


def _losses(rng: np.random.Generator, ticks: int) -> Floats:
    """Return what all models have lost since the start at the edges of all ticks."""
    per_block = round(BLOCK_SECONDS / TICK_SECONDS)
    blocks = rng.uniform(LOWEST_LOSS, HIGHEST_LOSS, -(-ticks // per_block))
    each = np.repeat(blocks / per_block, per_block)[:ticks]
    return np.concatenate([[0.0], np.cumsum(each)])


def _scores(accuracy: float, lost: Floats, start: int, a_window: int) -> list[float]:
    """Return a model's mean in each window from the tick on where it is fresh."""
    middles = (lost[start:-1] + lost[start + 1 :]) / 2 - lost[start]
    scores = np.maximum(min(accuracy, LEAST), accuracy - middles)
    means: list[float] = rounded(scores.reshape(-1, a_window).mean(axis=1))
    return means
