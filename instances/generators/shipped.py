"""The recipe of every shipped instance, and the writer of the whole library.

The recorded instances are made of what ``ekya-opt profile`` measured, which is kept
beside them; all others are generated.

``python -m instances.generators.shipped`` writes the files into the package.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from instances.generators.families import generate
from instances.generators.paper import paper_windows
from instances.instance import Instance
from instances.instance_files import write_instance
from instances.library import LIBRARY
from instances.profiler.journal import read_journal
from instances.profiler.profile import instances_of
from instances.profiler.profiled import Server

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
        Arguments of :func:`instances.generators.generate`.
    """

    family: str
    name: str
    num_streams: int
    gpus: float
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> Instance:
        """Return the instance, named as its file."""
        instance = generate(
            self.family, self.num_streams, self.gpus, self.seed, **self.options
        )
        return replace(instance, name=f"{self.family}-{self.name}")


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
)


def shipped_instances() -> Iterator[tuple[str, Instance]]:
    """Yield the name ``family/name`` and the instance of all that is shipped."""
    for number, window in enumerate(paper_windows(), start=1):
        yield f"paper/window{number}", window
    for recipe in RECIPES:
        yield f"{recipe.family}/{recipe.name}", recipe.make()
    for instance in recorded_instances():
        yield f"{RECORDED}/{instance.name}", instance


def recorded_instances() -> Iterator[Instance]:
    """Yield an instance for each window of the shipped profiles."""
    for path in sorted((LIBRARY / RECORDED).glob("*.jsonl")):
        header, points = read_journal(path)
        yield from instances_of(path.stem, header, points, RECORDED_SERVER)


def write_library(folder: Path = LIBRARY) -> None:
    """Write every shipped instance below the folder, as ``family/name.json``."""
    for name, instance in shipped_instances():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_instance(instance, path)


if __name__ == "__main__":
    write_library()
