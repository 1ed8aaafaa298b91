"""The models of a profile on disk."""

from pathlib import Path

import numpy as np
import pytest
import torch

from instances.errors import EkyaOptError
from instances.profiler.exemplars import Memory
from instances.profiler.lineage import PRETRAINED, Lineage
from instances.profiler.network import new_network

SHAPE = (1, 8, 8)


def lineage(folder: Path) -> Lineage:
    """Return the models in a folder."""
    return Lineage(folder, SHAPE, 3, "cpu")


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    """Weights agree to the bit, and loading takes time."""
    models = lineage(tmp_path / "new")
    network = new_network(4, SHAPE, 3, np.random.default_rng(1))
    assert not models.has("cam", "window1", 4)
    models.save(network, "cam", "window1", 4)
    assert models.has("cam", "window1", 4)
    assert not models.has("cam", PRETRAINED, 4)
    loaded, seconds = models.load("cam", "window1", 4)
    assert seconds > 0
    for name, value in network.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


def test_no_stream_name_leaves_the_folder(tmp_path: Path) -> None:
    """Names with slashes and dots make files of their own in the folder."""
    models = lineage(tmp_path)
    network = new_network(4, SHAPE, 3, np.random.default_rng(1))
    for stream in ("../cam", "a/b", "a_b", "a b", "ä"):
        models.save(network, stream, "window1", 4)
    assert len(list(tmp_path.iterdir())) == 5
    assert not (tmp_path.parent / "cam-window1-w4.pt").exists()


def test_exemplars_come_back_as_they_were(tmp_path: Path) -> None:
    """There are none before they are stored."""
    models = lineage(tmp_path)
    assert models.load_memory("cam", "window1") is None
    images = np.random.default_rng(0).uniform(size=(2, *SHAPE)).astype(np.float32)
    models.save_memory(Memory(images=images, labels=np.array([1, 2])), "cam", "window1")
    found = models.load_memory("cam", "window1")
    assert found is not None
    assert (found.images == images).all()
    assert found.labels.tolist() == [1, 2]


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    """Damaged files, other networks and other things are one error with the file."""
    models = lineage(tmp_path)
    path = tmp_path / "cam-window1-w4.pt"
    with pytest.raises(EkyaOptError, match="holds no weights; remove it"):
        models.load("cam", "window1", 4)
    for content in (b"", b"\x80\x02", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(EkyaOptError, match=r"w4\.pt: holds no weights; remove it"):
            models.load("cam", "window1", 4)
    models.save(new_network(8, SHAPE, 3, np.random.default_rng(1)), "cam", "window1", 4)
    with pytest.raises(EkyaOptError, match="holds no model of width 4 for frames"):
        models.load("cam", "window1", 4)
    torch.save([1, 2], path)
    with pytest.raises(EkyaOptError, match="holds no model of width 4"):
        models.load("cam", "window1", 4)
    torch.save({"images": 1}, tmp_path / "cam-window1-memory.pt")
    with pytest.raises(EkyaOptError, match="holds no exemplars; remove it"):
        models.load_memory("cam", "window1")


def test_nothing_is_executed_from_a_file(tmp_path: Path) -> None:
    """A file that would run code when unpickled is refused and runs nothing."""
    mark = tmp_path / "mark"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (mark,))

    torch.save(Evil(), tmp_path / "cam-window1-w4.pt")
    with pytest.raises(EkyaOptError, match="holds no weights"):
        lineage(tmp_path).load("cam", "window1", 4)
    assert not mark.exists()


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    """A file in its place is reported."""
    (tmp_path / "taken").write_text("x")
    with pytest.raises(EkyaOptError, match="taken: cannot be made"):
        lineage(tmp_path / "taken")
