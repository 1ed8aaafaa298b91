"""The export command: files and refusals."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("formulation", "format"),
    [("compact", "lp"), ("compact", "mps"), ("literal", "lp"), ("cp-sat", "proto")],
)
def test_models_are_written(
    run: Any, worked_file: Path, tmp_path: Path, formulation: str, format: str
) -> None:
    """Each formulation is written in its formats."""
    output = tmp_path / "model"
    words = ("export", worked_file, "--formulation", formulation, "--format", format)
    outcome = run(*words, "-o", output)
    assert outcome.status == 0, outcome
    assert output.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir() if path != worked_file] == [
        "model"
    ]


@pytest.mark.parametrize(
    ("formulation", "format", "expected"),
    [
        ("magic", "lp", "expected one of compact"),
        ("cp-sat", "lp", "expected proto"),
        ("compact", "proto", "expected lp or mps"),
    ],
)
def test_what_there_is_not_is_refused(
    run: Any,
    worked_file: Path,
    tmp_path: Path,
    formulation: str,
    format: str,
    expected: str,
) -> None:
    """Unknown formulations and formats that one has not are bad usage."""
    words = ("export", worked_file, "--formulation", formulation, "--format", format)
    outcome = run(*words, "-o", tmp_path / "model")
    assert outcome.status == 2
    assert expected in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (tmp_path / "model").exists()
