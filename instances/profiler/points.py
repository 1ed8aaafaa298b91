"""What the profiler measures: plain records that are written, read and estimated.

Retraining in window ``w`` uses labelled frames of window ``w - 1``, split by track into
training and validation; *test* accuracy is that on all frames of window ``w``.
"""

from dataclasses import dataclass
from typing import ClassVar

from instances.profiler.point_checks import InvalidPoint, check_point


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is retrained: all of a retraining config but its epochs.

    Attributes
    ----------
    name
        Unique name of the recipe; its configs are ``{name}-e{epochs}``.
    width
        Channels of the network's first convolution; the others scale with it.
    layers
        What is trained: ``all``, ``conv-frozen`` (all but the
        convolutions) or ``head``.
    data_fraction
        Share of the labelled training frames that is used, in (0, 1].
    batch_size
        Frames a step.
    epochs
        Increasing numbers of epochs at which the run is tested; one config each.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    name: str
    width: int
    layers: str
    data_fraction: float
    batch_size: int
    epochs: tuple[int, ...]

    def __post_init__(self) -> None:
        check_point(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRun:
    """One retraining of a stream's model with a recipe, tested at each checkpoint.

    Attributes
    ----------
    stream, window, recipe
        What was trained, where and how (names; windows count from 1).
    epochs
        The checkpoints, increasing; the run has ``epochs[-1]`` epochs.
    num_samples, steps_per_epoch
        Training frames and optimiser steps of one epoch.
    flops_per_epoch
        Floating-point operations of one epoch, forward and backward, by formula.
    setup_seconds
        Device seconds before the first epoch.
    epoch_seconds
        Device seconds of each epoch's training, without evaluations.
    evaluation_seconds
        Device seconds of all evaluations on the validation frames.
    validation_accuracy
        Accuracy on the validation frames after each epoch.
    test_accuracy
        Accuracy on the next window's frames at each checkpoint.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    stream: str
    window: int
    recipe: str
    epochs: tuple[int, ...]
    num_samples: int
    steps_per_epoch: int
    flops_per_epoch: float
    setup_seconds: float
    epoch_seconds: tuple[float, ...]
    evaluation_seconds: float
    validation_accuracy: tuple[float, ...]
    test_accuracy: tuple[float, ...]

    def __post_init__(self) -> None:
        check_point(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroRun:
    """The micro-profile of a recipe: a few epochs on a sample of its data (§4.3).

    Attributes
    ----------
    num_samples, steps_per_epoch
        Training frames and steps of one micro-epoch.
    data_fraction
        Share of the recipe's own training frames that was sampled.
    epoch_seconds
        Device seconds of each micro-epoch's training.
    evaluation_seconds
        Device seconds of all its evaluations.
    validation_accuracy
        Accuracy after each micro-epoch, on the validation frames.
    step_seconds
        The step probe: median device seconds of a step at the recipe's batch size.
    probe_seconds
        Device seconds that the probe took.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    stream: str
    window: int
    recipe: str
    num_samples: int
    steps_per_epoch: int
    data_fraction: float
    epoch_seconds: tuple[float, ...]
    evaluation_seconds: float
    validation_accuracy: tuple[float, ...]
    step_seconds: float
    probe_seconds: float

    def __post_init__(self) -> None:
        check_point(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedModel:
    """A model that exists already: the pretrained one or an earlier window's.

    Attributes
    ----------
    origin
        ``pretrained`` or ``window{w}``.
    validation_accuracy, test_accuracy
        What it scores on this window's validation and test frames.
    load_seconds
        Wall seconds from its file to the device.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    origin: str
    validation_accuracy: float
    test_accuracy: float
    load_seconds: float

    def __post_init__(self) -> None:
        check_point(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledFrames:
    """Serving with every ``stride``-th frame analysed and its prediction held.

    Attributes
    ----------
    relative_accuracy
        Accuracy over all frames divided by that with every frame analysed.
    gpus
        Share of the device that analysing the frames in real time takes.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    stride: int
    relative_accuracy: float
    gpus: float

    def __post_init__(self) -> None:
        check_point(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPoint:
    """What is measured once for a stream in a window.

    Attributes
    ----------
    start_validation_accuracy, start_test_accuracy
        Of the model that serves when the window begins.
    num_training, num_validation, num_test
        Labelled training frames, validation frames and test frames.
    class_mix_training, class_mix_test
        Share of each class in the training and in the test frames.
    delay_seconds
        Seconds until the training frames are labelled (0 with the data's own labels).
    cached
        Models at hand, the pretrained one first.
    serving
        Inference configs measured in this window, stride 1 first.
    """

    error: ClassVar[type[InvalidPoint]] = InvalidPoint

    stream: str
    window: int
    start_validation_accuracy: float
    start_test_accuracy: float
    num_training: int
    num_validation: int
    num_test: int
    class_mix_training: tuple[float, ...]
    class_mix_test: tuple[float, ...]
    delay_seconds: float
    cached: tuple[CachedModel, ...]
    serving: tuple[SampledFrames, ...]

    def __post_init__(self) -> None:
        check_point(self)


Point = WindowPoint | RecipeRun | MicroRun
"""What the profiler finishes one at a time."""
