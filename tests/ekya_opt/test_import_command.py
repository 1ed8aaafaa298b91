"""The command import: clones, its summary and its refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.cli import Parser
from ekya_opt.commands import import_
from instances import read_instance
from tests.ekya_clones import PROFILES, SAMPLING, THROUGHPUT, table_rows, write_clone


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone with north's windows 1 and 2 and south's window 1."""
    return write_clone(tmp_path / "clone", table_rows())


def refused(outcome: Any) -> str:
    """Return the only line on standard error of a command that was refused."""
    assert outcome.status == 2
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert "internal error" not in outcome.err
    (line,) = outcome.err.splitlines()
    assert line.startswith("ekya-opt: ")
    return str(line)


def test_import_writes_an_instance_for_each_window(
    run: Any, clone: Path, tmp_path: Path
) -> None:
    """Files are named after their instances, valid, and printed with a summary."""
    output = tmp_path / "new" / "folder"
    outcome = run("import", "ekya", clone, "-o", output, "--partial")
    assert outcome.status == 0
    assert outcome.err == ""
    names = ["cityscapes-window1.json", "cityscapes-window2.json"]
    assert sorted(path.name for path in output.iterdir()) == names
    assert run("validate", output).status == 0
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines()[:7])
    assert [text.strip() for text in facts.values()] == [
        *(str(clone), "54", "2", "3", "54", "0.0350"),
        "0.0350, 0.0600",
    ]
    assert all(str(output / name) in outcome.out for name in names)
    assert len(outcome.out.splitlines()) <= 24


def test_json_is_the_summary_as_data(run: Any, clone: Path, tmp_path: Path) -> None:
    """The object of --json holds what the summary says, in full precision."""
    outcome = run("import", "ekya", clone, "-o", tmp_path, "--partial", "--json")
    assert outcome.status == 0
    data = outcome.data
    assert data["median_accuracy_error"] == pytest.approx(0.035)
    assert data["rank_correlation"] == pytest.approx(1)
    del data["mean_accuracy_error"], data["p90_accuracy_error"]
    del data["median_accuracy_error"], data["rank_correlation"]
    assert data == {
        "source": str(clone),
        "rows_verified": 54,
        "streams": 2,
        "stream_windows": 3,
        "retraining_configs": 54,
        "num_rankings": 3,
        "files": [str(tmp_path / f"cityscapes-window{w}.json") for w in (1, 2)],
    }


def test_options_reach_the_instance(run: Any, clone: Path, tmp_path: Path) -> None:
    """Every option of the server and of the selection is in the file written."""
    outcome = run(
        *("import", "ekya", clone, "-o", tmp_path, "--partial", "--window", 1),
        *("--streams", "south, north", "--gpus", 1.5, "--units-per-gpu", 10),
        *("--window-seconds", 120, "--reallocation", "server", "--slot-seconds", 60),
        *("--throughput", "mps", "--camera", "c1"),
    )
    assert outcome.status == 0
    instance = read_instance(tmp_path / "cityscapes-window1.json")
    assert [stream.name for stream in instance.streams] == ["south", "north"]
    assert (instance.gpus, instance.units_per_gpu) == (1.5, 10)
    assert (instance.window_seconds, instance.slot_seconds) == (120, 60)
    assert instance.reallocation == "server"
    assert instance.training_throughput == ((0.25, 0.5), (0.5, 0.8), (1.0, 1.0))
    assert instance.streams[0].inference == instance.streams[1].inference
    assert not (tmp_path / "cityscapes-window2.json").exists()


def test_the_first_streams_are_taken_by_number(
    run: Any, clone: Path, tmp_path: Path
) -> None:
    """--streams 1 keeps the first city of every window."""
    given = ("import", "ekya", clone, "-o", tmp_path, "--partial", "--streams", 1)
    assert run(*given).status == 0
    for window in (1, 2):
        instance = read_instance(tmp_path / f"cityscapes-window{window}.json")
        assert [stream.name for stream in instance.streams] == ["north"]


def test_an_imported_window_is_solved(run: Any, clone: Path, tmp_path: Path) -> None:
    """With GPUs to spare every city is served fully and retrained at once.

    On 20 GPUs two streams have no contention, so the optimum is proven and above the
    mean of the start accuracies, 0.5625.
    """
    given = ("import", "ekya", clone, "-o", tmp_path, "--partial", "--gpus", 20)
    assert run(*given).status == 0
    outcome = run("solve", tmp_path / "cityscapes-window1.json", "--json")
    assert outcome.data["status"] == "optimal"
    assert outcome.data["objective"] > 0.5625


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "has 2 cities, expected 18 as in the authors' repository"),
        (["--partial", "--window", 7], "window is 7, expected one of 1, 2"),
        (["--partial", "--streams", "east"], "streams holds 'east'"),
        (["--partial", "--streams", "0"], "streams is 0, expected 1 to 2"),
        (["--partial", "--camera", "c3"], "camera is 'c3', expected one of c1, c2"),
        (["--partial", "--gpus", "0.001"], "gpus: is 0.001"),
        (["--partial", "--gpus", "nan"], "gpus: is nan"),
        (["--partial", "--units-per-gpu", "0"], "units_per_gpu: is 0"),
        (["--partial", "--window-seconds", "-5"], "window_seconds: is -5"),
        (["--partial", "--reallocation", "server"], "slot_seconds: is missing"),
        (["--partial", "--reallocation", "often"], "invalid choice: 'often'"),
        (
            ["--partial", "--name", "mine"],
            "is a clone, for which there is no option name",
        ),
        (["--epochs", "5,x"], "is '5,x', expected whole numbers"),
    ],
)
def test_bad_options_are_refused_in_a_line(
    options: list[str], message: str, run: Any, clone: Path, tmp_path: Path
) -> None:
    """Nothing is written, not even the folder, and the line says what was expected."""
    output = tmp_path / "none"
    assert message in refused(run("import", "ekya", clone, "-o", output, *options))
    assert not output.exists()


@pytest.mark.parametrize("name", [PROFILES, SAMPLING, THROUGHPUT])
def test_changed_files_are_refused_by_name(
    name: str, run: Any, clone: Path, tmp_path: Path
) -> None:
    """A file that is cut short or missing is named, and nothing is written."""
    path = clone / name
    path.write_bytes(path.read_bytes()[:-8])
    given = ("import", "ekya", clone / PROFILES, "-o", tmp_path / "none", "--partial")
    assert f"{path}: " in refused(run(*given, "--throughput", "mps"))
    path.unlink()
    refused(run(*given, "--throughput", "mps"))
    assert not (tmp_path / "none").exists()


def test_paths_without_a_recording_are_refused(run: Any, tmp_path: Path) -> None:
    """Missing paths, empty folders and other files are told from recordings."""
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other.txt"
    other.write_text("text", encoding="utf-8")
    given = ("-o", tmp_path / "none")
    line = refused(run("import", "ekya", tmp_path / "missing", *given))
    assert "no such file" in line
    for path in (tmp_path / "empty", other):
        line = refused(run("import", "ekya", path, *given))
        assert f"{path}: " in line


def test_output_that_is_a_file_is_refused(
    run: Any, clone: Path, tmp_path: Path
) -> None:
    """A file in the place of the output folder is named."""
    taken = tmp_path / "taken"
    taken.write_text("text", encoding="utf-8")
    given = ("import", "ekya", clone, "--partial", "-o", taken)
    assert str(taken) in refused(run(*given))
    assert taken.read_text(encoding="utf-8") == "text"


def test_import_is_repeatable(run: Any, clone: Path, tmp_path: Path) -> None:
    """A second import replaces the files by the same bytes, as generate does."""
    given = ("import", "ekya", clone, "--partial", "-o", tmp_path)
    written = tmp_path / "cityscapes-window1.json"
    assert run(*given).status == 0
    first = written.read_bytes()
    written.write_text(json.dumps({"old": True}), encoding="utf-8")
    assert run(*given).status == 0
    assert written.read_bytes() == first


def test_help_of_import_names_both_kinds(run: Any) -> None:
    """The kinds of recordings are subcommands with help of their own."""
    outcome = run("import", "--help")
    assert outcome.status == 0
    assert "ekya" in outcome.out
    assert "table" in outcome.out
    assert "--camera" in run("import", "ekya", "--help").out


def test_every_argument_of_every_kind_is_documented() -> None:
    """Every argument of the subcommands has a help text."""
    parser = Parser()
    import_.add_arguments(parser)
    assert parser._subparsers is not None
    kinds = parser._subparsers._group_actions[0].choices
    assert isinstance(kinds, dict)
    assert list(kinds) == ["ekya", "table"]
    for kind in kinds.values():
        for action in kind._actions:
            assert action.help, action
