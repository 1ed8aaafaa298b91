"""The user's own footage: a folder of labelled frames.

``DIR/stream/window/class/image`` with PNG, JPEG, PGM, BMP or TIFF images; streams,
windows, classes and images in the natural order of their names. A name such as
``17_0042.png`` says that frame 42 shows the object of track 17; images with other names
are taken in runs of ten for one track each. Track numbers count within a window and
class.

``DIR/pretraining/class/image``, if there, trains the generic model; without it
every stream's first window does, which then serves for nothing else.
"""

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from instances.errors import EkyaOptError
from instances.natural_order import natural_order
from instances.profiler.seeds import Role, generator
from instances.profiler.settings import Settings
from instances.profiler.windows import (
    Images,
    InvalidFrames,
    WindowData,
    split_by_track,
)

SUFFIXES = (".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".bmp", ".tif", ".tiff")
PRETRAINING = "pretraining"
VALIDATION_SHARE = 0.25
RUN_OF_FRAMES = 10
TRACKED = re.compile(r"(\d+)_(\d+)$")
DEEP_WHITE = 2**16 - 1
GRAY_MODES = ("1", "L", "I", "I;16", "F")


class Frame(NamedTuple):
    """One image file: its class, its track within class and window, and its place."""

    label: str
    track: int
    number: int
    path: Path


class FolderFootage:
    """Streams in a folder; at most as many as the preset names.

    Parameters
    ----------
    settings
        Whose ``frames``, ``frame_size``, preset and seed count.

    Raises
    ------
    InvalidFrames
        If a folder is missing, or a window is empty or shows only one class; with the
        folder's name.
    """

    def __init__(self, settings: Settings) -> None:
        root = Path(settings.frames or "")
        folders = [each for each in _folders(root) if each.name != PRETRAINING]
        if not folders:
            raise InvalidFrames("holds no folder of a stream", file=str(root))
        folders = folders[: settings.preset.num_streams]
        self.settings = settings
        self.streams = tuple(each.name for each in folders)
        windows = [_folders(each) for each in folders]
        generic = root / PRETRAINING
        self._generic = [_frames_in(generic)] if generic.is_dir() else []
        needed = 2 if self._generic else 3
        for folder, found in zip(folders, windows, strict=True):
            if len(found) < needed:
                message = f"holds {len(found)} windows, expected at least {needed}"
                raise InvalidFrames(f"{message}: {_WHY[needed]}", file=str(folder))
        self.num_windows = min(
            settings.preset.num_windows, min(map(len, windows)) - needed + 1
        )
        if not self._generic:
            self._generic = [_frames_in(found[0]) for found in windows]
            windows = [found[1:] for found in windows]
        self._windows = [
            [_frames_in(each) for each in found[: self.num_windows + 1]]
            for found in windows
        ]
        sets = [
            *self._generic,
            *(frames for found in self._windows for frames in found),
        ]
        names = {frame.label for frames in sets for frame in frames}
        self.classes = tuple(sorted(names, key=natural_order))
        self._gray = _is_gray(sets[0][0].path)
        self._read = lru_cache(maxsize=2)(self._read_window)

    def pretraining(self) -> WindowData:
        """Return the frames of the pretraining folder, or of the first windows."""
        sets = [self._loaded(frames) for frames in self._generic]
        return WindowData(
            images=np.concatenate([each.images for each in sets]),
            labels=np.concatenate([each.labels for each in sets]),
            # Tracks of two streams would share numbers; nothing is split here.
            tracks=np.arange(sum(len(each) for each in sets)),
        )

    def labelled(self, stream: int, window: int) -> tuple[WindowData, WindowData]:
        """Return frames of the window before, whole tracks up to the preset's number.

        Raises
        ------
        InvalidFrames
            If an image cannot be read, or there is only one track.
        """
        data = self._read(stream, window - 1)
        folder = self._windows[stream][window - 1][0].path.parent.parent
        rng = generator(self.settings.seed, Role.SPLIT, stream=stream, window=window)
        tracks, counts = np.unique(data.tracks, return_counts=True)
        order = rng.permutation(len(tracks))
        before = np.cumsum(counts[order]) - counts[order]
        chosen = tracks[order[before < self.settings.preset.num_labelled]]
        try:
            return split_by_track(
                data.at(np.isin(data.tracks, chosen)), VALIDATION_SHARE, rng
            )
        except InvalidFrames as problem:
            raise problem.in_file(str(folder)) from None

    def frames(self, stream: int, window: int) -> WindowData:
        """Return all frames of a window, track after track."""
        return self._read(stream, window)

    def _read_window(self, stream: int, window: int) -> WindowData:
        data = self._loaded(self._windows[stream][window])
        # A track lies in one window, so its number is made unique over them.
        return replace(data, tracks=data.tracks + window * 10**9)

    def _loaded(self, frames: list[Frame]) -> WindowData:
        objects = sorted({(frame.label, frame.track) for frame in frames})
        tracks = {key: idx for idx, key in enumerate(objects)}
        return WindowData(
            images=np.stack([self._image(frame.path) for frame in frames]),
            labels=np.array([self.classes.index(frame.label) for frame in frames]),
            tracks=np.array([tracks[frame.label, frame.track] for frame in frames]),
        )

    def _image(self, path: Path) -> Images:
        from PIL import Image

        size = self.settings.frame_size
        try:
            with Image.open(path) as file:
                image: Image.Image = file
                if file.mode.startswith("I"):
                    # Pillow would cut 16 bits off at 255.
                    deep = np.asarray(file, dtype=np.float64) / DEEP_WHITE * 255
                    image = Image.fromarray(deep.astype(np.uint8))
                image = image.convert("L" if self._gray else "RGB")
                image = image.resize((size, size), Image.Resampling.BOX)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise InvalidFrames("is not a readable image", file=str(path)) from None
        pixels = np.asarray(image, dtype=np.float32).reshape(size, size, -1) / 255
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))


_WHY = {
    2: "one to train on and one to test on",
    3: "one for the generic model, as there is no folder pretraining, one to train on "
    "and one to test on",
}


def _folders(folder: Path) -> list[Path]:
    try:
        found = [each for each in folder.iterdir() if each.is_dir()]
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{folder}: cannot be read: {reason}") from None
    shown = [each for each in found if not each.name.startswith(".")]
    return sorted(shown, key=lambda each: natural_order(each.name))


def _frames_in(folder: Path) -> list[Frame]:
    """Return the images of a window's class folders, track after track."""
    frames: list[Frame] = []
    for label in _folders(folder):
        paths = [each for each in label.iterdir() if not each.name.startswith(".")]
        paths.sort(key=lambda each: natural_order(each.name))
        for idx, path in enumerate(paths):
            if path.suffix.lower() not in SUFFIXES:
                expected = ", ".join(SUFFIXES)
                message = f"is not an image, expected one of {expected}"
                raise InvalidFrames(message, file=str(path))
            named = TRACKED.match(path.stem)
            # Runs get negative numbers, apart from the tracks that names give.
            track = int(named[1]) if named else -1 - idx // RUN_OF_FRAMES
            number = int(named[2]) if named else idx
            frames.append(Frame(label.name, track, number, path))
    if not frames:
        raise InvalidFrames("holds no images in folders of classes", file=str(folder))
    labels = {frame.label for frame in frames}
    if len(labels) < 2:
        message = f"shows only class {labels.pop()!r}, expected at least two classes"
        raise InvalidFrames(message, file=str(folder))
    return sorted(frames, key=lambda each: (abs(each.track), each.label, each.number))


def _is_gray(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as file:
            return file.mode in GRAY_MODES
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise InvalidFrames("is not a readable image", file=str(path)) from None
