"""Streams out of the rows of a table, window by window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.table_columns import NamedColumns, Row
from instances.instance import Estimate, InferenceConfig, RetrainingConfig, Stream

NO_CONFIG = "none"
CONFIG_ORIGIN = {
    "name": "config",
    "gpu_seconds": "gpu_seconds",
    "accuracy": "accuracy",
    "delay_seconds": "delay_seconds",
}
ESTIMATE_ORIGIN = {
    "gpu_seconds": "estimated_gpu_seconds",
    "accuracy": "estimated_accuracy",
}
INFERENCE_ORIGIN = {
    "name": "config",
    "gpus": "gpus",
    "relative_accuracy": "relative_accuracy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A number that must be the same in all rows of a stream, and its first place."""

    value: float
    row: Row
    name: str


def is_no_config(label: str | None) -> bool:
    """Return whether a config's cell says that the row has no config."""
    return label is None or label.lower() == NO_CONFIG


def rows_by_window(columns: NamedColumns) -> dict[str, dict[str, list[Row]]]:
    """Return the rows of each stream of each window, all in the table's order.

    Without a column ``window`` there is one window, named by the empty text.
    """
    windows: dict[str, dict[str, list[Row]]] = {}
    for row in columns.rows():
        stream = row.needed_text("stream")
        window = row.needed_text("window") if "window" in columns.indices else ""
        windows.setdefault(window, {}).setdefault(stream, []).append(row)
    return windows


def stream_of(
    name: str, rows: Sequence[Row], inference: tuple[InferenceConfig, ...]
) -> Stream:
    """Return the stream that its rows of one window describe.

    Raises
    ------
    InvalidInstance
        If a cell is missing or outside its domain, a config comes twice, or the
        rows disagree on what belongs to the stream; the message names the row and
        the column.
    """
    configs: dict[str, Row] = {}
    for row in rows:
        label = row.text("config")
        key = "" if label is None or is_no_config(label) else label
        if key in configs:
            raise row.refused("config", _twice(key, name, configs[key]))
        configs[key] = row
    start = _constant(_starts(rows))
    if start is None:
        message = f"stream {shown(name)} has no accuracy at the window's start, "
        message += "expected it in a column start_accuracy or in a row whose config "
        message += f"is empty or {NO_CONFIG}"
        raise InvalidInstance(message, rows[0].place, rows[0].columns.table.file)
    found = {"accuracy": start}
    for field in ("weight", "min_accuracy"):
        own = _constant(_cells(rows, field))
        if own is not None:
            found[field] = own
    values: dict[str, Any] = {field: each.value for field, each in found.items()}
    retraining = tuple(_config(key, row) for key, row in configs.items() if key)
    try:
        return Stream(name=name, retraining=retraining, inference=inference, **values)
    except InvalidInstance as problem:
        if problem.place in found:
            origin = found[problem.place]
            raise origin.row.out_of_domain(origin.name, problem.problem) from None
        raise rows[0].refused("stream", problem.problem) from None


def inference_of(
    columns: NamedColumns, streams: Iterable[str]
) -> dict[str, tuple[InferenceConfig, ...]]:
    """Return the inference configs of each stream; rows without a stream are for all.

    Raises
    ------
    InvalidInstance
        If a cell is missing or outside its domain, a stream is unknown or has no
        config, or a config comes twice for a stream.
    """
    found: dict[str, dict[str, tuple[InferenceConfig, Row]]] = {}
    found.update((stream, {}) for stream in streams)
    for row in columns.rows():
        stream, label = row.text("stream"), row.needed_text("config")
        config = row.build(
            InferenceConfig,
            INFERENCE_ORIGIN,
            name=label,
            gpus=row.needed_number("gpus"),
            relative_accuracy=row.needed_number("relative_accuracy"),
        )
        if stream is not None and stream not in found:
            message = f"is {shown(stream)}, which has no retraining rows"
            raise row.refused("stream", message)
        for each in found if stream is None else (stream,):
            if label in found[each]:
                raise row.refused("config", _twice(label, each, found[each][label][1]))
            found[each][label] = (config, row)
    for stream, configs in found.items():
        if not configs:
            message = f"has no inference config for stream {shown(stream)}"
            raise InvalidInstance(message, file=columns.table.file)
    return {
        stream: tuple(config for config, _ in configs.values())
        for stream, configs in found.items()
    }


def _config(label: str, row: Row) -> RetrainingConfig:
    return row.build(
        RetrainingConfig,
        CONFIG_ORIGIN,
        name=label,
        gpu_seconds=row.needed_number("gpu_seconds"),
        accuracy=row.needed_number("accuracy"),
        delay_seconds=row.number("delay_seconds") or 0.0,
        estimate=_estimate(row),
    )


def _estimate(row: Row) -> Estimate | None:
    """Return the estimate in a row; half an estimate is refused."""
    values = {name: row.number(name) for name in ESTIMATE_ORIGIN.values()}
    missing = [name for name, value in values.items() if value is None]
    if len(missing) == len(values):
        return None
    if missing:
        given = next(name for name in values if name not in missing)
        raise row.refused(missing[0], f"is empty, expected a number beside {given}")
    fields = {field: values[name] for field, name in ESTIMATE_ORIGIN.items()}
    return row.build(Estimate, ESTIMATE_ORIGIN, **fields)


def _starts(rows: Iterable[Row]) -> list[Found]:
    """Return every start accuracy that the rows of a stream state."""
    found = []
    for row in rows:
        found += _cells([row], "start_accuracy")
        if is_no_config(row.text("config")):
            found += _cells([row], "accuracy")
            if row.number("gpu_seconds"):
                message = f"is {shown(row.cell('gpu_seconds'))}, expected 0 or nothing "
                raise row.refused("gpu_seconds", message + "in a row without a config")
    return found


def _cells(rows: Iterable[Row], name: str) -> list[Found]:
    numbers = ((row, row.number(name)) for row in rows)
    return [
        Found(value=number, row=row, name=name)
        for row, number in numbers
        if number is not None
    ]


def _constant(found: Sequence[Found]) -> Found | None:
    """Return the first of the numbers after checking that all are the same."""
    for other in found[1:]:
        first = found[0]
        if other.value != first.value:
            message = f"is {other.value:g}, but {first.row.place} has {first.value:g}"
            message += ", expected one value for a stream in a window"
            raise other.row.refused(other.name, message)
    return found[0] if found else None


def _twice(label: str, stream: str, first: Row) -> str:
    what = f"is {shown(label)}" if label else "is empty or none"
    message = f"{what} a second time for stream {shown(stream)}, after {first.place}"
    has_window = "window" in first.columns.indices
    return message if has_window else message + " (no column window)"
