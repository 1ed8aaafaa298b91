"""The files of a user's own clone of the Ekya authors' public repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from instances.errors import InvalidInstance, InvalidOption
from instances.importers.sources import sha256_of

PROFILES = PurePosixPath("ekya/viz/playground/microprofile_viz.ipynb")
SAMPLING = PurePosixPath("ekya/experiment_drivers/real_inference_profiles.csv")
THROUGHPUT = PurePosixPath("ekya/benchmarking/mps/cityscapes/benchmark_viz.ipynb")

UP = len(PROFILES.parts) - 1
MOST_LEVELS = 3
"""How deep below a folder the clone is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EkyaClone:
    """Where the files are.

    Parameters
    ----------
    profiles
        The notebook with the micro-profiling table.
    sampling
        The CSV file with the frame-sampling curves.
    throughput
        The notebook with the seconds of a retraining under shares of a GPU.
    """

    profiles: Path
    sampling: Path
    throughput: Path

    def hashes(self, *, throughput: bool) -> Mapping[str, str]:
        """Return the SHA-256 of each file that an import reads, by its known place."""
        files = {PROFILES: self.profiles, SAMPLING: self.sampling}
        if throughput:
            files[THROUGHPUT] = self.throughput
        return {str(place): sha256_of(path) for place, path in files.items()}


def find_clone(path: Path) -> EkyaClone | None:
    """Return the clone at a path, or ``None``.

    The path is the clone's root, a folder up to three levels above it, or any folder
    below it; or a notebook file, in the clone or by itself (then the curves are looked
    for in its folder, under their own names).
    """
    if path.is_file():
        if path.suffix != ".ipynb":
            return None
        root = _root_above(path)
        clone = _clone(root) if root is not None else None
        if clone is not None and clone.profiles.resolve() == path.resolve():
            return clone
        beside = path.parent
        return EkyaClone(
            profiles=path,
            sampling=beside / SAMPLING.name,
            throughput=beside / THROUGHPUT.name,
        )
    root = root_below(path) or _root_above(path)
    return None if root is None else _clone(root)


def root_below(path: Path) -> Path | None:
    """Return the root of a clone at a folder or up to three levels below it.

    Raises
    ------
    InvalidOption
        If there are several on the highest level that has any.
    """
    for level in range(MOST_LEVELS + 1):
        pattern = "/".join(["*"] * level + [str(PROFILES)])
        found = sorted(path.glob(pattern))
        if len(found) > 1:
            roots = ", ".join(str(file.parents[UP]) for file in found)
            raise InvalidOption(
                f"{path}: holds several clones, expected one of {roots}"
            )
        if found:
            return found[0].parents[UP]
    return None


def check_counts(counts: Mapping[str, tuple[int, int]], place: str, path: Path) -> None:
    """Raise ``InvalidInstance`` unless a file holds as much as the authors'.

    Parameters
    ----------
    counts
        By what is counted: how many were found, and how many the authors have.
    place, path
        What holds them, for the error.
    """
    for what, (found, expected) in counts.items():
        if found != expected:
            message = f"has {found} {what}, expected {expected} as in the authors'"
            message += " repository (--partial accepts another number)"
            raise InvalidInstance(message, place, str(path))


def _root_above(path: Path) -> Path | None:
    for folder in path.resolve().parents:
        if (folder / PROFILES).is_file():
            return folder
    return None


def _clone(root: Path) -> EkyaClone:
    return EkyaClone(
        profiles=root / PROFILES,
        sampling=root / SAMPLING,
        throughput=root / THROUGHPUT,
    )
