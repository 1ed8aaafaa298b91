"""The corpus of broken files: each is refused with one line that names the place.

``tests/bad_input/expected.json`` maps each file to a part of the line.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).resolve().parent.parent / "bad_input"
EXPECTED: dict[str, str] = json.loads((CORPUS / "expected.json").read_text("utf-8"))
A_FEW = sorted(EXPECTED)[::17]


def refused(outcome: Any, *parts: str) -> None:
    """Check that a command was refused in one line that holds the parts."""
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert "internal error" not in outcome.err
    (line,) = outcome.err.splitlines()
    assert line.startswith("ekya-opt: ")
    assert len(line) < 6000
    for part in parts:
        assert part in line


def command(name: str, worked_file: Path) -> tuple[object, ...]:
    """Return the command that reads a file of the corpus."""
    if name.startswith("instances/"):
        return ("solve", CORPUS / name)
    return ("check", worked_file, CORPUS / name)


def test_every_file_of_the_corpus_is_expected() -> None:
    """No file is without its expected line, no line without its file."""
    files = {
        path.relative_to(CORPUS).as_posix()
        for path in CORPUS.glob("*/*")
        if path.is_file()
    }
    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_broken_files_are_refused(run: Any, worked_file: Path, name: str) -> None:
    """The line names the file, the place and the value."""
    outcome = run(*command(name, worked_file))
    refused(outcome, str(CORPUS / name), EXPECTED[name])


@pytest.mark.parametrize("name", A_FEW)
def test_broken_files_are_refused_by_the_real_command(
    run_process: Any, worked_file: Path, name: str
) -> None:
    """A process of its own says the same."""
    outcome = run_process(*command(name, worked_file))
    refused(outcome, str(CORPUS / name), EXPECTED[name])


@pytest.mark.parametrize(
    "name", sorted(name for name in EXPECTED if name.startswith("instances/"))
)
def test_validate_tells_broken_instances(run: Any, name: str) -> None:
    """Validate puts the same line on standard output and ends with status 1."""
    outcome = run("validate", CORPUS / name)
    assert outcome.status == 1
    assert outcome.err == ""
    (line,) = outcome.out.splitlines()
    assert EXPECTED[name] in line


@pytest.mark.parametrize("brackets", ["[]", "{}"])
@pytest.mark.parametrize("kind", ["instance", "schedule", "metadata"])
def test_deep_nesting_is_refused(
    run: Any, worked: Any, worked_file: Path, tmp_path: Path, brackets: str, kind: str
) -> None:
    """100,000 levels of nesting do not exhaust the stack."""
    opening = '{"a":' if brackets == "{}" else "["
    deep = opening * 100_000 + "1" + brackets[1] * 100_000
    if kind == "metadata":
        text = json.dumps(worked | {"metadata": {"deep": 0}})
        deep = text.replace('"deep": 0', f'"deep": {deep}')
    path = tmp_path / "deep.json"
    path.write_text(deep, encoding="utf-8")
    words = ("check", worked_file, path) if kind == "schedule" else ("solve", path)
    refused(run(*words), "deep.json", "nested too deeply")


def test_missing_files_and_directories_are_refused(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """A file that is not there and a directory have a line with the reason."""
    missing = tmp_path / "missing.json"
    refused(run("solve", missing), str(missing), "No such file")
    refused(run("solve", tmp_path), str(tmp_path), "directory")
    refused(run("check", worked_file, missing), str(missing), "No such file")
    refused(run("check", worked_file, tmp_path), str(tmp_path), "directory")
    refused(run("compare", missing), str(missing))
    refused(run("validate", worked_file, missing), str(missing))


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX file names")
def test_a_file_name_with_a_newline_stays_on_one_line(run: Any, tmp_path: Path) -> None:
    """Unprintable characters of a file name are escaped."""
    path = tmp_path / "two\nlines.json"
    path.write_text("{}", encoding="utf-8")
    refused(run("solve", path), "two\\nlines.json", "schema_version: is missing")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX file names")
def test_a_null_byte_in_a_path_is_refused(run: Any) -> None:
    """A path that no file can have is bad input."""
    outcome = run("solve", "a\0b.json")
    refused(outcome)
