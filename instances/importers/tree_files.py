"""Where things are in a folder that Ekya's profiler or simulator has written."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from instances.checks import shown
from instances.errors import EkyaOptError, InvalidInstance
from instances.importers.ekya_city_files import is_city_file
from instances.importers.ekya_hyperparameter_files import (
    PROFILE_NAME,
    RESULT_NAME,
    files_of,
)
from instances.importers.sources import content_of

CURVES_NAME = "real_inference_profiles.csv"
MAP_PATTERN = "hyp_map*.json"
DEEPEST = 5
"""Folders below the given one that are still searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFiles:
    """The files of a tree that say something about its cameras.

    Parameters
    ----------
    root
        The folder that was searched.
    cities
        Name of the camera -> its ``{city}.json``, or the folder of its
        ``{id}_profile.json``; in the order of the names.
    hyperparameter_maps
        All ``hyp_map*.json``.
    sampling_curves
        ``real_inference_profiles.csv``, where there is one.
    """

    root: Path
    cities: Mapping[str, Path]
    hyperparameter_maps: tuple[Path, ...]
    sampling_curves: Path | None

    def of_city(self, name: str) -> list[Path]:
        """Return the files that a camera's profile is read from, in order."""
        place = self.cities[name]
        return files_of(place) if place.is_dir() else [place]

    def relative(self, file: Path) -> str:
        """Return a file's name in the tree, or only its own when it lies outside."""
        inside = file.is_relative_to(self.root)
        return (file.relative_to(self.root) if inside else Path(file.name)).as_posix()


def holds_profiles(path: Path) -> bool:
    """Return whether a path is a city's file, or a folder with profiles in it."""
    if path.is_file():
        return _is_hyperparameter_file(path) or is_city_file(path)
    return any(True for _ in _cities(path))


def find_tree_files(path: Path) -> TreeFiles:
    """Return the files of the tree at a folder, or around one file of it.

    The layout is free: a camera is called as its ``{city}.json``, or as the folder
    with its ``{id}_profile.json``; the file wins where there are both, since Ekya's
    simulator makes it of the folder and reads the file.

    Raises
    ------
    InvalidInstance
        If a camera is there twice, or there are different frame-sampling curves.
    EkyaOptError
        If there is no such path, or no profile in it.
    """
    if not path.exists():
        raise EkyaOptError(f"{path}: cannot be read: No such file or directory")
    if path.is_file() and is_city_file(path):
        root, cities, folders = path.parent, {path.stem: path}, [path.parent]
    else:
        root = path.parent if path.is_file() else path
        cities, folders = _distinct(_cities(root)), list(_folders(root))
    if not cities:
        message = "holds no profile, expected {city}.json with taskwise_train_profiles"
        message += " or folders with {id}_profile.json"
        raise InvalidInstance(message, file=str(path))
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    curves = [file for file in files if file.name == CURVES_NAME]
    for other in curves[1:]:
        if content_of(other) != content_of(curves[0]):
            message = f"differs from {curves[0]}, expected the same; name one of them"
            raise InvalidInstance(message, file=str(other))
    return TreeFiles(
        root=root,
        cities=dict(sorted(cities.items())),
        hyperparameter_maps=tuple(file for file in files if file.match(MAP_PATTERN)),
        sampling_curves=curves[0] if curves else None,
    )


def _distinct(found: Iterator[tuple[str, Path]]) -> dict[str, Path]:
    cities: dict[str, Path] = {}
    for name, place in found:
        other = cities.setdefault(name, place)
        if other.is_dir() and place.is_file():
            cities[name] = place
        elif other != place and other.is_dir() == place.is_dir():
            message = f"holds the profiles of {shown(name)} once more, expected them"
            message += f" only in {other}; import the folders one by one"
            raise InvalidInstance(message, file=str(place))
    return cities


def _cities(root: Path) -> Iterator[tuple[str, Path]]:
    for folder in _folders(root):
        names = sorted(os.listdir(folder))
        if any(PROFILE_NAME.fullmatch(name) for name in names):
            yield folder.resolve().name, folder
        for name in names:
            file = folder / name
            if name.endswith(".json") and is_city_file(file):
                yield file.stem, file


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folder and those below it in order, without hidden ones."""
    for place, names, _ in os.walk(root):
        folder = Path(place)
        deep = len(folder.relative_to(root).parts) >= DEEPEST
        names[:] = [] if deep else sorted(n for n in names if not n.startswith("."))
        yield folder


def _is_hyperparameter_file(path: Path) -> bool:
    return any(rule.fullmatch(path.name) for rule in (PROFILE_NAME, RESULT_NAME))
