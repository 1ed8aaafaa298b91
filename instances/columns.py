"""The columnar instance: the problem of one window as arrays over all streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from instances.checks import LARGEST_NUMBER
from instances.column_checks import (
    Floats,
    Offsets,
    check_unique_entries,
    checked_floats,
    checked_offsets,
    read_only,
)
from instances.errors import InvalidInstance
from instances.instance import (
    Estimate,
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)
from instances.names import Names

MOST_STREAMS = 100_000_000
WINDOW_FIELDS = (
    "name",
    "window_seconds",
    "gpus",
    "units_per_gpu",
    "reallocation",
    "slot_seconds",
    "min_accuracy",
    "training_throughput",
    "metadata",
)
"""Fields that an ``Instance`` and its columns share."""

PLACEHOLDER = Stream(
    name="placeholder",
    accuracy=0,
    inference=(InferenceConfig(name="placeholder", gpus=0, relative_accuracy=0),),
)
"""Stands where an instance needs a stream and there is none yet."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """One window's problem with a column for every field of the streams.

    The configs of stream v are the entries from ``offsets[v]`` to
    ``offsets[v + 1]`` of their columns. V is the number of streams, N and M those of
    all streams' retraining and inference configs. Columns are stored as read-only
    float64 and int64; an array of that type is shared, not copied, so its owner must
    not write to it any more. Columns that are left out take their defaults.

    Parameters
    ----------
    name, window_seconds, gpus, units_per_gpu, reallocation, slot_seconds, \
min_accuracy, training_throughput, metadata
        As in :class:`instances.Instance`.
    accuracy
        Shape ``(V,)``: accuracy of the model held, in [0, 1].
    weight
        Shape ``(V,)``, from 1e-6 to 1e9; default 1.
    stream_min_accuracy
        Shape ``(V,)``: the streams' own floors, in [0, 1]; NaN means the instance's.
    retraining_offsets
        Shape ``(V + 1,)``: from 0 to N, not falling.
    gpu_seconds, retrained_accuracy, delay_seconds
        Shape ``(N,)``: as in :class:`instances.RetrainingConfig`; the delay is 0 by
        default.
    estimated_gpu_seconds, estimated_accuracy
        Shape ``(N,)``: as in :class:`instances.Estimate`; NaN in both where there is
        none. ``None``: no config has one.
    inference_offsets
        Shape ``(V + 1,)``: from 0 to M, rising.
    demand_gpus, relative_accuracy
        Shape ``(M,)``: as in :class:`instances.InferenceConfig`.
    stream_names, retraining_names, inference_names
        Names of the V streams and of the N and M configs; ``None`` numbers them,
        configs by their position in the stream.

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
    accuracy: Floats
    weight: Floats | None = None
    stream_min_accuracy: Floats | None = None
    retraining_offsets: Offsets
    gpu_seconds: Floats
    retrained_accuracy: Floats
    delay_seconds: Floats | None = None
    estimated_gpu_seconds: Floats | None = None
    estimated_accuracy: Floats | None = None
    inference_offsets: Offsets
    demand_gpus: Floats
    relative_accuracy: Floats
    stream_names: Names | None = None
    retraining_names: Names | None = None
    inference_names: Names | None = None
    reallocation: Reallocation = Reallocation.NEVER
    slot_seconds: float | None = None
    min_accuracy: float = 0.0
    training_throughput: tuple[tuple[float, float], ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frame = self._frame((PLACEHOLDER,))
        for name in WINDOW_FIELDS:
            object.__setattr__(self, name, getattr(frame, name))
        self._set_columns()
        self._set_estimates()
        self._check_names()

    @property
    def num_streams(self) -> int:
        """Number of streams V."""
        return len(self.accuracy)

    @property
    def total_units(self) -> int:
        """Units of all GPUs together, K = G/δ."""
        return round(self.gpus * self.units_per_gpu)

    @property
    def floors(self) -> Floats:
        """Accuracy below which each stream must never be served, shape ``(V,)``."""
        own = self.stream_min_accuracy
        assert own is not None
        return np.where(np.isnan(own), self.min_accuracy, own)

    @property
    def has_estimates(self) -> bool:
        """Whether any retraining config has an estimate."""
        return self.estimated_gpu_seconds is not None

    def stream_name(self, v: int) -> str:
        """Return the name of stream v."""
        return f"camera-{v}" if self.stream_names is None else self.stream_names[v]

    def retraining_name(self, v: int, idx: int) -> str:
        """Return the name of retraining config idx of stream v."""
        names = self.retraining_names
        start = int(self.retraining_offsets[v])
        return f"retraining-{idx}" if names is None else names[start + idx]

    def inference_name(self, v: int, idx: int) -> str:
        """Return the name of inference config idx of stream v."""
        names = self.inference_names
        start = int(self.inference_offsets[v])
        return f"inference-{idx}" if names is None else names[start + idx]

    def stream(self, v: int) -> Stream:
        """Return stream v as an object."""
        assert self.weight is not None
        assert self.stream_min_accuracy is not None
        floor = float(self.stream_min_accuracy[v])
        first, last = self.retraining_offsets[v : v + 2].tolist()
        serving, end = self.inference_offsets[v : v + 2].tolist()
        return Stream(
            name=self.stream_name(v),
            accuracy=float(self.accuracy[v]),
            retraining=tuple(
                self._retraining(v, entry - first, entry)
                for entry in range(first, last)
            ),
            inference=tuple(
                InferenceConfig(
                    name=self.inference_name(v, entry - serving),
                    gpus=float(self.demand_gpus[entry]),
                    relative_accuracy=float(self.relative_accuracy[entry]),
                )
                for entry in range(serving, end)
            ),
            weight=float(self.weight[v]),
            min_accuracy=None if np.isnan(floor) else floor,
        )

    def instance(self) -> Instance:
        """Return the same problem as objects, some microseconds a config."""
        return self._frame(tuple(map(self.stream, range(self.num_streams))))

    def window(self) -> dict[str, Any]:
        """Return the fields that an ``Instance`` and its columns share, by name."""
        return {name: getattr(self, name) for name in WINDOW_FIELDS}

    def changed(self, **changes: Any) -> "Columns":
        """Return the columns with some fields replaced, checked again."""
        now = {each.name: getattr(self, each.name) for each in fields(self)}
        return Columns(**(now | changes))

    def _retraining(self, v: int, idx: int, entry: int) -> RetrainingConfig:
        assert self.delay_seconds is not None
        estimate = None
        if self.estimated_gpu_seconds is not None:
            assert self.estimated_accuracy is not None
            seconds = float(self.estimated_gpu_seconds[entry])
            if not np.isnan(seconds):
                guess = float(self.estimated_accuracy[entry])
                estimate = Estimate(gpu_seconds=seconds, accuracy=guess)
        return RetrainingConfig(
            name=self.retraining_name(v, idx),
            gpu_seconds=float(self.gpu_seconds[entry]),
            accuracy=float(self.retrained_accuracy[entry]),
            delay_seconds=float(self.delay_seconds[entry]),
            estimate=estimate,
        )

    def _frame(self, streams: tuple[Stream, ...]) -> Instance:
        return Instance(streams=streams, **self.window())

    def _set_columns(self) -> None:
        shape = np.shape(self.accuracy)
        if len(shape) != 1 or not 1 <= shape[0] <= MOST_STREAMS:
            message = f"has the shape {shape}, expected 1 to {MOST_STREAMS} numbers"
            raise InvalidInstance(message, "accuracy")
        streams = shape[0]
        for name, fewest in (("retraining_offsets", 0), ("inference_offsets", 1)):
            offsets = checked_offsets(getattr(self, name), name, streams, fewest)
            object.__setattr__(self, name, offsets)
        configs = int(self.retraining_offsets[-1])
        servings = int(self.inference_offsets[-1])
        self._set_floats("accuracy", streams, 0, 1)
        self._set_floats("weight", streams, 1e-6, 1e9, default=1.0)
        self._set_floats("stream_min_accuracy", streams, 0, 1, default=np.nan)
        self._set_floats("gpu_seconds", configs, 0, LARGEST_NUMBER)
        self._set_floats("retrained_accuracy", configs, 0, 1)
        self._set_floats("delay_seconds", configs, 0, LARGEST_NUMBER, default=0.0)
        self._set_floats("demand_gpus", servings, 0, 1e6)
        self._set_floats("relative_accuracy", servings, 0, 1)

    def _set_floats(
        self,
        name: str,
        count: int,
        low: float,
        high: float,
        *,
        default: float | None = None,
    ) -> None:
        """Store a column after checking it; a default that is NaN allows gaps."""
        given = getattr(self, name)
        if given is None and default is not None:
            # Zeros that nobody writes take no memory.
            column = read_only(np.full(count, default) if default else np.zeros(count))
        else:
            gaps = default is np.nan
            column = checked_floats(given, name, count, low, high, gaps=gaps)
        object.__setattr__(self, name, column)

    def _set_estimates(self) -> None:
        """Store both estimated columns, or ``None`` twice if they hold gaps only."""
        names = ("estimated_gpu_seconds", "estimated_accuracy")
        if all(getattr(self, name) is None for name in names):
            return
        configs = len(self.gpu_seconds)
        for name, high in zip(names, (LARGEST_NUMBER, 1.0), strict=True):
            self._set_floats(name, configs, 0, high, default=np.nan)
        missing, other = (np.isnan(getattr(self, name)) for name in names)
        if (missing != other).any():
            message = "is missing in one of the two estimated columns only"
            at = int((missing != other).argmax())
            raise InvalidInstance(message, f"estimated_accuracy[{at}]")
        if missing.all():
            for name in names:
                object.__setattr__(self, name, None)

    def _check_names(self) -> None:
        whole = np.array([0, self.num_streams])
        for place, offsets in (
            ("stream_names", whole),
            ("retraining_names", self.retraining_offsets),
            ("inference_names", self.inference_offsets),
        ):
            names = getattr(self, place)
            if names is None:
                continue
            if not isinstance(names, Names):
                message = f"is a {type(names).__name__}, expected Names or nothing"
                raise InvalidInstance(message, place)
            if len(names) != offsets[-1]:
                message = f"has {len(names)} names, expected {offsets[-1]}"
                raise InvalidInstance(message, place)
            check_unique_entries(names, place, offsets)


def columns_of(instance: Instance) -> Columns:
    """Return the columns of an instance."""
    streams = instance.streams
    retraining = [config for stream in streams for config in stream.retraining]
    inference = [config for stream in streams for config in stream.inference]
    estimates = [config.estimate for config in retraining]
    estimated: dict[str, Any] = {}
    if any(estimate is not None for estimate in estimates):
        estimated = {
            "estimated_gpu_seconds": _floats(
                np.nan if each is None else each.gpu_seconds for each in estimates
            ),
            "estimated_accuracy": _floats(
                np.nan if each is None else each.accuracy for each in estimates
            ),
        }
    return Columns(
        **{name: getattr(instance, name) for name in WINDOW_FIELDS},
        accuracy=_floats(stream.accuracy for stream in streams),
        weight=_floats(stream.weight for stream in streams),
        stream_min_accuracy=_floats(
            np.nan if stream.min_accuracy is None else stream.min_accuracy
            for stream in streams
        ),
        retraining_offsets=_offsets(len(stream.retraining) for stream in streams),
        gpu_seconds=_floats(config.gpu_seconds for config in retraining),
        retrained_accuracy=_floats(config.accuracy for config in retraining),
        delay_seconds=_floats(config.delay_seconds for config in retraining),
        **estimated,
        inference_offsets=_offsets(len(stream.inference) for stream in streams),
        demand_gpus=_floats(config.gpus for config in inference),
        relative_accuracy=_floats(config.relative_accuracy for config in inference),
        stream_names=Names.of(stream.name for stream in streams),
        retraining_names=Names.of(config.name for config in retraining),
        inference_names=Names.of(config.name for config in inference),
    )


def _floats(values: Any) -> Floats:
    return np.fromiter(values, dtype=np.float64)


def _offsets(counts: Any) -> Offsets:
    steps = np.fromiter(counts, dtype=np.int64)
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(steps)))
