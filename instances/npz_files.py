"""Columns in ``.npz`` files: instances of up to millions of streams."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instances.checks import shown
from instances.column_checks import Floats
from instances.columns import WINDOW_FIELDS, Columns
from instances.errors import InvalidData, InvalidInstance
from instances.json_files import parse_json
from instances.names import Names
from instances.npz_arrays import Arrays, read_arrays, scalar, write_arrays

REQUIRED_COLUMNS = (
    "accuracy",
    "retraining_offsets",
    "gpu_seconds",
    "retrained_accuracy",
    "inference_offsets",
    "demand_gpus",
    "relative_accuracy",
)
OPTIONAL_COLUMNS = {
    "weight": 1.0,
    "stream_min_accuracy": np.nan,
    "delay_seconds": 0.0,
    "estimated_gpu_seconds": np.nan,
    "estimated_accuracy": np.nan,
}
"""Columns that a file lacks where every entry is this default."""

NAME_COLUMNS = ("stream_names", "retraining_names", "inference_names")
CODES = "_codes"
REQUIRED = ("name", "window_seconds", "gpus", "units_per_gpu", *REQUIRED_COLUMNS)
KNOWN = (
    *WINDOW_FIELDS,
    *REQUIRED_COLUMNS,
    *OPTIONAL_COLUMNS,
    *NAME_COLUMNS,
    *(name + CODES for name in NAME_COLUMNS),
)


def write_columns(
    columns: Columns, path: str | Path, *, compressed: bool = False
) -> None:
    """Write columns to an ``.npz`` file, all or nothing.

    Any program that reads NumPy's format can read it, and ``numpy.savez`` writes it:
    one array for each field of :class:`instances.columns.Columns`, under its name.
    V, N and M are the numbers of streams, of retraining and of inference configs.

    ================================== ======== ===================================
    array                              shape    content
    ================================== ======== ===================================
    schema_version                     ()       1
    name, reallocation                 ()       text
    window_seconds, gpus,              ()       numbers
    units_per_gpu, slot_seconds,
    min_accuracy
    training_throughput                (P, 2)   points (gpus, speed)
    metadata                           ()       the text of a JSON object
    accuracy, weight,                  (V,)     numbers, NaN for no own floor
    stream_min_accuracy
    retraining_offsets,                (V + 1,) integers; the configs of stream v
    inference_offsets                           start at offsets[v] and end before
                                                offsets[v + 1]
    gpu_seconds, retrained_accuracy,   (N,)     numbers
    delay_seconds
    estimated_gpu_seconds,             (N,)     numbers, NaN for no estimate
    estimated_accuracy
    demand_gpus, relative_accuracy     (M,)     numbers
    stream_names, retraining_names,    (any,)   distinct texts
    inference_names
    stream_names_codes,                (V,),    integers: entry i has the name
    retraining_names_codes,            (N,),    names[codes[i]]
    inference_names_codes              (M,)
    ================================== ======== ===================================

    Required are schema_version, name, window_seconds, gpus, units_per_gpu and the
    columns that :class:`instances.columns.Columns` requires; an array that only says
    the default is left out. Numbers may have any type; they are written as float64,
    offsets as int64 and codes as the smallest unsigned integers. Nothing is pickled.

    Raises
    ------
    EkyaOptError
        If the file cannot be written.
    """
    write_arrays(Path(path), _arrays_of(columns), compressed=compressed)


def read_columns(path: str | Path) -> Columns:
    """Return the columns in an ``.npz`` file; :func:`write_columns` has the format.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the format; the message names the file, the
        array and the entry, what was found and what was expected.
    InstanceTooLarge
        If the arrays do not fit into memory.
    EkyaOptError
        If the file cannot be read.
    """
    arrays = read_arrays(Path(path), KNOWN, REQUIRED, InvalidInstance)
    try:
        return _columns_of(arrays)
    except InvalidData as problem:
        raise problem.in_file(str(path)) from None


def _arrays_of(columns: Columns) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    window = columns.window()
    metadata = window.pop("metadata")
    for name, value in window.items():
        if value is not None:
            arrays[name] = str(value) if name == "reallocation" else value
    if metadata:
        arrays["metadata"] = json.dumps(dict(metadata), allow_nan=False)
    arrays |= {name: getattr(columns, name) for name in REQUIRED_COLUMNS}
    for name, default in OPTIONAL_COLUMNS.items():
        column = getattr(columns, name)
        if column is not None and not _is_everywhere(default, column):
            arrays[name] = column
    for name in NAME_COLUMNS:
        names = getattr(columns, name)
        if names is not None:
            arrays[name] = np.array(names.values, dtype=np.str_)
            arrays[name + CODES] = names.codes
    return arrays


def _is_everywhere(default: float, column: Floats) -> bool:
    same = np.isnan(column) if np.isnan(default) else column == default
    return bool(same.all())


def _columns_of(arrays: Arrays) -> Columns:
    fields: dict[str, Any] = dict(arrays)
    for name in WINDOW_FIELDS:
        if name in fields and name != "training_throughput":
            fields[name] = scalar(arrays[name], name, InvalidInstance)
    if "training_throughput" in fields:
        fields["training_throughput"] = arrays["training_throughput"].tolist()
    if "metadata" in fields:
        fields["metadata"] = _metadata(fields["metadata"])
    for name in NAME_COLUMNS:
        codes = fields.pop(name + CODES, None)
        if (codes is None) != (name not in fields):
            missing = name + CODES if codes is None else name
            raise InvalidInstance("is missing", missing)
        if codes is not None:
            fields[name] = _names(arrays[name], codes, name)
    return Columns(**fields)


def _metadata(text: Any) -> Any:
    if not isinstance(text, str):
        raise InvalidInstance(f"is {shown(text)}, expected JSON text", "metadata")
    try:
        return parse_json(text, InvalidInstance)
    except InvalidData as problem:
        raise problem.within("metadata") from None


def _names(values: NDArray[Any], codes: NDArray[Any], name: str) -> Names:
    if values.ndim != 1 or values.dtype.kind != "U":
        message = f"is {values.dtype} of shape {values.shape}, expected texts in one"
        raise InvalidInstance(f"{message} dimension", name)
    try:
        return Names(tuple(values.tolist()), codes)
    except InvalidData as problem:
        place = problem.place.replace("values", name).replace("codes", name + CODES)
        said = problem.problem.replace("values[", f"{name}[")
        raise InvalidInstance(said, place) from None
