from pathlib import Path

import pytest

from instances.errors import EkyaOptError, InvalidOption
from instances.profiler.journal import Journal, read_journal
from instances.profiler.point_checks import InvalidPoint
from instances.profiler.points import Point
from tests.instances.profiler.records import micro, run, window

SETTINGS = {"preset": "quick", "seed": 1, "strides": (1, 2)}
FILE_NAME = "points.jsonl"
POINTS: list[Point] = [window(), micro(), run()]


def written(folder: Path) -> Path:
    """Return the file of a profile with one point of each kind."""
    with Journal(folder / FILE_NAME, SETTINGS) as journal:
        for point in POINTS:
            journal.add(point)
    return folder / FILE_NAME


def test_points_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Settings and points survive the file, the points in their order."""
    settings, points = read_journal(written(tmp_path / "new" / "folder"))
    assert settings == {"preset": "quick", "seed": 1, "strides": [1, 2], "notes": {}}
    assert points == POINTS


def test_a_second_run_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    """Opening the same profile again finds its points and adds to them."""
    path = written(tmp_path)
    with Journal(tmp_path / FILE_NAME, SETTINGS) as journal:
        assert journal.points == POINTS
        journal.add(run(window=2))
    assert read_journal(path)[1] == [*POINTS, run(window=2)]


def test_notes_are_those_of_the_first_run(tmp_path: Path) -> None:
    """Other circumstances do not make another profile."""
    for load in (0.5, 2.0):
        with Journal(tmp_path / "points.jsonl", SETTINGS, {"load": load}) as journal:
            assert journal.header["notes"] == {"load": 0.5}


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_an_interrupt_loses_the_unfinished_line_only(
    tmp_path: Path, kept: float
) -> None:
    """A last line cut anywhere is passed over, and dropped by the next run."""
    path = written(tmp_path)
    content = path.read_bytes()
    start = content[:-1].rfind(b"\n") + 1
    path.write_bytes(content[: start + int(kept * (len(content) - start))])
    assert read_journal(path)[1] == POINTS[:2]
    with Journal(tmp_path / FILE_NAME, SETTINGS) as journal:
        assert journal.points == POINTS[:2]
        journal.add(POINTS[2])
    assert path.read_bytes() == content


def test_an_interrupt_before_the_settings_begins_anew(tmp_path: Path) -> None:
    """A file without one whole line counts as none."""
    (tmp_path / FILE_NAME).write_bytes(b'{"schema_ver')
    path = written(tmp_path)
    assert read_journal(path)[1] == POINTS


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    """A profile never mixes two seeds; the file stays as it was."""
    content = written(tmp_path).read_bytes()
    with pytest.raises(InvalidOption, match="was measured with seed 1, not 2"):
        Journal(tmp_path / FILE_NAME, {**SETTINGS, "seed": 2})
    assert (tmp_path / FILE_NAME).read_bytes() == content


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\xff", "line 2: is not UTF-8 text"),
        (b"{", "line 2: is not JSON"),
        (b"[1]", "line 2: is .*expected an object"),
        (b"{}", "line 2.kind: is .*expected 'window' or 'run' or 'micro'"),
        (b'{"kind": "run"}', "line 2.stream: is missing"),
        (b'{"kind": "run", "colour": 1}', "line 2.colour: is an unknown key"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    """Whole lines that are no points are errors with the file and the line."""
    path = tmp_path / FILE_NAME
    path.write_bytes(b'{"schema_version": 1}\n' + line + b"\n")
    with pytest.raises(InvalidPoint, match=message) as caught:
        read_journal(path)
    assert caught.value.file == str(path)


def test_a_file_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    """An empty file and one without a schema version are refused."""
    path = tmp_path / FILE_NAME
    path.write_bytes(b"")
    with pytest.raises(InvalidPoint, match="is empty"):
        read_journal(path)
    path.write_bytes(b'{"seed": 1}\n')
    with pytest.raises(InvalidPoint, match="no settings of schema_version 1"):
        read_journal(path)
    with pytest.raises(EkyaOptError, match="cannot be read"):
        read_journal(tmp_path / "missing")


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    """A file in the folder's place is reported, not raised as an OSError."""
    (tmp_path / "taken").write_text("x")
    with pytest.raises(EkyaOptError, match="cannot be written"):
        Journal(tmp_path / "taken" / FILE_NAME, SETTINGS)
