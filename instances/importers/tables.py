"""Instances out of people's own logs: a table with a row for each retraining config."""

import re
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.checks import shown
from instances.errors import InvalidInstance, InvalidOption
from instances.importers.table_columns import (
    NamedColumns,
    check_renamed,
    checked_factors,
    find_columns,
)
from instances.importers.table_files import Table, read_table, table_of_frame
from instances.importers.table_windows import inference_of, rows_by_window, stream_of
from instances.instance import InferenceConfig, Instance, Stream

if TYPE_CHECKING:
    from typing import Unpack

    from pandas import DataFrame

    from instances.generators.assembly import ServerOptions

IMPORTER_VERSION = 1
NEEDED = ("stream", "config", "gpu_seconds", "accuracy")
OPTIONAL = (
    "window",
    "start_accuracy",
    "delay_seconds",
    "estimated_gpu_seconds",
    "estimated_accuracy",
    "weight",
    "min_accuracy",
)
INFERENCE_NEEDED = ("config", "gpus", "relative_accuracy")
INFERENCE_OPTIONAL = ("stream",)
SHARED = ("stream", "config")
"""Columns of both tables, renamed in the inference table only where it has them."""

SUFFIXES = (".gz", ".csv", ".tsv", ".txt", ".parquet", ".pq")
SERVER = {"units_per_gpu": 20, "window_seconds": 200.0}
SERVER_FIELDS = (
    *SERVER,
    "reallocation",
    "slot_seconds",
    "min_accuracy",
    "training_throughput",
)


def import_table(
    source: "str | PathLike[str] | DataFrame",
    *,
    inference: "str | PathLike[str] | DataFrame | None" = None,
    inference_gpus: float = 0.25,
    columns: Mapping[str, str] | None = None,
    scale: Mapping[str, float] | None = None,
    percent: bool = False,
    window: str | None = None,
    name: str | None = None,
    delimiter: str = ",",
    gpus: float = 1.0,
    **server: "Unpack[ServerOptions]",
) -> list[Instance]:
    """Return the instances in a table, one for each window, in the table's order.

    A row is a retraining config of a stream in a window. Columns: ``stream``,
    ``config``, ``gpu_seconds`` (on a whole GPU) and ``accuracy`` (in [0, 1]);
    ``window`` if there are several; ``start_accuracy``, the accuracy of the model
    held at the window's start, the same in all rows of the stream. A row whose
    ``config`` is empty or ``none`` states it instead, in ``accuracy``. Optional:
    ``delay_seconds``, ``estimated_gpu_seconds`` with ``estimated_accuracy``,
    ``weight``, ``min_accuracy``. Empty cells keep the defaults of
    :class:`~instances.instance.Stream` and its parts; other columns are left alone.

    Parameters
    ----------
    source
        CSV file (UTF-8, gzip too), Parquet file, or a DataFrame.
    inference
        Table of inference configs: ``config``, ``gpus``, ``relative_accuracy``, and
        ``stream`` unless every row is for all streams. ``None``: one config
        ``every-frame`` that keeps the whole accuracy.
    inference_gpus
        GPUs that ``every-frame`` needs.
    columns
        Own names of columns, such as ``{"gpu_seconds": "cost_s"}``; for both tables.
    scale
        Factors of columns, such as ``{"gpu_seconds": 0.001}`` for milliseconds.
    percent
        Whether the accuracies of the source, not the relative ones, are percentages.
    window
        The only window to import; ``None`` means all.
    name
        Start of the instances' names; the file's stem by default.
    delimiter
        Between the cells of CSV.
    gpus
        GPUs of the server.
    **server
        Further fields of the instance: units_per_gpu (20), window_seconds (200),
        reallocation, slot_seconds, min_accuracy, training_throughput.

    Raises
    ------
    InvalidInstance
        If the table or a field is wrong; the message names the file, the row (the
        header of CSV is line 1), the column, the value and what was expected.
    InvalidOption
        If an option is outside its domain.
    EkyaOptError
        If a file cannot be read.
    """
    renamed = dict(columns or {})
    check_renamed(renamed, (*NEEDED, *OPTIONAL, *INFERENCE_NEEDED[1:]))
    factors = checked_factors(scale or {}, percent)
    every_frame = _every_frame(inference_gpus)
    title = _title(source) if name is None else name
    frame = _frame(title, every_frame, gpus, server)

    found = _columns(_table(source, delimiter), renamed, factors)
    windows = rows_by_window(found)
    chosen = _chosen(windows, window, found)
    metadata: dict[str, Any] = {
        **_provenance(found),
        "scale": factors,
        "inference": f"every-frame at {inference_gpus:g} GPUs",
        "importer_version": IMPORTER_VERSION,
    }
    names = dict.fromkeys(stream for each in windows.values() for stream in each)
    configs: Mapping[str, tuple[InferenceConfig, ...]]
    configs = dict.fromkeys(names, (every_frame,))
    if inference is not None:
        table = _inference_columns(_table(inference, delimiter), renamed, factors)
        configs = inference_of(table, names)
        metadata["inference"] = _provenance(table)

    instances = []
    for label in chosen:
        streams = tuple(
            stream_of(stream, rows, configs[stream])
            for stream, rows in windows[label].items()
        )
        own = f"{title}-window{label}" if label else title
        remarks = {**metadata, **({"window": label} if label else {})}
        instances.append(replace(frame, name=own, streams=streams, metadata=remarks))
    if percent:
        _check_percentages(instances, found)
    return instances


def file_names(instances: list[Instance]) -> list[str]:
    """Return a file name for each instance, its name without what files cannot have.

    Raises
    ------
    InvalidInstance
        If two instances would share a file.
    """
    seen: dict[str, str] = {}
    for instance in instances:
        file = re.sub(r"[^\w.-]", "-", instance.name).lstrip(".") + ".json"
        if file in seen:
            message = f"{shown(seen[file])} and {shown(instance.name)} would both be "
            raise InvalidInstance(f"{message}the file {file}, expected unlike names")
        seen[file] = instance.name
    return list(seen)


def _every_frame(gpus: float) -> InferenceConfig:
    try:
        return InferenceConfig(name="every-frame", gpus=gpus, relative_accuracy=1)
    except InvalidInstance as problem:
        raise InvalidOption(f"inference_gpus {problem.problem}") from None


def _frame(
    name: str, inference: InferenceConfig, gpus: float, server: "ServerOptions"
) -> Instance:
    """Return an instance around a placeholder, which checks the server's fields."""
    stream = Stream(name="placeholder", accuracy=0, inference=(inference,))
    for field in server:
        if field not in SERVER_FIELDS:
            known = ", ".join(SERVER_FIELDS)
            raise InvalidOption(f"no option {shown(field)}; there are gpus, {known}")
    fields: dict[str, Any] = {**SERVER, **server}
    return Instance(name=name, gpus=gpus, streams=(stream,), **fields)


def _title(source: "str | PathLike[str] | DataFrame") -> str:
    """Return the file's name without its endings."""
    if not isinstance(source, str | PathLike):
        return "table"
    path = Path(fspath(source))
    while path.suffix.lower() in SUFFIXES:
        path = path.with_suffix("")
    return path.name


def _table(source: "str | PathLike[str] | DataFrame", delimiter: str) -> Table:
    if isinstance(source, str | PathLike):
        return read_table(fspath(source), delimiter)
    if not hasattr(source, "itertuples"):
        message = f"table is {shown(source)}, expected a file's path or a DataFrame"
        raise InvalidOption(message)
    return table_of_frame(source, "DataFrame")


def _columns(
    table: Table, renamed: Mapping[str, str], factors: Mapping[str, float]
) -> NamedColumns:
    known = (*NEEDED, *OPTIONAL)
    own = {name: column for name, column in renamed.items() if name in known}
    return find_columns(table, NEEDED, OPTIONAL, own, factors)


def _inference_columns(
    table: Table, renamed: Mapping[str, str], factors: Mapping[str, float]
) -> NamedColumns:
    own = {
        name: column
        for name, column in renamed.items()
        if name in INFERENCE_NEEDED[1:] or (name in SHARED and column in table.columns)
    }
    return find_columns(table, INFERENCE_NEEDED, INFERENCE_OPTIONAL, own, factors)


def _chosen(
    windows: Mapping[str, Any], window: str | None, columns: NamedColumns
) -> list[str]:
    """Return the labels of the windows to import."""
    if window is None:
        return list(windows)
    label = str(window)
    if label not in windows:
        has = "window" in columns.indices
        listed = ", ".join(map(shown, windows)) if has else "no column window"
        message = f"has no window {shown(label)}, found {listed[:200]}"
        raise InvalidInstance(message, file=columns.table.file)
    return [label]


def _provenance(columns: NamedColumns) -> dict[str, Any]:
    table = columns.table
    return {
        "source": "import table",
        "file": Path(table.file).name,
        "sha256": table.sha256,
        "rows": len(table.rows),
        "columns": columns.names,
        "unused_columns": columns.unused,
    }


def _check_percentages(instances: list[Instance], columns: NamedColumns) -> None:
    """Refuse fractions that were read as percentages: none would be above 1 %."""
    accuracies = [
        accuracy
        for instance in instances
        for stream in instance.streams
        for accuracy in (stream.accuracy, *(g.accuracy for g in stream.retraining))
    ]
    if 0 < max(accuracies) <= 0.01:
        message = "has no accuracy above 1, expected percentages"
        raise InvalidInstance(message, file=columns.table.file)
