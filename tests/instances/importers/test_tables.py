"""Tables of measurements: what they become, what is refused, and the way back."""

import csv
import gzip
import hashlib
import sys
import tempfile
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances import (
    EkyaOptError,
    Estimate,
    InferenceConfig,
    Instance,
    InvalidInstance,
    InvalidOption,
    RetrainingConfig,
)
from instances.importers.table_frames import inference_table_of, table_of
from instances.importers.tables import file_names, import_table
from tests import small
from tests.strategies import instances

HEADER = "stream,window,config,gpu_seconds,accuracy,start_accuracy"
LOG = f"""{HEADER}
A,1,fast,10,0.7,0.6
A,1,slow,40,0.8,0.6
B,1,fast,12,0.5,0.4
A,2,fast,11,0.75,0.65
"""
EVERY_FRAME = InferenceConfig(name="every-frame", gpus=0.25, relative_accuracy=1)


def written(tmp_path: Path, text: str, name: str = "log.csv") -> Path:
    """Write a text to a file and return its path."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str, **options: Any) -> str:
    """Return why the table in a text is refused, without the file's name."""
    path = written(tmp_path, text)
    with pytest.raises(InvalidInstance) as caught:
        import_table(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    return message.removeprefix(f"{path}: ")


def test_each_window_is_an_instance(tmp_path: Path) -> None:
    """Rows become configs, in their order, of the streams of their window."""
    first, second = import_table(written(tmp_path, LOG), gpus=2, window_seconds=60)
    assert (first.name, second.name) == ("log-window1", "log-window2")
    assert (first.gpus, first.units_per_gpu, first.window_seconds) == (2, 20, 60)
    a, b = first.streams
    assert (a.name, a.accuracy, b.name, b.accuracy) == ("A", 0.6, "B", 0.4)
    assert a.retraining == (
        RetrainingConfig(name="fast", gpu_seconds=10, accuracy=0.7),
        RetrainingConfig(name="slow", gpu_seconds=40, accuracy=0.8),
    )
    assert a.inference == b.inference == (EVERY_FRAME,)
    assert [stream.name for stream in second.streams] == ["A"]
    assert second.streams[0].accuracy == 0.65


def test_optional_columns_and_empty_cells(tmp_path: Path) -> None:
    """Optional cells are read where they are filled and keep defaults elsewhere."""
    text = """stream,config,gpu_seconds,accuracy,delay_seconds,estimated_gpu_seconds,\
estimated_accuracy,weight,min_accuracy
A,g,10,0.7,5,9,0.75,2,0.3
A,h,20,0.8,,,,,
A,,,0.6,,,,,
B,NONE,0,0.5,,,,,
"""
    (instance,) = import_table(written(tmp_path, text))
    a, b = instance.streams
    assert instance.name == "log"
    assert (a.weight, a.min_accuracy, a.accuracy) == (2, 0.3, 0.6)
    estimate = Estimate(gpu_seconds=9, accuracy=0.75)
    assert a.retraining == (
        RetrainingConfig(
            name="g",
            gpu_seconds=10,
            accuracy=0.7,
            delay_seconds=5,
            estimate=estimate,
        ),
        RetrainingConfig(name="h", gpu_seconds=20, accuracy=0.8),
    )
    assert (b.weight, b.min_accuracy, b.accuracy, b.retraining) == (1, None, 0.5, ())


def test_columns_are_renamed_and_scaled(tmp_path: Path) -> None:
    """Own names, milliseconds and percentages give the numbers meant, exactly."""
    text = "cam,config,ms,acc,start_accuracy,note\nA,g,2500,57,29,x\n"
    (instance,) = import_table(
        written(tmp_path, text),
        columns={"stream": "cam", "gpu_seconds": "ms", "accuracy": "acc"},
        scale={"gpu_seconds": 0.001},
        percent=True,
    )
    (stream,) = instance.streams
    assert stream.accuracy == 0.29
    assert stream.retraining[0].gpu_seconds == 2.5
    assert stream.retraining[0].accuracy == 0.57
    assert instance.metadata["columns"]["gpu_seconds"] == "ms"
    assert instance.metadata["unused_columns"] == ["note"]


def test_metadata_say_where_the_numbers_are_from(tmp_path: Path) -> None:
    """The file's name without its folder, its SHA-256, its rows and the window."""
    path = written(tmp_path, LOG)
    _, second = import_table(path)
    assert second.metadata["file"] == "log.csv"
    assert second.metadata["sha256"] == hashlib.sha256(LOG.encode()).hexdigest()
    assert (second.metadata["rows"], second.metadata["window"]) == (4, "2")


def test_inference_tables_are_for_one_stream_or_for_all(tmp_path: Path) -> None:
    """A row that names no stream is for all of them, in the table's order."""
    inference = "stream,config,gpus,relative_accuracy\n,full,0.5,1\nB,half,0.25,0.9\n"
    path = written(tmp_path, inference, "inference.csv")
    first, _ = import_table(written(tmp_path, LOG), inference=path)
    full = InferenceConfig(name="full", gpus=0.5, relative_accuracy=1)
    half = InferenceConfig(name="half", gpus=0.25, relative_accuracy=0.9)
    assert [stream.inference for stream in first.streams] == [(full,), (full, half)]
    assert first.metadata["inference"]["file"] == "inference.csv"


@pytest.mark.parametrize(
    ("inference", "expected"),
    [
        ("config,gpus\nfull,1\n", "has no column 'relative_accuracy'"),
        (
            "stream,config,gpus,relative_accuracy\nC,full,1,1\n",
            "line 2, column 'stream': is 'C', which has no retraining rows",
        ),
        (
            "stream,config,gpus,relative_accuracy\nA,full,1,1\n",
            "has no inference config for stream 'B'",
        ),
        (
            "config,gpus,relative_accuracy\nfull,1,1\nfull,2,1\n",
            "line 3, column 'config': is 'full' a second time for stream 'A', "
            "after line 2",
        ),
        (
            "config,gpus,relative_accuracy\nfull,1,1.5\n",
            "line 2, column 'relative_accuracy': is 1.5, expected a number",
        ),
    ],
)
def test_wrong_inference_tables_are_refused(
    tmp_path: Path, inference: str, expected: str
) -> None:
    """A mistake in the inference table is reported with that file's name."""
    path = written(tmp_path, inference, "inference.csv")
    with pytest.raises(InvalidInstance) as caught:
        import_table(written(tmp_path, LOG), inference=path)
    assert str(caught.value).startswith(f"{path}: {expected}")


BAD_CELLS = {
    "nan": ("A,1,g,nan,0.7,0.6", "'gpu_seconds': is 'nan', expected a number"),
    "infinite": ("A,1,g,inf,0.7,0.6", "'gpu_seconds': is 'inf', expected a number"),
    "huge": ("A,1,g,1e999,0.7,0.6", "'gpu_seconds': is inf, expected a number of"),
    "empty": ("A,1,g,,0.7,0.6", "'gpu_seconds': is empty, expected a number"),
    "word": ("A,1,g,ten,0.7,0.6", "'gpu_seconds': is 'ten', expected a number"),
    "underscore": ("A,1,g,1_0,0.7,0.6", "'gpu_seconds': is '1_0', expected a number"),
    "negative": ("A,1,g,-1,0.7,0.6", "'gpu_seconds': is -1.0, expected a number of"),
    "percentage": (
        "A,1,g,1,70,0.6",
        "'accuracy': is 70.0, expected a number of at least 0 and at most 1 "
        "(percentages are read with --percent)",
    ),
    "start": ("A,1,g,1,0.7,1.2", "'start_accuracy': is 1.2, expected a number of"),
    "decimal comma": (
        'A,1,g,"1,5",0.7,0.6',
        "'gpu_seconds': is '1,5', expected a number with a decimal point and no "
        "separators",
    ),
    "thousands": (
        'A,1,g,"1,234.5",0.7,0.6',
        "'gpu_seconds': is '1,234.5', expected a number with a decimal point and no "
        "separators",
    ),
    "stream": (",1,g,1,0.7,0.6", "'stream': is empty, expected a name"),
    "window": ("A,,g,1,0.7,0.6", "'window': is empty, expected a name"),
    "name": ("A,1,g\x07,1,0.7,0.6", r"'config': is 'g\x07', expected a non-empty"),
}


@pytest.mark.parametrize("case", BAD_CELLS)
def test_bad_cells_are_refused_by_line_and_column(tmp_path: Path, case: str) -> None:
    """A cell out of its domain is named with its line, its column and its value."""
    row, expected = BAD_CELLS[case]
    message = refusal(tmp_path, f"{HEADER}\nB,1,g,1,0.7,0.6\n{row}\n")
    assert message.startswith(f"line 3, column {expected}")


BAD_TABLES = {
    "empty": ("", "is empty, expected a header and rows"),
    "blank": ("\n\n", "is empty, expected a header and rows"),
    "no rows": (f"{HEADER}\n,,,,,\n", "has no rows below the header"),
    "missing column": (
        "stream,config,gpu_second,accuracy\nA,g,1,0.7\n",
        "has no column 'gpu_seconds', found 'stream', 'config', 'gpu_second', "
        "'accuracy'; closest is 'gpu_second' (--column gpu_seconds=gpu_second)",
    ),
    "capitals": (
        "Stream,config,gpu_seconds,accuracy\nA,g,1,0.7\n",
        "has no column 'stream', found 'Stream', 'config', 'gpu_seconds', 'accuracy'; "
        "closest is 'Stream' (--column stream=Stream)",
    ),
    "semicolons": (
        "stream;config\nA;g\n",
        "has no column 'stream', found 'stream;config'; the delimiter may be ';' "
        "(--delimiter)",
    ),
    "duplicate column": (
        "stream,config,accuracy,accuracy\nA,g,1,1\n",
        "line 1: holds the column 'accuracy' 2 times, expected it once",
    ),
    "short row": (f"{HEADER}\nA,1,g\n", "line 2: has 3 cells, expected 6 as in"),
    "bare decimal comma": (
        f"{HEADER}\nA,1,g,1,5,0.7,0.6\n",
        "line 2: has 7 cells, expected 6 as in the header (decimal commas are not",
    ),
    "open quote": (f'{HEADER}\nA,1,g,1,0.7,"0.6\n', "line 2: is not CSV: "),
    "twice": (
        f"{HEADER}\nA,1,g,1,0.7,0.6\nA,1,h,1,0.7,0.6\n\nA,1,g,2,0.7,0.6\n",
        "line 5, column 'config': is 'g' a second time for stream 'A', after line 2",
    ),
    "twice without windows": (
        "stream,config,gpu_seconds,accuracy,start_accuracy\n"
        "A,g,1,0.7,0.6\nA,g,1,0.7,0.6\n",
        "line 3, column 'config': is 'g' a second time for stream 'A', after line 2 "
        "(no column window)",
    ),
    "two starts": (
        f"{HEADER}\nA,1,g,1,0.7,0.6\nA,1,h,1,0.7,0.5\n",
        "line 3, column 'start_accuracy': is 0.5, but line 2 has 0.6, expected one",
    ),
    "two starts, one without a config": (
        f"{HEADER}\nA,1,g,1,0.7,0.6\nA,1,none,,0.5,\n",
        "line 3, column 'accuracy': is 0.5, but line 2 has 0.6, expected one value",
    ),
    "no start": (
        f"{HEADER}\nA,1,g,1,0.7,0.6\nA,2,g,1,0.7,\n",
        "line 3: stream 'A' has no accuracy at the window's start, expected it in",
    ),
    "cost without a config": (
        f"{HEADER}\nA,1,none,3,0.7,\n",
        "line 2, column 'gpu_seconds': is '3', expected 0 or nothing in a row without",
    ),
    "half an estimate": (
        f"{HEADER},estimated_gpu_seconds,estimated_accuracy\nA,1,g,1,0.7,0.6,,0.8\n",
        "line 2, column 'estimated_gpu_seconds': is empty, expected a number beside "
        "estimated_accuracy",
    ),
    "weight": (
        f"{HEADER},weight\nA,1,g,1,0.7,0.6,\nA,1,h,1,0.7,0.6,0\n",
        "line 3, column 'weight': is 0.0, expected a number of at least 1e-06",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_are_refused(tmp_path: Path, case: str) -> None:
    """What is wrong with the table as a whole is said in one line."""
    text, expected = BAD_TABLES[case]
    assert refusal(tmp_path, text).startswith(expected)


def test_renamed_columns_must_be_there(tmp_path: Path) -> None:
    """An optional column that is renamed is no longer optional."""
    message = refusal(tmp_path, LOG, columns={"weight": "w"})
    assert message.startswith("has no column 'w', found 'stream', 'window'")


def test_scaled_values_are_shown_as_they_lie_in_the_table(tmp_path: Path) -> None:
    """A number out of its domain after scaling is shown before and after."""
    message = refusal(tmp_path, f"{HEADER}\nA,1,g,1,120,60\n", percent=True)
    assert message.startswith("line 2, column 'accuracy': is 1.2, expected")
    assert message.endswith("('120' in the table, times 0.01)")


def test_fractions_are_no_percentages(tmp_path: Path) -> None:
    """A table whose accuracies are all below 1 is not read as percentages."""
    assert refusal(tmp_path, LOG, percent=True) == (
        "has no accuracy above 1, expected percentages"
    )


def test_unknown_windows_are_refused(tmp_path: Path) -> None:
    """One window is picked by its label, and an unknown one lists those there are."""
    (only,) = import_table(written(tmp_path, LOG), window="2")
    assert only.name == "log-window2"
    assert refusal(tmp_path, LOG, window="3") == "has no window '3', found '1', '2'"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04rest", "is a zip archive or a workbook"),
        (HEADER.encode("utf-16"), "is UTF-16 text, expected UTF-8"),
        (b"\x7fELF\x00\x01", "is not text (byte 4 is 0), expected CSV or Parquet"),
        (b"stream\nZ\xfcrich\n", "line 2: is not UTF-8 text (byte 8)"),
        (gzip.compress(LOG.encode())[:-9], "is not a whole gzip file"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that is no CSV is told from what it holds, not from its name."""
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInstance) as caught:
        import_table(path)
    assert str(caught.value).startswith(f"{path}: {expected}")


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """A file that is not there is named with the reason."""
    with pytest.raises(EkyaOptError, match=r"log\.csv: cannot be read: No such file"):
        import_table(tmp_path / "log.csv")


def test_spreadsheets_and_gzip_are_read(tmp_path: Path) -> None:
    """A byte order mark, semicolons, empty rows and compression change nothing."""
    plain = import_table(written(tmp_path, LOG))
    text = "\ufeff" + LOG.replace(",", " ; ") + " ; ; ; ; ; \r\n"
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert import_table(path, delimiter=";") == plain


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"columns": {"cost": "c"}}, "column map has 'cost', expected one of stream,"),
        ({"scale": {"stream": 2}}, "scale has 'stream', expected one of gpu_seconds,"),
        ({"scale": {"accuracy": 0}}, "scale of accuracy is 0, expected a number above"),
        ({"delimiter": ";;"}, "delimiter is ';;', expected one character"),
        ({"inference_gpus": -1}, "inference_gpus is -1, expected a number"),
        ({"window_second": 3}, "no option 'window_second'; there are gpus, units_"),
    ],
)
def test_bad_options_are_refused(
    tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    """An option that is unknown or outside its domain is refused by name."""
    with pytest.raises(InvalidOption) as caught:
        import_table(written(tmp_path, LOG), **options)
    assert str(caught.value).startswith(expected)


def test_fields_of_the_server_are_checked(tmp_path: Path) -> None:
    """GPUs that are no whole number of units are refused as in any instance."""
    with pytest.raises(InvalidInstance, match=r"^gpus: is 0\.33, expected"):
        import_table(written(tmp_path, LOG), gpus=0.33)


def test_file_names_hold_no_separators() -> None:
    """A name becomes a file name in one folder, and two never the same one."""
    instance = small.window(small.stream())
    day = replace(instance, name="../log-window2026/11/23 8:00")
    assert file_names([day]) == ["-log-window2026-11-23-8-00.json"]
    with pytest.raises(InvalidInstance, match=r"would both be the file a-b\.json"):
        file_names([replace(instance, name="a/b"), replace(instance, name="a b")])


def server_of(instance: Instance) -> dict[str, Any]:
    """Return the options that give an import the same server."""
    own = {"name", "streams", "metadata"}
    names = (field.name for field in fields(instance))
    return {name: getattr(instance, name) for name in names if name not in own}


@settings(max_examples=60, deadline=None)
@given(instance=instances())
def test_round_trip(instance: Instance) -> None:
    """An instance written as a table, in memory or as CSV, comes back equal."""
    rows, inference = table_of(instance), inference_table_of(instance)
    server = server_of(instance)
    (back,) = import_table(rows, inference=inference, **server)
    assert back.name == f"table-window{instance.name}"
    assert replace(back, name=instance.name) == instance
    with tempfile.TemporaryDirectory() as folder:
        files = (Path(folder) / "rows.csv", Path(folder) / "inference.csv.gz")
        for frame, path in zip((rows, inference), files, strict=True):
            frame.to_csv(path, index=False)
        (read,) = import_table(files[0], inference=files[1], **server)
    assert replace(read, name=instance.name) == instance


def test_frames_name_rows_from_one() -> None:
    """In a DataFrame rows count from 1 and missing values are empty cells."""
    frame = pd.DataFrame(
        {
            "stream": ["A", "A"],
            "window": [1.0, 1.0],
            "config": ["g", "h"],
            "gpu_seconds": [1.5, float("nan")],
            "accuracy": [0.7, 0.8],
            "start_accuracy": [0.6, None],
        }
    )
    message = r"^DataFrame: row 2, column 'gpu_seconds': is empty, expected a number$"
    with pytest.raises(InvalidInstance, match=message):
        import_table(frame)
    (instance,) = import_table(frame.head(1), name="mine")
    assert instance.name == "mine-window1"
    with pytest.raises(InvalidOption, match="expected a file's path or a DataFrame"):
        import_table([1])


def test_frames_hold_other_types_than_text() -> None:
    """Nullable integers, decimals and days are read; bytes and truths are refused."""
    frame = pd.DataFrame(
        {
            "stream": pd.array([7, 8], dtype="Int64"),
            "window": pd.to_datetime(["2026-11-23", "2026-11-23"]),
            "config": ["g", None],
            "gpu_seconds": [Decimal("1.50"), None],
            "accuracy": pd.array([0.7, 0.5], dtype="Float64"),
            "start_accuracy": [0.6, None],
        }
    )
    (instance,) = import_table(frame)
    assert instance.name == "table-window2026-11-23 00:00:00"
    assert [stream.name for stream in instance.streams] == ["7", "8"]
    assert [stream.accuracy for stream in instance.streams] == [0.6, 0.5]
    assert instance.streams[0].retraining[0].gpu_seconds == 1.5
    with pytest.raises(InvalidInstance, match="row 1, column 'stream': is b'A', exp"):
        import_table(frame.assign(stream=[b"A", b"B"]))
    with pytest.raises(InvalidInstance, match="row 1, column 'accuracy': is True, exp"):
        import_table(frame.assign(accuracy=[True, False]))


@settings(max_examples=150, deadline=None)
@given(
    cell=st.one_of(st.text(max_size=12), st.floats().map(str)),
    line=st.integers(1, 4),
    place=st.integers(0, 5),
)
def test_any_cell_is_read_or_refused_in_one_line(
    cell: str, line: int, place: int
) -> None:
    """Whatever stands in a cell of the log, it is a value or one printable line."""
    lines = [row.split(",") for row in LOG.splitlines()]
    lines[line][place] = cell
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            csv.writer(file).writerows(lines)
        made, message = outcome_of(path)
    assert message.startswith(f"{path}: ") == (not made)
    assert message.isprintable()
    configs = [len(stream.retraining) for each in made for stream in each.streams]
    assert not made or sum(configs) >= 3


def outcome_of(path: Path) -> tuple[list[Instance], str]:
    """Return the instances in a table, or none and why it is refused."""
    try:
        return import_table(path), ""
    except InvalidInstance as problem:
        return [], str(problem)


def test_tables_refuse_what_they_could_not_give_back() -> None:
    """A config called none and two instances of one name have no table."""
    stream = small.stream(retraining=(small.retraining(1, 1, name="None"),))
    instance = small.window(stream)
    with pytest.raises(InvalidInstance, match="which a table reads as no config"):
        table_of(instance)
    other = small.window(small.stream())
    with pytest.raises(InvalidInstance, match="is the name of several instances"):
        table_of([other, other])


def test_parquet_without_a_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet is known from its content; without a library one line names it."""
    for engine in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, engine, None)
    path = tmp_path / "log.bin"
    path.write_bytes(b"PAR1....PAR1")
    with pytest.raises(
        EkyaOptError, match="reading Parquet needs pyarrow: pip install"
    ):
        import_table(path)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    """The same table gives the same instances from Parquet; a broken file is named."""
    pytest.importorskip("pyarrow")
    path = tmp_path / "log.parquet"
    pd.read_csv(written(tmp_path, LOG)).to_parquet(path, engine="pyarrow")
    assert import_table(path) == import_table(tmp_path / "log.csv")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidInstance, match="is not a whole Parquet file"):
        import_table(path)
