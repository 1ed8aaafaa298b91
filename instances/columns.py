"""The columnar instance: the problem of one window as arrays over all streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from instances.checks import LARGEST_NUMBER, shown
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

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]

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

_PLACEHOLDER = Stream(
    name="placeholder",
    accuracy=0,
    inference=(InferenceConfig(name="placeholder", gpus=0, relative_accuracy=0),),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """One window's problem with a column for every field of the streams.

    The configs of stream v are the entries from ``offsets[v]`` to
    ``offsets[v + 1]`` of their columns. Arrays are read-only. V is the number of
    streams, N and M those of all streams' retraining and inference configs.

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
        frame = self._frame((_PLACEHOLDER,))
        for name in WINDOW_FIELDS:
            object.__setattr__(self, name, getattr(frame, name))
        count = self._set_offsets()
        streams, configs, servings = count
        self._set_floats("accuracy", streams, 0, 1)
        self._set_floats("weight", streams, 1e-6, 1e9, default=1.0)
        self._set_floats("stream_min_accuracy", streams, 0, 1, default=np.nan)
        self._set_floats("gpu_seconds", configs, 0, LARGEST_NUMBER)
        self._set_floats("retrained_accuracy", configs, 0, 1)
        self._set_floats("delay_seconds", configs, 0, LARGEST_NUMBER, default=0.0)
        self._set_estimates(configs)
        self._set_floats("demand_gpus", servings, 0, 1e6)
        self._set_floats("relative_accuracy", servings, 0, 1)
        for name, entries in zip(_NAMES, count, strict=True):
            names = getattr(self, name)
            if names is not None and len(names) != entries:
                message = f"has {len(names)} names, expected {entries}"
                raise InvalidInstance(message, name)

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

    def _set_offsets(self) -> tuple[int, int, int]:
        """Check both offsets; return the numbers of streams and of configs."""
        streams = np.shape(self.accuracy)
        if len(streams) != 1 or not 1 <= streams[0] <= MOST_STREAMS:
            message = f"has the shape {streams}, expected 1 to {MOST_STREAMS} numbers"
            raise InvalidInstance(message, "accuracy")
        ends = []
        for name, fewest in (("retraining_offsets", 0), ("inference_offsets", 1)):
            given = np.asarray(getattr(self, name))
            if given.shape != (streams[0] + 1,) or given.dtype.kind not in "iu":
                message = f"is {given.dtype} of shape {given.shape}, expected"
                message += f" {streams[0] + 1} integers"
                raise InvalidInstance(message, name)
            offsets = _read_only(given.astype(np.int64, copy=False))
            steps = np.diff(offsets)
            if offsets[0] != 0 or steps.min() < fewest:
                at = 0 if offsets[0] != 0 else int(steps.argmin()) + 1
                message = f"is {offsets[at]}, expected offsets from 0 that rise by at"
                raise InvalidInstance(f"{message} least {fewest}", f"{name}[{at}]")
            object.__setattr__(self, name, offsets)
            ends.append(int(offsets[-1]))
        return streams[0], ends[0], ends[1]

    def _set_estimates(self, count: int) -> None:
        if self.estimated_gpu_seconds is None and self.estimated_accuracy is None:
            return
        for name, high in (
            ("estimated_gpu_seconds", LARGEST_NUMBER),
            ("estimated_accuracy", 1.0),
        ):
            self._set_floats(name, count, 0, high, default=np.nan, gaps=True)
        assert self.estimated_gpu_seconds is not None
        assert self.estimated_accuracy is not None
        missing = np.isnan(self.estimated_gpu_seconds)
        unequal = np.flatnonzero(missing != np.isnan(self.estimated_accuracy))
        if len(unequal):
            message = "is missing in one of the two estimated columns only"
            raise InvalidInstance(message, f"estimated_accuracy[{unequal[0]}]")

    def _set_floats(
        self,
        name: str,
        count: int,
        low: float,
        high: float,
        *,
        default: float | None = None,
        gaps: bool = False,
    ) -> None:
        """Store a column as read-only float64 after checking shape and range."""
        given: ArrayLike | None = getattr(self, name)
        if given is None and default is not None:
            # Zeros that nobody writes take no memory.
            column = np.full(count, default) if default else np.zeros(count)
            object.__setattr__(self, name, _read_only(column))
            return
        column = np.asarray(given)
        if column.shape != (count,) or column.dtype.kind not in "fiu":
            message = f"is {column.dtype} of shape {column.shape}, expected"
            raise InvalidInstance(f"{message} {count} numbers", name)
        column = column.astype(np.float64, copy=False)
        # Of all comparisons with NaN this one is false.
        inside = (column >= low) & (column <= high)
        if gaps or default is np.nan:
            inside |= np.isnan(column)
        if not inside.all():
            at = int(inside.argmin())
            message = f"is {shown(float(column[at]))}, expected a number from {low:g}"
            raise InvalidInstance(f"{message} to {high:g}", f"{name}[{at}]")
        object.__setattr__(self, name, _read_only(column))


_NAMES = ("stream_names", "retraining_names", "inference_names")


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


def _read_only(array: Any) -> Any:
    """Return a read-only view; the caller's own array stays as it is."""
    view = array.view()
    view.flags.writeable = False
    return view
