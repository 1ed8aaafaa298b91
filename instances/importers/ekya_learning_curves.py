"""Learning curves as Ekya's profiler writes them: one row of 13 numbers per epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.json_values import (
    count_at,
    joined,
    key_number,
    list_at,
    listed,
    number_at,
    object_at,
)

ROW_LENGTH = 13
PHASES = ("train", "val", "test")
TENTHS = (3, 6, 10)
LONGEST_EPOCH = 1e6
"""Seconds of a phase beyond which a file is not believed, eleven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One row of a learning curve.

    Parameters
    ----------
    train_seconds
        Seconds of training on a whole GPU, above 0.
    test_accuracy
        Accuracy on the window's test frames after it, in [0, 1]; ``None`` where the
        profiler did not test (it does so every few epochs).
    """

    train_seconds: float
    test_accuracy: float | None


Curve = tuple[Epoch, ...]


def curves_of(data: Any) -> dict[int, Curve]:
    """Return the learning curve of each task in a parsed ``{id}_profile.json``.

    A row holds the epoch's start as a timestamp and then, for training, validation and
    test, seconds, loss, accuracy and number of samples; zeros where a phase did not
    run. A task without rows, the first as a rule, is left out.

    Raises
    ------
    InvalidInstance
        If there is no curve, a row has another shape, a number lies outside its
        domain, epochs do not follow each other, or curves differ in length.
    """
    curves: dict[int, Curve] = {}
    for key, rows in object_at(data, "").items():
        number = key_number(key, "")
        if list_at(rows, key):
            curves[number] = _curve(rows, key)
    if not curves:
        raise InvalidInstance("has no epochs, expected a learning curve per task")
    first, length = next((task, len(curve)) for task, curve in curves.items())
    for task, curve in curves.items():
        if len(curve) != length:
            message = f"has {len(curve)} epochs, expected {length} as task {first}"
            raise InvalidInstance(message, str(task))
    return dict(sorted(curves.items()))


def last_epochs(curve: Curve, place: str, wanted: Sequence[int] | None) -> list[int]:
    """Return after how many epochs of a curve its retraining configs end.

    Parameters
    ----------
    curve
        The learning curve.
    place
        Path of the curve in its file, for the message.
    wanted
        Numbers of epochs, each from 1 to the curve's length. By default the last
        tested epoch within 30 %, 60 % and all of the curve: 9, 18 and 30 of 30, as in
        Ekya's simulator.

    Raises
    ------
    InvalidInstance
        If an epoch is beyond the curve or was not tested.
    """
    tested = [
        count
        for count, epoch in enumerate(curve, start=1)
        if epoch.test_accuracy is not None
    ]
    if not tested:
        raise InvalidInstance("has no tested epoch, expected at least one", place)
    if wanted is None:
        limits = [len(curve) * tenths // 10 for tenths in TENTHS]
        ends = ([count for count in tested if count <= limit] for limit in limits)
        return sorted({counts[-1] for counts in ends if counts})
    for count in wanted:
        if not 1 <= count <= len(curve):
            message = f"has {len(curve)} epochs, expected at least the {count} asked"
            raise InvalidInstance(message, place)
        if count not in tested:
            message = f"has no test after epoch {count}, expected one of"
            raise InvalidInstance(f"{message} {listed(tested, 12)}", place)
    return sorted(set(wanted))


def _curve(rows: list[Any], place: str) -> Curve:
    epochs = []
    previous = -math.inf
    for idx, item in enumerate(rows):
        here = f"{place}[{idx}]"
        row = list_at(item, here, (ROW_LENGTH,))
        start = number_at(row[0], f"{here}[0]")
        if start <= previous:
            message = (
                f"is {start:.15g}, expected a start after that of the epoch before"
            )
            raise InvalidInstance(message, f"{here}[0]")
        previous = start
        epochs.append(_epoch(row, here))
    return tuple(epochs)


def _epoch(row: list[Any], place: str) -> Epoch:
    samples = []
    for phase, start in zip(PHASES, (1, 5, 9), strict=True):
        training = phase == "train"
        number_at(row[start], f"{place}[{start}]", above=training, high=LONGEST_EPOCH)
        number_at(row[start + 1], f"{place}[{start + 1}]")
        accuracy = number_at(row[start + 2], f"{place}[{start + 2}]", high=1)
        count = count_at(row[start + 3], f"{place}[{start + 3}]")
        if not count and (training or accuracy):
            message = f"is {shown(row[start + 3])}, expected {phase} samples for the"
            raise InvalidInstance(f"{message} accuracy", f"{place}[{start + 3}]")
        samples.append(count)
    return Epoch(
        train_seconds=float(row[1]),
        test_accuracy=float(row[11]) if samples[2] else None,
    )


def accuracies_of(data: Any, place: str, tasks: Sequence[int]) -> dict[int, float]:
    """Return the accuracy of each task in an object task -> accuracy.

    Other tasks may be in it too: the first, which has nothing to train on.

    Raises
    ------
    InvalidInstance
        If a task is missing or a value is no number in [0, 1].
    """
    found = {}
    for key, value in object_at(data, place).items():
        number = key_number(key, place)
        found[number] = number_at(value, joined(place, key), high=1)
    for task in tasks:
        if task not in found:
            raise InvalidInstance("is missing", joined(place, str(task)))
    return {task: found[task] for task in tasks}
