"""Ekya's ``{city}.json``: the profiles that its simulator plans on and scores with.

The simulator makes the file from the profiler's folders and reads it back (its
``simulation/run.py``); older notebooks write it too, without the networks' names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.json_values import (
    joined,
    key_number,
    list_at,
    listed,
    member_at,
    number_at,
    object_at,
    text_at,
)
from instances.importers.task_profiles import DIGITS, TaskProfile, config_name
from instances.instance import Estimate, RetrainingConfig
from instances.json_files import read_json

TRAIN = "taskwise_train_profiles"
PREDICTED = "taskwise_predicted_profiles"
INFER = "taskwise_infer_profiles"
SAME_ACCURACY = 1e-9


class _Row(NamedTuple):
    start: float
    accuracy: float
    gpu_seconds: float
    model: str | None


_Rows = dict[tuple[int, int], _Row]
"""(hyperparameter id, epochs) -> what the profile says, in that order."""


def is_city_file(path: Path) -> bool:
    """Return whether a file speaks of the profiles of tasks, as a city's file does."""
    try:
        return path.suffix == ".json" and f'"{TRAIN}"'.encode() in path.read_bytes()
    except OSError:
        return False


def read_city_file(path: Path) -> dict[int, TaskProfile]:
    """Return the profile of each window in a city's file, by the task's number.

    A row is ``[name, start accuracy, end accuracy, seconds on a whole GPU, model]``,
    in older files without the model; its name is ``{hyperparameter id}_{index of the
    last epoch}``, counted from 0. Predicted rows become estimates, unless all of them
    repeat the measured ones, as Ekya's simulator writes them without a prediction. The
    stream's accuracy is the lowest start accuracy over the heads. (Older files hold a
    bare number in the place of ``[start accuracy, model]``, the accuracy after the
    first epoch; the rows' start accuracies count then.)

    Raises
    ------
    InvalidInstance
        If the file has another shape, a number lies outside its domain, tasks or
        configs differ between the sections, start accuracies contradict each other,
        or more epochs take less time.
    EkyaOptError
        If the file cannot be read.
    """
    data = read_json(path, InvalidInstance)
    try:
        return _read_tasks(object_at(data, ""))
    except InvalidInstance as problem:
        raise problem.in_file(str(path)) from None


def _read_tasks(content: dict[str, Any]) -> dict[int, TaskProfile]:
    for key in content:
        if key not in (TRAIN, PREDICTED, INFER):
            message = f"is an unknown key, expected {TRAIN}, {PREDICTED} or {INFER}"
            raise InvalidInstance(message, joined("", key))
    train = object_at(member_at(content, TRAIN, ""), TRAIN)
    infer = object_at(member_at(content, INFER, ""), INFER)
    predicted = content.get(PREDICTED)
    if predicted is not None and set(object_at(predicted, PREDICTED)) != set(train):
        message = f"has the tasks {listed(predicted)}, expected {listed(train)}"
        raise InvalidInstance(f"{message} as {TRAIN}", PREDICTED)
    repeats = predicted == train
    tasks = {}
    for key, rows in train.items():
        number = key_number(key, TRAIN)
        actual = _read_rows(rows, f"{TRAIN}.{key}")
        place = f"{PREDICTED}.{key}"
        expected = _read_rows(predicted[key], place) if predicted else {}
        if predicted and expected.keys() != actual.keys():
            odd = min(expected.keys() ^ actual.keys())
            where = "is not" if odd in actual else "is only"
            message = f"{odd[0]}_{odd[1] - 1} {where} among the configs, expected"
            raise InvalidInstance(f"{message} those of {TRAIN}.{key}", place)
        heads = object_at(member_at(infer, key, INFER), f"{INFER}.{key}")
        tasks[number] = TaskProfile(
            accuracy=round(_start_accuracy(heads, actual, f"{INFER}.{key}"), DIGITS),
            retraining=_retraining(actual, {} if repeats else expected),
            models={hp: row.model for (hp, _), row in actual.items()},
        )
    return dict(sorted(tasks.items()))


def _read_rows(value: Any, place: str) -> _Rows:
    rows: _Rows = {}
    starts: dict[int, float] = {}
    for idx, item in enumerate(list_at(value, place)):
        here = f"{place}[{idx}]"
        row = list_at(item, here, (4, 5))
        key = _read_name(row[0], f"{here}[0]")
        if key in rows:
            raise InvalidInstance(f"is {shown(row[0])} once more", f"{here}[0]")
        start = number_at(row[1], f"{here}[1]", high=1)
        if abs(starts.setdefault(key[0], start) - start) > SAME_ACCURACY:
            message = f"is {start:g}, expected {starts[key[0]]:g} as in the first row"
            raise InvalidInstance(
                f"{message} of hyperparameters {key[0]}", f"{here}[1]"
            )
        rows[key] = _Row(
            start=start,
            accuracy=number_at(row[2], f"{here}[2]", high=1),
            gpu_seconds=number_at(row[3], f"{here}[3]", above=True),
            model=text_at(row[4], f"{here}[4]") if len(row) == 5 else None,
        )
    if not rows:
        raise InvalidInstance("has no rows, expected one per retraining config", place)
    ordered = dict(sorted(rows.items()))
    _check_times(ordered, place)
    return ordered


def _read_name(value: Any, place: str) -> tuple[int, int]:
    """Return the hyperparameter id and the number of epochs in a row's name."""
    parts = value.split("_") if isinstance(value, str) else []
    if len(parts) != 2:
        message = f"is {shown(value)}, expected an id and an epoch such as 3_17"
        raise InvalidInstance(message, place)
    return key_number(parts[0], place), key_number(parts[1], place) + 1


def _check_times(rows: _Rows, place: str) -> None:
    previous: tuple[int, int] | None = None
    for key, row in rows.items():
        if previous and previous[0] == key[0]:
            shorter = rows[previous].gpu_seconds
            if row.gpu_seconds <= shorter:
                message = f"takes {row.gpu_seconds:g} s for {key[1]} epochs of"
                message += f" hyperparameters {key[0]}, expected more than the"
                message += f" {shorter:g} s of {previous[1]}"
                raise InvalidInstance(message, place)
        previous = key


def _start_accuracy(heads: Mapping[str, Any], rows: _Rows, place: str) -> float:
    starts = {hp: row.start for (hp, _), row in rows.items()}
    lowest = min(starts.values())
    for hp in starts:
        if str(hp) not in heads:
            raise InvalidInstance("is missing", f"{place}.{hp}")
    for key, value in heads.items():
        hp, here = key_number(key, place), f"{place}.{key}"
        if not isinstance(value, list):
            number_at(value, here, high=1)
            continue
        list_at(value, here, (2,))
        start = number_at(value[0], f"{here}[0]", high=1)
        text_at(value[1], f"{here}[1]")
        if abs(starts.get(hp, start) - start) > SAME_ACCURACY:
            message = f"is {start:g}, expected {starts[hp]:g} as the start accuracy of"
            raise InvalidInstance(f"{message} its rows in {TRAIN}", f"{here}[0]")
        lowest = min(lowest, start)
    return lowest


def _retraining(actual: _Rows, predicted: _Rows) -> tuple[RetrainingConfig, ...]:
    return tuple(
        RetrainingConfig(
            name=config_name(*key),
            gpu_seconds=round(row.gpu_seconds, DIGITS),
            accuracy=round(row.accuracy, DIGITS),
            estimate=_estimate(predicted.get(key)),
        )
        for key, row in actual.items()
    )


def _estimate(row: _Row | None) -> Estimate | None:
    if row is None:
        return None
    return Estimate(
        gpu_seconds=round(row.gpu_seconds, DIGITS),
        accuracy=round(row.accuracy, DIGITS),
    )
