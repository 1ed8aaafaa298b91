"""Frame-sampling curves and the throughput under MPS."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from instances import EkyaOptError, InvalidInstance
from instances.importers.ekya_curves import (
    inference_configs,
    read_sampling_curves,
    read_throughput,
)
from tests.ekya_clones import (
    CURVES,
    THROUGHPUT,
    notebook,
    table_rows,
    write,
    write_clone,
)


def test_each_camera_has_its_curve(tmp_path: Path) -> None:
    """The columns of the CSV become points (stride, relative accuracy)."""
    curves = read_sampling_curves(write(tmp_path / "a.csv", CURVES))
    assert curves == {
        "c1": ((1, 1.0), (2, 0.75), (4, 0.5)),
        "c2": ((1, 1.0), (2, 0.875), (4, 0.625)),
    }


def test_every_nth_frame_needs_an_nth_of_the_gpu() -> None:
    """0.25 GPU at every frame is 0.083333 at every third, to 6 decimals."""
    configs = inference_configs(((1, 1.0), (3, 0.5)))
    assert [(c.name, c.gpus, c.relative_accuracy) for c in configs] == [
        ("every-frame", 0.25, 1.0),
        ("every-3", 0.083333, 0.5),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("stride,c1\n1,1\n", "line 1: is 'stride,c1', expected subsampling"),
        ("subsampling,c1,c1\n1,1,1\n", "line 1: is"),
        ("subsampling\n1\n", "line 1: is"),
        ("subsampling,c1\n", "has no points"),
        ("subsampling,c1\n2,1\n", "line 2, column subsampling: is 2, expected numbers"),
        ("subsampling,c1\n1,1\n1,1\n", "line 3, column subsampling: is 1, expected"),
        ("subsampling,c1\n1,1\n2.5,1\n", "is '2.5', expected a whole number"),
        ("subsampling,c1\n1,0.9\n", "line 2, column c1: is 0.9, expected 1"),
        ("subsampling,c1\n1,1\n2,1.5\n", "line 3, column c1: is '1.5', expected a"),
        ("subsampling,c1\n1,1\n2,nan\n", "line 3, column c1: is 'nan', expected a"),
        ("subsampling,c1\n1,1\n2,0_1\n", "line 3, column c1: is '0_1', expected a"),
        ("subsampling,c1\n1,1\n2\n", "line 3: has 1 cells, expected 2"),
        ("subsampling,c1\n1,\x00\n", "line 2, column c1: is"),
    ],
)
def test_other_tables_are_no_curves(text: str, message: str, tmp_path: Path) -> None:
    """Each refusal names the file, the line and the column."""
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(InvalidInstance) as refusal:
        read_sampling_curves(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert message in str(refusal.value)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 and missing files raise the toolkit's errors."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"subsampling,c\xff\n")
    with pytest.raises(InvalidInstance, match="not UTF-8"):
        read_sampling_curves(path)
    with pytest.raises(EkyaOptError, match="cannot be read"):
        read_sampling_curves(tmp_path / "none.csv")


def test_throughput_is_relative_to_the_whole_gpu(tmp_path: Path) -> None:
    """8, 5 and 4 s at 25, 50 and 100 % are speeds of 0.5, 0.8 and 1."""
    root = write_clone(tmp_path, table_rows())
    assert read_throughput(root / THROUGHPUT) == ((0.25, 0.5), (0.5, 0.8), (1.0, 1.0))


@pytest.mark.parametrize(
    ("shares", "place"),
    [
        ([(25, 8.0), (50, 4.0)], "cells[1].outputs[0], alloc: does not end at 100"),
        ([(50, 8.0), (25, 4.0)], "rows[1].alloc: is 25, expected percentages"),
        ([(50, 4.0), (75, 5.0), (100, 3.0)], "rows[1].time: is 5, expected at most"),
        ([(50, 0.0), (100, 3.0)], "rows[0].time: is '0.000000', expected a number"),
    ],
)
def test_other_tables_are_no_throughput(
    shares: Sequence[tuple[int, float]], place: str, tmp_path: Path
) -> None:
    """Each refusal names the row and the column."""
    root = write_clone(tmp_path, table_rows(), shares=shares)
    with pytest.raises(InvalidInstance) as refusal:
        read_throughput(root / THROUGHPUT)
    assert place in str(refusal.value)


def test_a_notebook_without_the_table_is_refused(tmp_path: Path) -> None:
    """The refusal says which columns a table should have."""
    path = write(tmp_path / "a.ipynb", json.dumps(notebook("<p>nothing</p>")))
    with pytest.raises(InvalidInstance, match="columns alloc, time"):
        read_throughput(path)
