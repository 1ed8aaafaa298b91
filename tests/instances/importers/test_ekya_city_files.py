"""The reader of Ekya's ``{city}.json``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instances import Estimate, InvalidInstance, RetrainingConfig
from instances.importers.ekya_city_files import is_city_file, read_city_file
from tests.instances.importers.ekya_files import INFER, PREDICTED, TRAIN, city, write


def test_rows_become_configs_with_their_predictions_as_estimates(
    tmp_path: Path,
) -> None:
    """A row's index of the last epoch is counted from 0; its prediction follows it."""
    profile = read_city_file(write(tmp_path / "ulm.json", city()))[1]
    assert profile.retraining == (
        RetrainingConfig(
            name="hp1-e5",
            gpu_seconds=2.5,
            accuracy=0.6,
            estimate=Estimate(gpu_seconds=3, accuracy=0.5),
        ),
        RetrainingConfig(
            name="hp3-e5",
            gpu_seconds=12.5,
            accuracy=0.75,
            estimate=Estimate(gpu_seconds=10, accuracy=0.7),
        ),
        RetrainingConfig(
            name="hp3-e10",
            gpu_seconds=25,
            accuracy=0.8,
            estimate=Estimate(gpu_seconds=20, accuracy=0.9),
        ),
    )
    assert profile.models == {1: "netB", 3: "netA"}


def test_accuracy_is_that_of_the_worst_head(tmp_path: Path) -> None:
    """The lowest start accuracy counts, also of a head without rows."""
    profiles = read_city_file(write(tmp_path / "ulm.json", city()))
    assert [profiles[window].accuracy for window in (1, 2)] == [0.4, 0.65]


def test_older_files_have_neither_models_nor_start_accuracies_per_head(
    tmp_path: Path,
) -> None:
    """Rows of four and bare numbers: the accuracy is the lowest of the rows'."""
    content = city()
    del content[PREDICTED]
    content[TRAIN]["1"] = [row[:4] for row in content[TRAIN]["1"]]
    content[INFER]["1"] = {"3": 0.1, "1": 0.0}
    profile = read_city_file(write(tmp_path / "ulm.json", content))[1]
    assert profile.accuracy == 0.4
    assert profile.models == {1: None, 3: None}
    assert [config.estimate for config in profile.retraining] == [None] * 3


def test_a_city_file_is_known_by_its_content(tmp_path: Path) -> None:
    """Only a JSON file that speaks of training profiles is a city's."""
    assert is_city_file(write(tmp_path / "ulm.json", city()))
    assert not is_city_file(write(tmp_path / "other.json", {"streams": []}))
    assert not is_city_file(write(tmp_path / "ulm.txt", city()))
    assert not is_city_file(tmp_path / "missing.json")


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return change


def _drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop(TRAIN), f"{TRAIN}: is missing"),
        (_drop(INFER), f"{INFER}: is missing"),
        (_set("extra", to=1), "extra: is an unknown key, expected taskwise_train"),
        (_set(TRAIN, to=[]), f"{TRAIN}: is [], expected a non-empty object"),
        (_set(TRAIN, "1", to={}), f"{TRAIN}.1: is {{}}, expected a list"),
        (_set(TRAIN, "1", to=[]), f"{TRAIN}.1: has no rows, expected one per"),
        (_set(TRAIN, "01", to=[]), f"{PREDICTED}: has the tasks 1, 2, expected 01, 1"),
        (_drop(PREDICTED, "2"), f"{PREDICTED}: has the tasks 1, expected 1, 2 as"),
        (_drop(PREDICTED, "1", 2), f"{PREDICTED}.1: 1_4 is not among the configs"),
        (_drop(TRAIN, "1", 2), f"{PREDICTED}.1: 1_4 is only among the configs"),
        (_drop(INFER, "2"), f"{INFER}.2: is missing"),
        (_drop(INFER, "1", "1"), f"{INFER}.1.1: is missing"),
        (_set(INFER, "1", "1", to=[0.4]), f"{INFER}.1.1: has 1 values, expected 2"),
        (_set(INFER, "1", "x", to=[0.4, "n"]), f"{INFER}.1: has the key 'x', expected"),
        (
            _set(INFER, "1", "1", 0, to=0.45),
            f"{INFER}.1.1[0]: is 0.45, expected 0.4 as the start accuracy of its rows",
        ),
        (_set(TRAIN, "1", 0, to=[1, 2]), f"{TRAIN}.1[0]: has 2 values, expected 4 or"),
        (
            _set(TRAIN, "1", 0, 0, to="3"),
            f"{TRAIN}.1[0][0]: is '3', expected an id and",
        ),
        (_set(TRAIN, "1", 0, 0, to="a_4"), f"{TRAIN}.1[0][0]: has the key 'a', expec"),
        (_set(TRAIN, "1", 0, 0, to="3_9"), f"{TRAIN}.1[1][0]: is '3_9' once more"),
        (
            _set(TRAIN, "1", 1, 1, to=0.6),
            f"{TRAIN}.1[1][1]: is 0.6, expected 0.5 as in the first row of hyper",
        ),
        (
            _set(TRAIN, "1", 0, 2, to=75),
            f"{TRAIN}.1[0][2]: is 75, expected a number of",
        ),
        (
            _set(TRAIN, "1", 0, 2, to=True),
            f"{TRAIN}.1[0][2]: is True, expected a number",
        ),
        (
            _set(TRAIN, "1", 0, 3, to=0),
            f"{TRAIN}.1[0][3]: is 0, expected a number above",
        ),
        (
            _set(TRAIN, "1", 0, 4, to=""),
            f"{TRAIN}.1[0][4]: is '', expected a non-empty",
        ),
        (
            _set(TRAIN, "1", 1, 3, to=12),
            f"{TRAIN}.1: takes 12 s for 10 epochs of hyperparameters 3, expected more "
            "than the 12.5 s of 5",
        ),
    ],
)
def test_another_shape_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    """Each thing that can be wrong is named: file, place, value, expected."""
    content = city()
    change(content)
    file = write(tmp_path / "ulm.json", content)
    with pytest.raises(InvalidInstance) as problem:
        read_city_file(file)
    assert str(problem.value).startswith(f"{file}: {message}")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    """A file that ends in the middle is no JSON, and the message says where."""
    file = write(tmp_path / "ulm.json", city())
    file.write_text(file.read_text()[:-40])
    with pytest.raises(InvalidInstance, match=r"ulm\.json: is not JSON: .*line 1"):
        read_city_file(file)
