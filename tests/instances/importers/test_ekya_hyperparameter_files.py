"""The reader of the folders that Ekya's profiler writes, and of its learning curves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instances import Estimate, InvalidInstance
from instances.importers.ekya_hyperparameter_files import (
    files_of,
    profile_ids,
    read_city_folder,
)
from instances.importers.ekya_learning_curves import curves_of, last_epochs
from tests.instances.importers.ekya_files import curve, write, write_head, write_ulm


def test_training_seconds_add_up_to_each_end(tmp_path: Path) -> None:
    """Of 10 epochs the configs end at 3, 6 and 10, after 2 or 8 s of each."""
    profiles = read_city_folder(write_ulm(tmp_path))
    assert list(profiles) == [1]
    assert [
        (config.name, config.gpu_seconds, config.accuracy)
        for config in profiles[1].retraining
    ] == [
        ("hp0-e3", 6, 0.6),
        ("hp0-e6", 12, 0.65),
        ("hp0-e10", 20, 0.7),
        ("hp4-e3", 24, 0.7),
        ("hp4-e6", 48, 0.8),
        ("hp4-e10", 80, 0.85),
    ]
    assert profiles[1].accuracy == 0.45
    assert set(profiles[1].models) == {0, 4}


def test_ends_of_thirty_epochs_are_those_of_ekyas_simulator() -> None:
    """With a test after every third epoch, configs end at 9, 18 and 30."""
    tested = {count: count / 100 for count in range(3, 31, 3)}
    found = curves_of({"1": curve(1, tested, 30)})[1]
    assert last_epochs(found, "1", None) == [9, 18, 30]


def test_ends_are_tested_epochs_without_repetition() -> None:
    """A curve that is only tested at its end gives one config."""
    found = curves_of({"1": curve(1, {8: 0.5}, 8)})[1]
    assert last_epochs(found, "1", None) == [8]


def test_asked_epochs_are_taken(tmp_path: Path) -> None:
    """Epochs asked for replace the default ends, each once and in order."""
    profile = read_city_folder(write_ulm(tmp_path), epochs=(9, 3, 9))[1]
    names = [config.name for config in profile.retraining]
    assert names == ["hp0-e3", "hp0-e9", "hp4-e3", "hp4-e9"]


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        (4, "1: has no test after epoch 4, expected one of 3, 6, 9, 10"),
        (11, "1: has 10 epochs, expected at least the 11 asked"),
        (0, "1: has 10 epochs, expected at least the 0 asked"),
    ],
)
def test_epochs_that_are_not_there_are_refused(
    epochs: int, message: str, tmp_path: Path
) -> None:
    """An epoch beyond the curve or without a test is named with the file."""
    folder = write_ulm(tmp_path)
    with pytest.raises(InvalidInstance) as problem:
        read_city_folder(folder, epochs=(epochs,))
    assert str(problem.value) == f"{folder / '0_profile.json'}: {message}"


def test_predicted_accuracies_become_estimates(tmp_path: Path) -> None:
    """A prediction is kept under the task before and the epoch counted from 0."""
    folder = write_ulm(tmp_path)
    write(folder / "4_predicted_acc_1.json", {"0": {"5": {"1": 0.77, "0": 0.1}}})
    estimates = {
        config.name: config.estimate
        for config in read_city_folder(folder)[1].retraining
        if config.estimate
    }
    assert estimates == {"hp4-e6": Estimate(gpu_seconds=48, accuracy=0.77)}


def test_untrained_model_stands_in_for_missing_start_accuracies(
    tmp_path: Path,
) -> None:
    """Older results lack the start accuracies; task 0 has trained nothing."""
    folder = tmp_path / "ulm"
    write_head(folder, 0, {"1": curve(2, {3: 0.6}, 3)}, None)
    with pytest.raises(InvalidInstance, match=r"preretrain_test_acc: is missing, exp"):
        read_city_folder(folder)
    write(folder / "0_subprofile_test.json", {"0": {"2": {"0": 0.3, "1": 0.35}}})
    assert read_city_folder(folder)[1].accuracy == 0.35


def test_only_numbered_profiles_count(tmp_path: Path) -> None:
    """The folder's other files are no profiles, and only what is read is listed."""
    folder = write_ulm(tmp_path)
    for name in ("x_profile.json", "0_metadata.json", "10_profile.json.bak"):
        write(folder / name, {})
    assert profile_ids(folder) == [0, 4]
    assert [file.name for file in files_of(folder)] == [
        "0_profile.json",
        "0_retraining_result.json",
        "4_profile.json",
        "4_retraining_result.json",
    ]


def _profile(*path: str | int, to: Any) -> tuple[str, Callable[[Any], None]]:
    return "0_profile.json", _set(*path, to=to)


def _result(*path: str | int, to: Any) -> tuple[str, Callable[[Any], None]]:
    return "0_retraining_result.json", _set(*path, to=to)


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (_profile("x", to=[]), "has the key 'x', expected a number"),
        (_profile("1", to=3), "1: is 3, expected a list"),
        (_profile("1", to=[]), "has no epochs, expected a learning curve per task"),
        (_profile("1", 2, to=[1.0]), "1[2]: has 1 values, expected 13"),
        (_profile("1", 2, 0, to=1020), "1[2][0]: is 1020, expected a start after"),
        (_profile("1", 2, 1, to=0), "1[2][1]: is 0, expected a number above 0"),
        (_profile("1", 2, 2, to=-1), "1[2][2]: is -1, expected a number of at least 0"),
        (_profile("1", 2, 3, to=55), "1[2][3]: is 55, expected a number of at least 0"),
        (_profile("1", 2, 4, to=0), "1[2][4]: is 0, expected train samples"),
        (_profile("1", 2, 8, to=1.5), "1[2][8]: is 1.5, expected an integer"),
        (_profile("1", 2, 11, to="a"), "1[2][11]: is 'a', expected a number"),
        (_profile("1", 2, 12, to=0), "1[2][12]: is 0, expected test samples"),
        (_profile("2", to=curve(1, {}, 9)), "2: has 9 epochs, expected 10 as task 1"),
        (
            _profile("1", to=curve(1, {}, 9)),
            "1: has no tested epoch, expected at least",
        ),
        (
            _result("other", to={}),
            "other: is an unknown key, expected val_acc, test_acc",
        ),
        (_result("test_acc", to={"0": 0.5}), "test_acc.1: is missing"),
        (_result("val_acc", to=0.5), "val_acc: is 0.5, expected a non-empty object"),
        (
            _result("preretrain_test_acc", "1", to=55),
            "preretrain_test_acc.1: is 55, expected a number of at least 0 and at most",
        ),
    ],
)
def test_another_shape_is_refused_by_name(
    where: tuple[str, Callable[[Any], None]], message: str, tmp_path: Path
) -> None:
    """Each thing that can be wrong is named: file, place, value, expected."""
    folder = write_ulm(tmp_path)
    name, change = where
    content = json.loads((folder / name).read_text())
    change(content)
    write(folder / name, content)
    with pytest.raises(InvalidInstance) as problem:
        read_city_folder(folder)
    assert str(problem.value).startswith(f"{folder / name}: {message}")


def test_files_come_in_pairs(tmp_path: Path) -> None:
    """A profile without its result is refused, and a result without its profile."""
    folder = write_ulm(tmp_path)
    (folder / "4_profile.json").rename(folder / "5_profile.json")
    with pytest.raises(InvalidInstance, match=r"5_retraining_result\.json: is missing"):
        read_city_folder(folder)
    (folder / "5_profile.json").unlink()
    with pytest.raises(InvalidInstance, match=r"4_ret.* is there without 4_profile"):
        read_city_folder(folder)


def test_heads_have_the_same_windows(tmp_path: Path) -> None:
    """A head that lacks a window, as after an interruption, is refused."""
    folder = write_ulm(tmp_path)
    curves = {"1": curve(1, {3: 0.5}, 3), "2": curve(1, {3: 0.5}, 3)}
    write_head(folder, 7, curves, {"1": 0.5, "2": 0.5})
    with pytest.raises(InvalidInstance) as problem:
        read_city_folder(folder)
    expected = f"{folder / '7_profile.json'}: has the tasks 1, 2, expected 1"
    assert str(problem.value).startswith(expected)
