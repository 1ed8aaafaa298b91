"""Instances from a clone: streams, costs, estimates, cameras and provenance."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instances import (
    EkyaOptError,
    Instance,
    InvalidInstance,
    InvalidOption,
    read_instance,
)
from instances.importers.ekya_clone import find_clone
from instances.importers.ekya_profiles import read_profiles
from instances.importers.ekya_windows import read_windows
from instances.profiler.estimator_errors import recorded_errors
from tests.conftest import RECORDED
from tests.ekya_clones import (
    CITY_WINDOWS,
    PROFILES,
    SAMPLING,
    THROUGHPUT,
    table_rows,
    write_clone,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a clone with north's windows 1 and 2 and south's window 1."""
    return write_clone(tmp_path / "above" / "clone", table_rows(CITY_WINDOWS))


def imported(path: Path, **options: Any) -> list[Instance]:
    """Return the instances of the clone at a path."""
    clone = find_clone(path)
    assert clone is not None
    profiles = read_profiles(clone.profiles, partial=True)
    return read_windows(clone, profiles, **{"partial": True, **options})


def test_each_window_is_an_instance(root: Path) -> None:
    """Streams are the cities recorded in the window, on the server of the defaults."""
    first, second = imported(root)
    assert (first.name, second.name) == ("cityscapes-window1", "cityscapes-window2")
    assert [stream.name for stream in first.streams] == ["north", "south"]
    assert [stream.name for stream in second.streams] == ["north"]
    assert (first.gpus, first.units_per_gpu, first.window_seconds) == (4, 20, 200)
    assert first.reallocation == "never"
    assert first.training_throughput is None


def test_a_stream_holds_what_was_measured_and_estimated(root: Path) -> None:
    """South starts at the lower head, 0.5625; hp5-e30 takes 180.5 s to 0.83."""
    south = imported(root)[0].streams[1]
    assert south.accuracy == 0.5625
    assert [config.name for config in south.retraining][:4] == [
        *("hp0-e5", "hp0-e15", "hp0-e30", "hp1-e5")
    ]
    config = south.retraining[-1]
    assert (config.name, config.gpu_seconds, config.accuracy) == (
        "hp5-e30",
        180.5,
        0.83,
    )
    assert config.estimate is not None
    assert config.estimate.gpu_seconds == 0.25 + 300 * 5.125
    assert config.estimate.accuracy == 0.89


def test_cameras_are_assigned_in_turn_unless_one_is_named(root: Path) -> None:
    """North is served as c1 and south as c2; with a camera named both are."""
    by_turn, by_name = imported(root)[0], imported(root, camera="c2")[0]
    kept = [
        [config.relative_accuracy for config in s.inference] for s in by_turn.streams
    ]
    assert kept == [[1, 0.75, 0.5], [1, 0.875, 0.625]]
    assert by_turn.metadata["cameras"] == {"north": "c1", "south": "c2"}
    assert by_name.streams[0].inference == by_turn.streams[1].inference
    with pytest.raises(InvalidOption, match="camera is 'c9', expected one of c1, c2"):
        imported(root, camera="c9")


def test_a_city_keeps_its_camera_in_every_window(tmp_path: Path) -> None:
    """South is served as c2 also in a window in which north was not recorded."""
    pairs = (("north", 1), ("south", 1), ("south", 2))
    second = imported(write_clone(tmp_path, table_rows(pairs)))[1]
    assert second.metadata["cameras"] == {"south": "c2"}
    assert second.streams[0].inference[1].relative_accuracy == 0.875


def test_windows_streams_and_the_server_are_chosen(root: Path) -> None:
    """Names keep the order given, a number takes the first, fields are the server's."""
    (first,) = imported(root, window=1, streams=["south", "north"], gpus=0.5)
    assert [stream.name for stream in first.streams] == ["south", "north"]
    assert first.gpus == 0.5
    (alone,) = imported(
        root,
        **{"window": 1, "streams": 1, "reallocation": "server", "slot_seconds": 50},
    )
    assert [stream.name for stream in alone.streams] == ["north"]
    assert alone.slot_seconds == 50


def test_mps_gives_the_measured_throughput(root: Path) -> None:
    """The curve of the notebook becomes the instance's, and its file is named."""
    instance = imported(root, mps=True)[0]
    assert instance.training_throughput == ((0.25, 0.5), (0.5, 0.8), (1.0, 1.0))
    assert set(instance.metadata["files"]) == {PROFILES, SAMPLING, THROUGHPUT}


def test_other_numbers_of_points_than_the_authors_need_partial(
    root: Path, tmp_path: Path
) -> None:
    """Cameras, strides and shares of a GPU are counted, each in its own file."""
    with pytest.raises(InvalidInstance, match="has 2 cameras, expected 5"):
        imported(root, partial=False)
    header = "subsampling,c1,c2,c3,c4,c5\n"
    lines = [f"{n},{1 / n},{1 / n},{1 / n},{1 / n},{1 / n}\n" for n in range(1, 13)]
    short = write_clone(tmp_path / "short", table_rows(), header + "".join(lines[:-1]))
    with pytest.raises(InvalidInstance, match="has 11 strides, expected 12"):
        imported(short, partial=False)
    full = write_clone(tmp_path / "full", table_rows(), header + "".join(lines))
    assert len(imported(full, partial=False)) == 2
    with pytest.raises(InvalidInstance, match="has 3 shares of a GPU, expected 10"):
        imported(full, partial=False, mps=True)


def test_metadata_say_where_the_numbers_come_from(root: Path) -> None:
    """Every file read is named with its SHA-256; micro-profiling's seconds are kept."""
    metadata = imported(root)[1].metadata
    assert metadata["files"] == {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest()
        for name in (PROFILES, SAMPLING)
    }
    assert metadata["micro_profile_seconds"] == {"north": 7.5}
    assert metadata["window"] == 2
    assert metadata["caveats"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 3}, "window is 3, expected one of 1, 2"),
        ({"window": 2, "streams": ["south"]}, "holds 'south', which window 2 has not"),
        ({"window": 1, "streams": ["north", "north"]}, "holds 'north' twice"),
        ({"window": 1, "streams": []}, "streams is empty"),
        ({"streams": 2}, "streams is 2, expected 1 to 1 (those of window 2)"),
        ({"streams": 0}, "streams is 0, expected 1 to 2"),
    ],
)
def test_what_is_not_recorded_is_refused(
    options: dict[str, Any], message: str, root: Path
) -> None:
    """Unknown windows and streams are refused with those there are."""
    with pytest.raises(InvalidOption) as refusal:
        imported(root, **options)
    assert message in str(refusal.value)


def test_a_field_outside_its_domain_is_refused(root: Path) -> None:
    """The server's fields are checked as those of any instance."""
    with pytest.raises(InvalidInstance, match=r"gpus: is 0\.01"):
        imported(root, gpus=0.01)


def test_the_clone_is_found_from_around(root: Path, tmp_path: Path) -> None:
    """Above, at, below the root, and by the notebook itself: the same clone."""
    at_root = find_clone(root)
    assert at_root is not None
    assert at_root.profiles == root / PROFILES
    for path in (tmp_path, root / "ekya", (root / PROFILES).parent, root / PROFILES):
        found = find_clone(path)
        assert found is not None
        assert found.profiles.samefile(root / PROFILES)
        assert found.sampling.samefile(root / SAMPLING)
    assert find_clone(root / SAMPLING) is None


def test_two_clones_below_a_folder_are_ambiguous(tmp_path: Path) -> None:
    """Which of two clones is meant is asked, not guessed."""
    for name in ("one", "two"):
        write_clone(tmp_path / name, table_rows())
    with pytest.raises(InvalidOption, match="several clones") as refusal:
        find_clone(tmp_path)
    assert str(tmp_path / "two") in str(refusal.value)


def test_a_notebook_by_itself_needs_the_curves_beside_it(
    root: Path, tmp_path: Path
) -> None:
    """A copied notebook takes the curves beside it, or says that they lack."""
    copy = tmp_path / "copy" / "my.ipynb"
    copy.parent.mkdir()
    copy.write_bytes((root / PROFILES).read_bytes())
    with pytest.raises(EkyaOptError, match=r"profiles\.csv: cannot be read"):
        imported(copy)
    (copy.parent / "real_inference_profiles.csv").write_text(
        (root / SAMPLING).read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert imported(copy)[0].streams == imported(root)[0].streams


def test_errors_of_the_estimates_are_those_on_paper(root: Path) -> None:
    """Errors are 0.01 to 0.06 in equal parts and grow with the accuracy.

    Of 54 sorted errors, 9 of each, the 90th percentile is at place 0.9 · 53 = 47.7,
    in the last nine. Estimates rank as the accuracies do.
    """
    found = recorded_errors(imported(root))
    assert found is not None
    assert found.configs == 54
    errors = found.test
    assert errors.median == pytest.approx(0.035)
    assert errors.mean == pytest.approx(0.035)
    assert errors.p90 == pytest.approx(0.06)
    assert errors.rank_correlation == pytest.approx(1)
    assert (errors.windows, errors.unranked_windows) == (3, 0)


@pytest.mark.skipif("EKYA_CLONE" not in os.environ, reason="EKYA_CLONE names no clone")
def test_the_authors_own_clone_is_what_was_measured() -> None:
    """18 cities, 52 city-windows and 936 configs with a median error of 5.86 points.

    Where the recorded instances are, the imported ones equal them.
    """
    clone = find_clone(Path(os.environ["EKYA_CLONE"]))
    assert clone is not None
    instances = read_windows(clone, read_profiles(clone.profiles), mps=True)
    assert [len(instance.streams) for instance in instances] == [18, 17, 17]
    for instance in instances:
        file = RECORDED / f"{instance.name}.json"
        if file.exists():
            linear = replace(instance, training_throughput=None)
            assert linear == read_instance(file)
    found = recorded_errors(instances)
    assert found is not None
    assert found.configs == 936
    errors = found.test
    assert errors.median == pytest.approx(0.0586, abs=5e-5)
    assert errors.rank_correlation == pytest.approx(0.09, abs=5e-3)
