"""The user's own frames: what is read, what is refused, and no leak."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from instances.errors import EkyaOptError
from instances.profiler.frames import FolderFootage
from instances.profiler.measuring import measure
from instances.profiler.points import Point, WindowPoint
from instances.profiler.windows import InvalidFrames, check_no_leak
from tests.instances.profiler.tiny import preset, settings

CLASSES = ("car", "person")


def fill(folder: Path, *, tracks: int = 6, frames: int = 4) -> None:
    """Fill a window's folder: bright above for one class, below for the other."""
    rng = np.random.default_rng(len(folder.name))
    for idx, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for track in range(tracks):
            for frame in range(frames):
                pixels = rng.integers(0, 60, (12, 12), dtype=np.uint8)
                pixels[6 * idx : 6 * idx + 6] += 150
                path = folder / name / f"{track}_{frame:02}.png"
                Image.fromarray(pixels).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder of two streams with four windows each."""
    for stream in ("north", "south"):
        for window in (1, 2, 9, 10):
            fill(tmp_path / stream / f"w{window}")
    return tmp_path


def footage(root: Path, **changes: object) -> FolderFootage:
    """Return the frames of a folder, 16 pixels wide."""
    words = {"preset": preset(num_windows=5), "frame_size": 16, **changes}
    return FolderFootage(settings(frames=str(root), **words))


def test_the_first_window_trains_the_generic_model(root: Path) -> None:
    """Of four windows the second is trained on for window 1; two are left."""
    found = footage(root)
    assert found.streams == ("north", "south")
    assert found.classes == CLASSES
    assert found.num_windows == 2
    assert len(found.pretraining()) == 2 * 2 * 6 * 4
    assert found.pretraining().images.shape[1:] == (1, 16, 16)


def test_a_folder_of_its_own_trains_the_generic_model(root: Path) -> None:
    """With it every window of the streams counts."""
    fill(root / "pretraining", tracks=2)
    found = footage(root)
    assert found.num_windows == 3
    assert len(found.pretraining()) == 2 * 2 * 4


def test_windows_are_in_natural_order(root: Path) -> None:
    """Window w10 comes after w9: without it there is one window less at the end."""
    fill(root / "north" / "w10-again", tracks=1)
    fill(root / "south" / "w10-again", tracks=1)
    found = footage(root)
    assert found.num_windows == 3
    assert [len(found.frames(0, window)) for window in (1, 2, 3)] == [48, 48, 8]


def test_labels_and_pixels_are_those_of_the_files(root: Path) -> None:
    """The bright half tells the class, and values are in [0, 1]."""
    data = footage(root).frames(0, 1)
    assert data.class_mix(2) == (0.5, 0.5)
    above = data.images[:, 0, :8].mean(axis=(1, 2))
    below = data.images[:, 0, 8:].mean(axis=(1, 2))
    assert ((above < below) == data.labels).all()
    assert 0.5 < data.images.max() <= 210 / 255


@pytest.mark.parametrize("seed", range(5))
def test_nothing_leaks(root: Path, seed: int) -> None:
    """Tracks are whole in training or in validation, and tests are another window."""
    found = footage(root, seed=seed)
    for stream in (0, 1):
        for window in (1, 2):
            training, validation = found.labelled(stream, window)
            test = found.frames(stream, window)
            check_no_leak(training=training, validation=validation, test=test)
            assert len(training) + len(validation) >= 40
            assert len(training) % 4 == len(validation) % 4 == 0


def test_frames_without_tracks_in_their_names_are_taken_in_runs(tmp_path: Path) -> None:
    """Of 25 images two runs of ten and one of five are tracks, in each class."""
    for window in ("a", "b", "c"):
        for idx, name in enumerate(CLASSES):
            folder = tmp_path / "cam" / window / name
            folder.mkdir(parents=True)
            for number in range(25):
                color = (10 * idx, number, 0)
                Image.new("RGB", (8, 8), color).save(folder / f"shot{number}.png")
    data = footage(tmp_path).frames(0, 1)
    assert data.images.shape == (50, 3, 16, 16)
    counts = np.unique(data.tracks, return_counts=True)[1]
    assert sorted(counts.tolist()) == [5, 5, 10, 10, 10, 10]
    greens = data.images[data.labels == 0][:, 1, 0, 0] * 255
    assert greens.round().tolist() == list(range(25))


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "I;16", "I", "LA", "CMYK"])
def test_images_of_every_mode_are_read(root: Path, mode: str) -> None:
    """White is white in 1, 8 and 16 bits, with a palette, alpha or ink."""
    suffix = "tif" if mode in ("CMYK", "I") else "png"
    deep = mode.startswith("I")
    if deep:
        kind = np.uint16 if mode == "I;16" else np.int32
        white = Image.fromarray(np.full((8, 8), 2**16 - 1, dtype=kind))
    else:
        white = Image.new("RGB", (8, 8), "white").convert(mode)
    (root / "north" / "w9" / "car" / "0_00.png").unlink()
    white.save(root / "north" / "w9" / "car" / f"0_00.{suffix}")
    data = footage(root).frames(0, 1)
    first = data.images[(data.labels == 0)][0]
    assert first.min() == 1.0


def test_a_class_may_be_missing_from_a_window(root: Path) -> None:
    """A third class in one window is a class everywhere."""
    folder = root / "north" / "w10" / "bus"
    folder.mkdir()
    Image.new("L", (8, 8)).save(folder / "0_0.png")
    found = footage(root)
    assert found.classes == ("bus", *CLASSES)
    assert found.frames(0, 1).class_mix(3) == (0, 0.5, 0.5)
    assert found.frames(0, 2).class_mix(3)[0] == 1 / 49


def test_a_users_frames_are_profiled(root: Path) -> None:
    """Streams and windows are those of the folder; models learn the bright half."""
    words = settings(frames=str(root), frame_size=16)
    points: list[Point] = list(measure(words))
    windows = [point for point in points if isinstance(point, WindowPoint)]
    places = [(point.stream, point.window) for point in windows]
    assert places == [("north", 1), ("south", 1), ("north", 2), ("south", 2)]
    assert all(point.num_test == 48 for point in windows)


def damaged(root: Path, what: str) -> None:
    """Damage the folder in one way."""
    window = root / "south" / "w9"
    if what == "unreadable image":
        (window / "car" / "0_01.png").write_bytes(b"no image")
    elif what == "half an image":
        path = window / "car" / "0_01.png"
        path.write_bytes(path.read_bytes()[:60])
    elif what == "unreadable first image":
        (root / "north" / "w1" / "car" / "0_00.png").write_bytes(b"")
    elif what == "text":
        (window / "car" / "notes.txt").write_text("x")
    elif what == "folder in a class":
        (window / "car" / "deeper").mkdir()
    elif what == "one class":
        for path in (window / "car").iterdir():
            path.unlink()
    elif what == "empty window":
        for name in CLASSES:
            for path in (window / name).iterdir():
                path.unlink()
    elif what == "one track":
        for name in CLASSES:
            for path in (root / "south" / "w2" / name).iterdir():
                path.unlink()
        for name in CLASSES:
            Image.new("L", (8, 8)).save(root / "south" / "w2" / name / "0_00.png")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("unreadable image", "south/w9/car/0_01.png: is not a readable image"),
        ("half an image", "south/w9/car/0_01.png: is not a readable image"),
        ("unreadable first image", "north/w1/car/0_00.png: is not a readable image"),
        ("text", "notes.txt: is not an image, expected one of .png"),
        ("folder in a class", "deeper: is not an image"),
        ("one class", "w9: shows only class 'person', expected at least two"),
        ("empty window", "south/w9: holds no images in folders of classes"),
    ],
)
def test_damage_is_named(root: Path, what: str, message: str) -> None:
    """The file or folder, in one line."""
    damaged(root, what)
    with pytest.raises(InvalidFrames) as caught:
        list(measure(settings(frames=str(root), frame_size=16)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_few_labelled_frames_are_refused(root: Path) -> None:
    """Two single-frame tracks, one to validate: fewer than a batch of eight."""
    damaged(root, "one track")
    with pytest.raises(InvalidFrames, match="holds 1 training frames, expected at"):
        list(measure(settings(frames=str(root), frame_size=16)))


def test_missing_folders_are_named(tmp_path: Path, root: Path) -> None:
    """No folder, no stream, too few windows."""
    with pytest.raises(EkyaOptError, match="nowhere: cannot be read"):
        footage(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidFrames, match="empty: holds no folder of a stream"):
        footage(tmp_path / "empty")
    fill(tmp_path / "short" / "cam" / "w1")
    fill(tmp_path / "short" / "cam" / "w2")
    with pytest.raises(InvalidFrames, match="holds 2 windows, expected at least 3"):
        footage(tmp_path / "short")
    fill(tmp_path / "short" / "pretraining")
    assert footage(tmp_path / "short").num_windows == 1
