"""Window data and the split by track."""

import numpy as np
import pytest

from instances.profiler.windows import (
    InvalidFrames,
    WindowData,
    check_no_leak,
    split_by_track,
)


def data(tracks: list[int], labels: list[int] | None = None) -> WindowData:
    """Return one black frame of 4 × 4 pixels for each track named."""
    num = len(tracks)
    return WindowData(
        images=np.zeros((num, 1, 4, 4), dtype=np.float32),
        labels=np.array(labels or [0] * num),
        tracks=np.array(tracks),
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_split_keeps_tracks_whole(seed: int) -> None:
    """A quarter of eight tracks is held out, and nothing is lost."""
    tracks = [t for t in range(8) for _ in range(t + 1)]
    rng = np.random.default_rng(seed)
    training, validation = split_by_track(data(tracks), 0.25, rng)
    check_no_leak(training=training, validation=validation)
    assert len(np.unique(validation.tracks)) == 2
    together = sorted([*training.tracks.tolist(), *validation.tracks.tolist()])
    assert together == tracks


def test_both_sides_get_a_track() -> None:
    """Of two tracks one is held out, whatever the share; one alone is refused."""
    for share in (0.01, 0.99):
        pair = split_by_track(data([3, 3, 5]), share, np.random.default_rng(0))
        assert {len(np.unique(side.tracks)) for side in pair} == {1}
    with pytest.raises(InvalidFrames, match="holds 1 track, expected at least two"):
        split_by_track(data([3, 3]), 0.5, np.random.default_rng(0))


def test_a_leak_is_named() -> None:
    """The message names the track and both sets."""
    with pytest.raises(InvalidFrames, match="track 2 is in training and in test"):
        check_no_leak(training=data([1, 2]), test=data([2, 3]))
    check_no_leak(training=data([1, 2]), validation=data([4]), test=data([3]))


def test_the_class_mix_sums_to_one() -> None:
    """Two of four frames show class 1, and class 2 is missing."""
    assert data([0, 1, 2, 3], [0, 1, 1, 3]).class_mix(5) == (0.25, 0.5, 0, 0.25, 0)


def test_frames_of_other_shapes_are_refused() -> None:
    """Images, labels and tracks must fit together, and there must be some."""
    images = np.zeros((2, 1, 4, 4), dtype=np.float32)
    two = np.zeros(2, dtype=np.int64)
    for words, message in (
        ({"images": images[0]}, r"images: has shape \(1, 4, 4\)"),
        ({"images": np.zeros((2, 2, 4, 4), dtype=np.float32)}, "images: has shape"),
        ({"labels": two[:1]}, r"labels: has shape \(1,\), expected \(2,\)"),
        ({"tracks": np.zeros((2, 1), dtype=np.int64)}, "tracks: has shape"),
        ({"images": images[:0], "labels": two[:0], "tracks": two[:0]}, "is empty"),
    ):
        fields = {"images": images, "labels": two, "tracks": two, **words}
        with pytest.raises(InvalidFrames, match=message):
            WindowData(**fields)


def test_window_data_are_read_only() -> None:
    """Nobody changes the frames that others train on."""
    with pytest.raises(ValueError, match="read-only"):
        data([1]).labels[0] = 2
