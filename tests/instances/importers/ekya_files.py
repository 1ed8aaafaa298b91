"""Small files as Ekya's profiler and simulator write them, with numbers of our own."""

import json
from pathlib import Path
from typing import Any

TRAIN = "taskwise_train_profiles"
PREDICTED = "taskwise_predicted_profiles"
INFER = "taskwise_infer_profiles"


def epoch_row(
    start: float, train_seconds: float, test_accuracy: float | None
) -> list[float]:
    """Return the 13 numbers of an epoch; validation and test only where tested."""
    train = [train_seconds, 0.9, 0.55, 40]
    if test_accuracy is None:
        return [start, *train, 0, 0, 0, 0, 0, 0, 0, 0]
    return [start, *train, 0.25, 0.8, 0.6, 10, 0.5, 0.7, test_accuracy, 20]


def curve(
    train_seconds: float, accuracies: dict[int, float], epochs: int
) -> list[list[float]]:
    """Return a curve that is tested after the epochs given, counted from 1."""
    return [
        epoch_row(
            1000 + 10 * train_seconds * idx, train_seconds, accuracies.get(idx + 1)
        )
        for idx in range(epochs)
    ]


def write(file: Path, value: Any) -> Path:
    """Write a JSON file and the folders above it; return the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))
    return file


def write_head(
    folder: Path,
    number: int,
    curves: dict[str, Any],
    starts: dict[str, float] | None,
) -> None:
    """Write the two files of a hyperparameter id into a camera's folder."""
    tested = dict.fromkeys(curves, 0.5)
    result = {"val_acc": tested, "test_acc": tested}
    if starts is not None:
        result["preretrain_test_acc"] = starts
    write(folder / f"{number}_profile.json", curves)
    write(folder / f"{number}_retraining_result.json", result)


def write_ulm(root: Path) -> Path:
    """Write the folder of a camera: two heads, window 1 and an untrained task 0.

    Ten epochs, tested after 3, 6, 9 and 10: head 0 takes 2 s an epoch, head 4 8 s.
    """
    folder = root / "ulm"
    cheap = curve(2, {3: 0.6, 6: 0.65, 9: 0.66, 10: 0.7}, 10)
    dear = curve(8, {3: 0.7, 6: 0.8, 9: 0.82, 10: 0.85}, 10)
    write_head(folder, 0, {"0": [], "1": cheap}, {"0": 0.5, "1": 0.55})
    write_head(folder, 4, {"0": [], "1": dear}, {"0": 0.4, "1": 0.45})
    return folder


def city() -> dict[str, Any]:
    """Return a ``{city}.json`` with two windows, two heads and own predictions."""
    return {
        TRAIN: {
            "1": [
                ["3_4", 0.5, 0.75, 12.5, "netA"],
                ["3_9", 0.5, 0.8, 25.0, "netA"],
                ["1_4", 0.4, 0.6, 2.5, "netB"],
            ],
            "2": [["3_4", 0.7, 0.9, 13.0, "netA"]],
        },
        PREDICTED: {
            "1": [
                ["3_4", 0.5, 0.7, 10.0, "netA"],
                ["3_9", 0.5, 0.9, 20.0, "netA"],
                ["1_4", 0.4, 0.5, 3.0, "netB"],
            ],
            "2": [["3_4", 0.7, 0.85, 14.0, "netA"]],
        },
        INFER: {
            "1": {"3": [0.5, "netA"], "1": [0.4, "netB"]},
            "2": {"3": [0.7, "netA"], "7": [0.65, "netC"]},
        },
    }


def hyperparameters(model: str, **values: Any) -> dict[str, Any]:
    """Return an entry of a ``hyp_map.json``."""
    return {
        "model_name": model,
        "last_layer_only": True,
        "num_hidden": 16,
        "subsample": 0.25,
        "batch_size": 4,
        **values,
    }
