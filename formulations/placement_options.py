"""What each stream may do in a placement: its undominated options, by class of GPUs."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.placement_classes import (
    GpuClass,
    Packing,
    Share,
    all_sizes,
    gpu_classes,
    megabytes,
    menu_of,
)
from formulations.stream_model import training_speed, units_needed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Stream
from instances.placement import Placement


class Option(NamedTuple):
    """One way to treat a stream for the whole window.

    Parameters
    ----------
    value
        Accuracy averaged over the window, A_T of Eq. 1.
    serving, training
        What the two jobs hold; ``None`` for no job.
    inference, retraining
        Names of the configs; ``None`` for none.
    """

    value: float
    serving: Share | None
    training: Share | None
    inference: str | None
    retraining: str | None

    @property
    def shares(self) -> list[Share]:
        """What its jobs hold."""
        return [share for share in (self.serving, self.training) if share is not None]


class _Serving(NamedTuple):
    share: Share | None
    kept: float
    name: str | None


class _Training(NamedTuple):
    """A training choice: mean and least accuracy of the models that serve."""

    share: Share | None
    mean: float
    least: float
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementOptions:
    """The classes of GPUs and every stream's options, worth having in some placement.

    Parameters
    ----------
    placement
        The problem.
    classes
        Its classes of GPUs.
    menu
        Sizes that a job on one GPU may have, in units, increasing.
    streams
        For each stream its undominated options; empty if its floor cannot be kept.
    """

    placement: Placement
    classes: tuple[GpuClass, ...]
    menu: tuple[int, ...]
    streams: tuple[tuple[Option, ...], ...]

    @property
    def weights(self) -> NDArray[np.float64]:
        """The streams' weights, scaled to the sum 1."""
        weights = np.array([stream.weight for stream in self.placement.streams])
        return np.asarray(weights / weights.sum())

    def objective(self, chosen: Sequence[int]) -> float:
        """Return the weighted mean of one option a stream, told by its index."""
        values = [row[o].value for row, o in zip(self.streams, chosen, strict=True)]
        return float(self.weights @ np.array(values))


def placement_options(
    placement: Placement, check_time: Callable[[], None] = lambda: None
) -> PlacementOptions:
    """Return the classes and the options of a placement.

    Parameters
    ----------
    placement
        The problem.
    check_time
        Called often; may raise to stop the work.

    Raises
    ------
    InstanceTooLarge
        If a job has more than ``MOST_SHARES`` shares to choose from.
    """
    menu = menu_of(placement)
    classes = gpu_classes(placement, menu)
    sizes = all_sizes(placement, menu, classes)
    streams = []
    for stream in placement.streams:
        check_time()
        every = _options(placement, stream, classes, sizes)
        streams.append(_undominated(every, classes))
    return PlacementOptions(
        placement=placement, classes=classes, menu=menu, streams=tuple(streams)
    )


def fewest_units(placement: Placement) -> list[int | None]:
    """Return the fewest units that keep each stream's floor; ``None`` if none do.

    Raises as :func:`placement_options`.
    """
    menu = menu_of(placement)
    classes = gpu_classes(placement, menu)
    sizes = all_sizes(placement, menu, classes)
    return [
        min(
            (
                sum(share.units for share in option.shares)
                for option in _options(placement, stream, classes, sizes)
            ),
            default=None,
        )
        for stream in placement.streams
    ]


def _options(
    placement: Placement,
    stream: Stream,
    classes: Sequence[GpuClass],
    sizes: Sequence[tuple[int, ...]],
) -> list[Option]:
    """Return the options of a stream that keep its floor."""
    floor = placement.floor(stream) - ACCURACY_TOLERANCE
    trainings = _trainings(placement, stream, classes, sizes)
    return [
        Option(
            serving.kept * training.mean,
            serving.share,
            training.share,
            serving.name,
            training.name,
        )
        for serving in _servings(placement, stream, classes, sizes)
        for training in trainings
        if serving.kept * training.least >= floor
    ]


def _servings(
    placement: Placement,
    stream: Stream,
    classes: Sequence[GpuClass],
    sizes: Sequence[tuple[int, ...]],
) -> list[_Serving]:
    """Return the inference configs on each class that are worth their share."""
    free = [_Serving(None, 0.0, None)]
    free += [
        _Serving(None, config.relative_accuracy, config.name)
        for config in stream.inference
        if units_needed(config.gpus, placement.units_per_gpu) == 0
    ]
    kept = [max(free, key=lambda serving: serving.kept)]
    for c, gpus in enumerate(classes):
        there = []
        for config in stream.inference:
            memory = megabytes(config.memory_gb)
            needed = units_needed(config.gpus / gpus.speed, placement.units_per_gpu)
            fitting = [size for size in sizes[c] if size >= max(needed, 1)]
            if fitting and memory <= gpus.memory:
                share = Share(c, fitting[0], memory)
                there.append(_Serving(share, config.relative_accuracy, config.name))
        there.sort(key=lambda serving: (*_of(serving.share), -serving.kept))
        useful: list[_Serving] = []
        for serving in there:
            if all(
                serving.kept > other.kept or _of(other.share)[1] > _of(serving.share)[1]
                for other in [kept[0], *useful]
            ):
                useful.append(serving)
        kept += useful
    return kept


def _trainings(
    placement: Placement,
    stream: Stream,
    classes: Sequence[GpuClass],
    sizes: Sequence[tuple[int, ...]],
) -> list[_Training]:
    """Return "no retraining" and the configs on each class worth their share."""
    free = [_Training(None, stream.accuracy, stream.accuracy, None)]
    free += _finishing(placement, stream, None, 0.0, math.inf)
    kept = _worth(free, [])
    idle = list(kept)
    for c, gpus in enumerate(classes):
        useful: list[_Training] = []
        for units in sizes[c]:
            gpus_given = units / placement.units_per_gpu
            rate = training_speed(placement.training_throughput, gpus_given)
            share = Share(c, units, 0)
            there = _finishing(placement, stream, share, rate * gpus.speed, gpus.memory)
            useful += _worth(there, [*idle, *useful])
        kept += useful
    return kept


def _finishing(
    placement: Placement,
    stream: Stream,
    share: Share | None,
    rate: float,
    most_memory: float,
) -> list[_Training]:
    """Return the configs that finish in the window at a rate, as training choices."""
    choices = []
    window = placement.window_seconds
    for config in stream.retraining:
        seconds = config.delay_seconds
        if config.gpu_seconds > 0:
            seconds += config.gpu_seconds / rate if rate else math.inf
        memory = megabytes(config.memory_gb)
        if seconds > window or memory > most_memory:
            continue
        if share is not None and config.gpu_seconds == 0:
            continue
        before = seconds / window
        least = min(
            stream.accuracy if before > TIME_TOLERANCE else math.inf,
            config.accuracy if before < 1 - TIME_TOLERANCE else math.inf,
        )
        mean = before * stream.accuracy + (1 - before) * config.accuracy
        held = None if share is None else share._replace(memory=memory)
        choices.append(_Training(held, mean, least, config.name))
    return choices


def _worth(
    choices: Iterable[_Training], smaller: Sequence[_Training]
) -> list[_Training]:
    """Return the choices that no choice on as little memory beats or equals."""
    kept: list[_Training] = []
    for one in sorted(choices, key=lambda each: (_of(each.share), -each.mean)):
        if not any(
            _of(other.share)[1] <= _of(one.share)[1]
            and other.mean >= one.mean
            and other.least >= one.least
            for other in [*smaller, *kept]
        ):
            kept.append(one)
    return kept


def _of(share: Share | None) -> tuple[int, int]:
    """Return units and memory of a share."""
    return (0, 0) if share is None else (share.units, share.memory)


def _undominated(
    options: list[Option], classes: Sequence[GpuClass]
) -> tuple[Option, ...]:
    """Return the options that no other one replaces wherever they fit.

    One replaces another if it is worth as much and takes no more of what counts in
    each class (``footprint``). Of equals the first stays.
    """
    keyed = [(-option.value, footprint(option, classes), option) for option in options]
    keyed.sort(key=lambda entry: entry[:2])
    kept = []
    # Only options on the same classes, or on some of them, can replace one.
    found: dict[frozenset[int], _Footprints] = {}
    for _, needs, option in keyed:
        on = frozenset(share.class_idx for share in option.shares)
        # Options before this one are worth at least as much.
        if not any(found[other].any_within(needs) for other in found if other <= on):
            found.setdefault(on, _Footprints(len(needs))).add(needs)
            kept.append(option)
    return tuple(kept)


class _Footprints:
    """Footprints of options, in an array that grows by doubling."""

    def __init__(self, length: int) -> None:
        self._rows = np.empty((16, length), dtype=np.int64)
        self._count = 0

    def add(self, footprint: list[int]) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate((self._rows, self._rows))
        self._rows[self._count] = footprint
        self._count += 1

    def any_within(self, footprint: list[int]) -> bool:
        """Return whether one is no larger than another in every number."""
        rows = self._rows[: self._count]
        return bool((rows <= np.array(footprint)).all(axis=1).any())


def footprint(option: Option, classes: Sequence[GpuClass]) -> list[int]:
    """Return numbers that must be no larger for an option to fit where another does.

    The sum of units in a class of ``Packing.UNITS``, with that of memory in one of
    ``ALONE``; the larger and the smaller size in one of ``SIZES``; units and memory of
    each job in one of ``PLACES``.
    """
    numbers: list[int] = []
    for c, gpus in enumerate(classes):
        here = [
            share if share is not None and share.class_idx == c else Share(c, 0, 0)
            for share in (option.serving, option.training)
        ]
        units = sorted((share.units for share in here), reverse=True)
        if gpus.packing in (Packing.UNITS, Packing.ALONE):
            numbers.append(sum(units))
            if gpus.packing is Packing.ALONE:
                numbers.append(sum(share.memory for share in here))
        elif gpus.packing is Packing.SIZES:
            numbers += units
        else:
            numbers += [number for share in here for number in share[1:]]
    return numbers
