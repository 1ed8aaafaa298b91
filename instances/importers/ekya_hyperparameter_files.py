"""Ekya's profiler's own files: ``{id}_profile.json`` and what lies beside it.

One folder per camera holds, per hyperparameter id, the learning curve of each window
(``models/profile_format.txt`` in Ekya's repository) and the accuracies before and
after the retraining (``{id}_retraining_result.json``).
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from instances.errors import InvalidInstance
from instances.importers.ekya_learning_curves import (
    Curve,
    accuracies_of,
    curves_of,
    last_epochs,
)
from instances.importers.json_values import (
    joined,
    key_number,
    listed,
    number_at,
    object_at,
)
from instances.importers.task_profiles import DIGITS, TaskProfile, config_name
from instances.instance import Estimate, RetrainingConfig
from instances.json_files import read_json

Found = TypeVar("Found")
RESULT_KEYS = ("val_acc", "test_acc", "preretrain_test_acc")
PROFILE_NAME = re.compile(r"(0|[1-9][0-9]{0,8})_profile\.json")
RESULT_NAME = re.compile(r"(0|[1-9][0-9]{0,8})_retraining_result\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """All windows of one hyperparameter id: curves, start accuracies, predictions."""

    number: int
    curves: Mapping[int, Curve]
    starts: Mapping[int, float]
    predictions: Mapping[int, Mapping[int, float]]


def profile_ids(folder: Path) -> list[int]:
    """Return the hyperparameter ids whose profiles a folder holds, in order."""
    matches = (PROFILE_NAME.fullmatch(file.name) for file in folder.iterdir())
    return sorted(int(match[1]) for match in matches if match)


def files_of(folder: Path) -> list[Path]:
    """Return the files in a camera's folder that make its profile, in order."""
    names = [
        f"{number}_{rest}.json"
        for number in profile_ids(folder)
        for rest in (
            "profile",
            "retraining_result",
            "predicted_acc_1",
            "subprofile_test",
        )
    ]
    return [folder / name for name in names if (folder / name).is_file()]


def read_city_folder(
    folder: Path, epochs: Sequence[int] | None = None
) -> dict[int, TaskProfile]:
    """Return the profile of each window in a camera's folder, by the task's number.

    ``gpu_seconds`` sums the training seconds of the epochs; validation and tests are
    not in it. The accuracy is the last epoch's on the window's test frames. Where
    there is ``{id}_predicted_acc_1.json`` its accuracies become estimates, with the
    true seconds, as in Ekya's simulator. A window without epochs (the first, which
    has nothing to train on) is left out.

    Parameters
    ----------
    folder
        Folder with ``{id}_profile.json`` and ``{id}_retraining_result.json``.
    epochs
        Numbers of epochs at which configs end. By default the last tested epoch within
        30 %, 60 % and all of the curve: 9, 18 and 30 of 30, as in Ekya's simulator.

    Raises
    ------
    InvalidInstance
        If a file is missing or has another shape, a number lies outside its domain,
        the epochs are out of order or not tested, or the files' tasks differ.
    EkyaOptError
        If a file cannot be read.
    """
    heads = [_read_head(folder, number) for number in profile_ids(folder)]
    _check_pairs(folder)
    windows = sorted(heads[0].curves)
    for head in heads[1:]:
        if sorted(head.curves) != windows:
            first = heads[0].number
            message = f"has the tasks {listed(head.curves)}, expected"
            message += f" {listed(windows)} as {first}_profile.json"
            file = folder / f"{head.number}_profile.json"
            raise InvalidInstance(message, file=str(file))
    return {
        window: TaskProfile(
            accuracy=round(min(head.starts[window] for head in heads), DIGITS),
            retraining=tuple(
                config
                for head in heads
                for config in _configs(folder, head, window, epochs)
            ),
            models=dict.fromkeys(head.number for head in heads),
        )
        for window in windows
    }


def _check_pairs(folder: Path) -> None:
    known = set(profile_ids(folder))
    for file in sorted(folder.iterdir()):
        match = RESULT_NAME.fullmatch(file.name)
        if match and int(match[1]) not in known:
            message = f"is there without {match[1]}_profile.json, expected both"
            raise InvalidInstance(message, file=str(file))


def _read_head(folder: Path, number: int) -> _Head:
    profile = folder / f"{number}_profile.json"
    result = folder / f"{number}_retraining_result.json"
    subprofile = folder / f"{number}_subprofile_test.json"
    prediction = folder / f"{number}_predicted_acc_1.json"
    if not result.is_file():
        message = f"is missing, expected beside {profile.name}"
        raise InvalidInstance(message, file=str(result))
    curves = _checked(profile, curves_of)
    tasks = list(curves)
    starts = _checked(result, lambda data: _read_result(data, tasks))
    if starts is None and not subprofile.is_file():
        message = "is missing, expected it or the untrained model's accuracies in"
        message += f" {subprofile.name}"
        raise InvalidInstance(message, "preretrain_test_acc", str(result))
    if starts is None:
        starts = _checked(subprofile, lambda data: _read_untrained(data, tasks))
    predictions = {}
    if prediction.is_file():
        predictions = _checked(prediction, lambda data: _read_predictions(data, tasks))
    return _Head(number=number, curves=curves, starts=starts, predictions=predictions)


def _checked(file: Path, read: Callable[[Any], Found]) -> Found:
    try:
        return read(read_json(file, InvalidInstance))
    except InvalidInstance as problem:
        raise problem.in_file(str(file)) from None


def _read_result(data: Any, tasks: Sequence[int]) -> dict[int, float] | None:
    """Return the accuracies before the retraining, if the file has them."""
    content = object_at(data, "")
    for key in content:
        if key not in RESULT_KEYS:
            message = f"is an unknown key, expected {', '.join(RESULT_KEYS)}"
            raise InvalidInstance(message, joined("", key))
    for key in ("val_acc", "test_acc"):
        if key not in content:
            raise InvalidInstance("is missing", key)
        accuracies_of(content[key], key, tasks)
    if "preretrain_test_acc" not in content:
        return None
    return accuracies_of(content["preretrain_test_acc"], "preretrain_test_acc", tasks)


def _read_untrained(data: Any, tasks: Sequence[int]) -> dict[int, float]:
    """Return the accuracies of the model of task 0, which no epoch has trained.

    The file says task -> epoch -> tested task -> accuracy.
    """
    first = object_at(object_at(data, "").get("0"), "0")
    epoch, tested = next(iter(first.items()))
    return accuracies_of(tested, joined("0", epoch), tasks)


def _read_predictions(data: Any, tasks: Sequence[int]) -> dict[int, dict[int, float]]:
    """Return task -> epochs -> accuracy predicted for it from the task before.

    The file says previous task -> index of the last epoch -> task -> accuracy.
    """
    content = object_at(data, "")
    predictions = {}
    for task in tasks:
        before = str(task - 1)
        if before not in content:
            continue
        curve = {}
        for key, tested in object_at(content[before], before).items():
            place = f"{before}.{key}"
            epochs = key_number(key, before) + 1
            value = object_at(tested, place).get(str(task))
            if value is not None:
                curve[epochs] = number_at(value, f"{place}.{task}", high=1)
        predictions[task] = curve
    return predictions


def _configs(
    folder: Path, head: _Head, window: int, epochs: Sequence[int] | None
) -> Iterator[RetrainingConfig]:
    curve = head.curves[window]
    try:
        ends = last_epochs(curve, str(window), epochs)
    except InvalidInstance as problem:
        file = folder / f"{head.number}_profile.json"
        raise problem.in_file(str(file)) from None
    predicted = head.predictions.get(window, {})
    for count in ends:
        accuracy = curve[count - 1].test_accuracy
        assert accuracy is not None
        seconds = math.fsum(epoch.train_seconds for epoch in curve[:count])
        gpu_seconds = round(seconds, DIGITS)
        estimate = None
        if count in predicted:
            expected = round(predicted[count], DIGITS)
            estimate = Estimate(gpu_seconds=gpu_seconds, accuracy=expected)
        yield RetrainingConfig(
            name=config_name(head.number, count),
            gpu_seconds=gpu_seconds,
            accuracy=round(accuracy, DIGITS),
            estimate=estimate,
        )
