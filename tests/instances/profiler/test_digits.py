"""The embedded footage: tracks, drift, and no leak."""

from itertools import combinations, product

import numpy as np
import pytest

from instances.profiler.digits import FIRST_CLASSES, DigitFootage
from instances.profiler.windows import WindowData, check_no_leak
from tests.instances.profiler.tiny import preset, settings


def footage(**changes: object) -> DigitFootage:
    """Return three streams of two windows, 400 labelled frames and 600 in all."""
    words = {"num_streams": 3, "num_labelled": 400, "num_frames": 600}
    return DigitFootage(settings(preset=preset(**words), **changes))


def sets_of(found: DigitFootage, stream: int, window: int) -> dict[str, WindowData]:
    """Return the three sets of a stream's window."""
    training, validation = found.labelled(stream, window)
    test = found.frames(stream, window)
    return {"training": training, "validation": validation, "test": test}


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_nothing_leaks(seed: int) -> None:
    """Sets of different use share no base image, over all streams and windows."""
    found = footage(seed=seed)
    by_use: dict[str, set[int]] = {"pretraining": set(found.pretraining().tracks)}
    for stream, window in product(range(3), (1, 2)):
        sets = sets_of(found, stream, window)
        check_no_leak(**sets)
        for use, data in sets.items():
            by_use.setdefault(use, set()).update(data.tracks.tolist())
    for one, other in combinations(by_use.values(), 2):
        assert one
        assert not one & other


def test_sizes_follow_the_preset() -> None:
    """A quarter of the labelled frames validates; pictures are in [0, 1]."""
    sets = sets_of(footage(), 0, 1)
    assert [len(data) for data in sets.values()] == [300, 100, 600]
    for data in sets.values():
        assert data.images.shape[1:] == (1, 16, 16)
        assert data.images.dtype == np.float32
        assert 0 <= data.images.min() < data.images.max() <= 1


def test_frames_come_in_tracks_of_one_class() -> None:
    """About seven frames in a row show one object."""
    data = footage().frames(1, 1)
    changes = np.flatnonzero(np.diff(data.tracks)) + 1
    assert 5 < 600 / (len(changes) + 1) < 9
    for track in np.unique(data.tracks):
        assert len(np.unique(data.labels[data.tracks == track])) == 1


def test_neighbouring_frames_are_alike_but_not_equal() -> None:
    """Frames of a track differ less than those of different tracks."""
    data = footage().frames(0, 1)
    steps = np.abs(np.diff(data.images, axis=0)).mean(axis=(1, 2, 3))
    same = np.diff(data.tracks) == 0
    assert (steps > 0).all()
    assert steps[same].mean() < 0.7 * steps[~same].mean()


def test_the_same_settings_film_the_same() -> None:
    """Whatever was filmed before; another seed, stream or window is another film."""
    first, second = footage(), footage()
    second.pretraining()
    second.frames(2, 2)
    images = first.frames(0, 1).images
    assert (images == second.frames(0, 1).images).all()
    for other in (footage(seed=1).frames(0, 1), first.frames(1, 1), first.frames(0, 2)):
        assert (images != other.images).any()


def test_drift_moves_the_scene() -> None:
    """Without drift all windows are alike; with it the mix and the lens wander."""
    still, moving = footage(drift=0.0), footage(drift=1.0)
    assert still.scene(0, 0) == still.scene(0, 5)
    mixes = [np.array(moving.scene(0, window).mix) for window in range(6)]
    assert all(mix.sum() == pytest.approx(1) for mix in mixes)
    assert np.abs(mixes[0] - mixes[5]).sum() > 0.2
    assert moving.scene(0, 0).degrees != moving.scene(0, 5).degrees


def test_incremental_streams_meet_a_class_more_a_window() -> None:
    """Four classes before the first window, then five, six and so on."""
    found = footage(incremental=True)
    for stream in range(3):
        seen: set[int] = set()
        for window in range(6):
            mix = found.scene(stream, window).mix
            present = {idx for idx, share in enumerate(mix) if share > 0}
            assert len(present) == FIRST_CLASSES + window
            assert seen <= present
            seen = present
    assert set(found.pretraining().labels.tolist()) == set(range(FIRST_CLASSES))
