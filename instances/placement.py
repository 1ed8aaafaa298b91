"""The problem of one retraining window on physical GPUs: a placement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

from instances.checks import (
    LARGEST_NUMBER,
    check_name,
    check_unique_names,
    set_number,
    set_tuple,
    shown,
)
from instances.errors import InvalidInstance
from instances.html import MOST_ROWS, html_table, rest_of
from instances.instance import Instance, Stream

MOST_GPUS = 1_000


class Shares(StrEnum):
    """Which shares of one GPU a job may hold.

    ``inverse``: 1/n, where n divides ``units_per_gpu``; ``powers-of-two``: those of
    them where n is a power of two; ``units``: any number of units.
    """

    INVERSE = "inverse"
    POWERS_OF_TWO = "powers-of-two"
    UNITS = "units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One physical GPU.

    Parameters
    ----------
    name
        Unique in the placement.
    speed
        Multiplies the speed of a training and divides the demand of an inference
        config, from 0.01 to 100; profiles are those of a GPU of speed 1.
    memory_gb
        Memory that its jobs share, above 0 and at most 1e6; ``None``: no limit.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    speed: float = 1.0
    memory_gb: float | None = None

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "speed", low=0.01, high=100)
        if self.memory_gb is not None:
            set_number(self, "memory_gb", above=True, high=1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One window's problem on physical GPUs, with everything needed to state it.

    A job is a stream's inference or its retraining, if it has any units. Jobs hold
    their units from the start of the window to its end (reallocation ``never``), with
    one inference config a stream. A job lies on one GPU, with a share that ``shares``
    allows; or, with ``whole_gpus``, it takes several whole GPUs of equal speed and
    memory. The units on a GPU stay within ``units_per_gpu``. The configs of its jobs
    take their ``memory_gb``, in whole MB, on each of their GPUs for the whole window,
    together no more than it has. A config that needs no units (an inference
    config without demand, a retraining without GPU time) may do without a job, and then
    takes no memory.

    Parameters
    ----------
    name, window_seconds, units_per_gpu, streams, min_accuracy, training_throughput, \
metadata
        As in :class:`instances.Instance`.
    gpus
        The physical GPUs, from 1 to 1,000, with unique names.
    shares
        Which shares of one GPU a job may hold; a whole GPU is always one.
    whole_gpus
        Whether a job may take several whole GPUs.

    Raises
    ------
    InvalidInstance
        If a value lies outside its domain; the message names the place.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    window_seconds: float
    gpus: tuple[Gpu, ...]
    units_per_gpu: int
    streams: tuple[Stream, ...]
    shares: Shares = Shares.INVERSE
    whole_gpus: bool = True
    min_accuracy: float = 0.0
    training_throughput: tuple[tuple[float, float], ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        set_tuple(self, "gpus", Gpu, at_least=1)
        if len(self.gpus) > MOST_GPUS:
            message = f"has {len(self.gpus)} items, expected at most {MOST_GPUS}"
            raise InvalidInstance(message, "gpus")
        check_unique_names(self, "gpus")
        # The checks of a window hold for the fields that both have.
        window = self.instance
        for name in ("window_seconds", "units_per_gpu", "streams", "min_accuracy"):
            object.__setattr__(self, name, getattr(window, name))
        object.__setattr__(self, "training_throughput", window.training_throughput)
        try:
            object.__setattr__(self, "shares", Shares(self.shares))
        except ValueError:
            message = f"is {shown(self.shares)}, expected one of {', '.join(Shares)}"
            raise InvalidInstance(message, "shares") from None
        if not isinstance(self.whole_gpus, bool):
            message = f"is {shown(self.whole_gpus)}, expected true or false"
            raise InvalidInstance(message, "whole_gpus")
        self._check_slowest()

    @property
    def instance(self) -> Instance:
        """The pooled window: as many GPUs of speed 1, whose units lie anywhere."""
        return Instance(
            name=self.name,
            window_seconds=self.window_seconds,
            gpus=len(self.gpus),
            units_per_gpu=self.units_per_gpu,
            streams=self.streams,
            min_accuracy=self.min_accuracy,
            training_throughput=self.training_throughput,
            metadata=self.metadata,
        )

    @property
    def total_units(self) -> int:
        """Units of all GPUs together."""
        return len(self.gpus) * self.units_per_gpu

    @property
    def total_weight(self) -> float:
        """Sum of the streams' weights."""
        return sum(stream.weight for stream in self.streams)

    def floor(self, stream: Stream) -> float:
        """Return the accuracy below which the stream must never be served."""
        own = stream.min_accuracy
        return self.min_accuracy if own is None else own

    def _check_slowest(self) -> None:
        """Check that the configs' demands stay in their domains on every GPU."""
        slowest = min(gpu.speed for gpu in self.gpus)
        limits: tuple[tuple[Literal["retraining", "inference"], str, float], ...] = (
            ("retraining", "gpu_seconds", LARGEST_NUMBER),
            ("inference", "gpus", 1e6),
        )
        for v, stream in enumerate(self.streams):
            for kind, key, most in limits:
                for idx, config in enumerate(getattr(stream, kind)):
                    value = getattr(config, key)
                    if value / slowest > most:
                        message = f"is {value:g}, expected at most {most * slowest:g}"
                        message += f" with a GPU of speed {slowest:g}"
                        place = f"streams[{v}].{kind}[{idx}].{key}"
                        raise InvalidInstance(message, place)

    def _repr_html_(self) -> str:
        rows = [
            [
                gpu.name,
                f"{gpu.speed:g}",
                "no limit" if gpu.memory_gb is None else f"{gpu.memory_gb:g}",
            ]
            for gpu in self.gpus
        ]
        whole = "or whole GPUs" if self.whole_gpus else "of one GPU"
        caption = (
            f"{self.name}: {len(self.streams)} streams on {len(self.gpus)} GPUs in "
            f"units of 1/{self.units_per_gpu}, shares {self.shares} {whole}, "
            f"{self.window_seconds:g} s"
        )
        gpus = html_table(["GPU", "speed", "memory, GB"], rows, caption)
        return gpus + self._streams_html()

    def _streams_html(self) -> str:
        from instances.pictures import most_gpu_seconds, profile_key, profile_picture

        most = most_gpu_seconds(self.streams)
        rows = [
            [
                stream.name,
                f"{stream.accuracy:.3f}",
                f"{self.floor(stream):.3f}",
                f"{stream.weight:g}",
                profile_picture(stream, most),
            ]
            for stream in self.streams[:MOST_ROWS]
        ]
        columns = ["stream", "accuracy", "floor", "weight", "profile"]
        left_out = rest_of(len(self.streams), "streams")
        table = html_table(columns, rows, "Streams", left_out)
        return table + profile_key(most)


def placement_of(
    instance: Instance, shares: Shares | str = Shares.INVERSE, **changes: Any
) -> Placement:
    """Return a pooled window on as many identical GPUs without a memory limit.

    Parameters
    ----------
    instance
        Its reallocation is taken as ``never``; it has a whole number of GPUs.
    shares
        Which shares of one GPU a job may hold.
    changes
        Fields of the placement that differ, such as ``units_per_gpu`` or ``gpus``.

    Raises
    ------
    InvalidInstance
        If the number of GPUs is not whole, or a change lies outside its domain.
    """
    if "gpus" not in changes:
        if instance.gpus != round(instance.gpus):
            message = f"is {instance.gpus:g}, expected a whole number of GPUs"
            raise InvalidInstance(message, "gpus")
        names = [f"gpu-{g}" for g in range(round(instance.gpus))]
        changes["gpus"] = tuple(Gpu(name=name) for name in names)
    kept = {
        name: getattr(instance, name)
        for name in (
            "name",
            "window_seconds",
            "units_per_gpu",
            "streams",
            "min_accuracy",
            "training_throughput",
            "metadata",
        )
    }
    return Placement(**(kept | {"shares": shares} | changes))
