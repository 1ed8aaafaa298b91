"""Family drift: recorded-like streams over several windows, with models that age."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from instances.checks import shown
from instances.errors import InvalidOption
from instances.generators.assembly import (
    MOST_STREAMS,
    ServerOptions,
    check_integer,
    check_number,
    make_frame,
    rounded,
    stream_rng,
)
from instances.generators.recorded_like import (
    draw_gain,
    draw_retraining,
    draw_start,
    sampling_curve,
)
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow
from instances.instance import RetrainingConfig

ORDERS = ("periodic", "random")
MOST_WINDOWS = 1000
MOST_SCENES = 100

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def drift(
    num_streams: int,
    gpus: float,
    seed: int,
    *,
    windows: int = 8,
    scenes: int = 0,
    order: str = "periodic",
    lowest_loss: float = 0.02,
    highest_loss: float = 0.1,
    lowest_scene_loss: float = 0.1,
    highest_scene_loss: float = 0.3,
    least: float = 0.3,
    cached_models: int = 0,
    load_seconds: float = 0.0,
    warm_gb: float = 0.0,
    model_gb: float = 0.0,
    cost_error: float = 0.1,
    accuracy_error: float = 0.092,
    labelling_seconds: float = 0.0,
    weighted: bool = False,
    **server: Unpack[ServerOptions],
) -> Horizon:
    """Return streams whose scenes change from window to window.

    A stream has its own level, inference configs and first model as a stream of
    :func:`instances.generators.recorded_like.recorded_stream`; its 18 retraining
    configs are drawn anew in each window around that level. What a model scores later
    is recorded: each window takes U(lowest_loss, highest_loss) from all models of the
    stream, and nothing falls below ``least`` by that.

    With ``scenes``, the windows show that many scenes again and again, the same for all
    streams, such as day and night. A model is trained for the scene of its window, the
    first model for that of window 1. When its scene returns, it has lost only what
    the windows of this scene took since. In another scene it has lost what all windows
    took, and U(lowest_scene_loss, highest_scene_loss) besides, which is drawn once for
    each stream and two scenes.

    Parameters
    ----------
    num_streams, gpus, seed, server
        See :func:`instances.generators.assembly.assemble`.
    windows
        Number of windows, from 1 to 1,000.
    scenes
        0: every window has its own scene; from 2 to 100: scenes that return.
    order
        ``periodic``: the scenes come one after the other; ``random``: each window's
        is drawn among those that the window before does not have.
    lowest_loss, highest_loss, lowest_scene_loss, highest_scene_loss, least
        In [0, 1], see above.
    cached_models, warm_gb
        See :class:`instances.horizon.Horizon`.
    load_seconds, model_gb
        Of every stream, see :class:`instances.horizon_stream.HorizonStream`.
    cost_error, accuracy_error
        Of the estimates; see
        :func:`instances.generators.recorded_like.recorded_stream`.
    labelling_seconds
        Delay of every retraining: the golden model labels the data first.
    weighted
        Whether streams weigh 1, 2 or 4 with equal chances, instead of 1.

    Raises
    ------
    InvalidOption
        If an option is unknown or lies outside its domain.
    InvalidInstance
        If a field of the horizon lies outside its domain.
    """
    options = {
        "windows": windows,
        "scenes": scenes,
        "order": order,
        "lowest_loss": lowest_loss,
        "highest_loss": highest_loss,
        "lowest_scene_loss": lowest_scene_loss,
        "highest_scene_loss": highest_scene_loss,
        "least": least,
        "cached_models": cached_models,
        "load_seconds": load_seconds,
        "warm_gb": warm_gb,
        "model_gb": model_gb,
        "cost_error": cost_error,
        "accuracy_error": accuracy_error,
        "labelling_seconds": labelling_seconds,
        "weighted": weighted,
    }
    check_integer("num_streams", num_streams, 1, MOST_STREAMS)
    _check(options)
    frame = make_frame("drift", num_streams, gpus, seed, options, server)
    seen = _scenes(seed, windows, scenes, order)
    streams = [
        _stream(v, stream_rng(seed, v), seen, options) for v in range(num_streams)
    ]
    return Horizon(
        name=frame.name,
        window_seconds=frame.window_seconds,
        gpus=frame.gpus,
        units_per_gpu=frame.units_per_gpu,
        streams=tuple(streams),
        reallocation=frame.reallocation,
        slot_seconds=frame.slot_seconds,
        min_accuracy=frame.min_accuracy,
        training_throughput=frame.training_throughput,
        cached_models=cached_models,
        warm_gb=warm_gb,
        metadata=frame.metadata,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ageing:
    """How the models of one stream age.

    ``losses`` holds what each window takes from all models that are there before it,
    ``scenes`` the scene of each window, and ``apart`` what a model of one scene lacks
    in another.
    """

    losses: Floats
    scenes: Integers
    apart: Floats
    least: float

    def later(self, accuracy: float, w: int) -> tuple[float, ...]:
        """Return what a model of window w scores in each later window."""
        own = self.scenes == self.scenes[w]
        since_all = np.cumsum(self.losses[w + 1 :])
        since_own = np.cumsum(np.where(own, self.losses, 0.0)[w + 1 :])
        foreign = since_all + self.apart[self.scenes[w], self.scenes[w + 1 :]]
        lost = np.where(own[w + 1 :], since_own, foreign)
        scores = np.maximum(min(accuracy, self.least), accuracy - lost)
        return tuple(rounded(scores))


def _stream(
    v: int, rng: np.random.Generator, scenes: Integers, options: Mapping[str, Any]
) -> HorizonStream:
    level = draw_start(rng)
    inference = sampling_curve(rng)
    weight = int(rng.choice([1, 2, 4])) if options["weighted"] else 1
    lowest, highest = options["lowest_scene_loss"], options["highest_scene_loss"]
    num_scenes = max(1, options["scenes"])
    apart = np.triu(rng.uniform(lowest, highest, (num_scenes, num_scenes)), 1)
    errors = options["cost_error"], options["accuracy_error"]
    losses, drawn = [], []
    for _ in scenes:
        losses.append(rng.uniform(options["lowest_loss"], options["highest_loss"]))
        gain = draw_gain(rng, level)
        delay = options["labelling_seconds"]
        drawn.append(draw_retraining(rng, level, gain, *errors, delay))
    ageing = _Ageing(
        losses=np.array(losses),
        scenes=scenes,
        apart=apart + apart.T,
        least=options["least"],
    )
    accuracy = rounded(level)
    return HorizonStream(
        name=f"camera-{v}",
        accuracy=accuracy,
        later_accuracy=ageing.later(accuracy, 0),
        inference=inference,
        windows=tuple(_window(configs, w, ageing) for w, configs in enumerate(drawn)),
        weight=weight,
        load_seconds=options["load_seconds"],
        model_gb=options["model_gb"],
    )


def _window(
    configs: Iterable[RetrainingConfig], w: int, ageing: _Ageing
) -> StreamWindow:
    return StreamWindow(
        retraining=tuple(
            HorizonConfig(
                name=config.name,
                gpu_seconds=config.gpu_seconds,
                accuracy=config.accuracy,
                delay_seconds=config.delay_seconds,
                estimate=config.estimate,
                later_accuracy=ageing.later(config.accuracy, w),
            )
            for config in configs
        )
    )


def _scenes(seed: int, windows: int, scenes: int, order: str) -> Integers:
    """Return the scene of each window."""
    if scenes == 0:
        return np.zeros(windows, dtype=np.int64)
    if order == "periodic":
        return np.arange(windows) % scenes
    # The streams' own numbers are smaller, so that this one is nobody's.
    steps = stream_rng(seed, MOST_STREAMS).integers(1, scenes, windows)
    return np.cumsum(steps) % scenes


def _check(options: Mapping[str, Any]) -> None:
    check_integer("windows", options["windows"], 1, MOST_WINDOWS)
    check_integer("scenes", options["scenes"], 0, MOST_SCENES)
    if options["scenes"] == 1:
        expected = f"expected 0 or an integer from 2 to {MOST_SCENES}"
        raise InvalidOption(f"scenes is 1, {expected}")
    if options["order"] not in ORDERS:
        expected = f"expected one of {', '.join(ORDERS)}"
        raise InvalidOption(f"order is {shown(options['order'])}, {expected}")
    for kind in ("loss", "scene_loss"):
        lowest, highest = f"lowest_{kind}", f"highest_{kind}"
        check_number(lowest, options[lowest], 0, 1)
        check_number(highest, options[highest], options[lowest], 1)
    check_number("least", options["least"], 0, 1)
    check_number("cost_error", options["cost_error"], 0, 10)
    check_number("accuracy_error", options["accuracy_error"], 0, 10)
    check_number("labelling_seconds", options["labelling_seconds"], 0, 1e9)
