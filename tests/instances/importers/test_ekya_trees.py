"""Instances from trees of files that Ekya's profiler and simulator write."""

import hashlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import (
    EkyaOptError,
    InferenceConfig,
    InvalidInstance,
    InvalidOption,
    read_instance,
    write_instance,
)
from instances.importers.ekya_trees import is_tree, read_tree
from tests.instances.importers.ekya_files import (
    INFER,
    PREDICTED,
    TRAIN,
    city,
    curve,
    hyperparameters,
    write,
    write_head,
    write_ulm,
)

CURVES = "subsampling,c1,c2\n1,1,1\n2,0.8,0.9\n4,0.5,0.6\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with a camera's folder (ulm) and a city's file (bonn)."""
    root = tmp_path / "profiles"
    write_ulm(root)
    write(root / "bonn.json", city())
    return root


def test_each_window_becomes_an_instance(tree: Path) -> None:
    """Ulm has window 1, Bonn windows 1 and 2; streams go by name."""
    first, second = read_tree(tree)
    assert [stream.name for stream in first.streams] == ["bonn", "ulm"]
    assert [stream.accuracy for stream in first.streams] == [0.4, 0.45]
    assert [stream.name for stream in second.streams] == ["bonn"]
    assert second.streams[0].accuracy == 0.65
    assert (first.name, second.name) == ("ekya-window1", "ekya-window2")
    assert (first.gpus, first.units_per_gpu, first.window_seconds) == (4, 20, 200)


def test_window_and_streams_are_chosen(tree: Path) -> None:
    """One window, streams by name or number, and fields of the instance."""
    (only,) = read_tree(tree, window=1, streams=["ulm"], gpus=2, window_seconds=50)
    assert [stream.name for stream in only.streams] == ["ulm"]
    assert (only.gpus, only.window_seconds) == (2, 50)
    (first,) = read_tree(tree, window=1, streams=1)
    assert [stream.name for stream in first.streams] == ["bonn"]
    with pytest.raises(InvalidOption, match="window is 3, expected one of 1, 2"):
        read_tree(tree, window=3)
    with pytest.raises(InvalidOption, match="'koeln', which window 1 has not"):
        read_tree(tree, streams=["koeln"])


def test_without_curves_streams_are_served_at_every_frame(tree: Path) -> None:
    """The documented default is every frame on 0.25 GPU, and the metadata say so."""
    instance = read_tree(tree)[0]
    every_frame = InferenceConfig(name="every-frame", gpus=0.25, relative_accuracy=1)
    assert {stream.inference for stream in instance.streams} == {(every_frame,)}
    assert "every frame" in instance.metadata["inference"]
    with pytest.raises(InvalidOption, match="camera is 'c1', expected it only with"):
        read_tree(tree, camera="c1")


def test_curves_of_the_tree_go_to_the_cameras_in_turn(tree: Path) -> None:
    """Bonn gets the file's first camera and Ulm the second, or both the one named."""
    (tree / "real_inference_profiles.csv").write_text(CURVES)
    bonn, ulm = read_tree(tree)[0].streams
    assert bonn.inference[1] == InferenceConfig(
        name="every-2", gpus=0.125, relative_accuracy=0.8
    )
    assert [config.relative_accuracy for config in ulm.inference] == [1, 0.9, 0.6]
    instance = read_tree(tree, camera="c1")[0]
    assert {stream.inference for stream in instance.streams} == {bonn.inference}
    assert instance.metadata["cameras"] == {"bonn": "c1", "ulm": "c1"}
    with pytest.raises(InvalidOption, match="camera is 'c9', expected one of c1, c2"):
        read_tree(tree, camera="c9")


def test_curves_may_lie_elsewhere(tree: Path, tmp_path: Path) -> None:
    """A file named wins over the tree's."""
    (tree / "real_inference_profiles.csv").write_text(CURVES)
    other = tmp_path / "own.csv"
    other.write_text("subsampling,a\n1,1\n3,0.7\n")
    instance = read_tree(tree, sampling_curves=other)[0]
    assert [config.name for config in instance.streams[1].inference] == [
        "every-frame",
        "every-3",
    ]
    assert "own.csv" in instance.metadata["files"]


def test_different_curves_in_one_tree_are_refused(tree: Path) -> None:
    """Two equal copies are one; two that differ need a choice."""
    (tree / "real_inference_profiles.csv").write_text(CURVES)
    copy = tree / "ulm" / "real_inference_profiles.csv"
    copy.write_text(CURVES)
    assert len(read_tree(tree)) == 2
    copy.write_text(CURVES + "8,0.1,0.1\n")
    with pytest.raises(InvalidInstance, match=r"differs from .*real_inference_prof"):
        read_tree(tree)


def test_metadata_name_each_file_with_its_hash(tree: Path) -> None:
    """The files of the streams that were chosen, relative to the tree."""
    write(tree / "hyp_map.json", _map())
    (instance,) = read_tree(tree, window=1, streams=["ulm"])
    assert instance.metadata["files"] == {
        name: hashlib.sha256((tree / name).read_bytes()).hexdigest()
        for name in (
            "ulm/0_profile.json",
            "ulm/0_retraining_result.json",
            "ulm/4_profile.json",
            "ulm/4_retraining_result.json",
            "hyp_map.json",
        )
    }
    assert instance.metadata["window"] == 1
    summary = instance.metadata["hyperparameters"]["hp3"]["summary"]
    assert summary == "netA, last layer, 16 hidden, 25% of the data, batch 4"


def test_map_and_profiles_agree(tree: Path) -> None:
    """An id or a network that the map does not know is refused, naming the file."""
    entries = _map()
    del entries["4"]
    write(tree / "hyp_map.json", entries)
    with pytest.raises(InvalidInstance, match=r"ulm: window 1: .* 4, expected only th"):
        read_tree(tree)
    other = {**_map(), "3": hyperparameters("netZ")}
    with pytest.raises(InvalidInstance, match=r"bonn\.json: window 1: has the model"):
        read_tree(tree, hyperparameter_map=write(tree.parent / "own.json", other))
    assert read_tree(tree, hyperparameter_map=write(tree / "hyp_map.json", _map()))


def test_measurements_repeated_as_predictions_are_no_estimates(tree: Path) -> None:
    """Ekya's simulator writes the truth where it has no prediction."""
    content = city()
    write(tree / "bonn.json", content | {PREDICTED: content[TRAIN]})
    (stream,) = read_tree(tree, window=1, streams=["bonn"])[0].streams
    assert [config.estimate for config in stream.retraining] == [None] * 3
    content[PREDICTED]["2"][0][2] = 0.95
    write(tree / "bonn.json", content)
    (stream,) = read_tree(tree, window=1, streams=["bonn"])[0].streams
    assert None not in [config.estimate for config in stream.retraining]


def test_a_city_file_is_read_with_its_own_folder_only(tree: Path) -> None:
    """A map or curves beside the file count, those in folders below do not."""
    write(tree / "hyp_map.json", _map())
    (tree / "ulm" / "real_inference_profiles.csv").write_text(CURVES)
    names = list(read_tree(tree / "bonn.json")[0].metadata["files"])
    assert names == ["bonn.json", "hyp_map.json"]


def test_city_file_and_its_folder_say_the_same(tmp_path: Path) -> None:
    """A city's file worked out by hand from a folder gives the same streams.

    Of ten epochs of 2 s, rows end after the third, sixth and tenth.
    """
    tests = {3: 0.6, 6: 0.65, 10: 0.7}
    folder = tmp_path / "folder" / "ulm"
    write_head(folder, 0, {"1": curve(2, tests, 10)}, {"1": 0.55})
    rows = [["0_2", 0.55, 0.6, 6], ["0_5", 0.55, 0.65, 12], ["0_9", 0.55, 0.7, 20]]
    content = {TRAIN: {"1": rows}, INFER: {"1": {"0": 0.6}}}
    file = write(tmp_path / "file" / "ulm.json", content)
    assert read_tree(folder)[0].streams == read_tree(file)[0].streams


def test_file_wins_over_the_folder_that_it_was_made_of(tree: Path) -> None:
    """Ekya's simulator writes the file beside the folder and reads it."""
    content = city()
    write(tree / "ulm.json", content)
    instance = read_tree(tree)[0]
    assert [stream.accuracy for stream in instance.streams] == [0.4, 0.4]


def test_a_camera_found_twice_is_refused(tree: Path) -> None:
    """Two runs in one folder have to be imported one by one."""
    shutil.copytree(tree / "ulm", tree / "later" / "ulm")
    with pytest.raises(InvalidInstance, match="holds the profiles of 'ulm' once more"):
        read_tree(tree)
    assert read_tree(tree / "later")[0].streams[0].name == "ulm"


def test_a_tree_is_known_by_its_files(tree: Path, tmp_path: Path) -> None:
    """Folders above, single files and the camera's folder are trees; others not."""
    paths = (
        tmp_path,
        tree,
        tree / "ulm",
        tree / "bonn.json",
        tree / "ulm" / "0_profile.json",
    )
    for path in paths:
        assert is_tree(path), path
        assert read_tree(path), path
    empty = tmp_path / "empty"
    write(empty / "some.json", {"a": 1})
    assert not is_tree(empty)
    assert not is_tree(tmp_path / "missing")
    with pytest.raises(InvalidInstance, match="empty: holds no profile, expected"):
        read_tree(empty)
    with pytest.raises(EkyaOptError, match="missing: cannot be read"):
        read_tree(tmp_path / "missing")


def test_instances_survive_their_file(tree: Path, tmp_path: Path) -> None:
    """What is imported is written and read back the same, metadata included."""
    (tree / "real_inference_profiles.csv").write_text(CURVES)
    write(tree / "hyp_map.json", _map())
    for instance in read_tree(tree):
        file = tmp_path / f"{instance.name}.json"
        write_instance(instance, file)
        again = read_instance(file)
        assert again == instance
        assert again.metadata == json.loads(json.dumps(instance.metadata))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = SCALARS | st.lists(SCALARS) | st.dictionaries(st.text(), SCALARS)


@given(st.data())
def test_a_spoilt_file_gives_an_instance_or_one_clear_error(
    data: st.DataObject,
) -> None:
    """Whatever stands in the place of any one value, nothing else is raised."""
    with TemporaryDirectory() as name:
        root = Path(name)
        write_ulm(root)
        write(root / "bonn.json", city())
        write(root / "hyp_map.json", _map())
        write_head(root / "koeln", 3, {"1": curve(1, {3: 0.5}, 3)}, None)
        write(root / "koeln" / "3_subprofile_test.json", {"0": {"2": {"1": 0.4}}})
        write(root / "ulm" / "4_predicted_acc_1.json", {"0": {"5": {"1": 0.77}}})
        file = data.draw(st.sampled_from(sorted(root.rglob("*.json"))), "file")
        content = json.loads(file.read_text())
        inner, key = content, data.draw(st.sampled_from(_keys(content)), "key")
        while isinstance(inner[key], dict | list) and inner[key]:
            if data.draw(st.booleans(), "here"):
                break
            inner = inner[key]
            key = data.draw(st.sampled_from(_keys(inner)), "key")
        inner[key] = data.draw(VALUES, "value")
        write(file, content)
        error = None
        try:
            names = {stream.name for stream in read_tree(root)[0].streams}
        except InvalidInstance as problem:
            error = problem
        if error is None:
            assert names <= {"bonn", "koeln", "ulm"}
        else:
            assert error.file.startswith(name)
            assert str(error).isprintable()


def _keys(content: Any) -> list[Any]:
    """Return the keys of an object, or the indices of a list."""
    return list(content) if isinstance(content, dict) else list(range(len(content)))


def _map() -> dict[str, object]:
    """Return a map of the ids of both cameras."""
    named = {"0": "netA", "1": "netB", "3": "netA", "4": "netB"}
    return {number: hyperparameters(model) for number, model in named.items()}
