"""The command import on what Ekya's profiler writes."""

from pathlib import Path
from typing import Any

from instances import read_instance
from tests.instances.importers.ekya_files import PREDICTED, city, write, write_ulm


def test_a_tree_is_imported_like_a_clone(run: Any, tmp_path: Path) -> None:
    """A folder with a city's file and a camera's folder gives its two windows."""
    write_ulm(tmp_path / "tree")
    write(tmp_path / "tree" / "bonn.json", city())
    output = tmp_path / "out"
    outcome = run("import", "ekya", tmp_path / "tree", "-o", output, "--gpus", 2)
    assert (outcome.status, outcome.err) == (0, "")
    names = ["ekya-window1.json", "ekya-window2.json"]
    assert sorted(path.name for path in output.iterdir()) == names
    assert run("validate", output).status == 0
    first = read_instance(output / names[0])
    assert [stream.name for stream in first.streams] == ["bonn", "ulm"]
    assert first.gpus == 2


def test_a_tree_without_predictions_has_no_errors_to_tell(
    run: Any, tmp_path: Path
) -> None:
    """The summary's errors of the estimates are missing, not zero."""
    content = city()
    del content[PREDICTED]
    file = write(tmp_path / "bonn.json", content)
    outcome = run("import", "ekya", file, "-o", tmp_path / "out", "--json")
    assert outcome.status == 0
    assert outcome.data["median_accuracy_error"] is None
    assert outcome.data["retraining_configs"] == 4


def test_a_broken_tree_is_refused_in_one_line(run: Any, tmp_path: Path) -> None:
    """The line names file, place, value and what was expected; nothing is written."""
    content = city()
    content[PREDICTED]["1"][1][2] = 90
    file = write(tmp_path / "bonn.json", content)
    outcome = run("import", "ekya", file, "-o", tmp_path / "out")
    assert outcome.status == 2
    place = "taskwise_predicted_profiles.1[1][2]: is 90"
    expected = "expected a number of at least 0 and at most 1"
    assert outcome.err == f"ekya-opt: {file}: {place}, {expected}\n"
    assert not (tmp_path / "out").exists()
