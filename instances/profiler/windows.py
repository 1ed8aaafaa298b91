"""Frames with labels and tracks: what models are trained and tested on."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from instances.errors import InvalidData

Images = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class InvalidFrames(InvalidData):
    """Labelled frames break a rule, or a track leaks between two sets of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowData:
    """Frames in the order in which the camera saw them.

    Attributes
    ----------
    images
        Of shape (n, channels, height, width), values in [0, 1].
    labels
        Index of the class of each frame, shape (n,).
    tracks
        Frames with the same number show the same object, shape (n,).
    """

    images: Images
    labels: Integers
    tracks: Integers

    def __post_init__(self) -> None:
        num = len(self.images)
        if self.images.ndim != 4 or self.images.shape[1] not in (1, 3):
            message = f"has shape {self.images.shape}, expected (n, 1 or 3, H, W)"
            raise InvalidFrames(message, "images")
        for name in ("labels", "tracks"):
            shape = getattr(self, name).shape
            if shape != (num,):
                raise InvalidFrames(f"has shape {shape}, expected ({num},)", name)
        if num == 0:
            raise InvalidFrames("is empty, expected frames", "images")
        for name in ("images", "labels", "tracks"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, chosen: npt.NDArray[Any]) -> "WindowData":
        """Return the frames at these indices or where this mask is true."""
        return WindowData(
            images=self.images[chosen],
            labels=self.labels[chosen],
            tracks=self.tracks[chosen],
        )

    def class_mix(self, num_classes: int) -> tuple[float, ...]:
        """Return the share of each class in the frames."""
        counts = np.bincount(self.labels, minlength=num_classes)
        return tuple(float(count) / len(self) for count in counts)


class Footage(Protocol):
    """Where frames come from: the embedded digits or a user's folder.

    Windows count from 1; the retrainings of window ``w`` use labelled frames of
    window ``w - 1``.
    """

    streams: tuple[str, ...]
    classes: tuple[str, ...]
    num_windows: int

    def pretraining(self) -> WindowData:
        """Return the frames on which the generic model is trained."""

    def labelled(self, stream: int, window: int) -> tuple[WindowData, WindowData]:
        """Return training and validation frames for a window, split by track."""

    def frames(self, stream: int, window: int) -> WindowData:
        """Return all frames of a window, on which its models are tested."""


def split_by_track(
    data: WindowData, share: float, rng: np.random.Generator
) -> tuple[WindowData, WindowData]:
    """Return the frames of most tracks, and those of a share of the tracks.

    Neighbouring frames of a track are nearly equal: a validation on them would praise
    a model for what it has seen.

    Raises
    ------
    InvalidFrames
        If there are fewer than two tracks.
    """
    tracks = np.unique(data.tracks)
    if len(tracks) < 2:
        message = f"holds {len(tracks)} track, expected at least two to split"
        raise InvalidFrames(message)
    num = min(max(1, round(share * len(tracks))), len(tracks) - 1)
    held_out = np.isin(data.tracks, rng.permutation(tracks)[:num])
    return data.at(~held_out), data.at(held_out)


def check_no_leak(**sets: WindowData) -> None:
    """Raise ``InvalidFrames`` if two of the named sets share a track."""
    names = list(sets)
    for idx, name in enumerate(names):
        for other in names[:idx]:
            shared = np.intersect1d(sets[name].tracks, sets[other].tracks)
            if len(shared):
                message = f"track {shared[0]} is in {other} and in {name}"
                raise InvalidFrames(f"{message}, expected in one of them only")
