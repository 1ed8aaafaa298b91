"""Measured points made by hand, for the tests of all that reads them."""

from typing import Any

from instances.profiler.points import (
    CachedModel,
    MicroRun,
    RecipeRun,
    SampledFrames,
    WindowPoint,
)


def run(**changes: Any) -> RecipeRun:
    """Return a run of 3 epochs, tested after 1 and 3."""
    fields: dict[str, Any] = {
        "stream": "A",
        "window": 1,
        "recipe": "r",
        "epochs": (1, 3),
        "num_samples": 40,
        "steps_per_epoch": 10,
        "flops_per_epoch": 2e9,
        "setup_seconds": 0.5,
        "epoch_seconds": (1.0, 2.0, 4.0),
        "evaluation_seconds": 0.25,
        "validation_accuracy": (0.5, 0.6, 0.7),
        "test_accuracy": (0.4, 0.65),
    }
    return RecipeRun(**{**fields, **changes})


def micro(**changes: Any) -> MicroRun:
    """Return a micro-profile of 2 epochs on a tenth of the frames."""
    fields: dict[str, Any] = {
        "stream": "A",
        "window": 1,
        "recipe": "r",
        "num_samples": 4,
        "steps_per_epoch": 1,
        "data_fraction": 0.1,
        "epoch_seconds": (0.1, 0.2),
        "evaluation_seconds": 0.05,
        "validation_accuracy": (0.45, 0.5),
        "step_seconds": 0.1,
        "probe_seconds": 0.6,
    }
    return MicroRun(**{**fields, **changes})


def window(**changes: Any) -> WindowPoint:
    """Return a window with the pretrained model at hand and two ways of serving."""
    fields: dict[str, Any] = {
        "stream": "A",
        "window": 1,
        "start_validation_accuracy": 0.55,
        "start_test_accuracy": 0.5,
        "num_training": 40,
        "num_validation": 10,
        "num_test": 100,
        "class_mix_training": (0.5, 0.5),
        "class_mix_test": (0.25, 0.75),
        "delay_seconds": 0.02,
        "cached": (
            CachedModel(
                origin="pretrained",
                validation_accuracy=0.45,
                test_accuracy=0.35,
                load_seconds=0.01,
            ),
        ),
        "serving": (
            SampledFrames(stride=1, relative_accuracy=1.0, gpus=0.02),
            SampledFrames(stride=2, relative_accuracy=1.02, gpus=0.001),
        ),
    }
    return WindowPoint(**{**fields, **changes})
