"""The retraining recipes of the profiler and the presets that bundle them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import ClassVar

from instances.checks import check_name, check_unique_names, set_integer, set_tuple
from instances.errors import InvalidData
from instances.profiler.points import Recipe

LAYERS = ("head", "conv-frozen", "all")
EPOCHS = (5, 15, 30)


class InvalidRecipe(InvalidData):
    """A recipe or a preset breaks a rule."""


def _recipe(layers: str, width: int, percent: int, batch_size: int) -> Recipe:
    return Recipe(
        name=f"{layers}-w{width}-d{percent}-b{batch_size}",
        width=width,
        layers=layers,
        data_fraction=percent / 100,
        batch_size=batch_size,
        epochs=EPOCHS,
    )


RECIPES = (
    _recipe("head", 8, 10, 32),
    _recipe("all", 8, 10, 32),
    _recipe("head", 16, 100, 128),
    _recipe("conv-frozen", 16, 100, 128),
    _recipe("all", 8, 100, 32),
    _recipe("all", 16, 100, 32),
)
"""Six recipes of three epoch counts each: 18 retraining configs, as in the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How much is profiled.

    A stream's serving model in a window is what the last recipe made of it in the
    window before, at the middle checkpoint, whatever a scheduler would have chosen:
    so every window can be measured before any schedule is known.

    Attributes
    ----------
    num_streams, num_windows
        Of the embedded digits; of a user's frames at most so many are profiled.
    num_labelled
        Labelled frames a window, training and validation together.
    num_frames
        Frames of a window, all of them tested.
    num_pretraining
        Frames on which the generic model is trained.
    pretraining_epochs
        Epochs of that training.
    recipes
        With unique names; each width has one that trains all layers.
    """

    error: ClassVar[type[InvalidRecipe]] = InvalidRecipe

    name: str
    num_streams: int
    num_windows: int
    num_labelled: int
    num_frames: int
    num_pretraining: int = 2000
    pretraining_epochs: int = 10
    recipes: tuple[Recipe, ...] = RECIPES

    def __post_init__(self) -> None:
        check_name(self, "name")
        for name in ("num_streams", "num_windows", "pretraining_epochs"):
            set_integer(self, name, low=1, high=10**6)
        for name in ("num_labelled", "num_frames", "num_pretraining"):
            set_integer(self, name, low=8, high=10**9)
        set_tuple(self, "recipes", Recipe, at_least=1)
        check_unique_names(self, "recipes")
        for recipe in self.recipes:
            check_recipe(recipe)
        for width in self.widths:
            self.reference(width)

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the recipes' networks, increasing."""
        return tuple(sorted({recipe.width for recipe in self.recipes}))

    @property
    def serving_width(self) -> int:
        """The width of the network that serves the streams."""
        return self.recipes[-1].width

    @property
    def points_per_window(self) -> int:
        """The points of a stream's window: its own, and two for each recipe."""
        return 1 + 2 * len(self.recipes)

    def reference(self, width: int) -> Recipe:
        """Return the recipe whose model the next window's retrainings start from.

        Raises
        ------
        InvalidRecipe
            If no recipe of this width trains all layers.
        """
        for recipe in reversed(self.recipes):
            if recipe.width == width and recipe.layers == "all":
                return recipe
        message = f"has none of width {width} that trains all layers, expected one"
        raise InvalidRecipe(message, "recipes")


def check_recipe(recipe: Recipe) -> None:
    """Raise ``InvalidRecipe`` if a model cannot be trained with the recipe."""
    place = f"recipe {recipe.name}"
    if recipe.layers not in LAYERS:
        message = f"is {recipe.layers!r}, expected one of {', '.join(LAYERS)}"
        raise InvalidRecipe(message, f"{place}: layers")
    if not 0 < recipe.data_fraction <= 1:
        message = f"is {recipe.data_fraction}, expected a number above 0, at most 1"
        raise InvalidRecipe(message, f"{place}: data_fraction")
    for name, value in (("width", recipe.width), ("batch_size", recipe.batch_size)):
        if value < 1:
            raise InvalidRecipe(f"is {value}, expected at least 1", f"{place}: {name}")
    if not recipe.epochs or any(a >= b for a, b in pairwise((0, *recipe.epochs))):
        message = f"is {recipe.epochs}, expected increasing counts from 1"
        raise InvalidRecipe(message, f"{place}: epochs")


QUICK = Preset(
    name="quick", num_streams=3, num_windows=2, num_labelled=400, num_frames=1000
)
FULL = Preset(
    name="full", num_streams=6, num_windows=4, num_labelled=800, num_frames=2000
)
PRESETS: Mapping[str, Preset] = MappingProxyType({"quick": QUICK, "full": FULL})
