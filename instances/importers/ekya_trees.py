"""Instances from the trees of files that Ekya's profiler and simulator write."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from instances.checks import shown
from instances.errors import InvalidInstance, InvalidOption
from instances.importers.ekya_city_files import read_city_file
from instances.importers.ekya_curves import (
    EVERY_FRAME_GPUS,
    assigned_configs,
    inference_configs,
    read_sampling_curves,
)
from instances.importers.ekya_hyperparameter_files import read_city_folder
from instances.importers.hyperparameter_maps import (
    Hyperparameters,
    check_models,
    describe,
    read_hyperparameters,
)
from instances.importers.selection import select_streams, select_windows
from instances.importers.sources import sha256_of
from instances.importers.task_profiles import TaskProfile
from instances.importers.tree_files import (
    TreeFiles,
    find_tree_files,
    holds_profiles,
)
from instances.instance import InferenceConfig, Instance, Stream

IMPORTER_VERSION = 1
NO_CURVES = f"every frame, on {EVERY_FRAME_GPUS:g} GPU (no frame-sampling curve given)"
SOURCE = "profiles written by Ekya's profiler (Bhardwaj et al., NSDI 2022)"
DERIVATION = (
    "gpu_seconds = training seconds of all epochs of a config on a whole GPU; "
    "accuracy = accuracy on the window's test frames after the last of them; a "
    "stream's accuracy = the lowest over the heads before any retraining; estimate = "
    "the predicted profile, where there is one that does not repeat the measurements"
)
CAVEATS = (
    "windows are independent: every retraining starts from the model that the profiler "
    "restored, whatever an earlier window would have left",
    "validation, tests and loading are not in gpu_seconds",
    "window length and GPUs are options of the import; the GPU model is not recorded",
)

Profiles = Mapping[str, Mapping[int, TaskProfile]]
"""Camera -> window -> what its files say."""


def is_tree(path: str | Path) -> bool:
    """Return whether Ekya's profiler or simulator has written a file or folder.

    That is: ``{city}.json``, or a folder with such files or ``{id}_profile.json``.
    """
    return holds_profiles(Path(path))


def read_tree(
    path: str | Path,
    *,
    window: int | None = None,
    streams: Sequence[str] | int | None = None,
    epochs: Sequence[int] | None = None,
    sampling_curves: str | Path | None = None,
    camera: str | None = None,
    hyperparameter_map: str | Path | None = None,
    **server: Any,
) -> list[Instance]:
    """Return an instance for each window (task) of a tree, ``ekya-window1`` and on.

    Read are ``{city}.json``, ``{id}_profile.json`` with ``{id}_retraining_result.json``
    in a folder per camera, ``hyp_map*.json`` and ``real_inference_profiles.csv``,
    wherever they lie. A stream is a camera, in the order of their names. A retraining
    config is called ``hp{id}-e{epochs}``. The metadata say where all came from, with
    the SHA-256 of each file.

    Parameters
    ----------
    path
        The tree's folder, or one of its files.
    window
        Number of the window to import; ``None`` is all of them.
    streams
        Names of cameras, or how many of the first; ``None`` is all of them.
    epochs
        Numbers of epochs at which the configs of a learning curve end; by default the
        last tested one within 30 %, 60 % and all of it (Ekya's 9, 18 and 30 of 30).
    sampling_curves
        A ``real_inference_profiles.csv``; by default the tree's. Where there is none,
        a stream can only be served at every frame, on 0.25 GPU.
    camera
        The frame-sampling curve of every stream (Ekya's simulator takes ``c1``);
        ``None`` assigns the curves to the cameras in turn.
    hyperparameter_map
        A ``hyp_map*.json``; by default all those of the tree together.
    server
        Fields of :class:`Instance`: by default 4 GPUs, 20 units a GPU and 200 s.

    Raises
    ------
    InvalidInstance
        If a file is missing or has another shape, or a number lies outside its domain;
        the message names the file, the place, the value and what was expected.
    InvalidOption
        If there is no such window, stream or camera.
    EkyaOptError
        If a file cannot be read.
    """
    files = find_tree_files(Path(path))
    maps = files.hyperparameter_maps
    if hyperparameter_map is not None:
        maps = (Path(hyperparameter_map),)
    curves = files.sampling_curves
    if sampling_curves is not None:
        curves = Path(sampling_curves)
    profiles = _read_profiles(files, epochs)
    hyperparameters = read_hyperparameters(maps)
    _check_models(files, profiles, hyperparameters)
    inference = _inference(tuple(profiles), curves, camera)
    fields = {"gpus": 4.0, "units_per_gpu": 20, "window_seconds": 200.0, **server}
    known = sorted({number for windows in profiles.values() for number in windows})
    instances = []
    for number in select_windows(known, window):
        there = tuple(city for city in profiles if number in profiles[city])
        names = select_streams(there, streams, f"window {number}")
        shared = [*maps, *([] if curves is None else [curves])]
        metadata = {
            "source": SOURCE,
            "derivation": DERIVATION,
            "caveats": list(CAVEATS),
            "window": number,
            **_describe_inference({city: inference[city][0] for city in names}),
            **_describe_hyperparameters(hyperparameters),
            "files": {
                files.relative(file): sha256_of(file)
                for file in [file for city in names for file in files.of_city(city)]
                + shared
            },
            "importer_version": IMPORTER_VERSION,
        }
        made = tuple(
            _stream(city, profiles[city][number], inference[city][1]) for city in names
        )
        instances.append(
            Instance(
                name=f"ekya-window{number}", streams=made, metadata=metadata, **fields
            )
        )
    return instances


def _read_profiles(files: TreeFiles, epochs: Sequence[int] | None) -> Profiles:
    return {
        city: read_city_folder(place, epochs)
        if place.is_dir()
        else read_city_file(place)
        for city, place in files.cities.items()
    }


def _check_models(
    files: TreeFiles, profiles: Profiles, hyperparameters: Hyperparameters
) -> None:
    for city, windows in profiles.items() if hyperparameters else ():
        for number, profile in windows.items():
            try:
                check_models(profile.models, hyperparameters, f"window {number}")
            except InvalidInstance as problem:
                raise problem.in_file(str(files.cities[city])) from None


def _inference(
    cities: Sequence[str], file: Path | None, camera: str | None
) -> Mapping[str, tuple[str, tuple[InferenceConfig, ...]]]:
    """Return the curve's name of each city and the inference configs of the curve."""
    if file is None:
        if camera is not None:
            message = f"camera is {shown(camera)}, expected it only with a file of"
            raise InvalidOption(f"{message} frame-sampling curves")
        every_frame = inference_configs(((1, 1.0),))
        return dict.fromkeys(cities, ("", every_frame))
    return assigned_configs(file, read_sampling_curves(file), cities, camera)


def _stream(
    city: str, profile: TaskProfile, inference: tuple[InferenceConfig, ...]
) -> Stream:
    return Stream(
        name=city,
        accuracy=profile.accuracy,
        retraining=profile.retraining,
        inference=inference,
    )


def _describe_inference(cameras: Mapping[str, str]) -> dict[str, Any]:
    return {"cameras": cameras} if all(cameras.values()) else {"inference": NO_CURVES}


def _describe_hyperparameters(hyperparameters: Hyperparameters) -> dict[str, Any]:
    if not hyperparameters:
        return {}
    return {
        "hyperparameters": {
            f"hp{number}": {"summary": describe(entry), **entry}
            for number, entry in hyperparameters.items()
        }
    }
