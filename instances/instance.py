"""The problem of one retraining window: an instance and its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from instances.checks import (
    check_name,
    check_unique_names,
    set_integer,
    set_number,
    set_tuple,
    shown,
)
from instances.errors import InvalidInstance
from instances.html import MOST_ROWS, html_table, rest_of

WHOLE_TOLERANCE = 1e-9


class Reallocation(StrEnum):
    """What may change during the window.

    ``never``: the units of a stream stay as they are from the start to the end, as in
    Ekya, Eq. 1; only its inference config may change when its own retraining
    completes, and freed training units idle. ``stream``: a stream's total of units
    stays; when its retraining completes, the freed units may serve its own inference.
    ``server``: everything may change at multiples of ``slot_seconds``, and a new model
    serves from the first of them at or after its completion.

    The optimum of ``never`` is at most that of ``stream``. Both are at most that of
    ``server`` where the completions fall on multiples of ``slot_seconds``.
    """

    NEVER = "never"
    STREAM = "stream"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a profiler predicted for a retraining config.

    Parameters
    ----------
    gpu_seconds
        Predicted seconds on a whole GPU, at least 0.
    accuracy
        Predicted accuracy of the retrained model, in [0, 1].
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    gpu_seconds: float
    accuracy: float

    def __post_init__(self) -> None:
        set_number(self, "gpu_seconds")
        set_number(self, "accuracy", high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingConfig:
    """One way to retrain a stream's model, γ in Ekya, Eq. 1.

    Parameters
    ----------
    name
        Unique among the stream's retraining configs.
    gpu_seconds
        Seconds of training on a whole GPU, at least 0; 0 is a model that needs no
        training here (cached, or retrained in the cloud).
    accuracy
        Accuracy of the retrained model when every frame is analysed, in [0, 1].
    delay_seconds
        Seconds before the training can start (labelling, transfer), at least 0.
    estimate
        The profiler's prediction, when there is one.
    memory_gb
        GPU memory that the training takes, from 0 to 1e6; counts in a placement.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    gpu_seconds: float
    accuracy: float
    delay_seconds: float = 0.0
    estimate: Estimate | None = None
    memory_gb: float = 0.0

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "gpu_seconds")
        set_number(self, "accuracy", high=1)
        set_number(self, "delay_seconds")
        if self.estimate is not None and not isinstance(self.estimate, Estimate):
            message = f"is {shown(self.estimate)}, expected an Estimate or nothing"
            raise InvalidInstance(message, "estimate")
        set_number(self, "memory_gb", high=1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceConfig:
    """One way to serve a stream, λ in Ekya, Eq. 1.

    Parameters
    ----------
    name
        Unique among the stream's inference configs.
    gpus
        GPUs that keep up with the video, at least 0; a fraction as a rule.
    relative_accuracy
        Share of the model's accuracy that this config keeps, in [0, 1].
    memory_gb
        GPU memory that the serving takes, from 0 to 1e6; counts in a placement.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    gpus: float
    relative_accuracy: float
    memory_gb: float = 0.0

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "gpus", high=1e6)
        set_number(self, "relative_accuracy", high=1)
        set_number(self, "memory_gb", high=1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One camera with its model, v in Ekya, Eq. 1.

    Parameters
    ----------
    name
        Unique in the instance.
    accuracy
        Accuracy of the model held at the start of the window, in [0, 1].
    retraining
        Retraining configs; may be empty.
    inference
        Inference configs; at least one.
    weight
        Weight in the objective's mean, from 1e-6 to 1e9.
    min_accuracy
        The stream's own floor, in [0, 1]; ``None`` means the instance's.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    accuracy: float
    retraining: tuple[RetrainingConfig, ...] = ()
    inference: tuple[InferenceConfig, ...]
    weight: float = 1.0
    min_accuracy: float | None = None

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "accuracy", high=1)
        set_tuple(self, "retraining", RetrainingConfig)
        set_tuple(self, "inference", InferenceConfig, at_least=1)
        set_number(self, "weight", low=1e-6, high=1e9)
        if self.min_accuracy is not None:
            set_number(self, "min_accuracy", high=1)
        check_unique_names(self, "retraining")
        check_unique_names(self, "inference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One window's problem, with everything needed to state it.

    Change an instance with :func:`dataclasses.replace`, which validates again.

    Parameters
    ----------
    name
        For people and tables.
    window_seconds
        Length of the retraining window, from 0.001 to 1e9.
    gpus
        GPUs of the server, above 0 and at most 1e6; ``gpus * units_per_gpu`` is an
        integer.
    units_per_gpu
        A unit is ``1 / units_per_gpu`` of a GPU; from 1 to 1,000,000.
    streams
        At least one, with unique names.
    reallocation
        What may change during the window.
    slot_seconds
        The server's control period, which divides the window; needed (only) when
        ``reallocation`` is ``server``.
    min_accuracy
        Floor of the instantaneous inference accuracy, in [0, 1].
    training_throughput
        Increasing points ``(gpus, speed)``; the speed of a retraining is linear
        between (0, 0) and the points and grows one for one beyond the last. Both are
        from 1e-6 to 1e6; the GPUs rise strictly, the speed never falls.
        ``None``: the speed is the share of a GPU.
    metadata
        Free remarks; no part of the problem.

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
    streams: tuple[Stream, ...]
    reallocation: Reallocation = Reallocation.NEVER
    slot_seconds: float | None = None
    min_accuracy: float = 0.0
    training_throughput: tuple[tuple[float, float], ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "window_seconds", low=1e-3, high=1e9)
        set_number(self, "gpus", above=True, high=1e6)
        set_integer(self, "units_per_gpu", low=1, high=1_000_000)
        self._check_total_units()
        set_tuple(self, "streams", Stream, at_least=1)
        check_unique_names(self, "streams")
        self._check_reallocation()
        set_number(self, "min_accuracy", high=1)
        self._check_throughput()
        if not isinstance(self.metadata, Mapping):
            message = f"is {shown(self.metadata)}, expected an object"
            raise InvalidInstance(message, "metadata")

    @property
    def total_units(self) -> int:
        """Units of all GPUs together, K = G/δ."""
        return round(self.gpus * self.units_per_gpu)

    @property
    def total_weight(self) -> float:
        """Sum of the streams' weights."""
        return sum(stream.weight for stream in self.streams)

    def floor(self, stream: Stream) -> float:
        """Return the accuracy below which the stream must never be served."""
        own = stream.min_accuracy
        return self.min_accuracy if own is None else own

    def _check_total_units(self) -> None:
        total = self.gpus * self.units_per_gpu
        tolerance = WHOLE_TOLERANCE * max(1.0, total)
        if round(total) < 1 or abs(total - round(total)) > tolerance:
            message = f"is {self.gpus:g}, expected gpus * units_per_gpu"
            message += f" (= {total:g}) to be a whole number of at least 1"
            raise InvalidInstance(message, "gpus")

    def _check_reallocation(self) -> None:
        try:
            mode = Reallocation(self.reallocation)
        except ValueError:
            names = ", ".join(Reallocation)
            message = f"is {shown(self.reallocation)}, expected one of {names}"
            raise InvalidInstance(message, "reallocation") from None
        object.__setattr__(self, "reallocation", mode)
        if self.slot_seconds is None:
            if mode is Reallocation.SERVER:
                message = "is missing, expected with reallocation server"
                raise InvalidInstance(message, "slot_seconds")
            return
        set_number(self, "slot_seconds", above=True, high=self.window_seconds)
        slots = self.window_seconds / self.slot_seconds
        if abs(slots - round(slots)) > WHOLE_TOLERANCE * slots:
            message = f"is {self.slot_seconds:g}, expected a divisor of window_seconds"
            message += f" (= {self.window_seconds:g})"
            raise InvalidInstance(message, "slot_seconds")

    def _check_throughput(self) -> None:
        if self.training_throughput is None:
            return
        set_tuple(self, "training_throughput", list | tuple, at_least=1)
        points: list[tuple[float, float]] = []
        for idx, pair in enumerate(self.training_throughput):
            place = f"training_throughput[{idx}]"
            if len(pair) != 2:
                message = f"has {len(pair)} numbers, expected 2 (gpus, speed)"
                raise InvalidInstance(message, place)
            point = _Point(gpus=pair[0], speed=pair[1], place=place)
            if points and (point.gpus <= points[-1][0] or point.speed < points[-1][1]):
                message = f"is {shown(list(pair))}, expected points that increase"
                raise InvalidInstance(message, place)
            points.append((point.gpus, point.speed))
        object.__setattr__(self, "training_throughput", tuple(points))

    def _repr_html_(self) -> str:
        from instances.pictures import most_gpu_seconds, profile_key, profile_picture

        most = most_gpu_seconds(self.streams)
        rows = [
            [
                stream.name,
                f"{stream.accuracy:.3f}",
                f"{self.floor(stream):.3f}",
                f"{stream.weight:g}",
                len(stream.retraining),
                len(stream.inference),
                profile_picture(stream, most),
            ]
            for stream in self.streams[:MOST_ROWS]
        ]
        caption = (
            f"{self.name}: {len(self.streams)} streams, {self.gpus:g} GPUs in units of "
            f"1/{self.units_per_gpu}, {self.window_seconds:g} s, "
            f"reallocation {self.reallocation}"
        )
        columns = ["stream", "accuracy", "floor", "weight", "retraining", "inference"]
        left_out = rest_of(len(self.streams), "streams")
        table = html_table([*columns, "profile"], rows, caption, left_out)
        return table + profile_key(most)


@dataclass
class _Point:
    """One throughput point while it is checked."""

    gpus: float
    speed: float
    place: str

    def __post_init__(self) -> None:
        set_number(self, "gpus", low=1e-6, high=1e6)
        set_number(self, "speed", low=1e-6, high=1e6)

    def error(self, problem: str, _: str) -> InvalidInstance:
        return InvalidInstance(problem, self.place)
