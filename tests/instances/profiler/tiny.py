"""Settings so small that a profile is measured in a second."""

from typing import Any

from instances.profiler.points import MicroRun, Point, Recipe, RecipeRun, WindowPoint
from instances.profiler.recipes import Preset
from instances.profiler.settings import Settings


def recipe(**changes: Any) -> Recipe:
    """Return a recipe of width 8 on all data, tested after one and two epochs."""
    fields: dict[str, Any] = {
        "name": "all",
        "width": 8,
        "layers": "all",
        "data_fraction": 1.0,
        "batch_size": 8,
        "epochs": (1, 2),
    }
    return Recipe(**{**fields, **changes})


def preset(**changes: Any) -> Preset:
    """Return a preset of two streams, two windows and two recipes: 20 points."""
    fields: dict[str, Any] = {
        "name": "quick",
        "num_streams": 2,
        "num_windows": 2,
        "num_labelled": 40,
        "num_frames": 60,
        "num_pretraining": 60,
        "pretraining_epochs": 1,
        "recipes": (recipe(name="head", layers="head"), recipe()),
    }
    return Preset(**{**fields, **changes})


def settings(**changes: Any) -> Settings:
    """Return settings with that preset."""
    return Settings(**{"preset": preset(), **changes})


def untimed(points: list[Point]) -> list[object]:
    """Return everything in some points that must not depend on a clock."""
    found: list[object] = []
    for point in points:
        place = (point.stream, point.window)
        if isinstance(point, WindowPoint):
            models = [
                (each.origin, each.validation_accuracy, each.test_accuracy)
                for each in point.cached
            ]
            strides = [(each.stride, each.relative_accuracy) for each in point.serving]
            found.append((*place, models, strides, point.class_mix_training))
        elif isinstance(point, RecipeRun):
            scores = (point.validation_accuracy, point.test_accuracy)
            found.append((*place, "run", point.recipe, *scores))
        else:
            assert isinstance(point, MicroRun)
            found.append((*place, "micro", point.recipe, point.validation_accuracy))
    return found
