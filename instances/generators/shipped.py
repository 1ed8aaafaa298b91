"""The recipe of every shipped problem, and the writer of the whole library.

The recorded ones are made of what ``ekya-opt profile`` measured, which is kept
beside them; all others are generated.

``python -m instances.generators.shipped`` writes the files into the package.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.chaining import chain
from instances.generators.families import generate_problem
from instances.generators.paper import paper_horizon, paper_windows
from instances.horizon import Horizon
from instances.instance import Instance
from instances.library import LIBRARY
from instances.problems import write_problem
from instances.profiler.journal import read_journal
from instances.profiler.profile import instances_of
from instances.profiler.profiled import Server

if TYPE_CHECKING:
    from instances.problems import Problem

CONCAVE_THROUGHPUT = [[0.1, 0.3], [0.25, 0.55], [0.5, 0.8], [1, 1]]
"""Training speed that saturates: a tenth of a GPU trains at three tenths of it."""

HARD_SIZES = ((10, 1, 1), (20, 2, 7), (30, 3, 7), (60, 6, 4))
"""Streams, GPUs and seed; seeds on which branch and bound takes long for the size."""

RECORDED = "recorded"
RECORDED_SERVER = Server(gpus=3)
"""Of the six streams: two share a GPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one shipped instance is made.

    Parameters
    ----------
    family
        Family of generators, and folder.
    name
        File name without its suffix.
    num_streams, gpus, seed, options
        Arguments of :func:`instances.generators.generate_problem`.
    """

    family: str
    name: str
    num_streams: int
    gpus: float
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> "Problem":
        """Return the problem, named as its file."""
        problem = generate_problem(
            self.family, self.num_streams, self.gpus, self.seed, **self.options
        )
        return replace(problem, name=f"{self.family}-{self.name}")


RECIPES = (
    Recipe(family="recorded-like", name="n3-g1", num_streams=3, gpus=1, seed=1),
    Recipe(family="recorded-like", name="n10-g4", num_streams=10, gpus=4, seed=2),
    Recipe(
        family="recorded-like",
        name="n10-g8-stream",
        num_streams=10,
        gpus=8,
        seed=3,
        options={"reallocation": "stream"},
    ),
    Recipe(
        family="recorded-like",
        name="n10-g2-floor",
        num_streams=10,
        gpus=2,
        seed=4,
        options={"units_per_gpu": 20, "min_accuracy": 0.3, "weighted": True},
    ),
    Recipe(
        family="recorded-like",
        name="n8-g4-cellular",
        num_streams=8,
        gpus=4,
        seed=5,
        options={
            "window_seconds": 400,
            "units_per_gpu": 20,
            "labelling_seconds": 10,
            "cached_models": 2,
            "cloud_seconds": 54,
        },
    ),
    Recipe(
        family="recorded-like",
        name="n12-g3-throughput",
        num_streams=12,
        gpus=3,
        seed=6,
        options={
            "units_per_gpu": 20,
            "reallocation": "stream",
            "training_throughput": CONCAVE_THROUGHPUT,
        },
    ),
    *(
        Recipe(
            family="contention",
            name=f"n{2 * ratio:02}-g2",
            num_streams=2 * ratio,
            gpus=2,
            seed=1,
        )
        for ratio in (1, 2, 3, 4, 5, 6, 8, 10)
    ),
    Recipe(family="trap", name="n05-g2", num_streams=5, gpus=2, seed=1),
    Recipe(family="trap", name="n10-g2", num_streams=10, gpus=2, seed=2),
    Recipe(family="trap", name="n10-g4", num_streams=10, gpus=4, seed=3),
    Recipe(
        family="trap",
        name="n10-g4-fine",
        num_streams=10,
        gpus=4,
        seed=4,
        options={"units_per_gpu": 20},
    ),
    Recipe(
        family="trap",
        name="n20-g6-stream",
        num_streams=20,
        gpus=6,
        seed=5,
        options={"reallocation": "stream"},
    ),
    Recipe(family="ties", name="n12-g4", num_streams=12, gpus=4, seed=7),
    Recipe(
        family="ties",
        name="n24-g6-stream",
        num_streams=24,
        gpus=6,
        seed=2,
        options={"reallocation": "stream"},
    ),
    Recipe(
        family="ties",
        name="n16-g4-one-type",
        num_streams=16,
        gpus=4,
        seed=3,
        options={"num_types": 1},
    ),
    *(
        Recipe(
            family="hard-knapsack",
            name=f"n{num_streams}-g{gpus}",
            num_streams=num_streams,
            gpus=gpus,
            seed=seed,
        )
        for num_streams, gpus, seed in HARD_SIZES
    ),
    Recipe(
        family="drift",
        name="n4-g2-w4",
        num_streams=4,
        gpus=2,
        seed=1,
        options={"windows": 4},
    ),
    Recipe(
        family="drift",
        name="n6-g2-w6-scenes",
        num_streams=6,
        gpus=2,
        seed=2,
        options={
            "windows": 6,
            "scenes": 2,
            "cached_models": 1,
            "load_seconds": 10,
            "warm_gb": 1,
            "model_gb": 0.5,
        },
    ),
    Recipe(family="memory-tight", name="n4-g2", num_streams=4, gpus=2, seed=1),
    Recipe(
        family="memory-tight",
        name="n5-g3-mixed",
        num_streams=5,
        gpus=3,
        seed=2,
        options={"units_per_gpu": 20, "heterogeneous": True},
    ),
)


def shipped_problems() -> Iterator[tuple[str, "Problem"]]:
    """Yield the name ``family/name`` and the problem of all that is shipped."""
    for number, window in enumerate(paper_windows(), start=1):
        yield f"paper/window{number}", window
    for name, horizon in paper_horizons():
        yield f"paper/{name}", horizon
    for recipe in RECIPES:
        yield f"{recipe.family}/{recipe.name}", recipe.make()
    for problem in recorded_problems():
        yield f"{RECORDED}/{problem.name}", problem


def paper_horizons() -> Iterator[tuple[str, Horizon]]:
    """Yield the name and the paper's horizon: slots of 5 s, of 10 s, and none."""
    for name, slot in (("horizon", 5), ("horizon-10s", 10), ("horizon-never", None)):
        yield name, replace(paper_horizon(slot), name=f"paper-{name}")


def recorded_problems() -> Iterator[Instance | Horizon]:
    """Yield an instance for each window of the shipped profiles, and their horizon."""
    for path in sorted((LIBRARY / RECORDED).glob("*.jsonl")):
        header, points = read_journal(path)
        windows = instances_of(path.stem, header, points, RECORDED_SERVER)
        yield from windows
        yield chain(windows, name=f"{path.stem}-horizon", cached_models=2)


def write_library(folder: Path = LIBRARY) -> None:
    """Write every shipped problem below the folder, as ``family/name.json``."""
    for name, problem in shipped_problems():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_problem(problem, path)


if __name__ == "__main__":
    write_library()
