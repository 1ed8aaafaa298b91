"""The problem of several retraining windows in a row: a horizon.

Today's retraining is tomorrow's model. A stream enters a window with the model that it
holds, and may keep earlier ones: using one again is a cold start, which costs its load
time, or takes memory that kept it warm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any, ClassVar

from instances.checks import (
    check_name,
    check_unique_names,
    set_integer,
    set_number,
    set_tuple,
)
from instances.errors import InvalidInstance
from instances.horizon_stream import (
    INITIAL,
    REUSE,
    WARM,
    HorizonConfig,
    HorizonStream,
    accuracy_in,
)
from instances.html import MOST_ROWS, html_table, rest_of
from instances.instance import Instance, Reallocation, RetrainingConfig, Stream

MOST_WINDOWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The models that a stream has at the start of a window.

    Parameters
    ----------
    model
        Name of the model that serves, ``initial`` or as ``model_name`` makes it.
    kept
        Names of the earlier models that may be used again.
    """

    model: str = INITIAL
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Several windows in a row, with everything needed to state their problem.

    In each window a stream retrains one config, or uses a kept model again, or neither.
    A kept model is used again cold, which takes ``load_seconds``, or warm, at once:
    then it must be in memory when the window begins, and the models used so by all
    streams in a window take at most ``warm_gb``. What serves at a window's end is held
    at the start of the next one; a model that it replaced may be kept. The objective
    is the weighted mean over streams of the mean over windows of the window-average
    accuracy.

    Parameters
    ----------
    name, window_seconds, gpus, units_per_gpu, reallocation, slot_seconds
        As in :class:`instances.Instance`, for every window.
    min_accuracy, training_throughput, metadata
        As in :class:`instances.Instance`.
    streams
        At least one, with unique names and equally many windows.
    cached_models
        Earlier models that a stream can keep, from 0 to 100.
    warm_gb
        Memory for the models used again without their load time; with 0 none is,
        whatever its size.

    Raises
    ------
    InvalidInstance
        If a value lies outside its domain; the message names the place.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    window_seconds: float
    gpus: float
    units_per_gpu: int
    streams: tuple[HorizonStream, ...]
    reallocation: Reallocation = Reallocation.NEVER
    slot_seconds: float | None = None
    min_accuracy: float = 0.0
    training_throughput: tuple[tuple[float, float], ...] | None = None
    cached_models: int = 0
    warm_gb: float = 0.0
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_tuple(self, "streams", HorizonStream, at_least=1)
        check_unique_names(self, "streams")
        set_integer(self, "cached_models", low=0, high=100)
        set_number(self, "warm_gb")
        counts = [len(stream.windows) for stream in self.streams]
        if max(counts) > MOST_WINDOWS:
            message = f"has {max(counts)} items, expected at most {MOST_WINDOWS}"
            raise InvalidInstance(
                message, f"streams[{counts.index(max(counts))}].windows"
            )
        for v, (before, count) in enumerate(pairwise(counts), start=1):
            if count != before:
                message = f"has {count} items, expected as many as the other streams"
                raise InvalidInstance(f"{message} ({before})", f"streams[{v}].windows")
        # A window's own checks hold for the server of the horizon.
        first = self.window(0, [Held()] * len(self.streams))
        for name in ("window_seconds", "gpus", "units_per_gpu", "reallocation"):
            object.__setattr__(self, name, getattr(first, name))
        for name in ("slot_seconds", "min_accuracy", "training_throughput"):
            object.__setattr__(self, name, getattr(first, name))

    @property
    def num_windows(self) -> int:
        """Number of windows W."""
        return len(self.streams[0].windows)

    @property
    def total_units(self) -> int:
        """Units of all GPUs together, K = G/δ."""
        return round(self.gpus * self.units_per_gpu)

    def floor(self, stream: HorizonStream) -> float:
        """Return the accuracy below which the stream must never be served."""
        own = stream.min_accuracy
        return self.min_accuracy if own is None else own

    def window(self, window_idx: int, held: Sequence[Held]) -> Instance:
        """Return one window's problem, given the models that the streams have.

        Kept models are retraining configs without GPU time: ``reuse MODEL`` takes the
        load time, ``warm MODEL`` none. The memory of warm models, which couples the
        streams, is no part of the instance: without ``warm_gb`` there are no warm
        configs, and with it only for streams whose model fits.

        Parameters
        ----------
        window_idx
            From 0.
        held
            One entry for each stream.
        """
        return Instance(
            name=f"{self.name}-window{window_idx + 1}",
            window_seconds=self.window_seconds,
            gpus=self.gpus,
            units_per_gpu=self.units_per_gpu,
            streams=tuple(
                self._stream(stream, window_idx, models)
                for stream, models in zip(self.streams, held, strict=True)
            ),
            reallocation=self.reallocation,
            slot_seconds=self.slot_seconds,
            min_accuracy=self.min_accuracy,
            training_throughput=self.training_throughput,
            metadata=self.metadata,
        )

    def _stream(self, stream: HorizonStream, window_idx: int, models: Held) -> Stream:
        configs = [*map(_plain, stream.windows[window_idx].retraining)]
        for model in models.kept:
            accuracy = accuracy_in(stream, model, window_idx)
            delays = {REUSE: stream.load_seconds}
            if 0 < self.warm_gb >= stream.model_gb:
                delays[WARM] = 0.0
            configs += [
                RetrainingConfig(
                    name=f"{how}{model}",
                    gpu_seconds=0,
                    accuracy=accuracy,
                    delay_seconds=delay,
                )
                for how, delay in delays.items()
            ]
        return Stream(
            name=stream.name,
            accuracy=accuracy_in(stream, models.model, window_idx),
            retraining=tuple(configs),
            inference=stream.serving(window_idx),
            weight=stream.weight,
            min_accuracy=stream.min_accuracy,
        )

    def _repr_html_(self) -> str:
        from instances.pictures import windows_key, windows_picture

        windows = range(self.num_windows)
        rows = [
            [
                stream.name,
                f"{stream.accuracy:.3f}",
                f"{self.floor(stream):.3f}",
                f"{stream.weight:g}",
                sum(len(window.retraining) for window in stream.windows),
                windows_picture(
                    stream.name,
                    [accuracy_in(stream, INITIAL, w) for w in windows],
                    [window.retraining for window in stream.windows],
                ),
            ]
            for stream in self.streams[:MOST_ROWS]
        ]
        caption = (
            f"{self.name}: {self.num_windows} windows of {self.window_seconds:g} s, "
            f"{len(self.streams)} streams, {self.gpus:g} GPUs in units of "
            f"1/{self.units_per_gpu}, reallocation {self.reallocation}"
        )
        columns = ["stream", "accuracy", "floor", "weight", "retraining in all"]
        left_out = rest_of(len(self.streams), "streams")
        table = html_table([*columns, "windows"], rows, caption, left_out)
        return table + windows_key()


def _plain(config: HorizonConfig) -> RetrainingConfig:
    """Return a window's config without what its model scores later."""
    names = (field.name for field in fields(RetrainingConfig))
    return RetrainingConfig(**{name: getattr(config, name) for name in names})
