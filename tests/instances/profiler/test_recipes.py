"""Recipes, presets and settings: the paper's 18 configs, and what is refused."""

from typing import Any

import pytest

from instances.errors import InvalidData, InvalidOption
from instances.profiler.recipes import FULL, PRESETS, QUICK, RECIPES, InvalidRecipe
from instances.profiler.seeds import Role, generator
from instances.profiler.settings import Settings
from tests.instances.profiler.tiny import preset, recipe


def test_the_recipes_make_eighteen_configs() -> None:
    """Layers, widths, shares of data, batches and epochs all vary."""
    assert sum(len(each.epochs) for each in RECIPES) == 18
    for name in ("layers", "width", "data_fraction", "batch_size"):
        assert len({getattr(each, name) for each in RECIPES}) > 1
    assert PRESETS == {"quick": QUICK, "full": FULL}


def test_the_reference_of_a_width_trains_all_layers() -> None:
    """The last such recipe; the last recipe of all makes the serving models."""
    assert FULL.widths == (8, 16)
    assert FULL.serving_width == 16
    assert FULL.reference(8).name == "all-w8-d100-b32"
    assert FULL.reference(16).name == "all-w16-d100-b32"
    assert FULL.points_per_window == 13


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": "some"}, "layers: is 'some', expected one of head, conv-frozen"),
        ({"data_fraction": 0.0}, "data_fraction: is 0.0, expected a number above 0"),
        ({"data_fraction": 1.5}, "data_fraction: is 1.5, expected"),
        ({"width": 0}, "width: is 0, expected at least 1"),
        ({"batch_size": 0}, "batch_size: is 0, expected at least 1"),
        ({"epochs": ()}, "epochs: is (), expected increasing counts"),
        ({"epochs": (2, 2)}, "epochs: is (2, 2), expected increasing"),
        ({"epochs": (0, 2)}, "epochs: is (0, 2), expected increasing"),
    ],
)
def test_bad_recipes_are_refused(changes: dict[str, Any], message: str) -> None:
    """By their name and the field."""
    with pytest.raises(InvalidData) as caught:
        preset(recipes=(recipe(**changes), recipe(name="good")))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipes": ()}, "recipes"),
        ({"recipes": (recipe(), recipe())}, "recipes"),
        ({"recipes": (recipe(layers="head"),)}, "has none of width 8 that trains all"),
        ({"num_streams": 0}, "num_streams"),
        ({"num_labelled": 7}, "num_labelled"),
    ],
)
def test_bad_presets_are_refused(changes: dict[str, Any], message: str) -> None:
    """By the field."""
    with pytest.raises(InvalidRecipe, match=message):
        preset(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": -1},
        {"seed": True},
        {"device": "gpu"},
        {"replay": "all"},
        {"frame_size": 4},
        {"frame_size": 18},
        {"frames_per_second": float("inf")},
        {"frames_per_second": 0},
        {"drift": -0.1},
        {"drift": float("nan")},
        {"num_exemplars": 0},
    ],
)
def test_bad_settings_are_refused(changes: dict[str, Any]) -> None:
    """By their name and value."""
    (name,) = changes
    with pytest.raises(InvalidOption, match=f"{name} is "):
        Settings(**changes)


def test_random_numbers_depend_on_their_use_alone() -> None:
    """Seed, stream, window, role and recipe each give other numbers."""
    base: dict[str, Any] = {"seed": 1, "role": Role.DRIFT}

    def drawn(**changes: Any) -> float:
        words = {**base, **changes}
        return float(generator(words.pop("seed"), words.pop("role"), **words).random())

    others = [
        drawn(seed=2),
        drawn(role=Role.MICRO),
        drawn(stream=1),
        drawn(window=1),
        drawn(name="all"),
    ]
    assert drawn() == drawn()
    assert len({drawn(), *others}) == 6
