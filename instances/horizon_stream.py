"""One camera over a horizon: its windows, its models and what they score later."""

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

from instances.checks import (
    check_name,
    check_unique_names,
    set_number,
    set_tuple,
    shown,
)
from instances.errors import InvalidInstance
from instances.instance import InferenceConfig, RetrainingConfig

INITIAL = "initial"
"""Name of the model that a stream holds at the start of the first window."""

REUSE, WARM = "reuse ", "warm "
"""What the names of a window's configs that use an earlier model again begin with."""


def model_name(window_idx: int, config: str) -> str:
    """Return the name of the model that a config trains, such as ``2/Cfg1A``.

    People count windows from 1, indices from 0.
    """
    return f"{window_idx + 1}/{config}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """What a model loses from each window to the next, where no scores are recorded.

    Parameters
    ----------
    factor
        Part of its accuracy that a model keeps, in [0, 1].
    loss
        Accuracy that it loses besides, in [0, 1].
    least
        Accuracy below which it does not fall by decay, in [0, 1].
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    factor: float = 1.0
    loss: float = 0.0
    least: float = 0.0

    def __post_init__(self) -> None:
        set_number(self, "factor", high=1)
        set_number(self, "loss", high=1)
        set_number(self, "least", high=1)

    def next(self, accuracy: float) -> float:
        """Return a model's accuracy one window later."""
        return max(min(accuracy, self.least), self.factor * accuracy - self.loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonConfig(RetrainingConfig):
    """A retraining config of one window, and what its model scores afterwards.

    Parameters
    ----------
    later_accuracy
        Accuracy of the model in each later window, in [0, 1], as recorded; ``None``:
        the stream's decay tells it.
    """

    later_accuracy: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        # Data classes with slots are made anew, so that super() has no cell to use.
        RetrainingConfig.__post_init__(self)
        _set_scores(self)
        if self.name.startswith((REUSE, WARM)):
            message = f"is {shown(self.name)}, expected a name that does not begin as"
            raise InvalidInstance(f"{message} that of a reuse", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWindow:
    """What a stream may do in one window.

    Parameters
    ----------
    retraining
        Retraining configs; may be empty.
    inference
        The window's own inference configs; empty means the stream's.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    retraining: tuple[HorizonConfig, ...] = ()
    inference: tuple[InferenceConfig, ...] = ()

    def __post_init__(self) -> None:
        set_tuple(self, "retraining", HorizonConfig)
        set_tuple(self, "inference", InferenceConfig)
        check_unique_names(self, "retraining")
        check_unique_names(self, "inference")


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonStream:
    """One camera over all windows.

    Parameters
    ----------
    name
        Unique in the horizon.
    accuracy
        Accuracy in the first window of the model held at its start, in [0, 1].
    later_accuracy
        The same model's accuracy in each later window; ``None``: by decay.
    decay
        What the stream's models lose where no scores are recorded; nothing by default.
    inference
        Inference configs, at least one.
    windows
        One entry for each window.
    weight
        Weight in the objective's mean, from 1e-6 to 1e9.
    min_accuracy
        The stream's own floor, in [0, 1]; ``None`` means the horizon's.
    load_seconds
        What a cold start of a kept model takes, at least 0.
    model_gb
        Memory of a model that is kept warm, at least 0.
    """

    error: ClassVar[type[InvalidInstance]] = InvalidInstance

    name: str
    accuracy: float
    later_accuracy: tuple[float, ...] | None = None
    decay: Decay = Decay()
    inference: tuple[InferenceConfig, ...]
    windows: tuple[StreamWindow, ...]
    weight: float = 1.0
    min_accuracy: float | None = None
    load_seconds: float = 0.0
    model_gb: float = 0.0

    def __post_init__(self) -> None:
        check_name(self, "name")
        set_number(self, "accuracy", high=1)
        _set_scores(self)
        if not isinstance(self.decay, Decay):
            message = f"is {shown(self.decay)}, expected a Decay"
            raise InvalidInstance(message, "decay")
        set_tuple(self, "inference", InferenceConfig, at_least=1)
        check_unique_names(self, "inference")
        set_tuple(self, "windows", StreamWindow, at_least=1)
        set_number(self, "weight", low=1e-6, high=1e9)
        if self.min_accuracy is not None:
            set_number(self, "min_accuracy", high=1)
        set_number(self, "load_seconds")
        set_number(self, "model_gb")
        self._check_scores()

    def scores(self, model: str) -> tuple[float, ...]:
        """Return a model's accuracy from its own window on, one number a window."""
        if model == INITIAL:
            return self._scores(self.accuracy, self.later_accuracy, 0)
        number, _, name = model.partition("/")
        window_idx = int(number) - 1
        configs = self.windows[window_idx].retraining
        config = next(config for config in configs if config.name == name)
        return self._scores(config.accuracy, config.later_accuracy, window_idx)

    def serving(self, window_idx: int) -> tuple[InferenceConfig, ...]:
        """Return the inference configs of a window."""
        return self.windows[window_idx].inference or self.inference

    def _scores(
        self, accuracy: float, later: tuple[float, ...] | None, window_idx: int
    ) -> tuple[float, ...]:
        if later is not None:
            return (accuracy, *later)
        scores = [accuracy]
        for _ in range(window_idx + 1, len(self.windows)):
            scores.append(self.decay.next(scores[-1]))
        return tuple(scores)

    def _check_scores(self) -> None:
        places: list[tuple[str, tuple[float, ...] | None, int]] = [
            ("later_accuracy", self.later_accuracy, len(self.windows) - 1)
        ]
        for w, window in enumerate(self.windows):
            for idx, config in enumerate(window.retraining):
                place = f"windows[{w}].retraining[{idx}].later_accuracy"
                places.append((place, config.later_accuracy, len(self.windows) - 1 - w))
        for place, scores, expected in places:
            if scores is not None and len(scores) != expected:
                message = f"has {len(scores)} numbers, expected one for each later"
                raise InvalidInstance(f"{message} window ({expected})", place)


def accuracy_in(stream: HorizonStream, model: str, window_idx: int) -> float:
    """Return a model's accuracy in a window that is not before its own."""
    scores = stream.scores(model)
    return scores[window_idx - len(stream.windows) + len(scores)]


def _set_scores(owner: HorizonConfig | HorizonStream) -> None:
    """Store later scores as a tuple of floats after checking each."""
    if owner.later_accuracy is None:
        return
    set_tuple(owner, "later_accuracy", object)
    scores = []
    for idx, value in enumerate(owner.later_accuracy):
        real = isinstance(value, Real) and not isinstance(value, bool)
        if not real or not 0 <= value <= 1:
            expected = "expected a number of at least 0 and at most 1"
            message = f"is {shown(value)}, {expected}"
            raise InvalidInstance(message, f"later_accuracy[{idx}]")
        scores.append(float(value))
    object.__setattr__(owner, "later_accuracy", tuple(scores))
