"""Curves that Ekya's authors measured: frame sampling, and throughput under MPS."""

import csv
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from instances.checks import shown
from instances.errors import EkyaOptError, InvalidInstance, InvalidOption
from instances.importers.notebooks import find_table
from instances.importers.numbers import as_number
from instances.instance import InferenceConfig

EVERY_FRAME_GPUS = 0.25
"""GPUs that analyse every frame of one camera, the same for every network (Ekya)."""

STRIDE = "subsampling"
SHARE, SECONDS = "alloc", "time"

SamplingCurve = tuple[tuple[int, float], ...]
"""Points (n, relative accuracy): every n-th frame is analysed, n rises from 1."""


def read_sampling_curves(path: Path) -> dict[str, SamplingCurve]:
    """Return the frame-sampling curve of each camera in a CSV file.

    The file is Ekya's ``real_inference_profiles.csv``: a column ``subsampling`` with
    rising whole numbers from 1, and one column a camera with the accuracy relative to
    that of every frame, in [0, 1].

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidInstance
        If it has another shape; the message names the line and the column.
    """
    header, *rows = _csv_rows(path)
    if header[0] != STRIDE or len(header) < 2 or len(set(header)) < len(header):
        message = f"is {shown(','.join(header))}, expected {STRIDE} and then one name"
        raise InvalidInstance(message + " for each camera", "line 1", str(path))
    points: dict[str, list[tuple[int, float]]] = {name: [] for name in header[1:]}
    last = 0
    for line, row in enumerate(rows, start=2):
        place = f"line {line}"
        if len(row) != len(header):
            message = f"has {len(row)} cells, expected {len(header)}"
            raise InvalidInstance(message, place, str(path))
        cell = f"{place}, column {STRIDE}"
        stride = as_number(row[0], cell, path, low=1, whole=True)
        if (last == 0 and stride != 1) or stride <= last:
            message = f"is {row[0]}, expected numbers that rise from 1"
            raise InvalidInstance(message, cell, str(path))
        last = int(stride)
        for name, text in zip(header[1:], row[1:], strict=True):
            cell = f"{place}, column {name}"
            points[name].append((last, as_number(text, cell, path, high=1)))
    if not rows:
        raise InvalidInstance("has no points, expected at least one", file=str(path))
    for name, curve in points.items():
        if curve[0][1] != 1:
            message = f"is {curve[0][1]:g}, expected 1, the accuracy at every frame"
            raise InvalidInstance(message, f"line 2, column {name}", str(path))
    return {name: tuple(curve) for name, curve in points.items()}


def inference_configs(
    curve: SamplingCurve, every_frame_gpus: float = EVERY_FRAME_GPUS
) -> tuple[InferenceConfig, ...]:
    """Return an inference config for each point of a frame-sampling curve.

    Analysing every n-th frame needs ``every_frame_gpus / n`` GPUs, rounded to 6
    decimals; the config's name is ``every-frame`` or ``every-n``.
    """
    return tuple(
        InferenceConfig(
            name="every-frame" if stride == 1 else f"every-{stride}",
            gpus=round(every_frame_gpus / stride, 6),
            relative_accuracy=relative_accuracy,
        )
        for stride, relative_accuracy in curve
    )


def assigned_configs(
    path: Path,
    curves: Mapping[str, SamplingCurve],
    streams: Sequence[str],
    camera: str | None,
) -> Mapping[str, tuple[str, tuple[InferenceConfig, ...]]]:
    """Return each stream's camera and the inference configs of that one's curve.

    Parameters
    ----------
    path
        The curves' file, for the error.
    curves
        As :func:`read_sampling_curves` returns them.
    streams
        Names of streams.
    camera
        The camera of all streams; ``None`` takes the cameras in turn.

    Raises
    ------
    InvalidOption
        If there is no such camera.
    """
    if camera is not None and camera not in curves:
        message = f"camera is {shown(camera)}, expected one of {', '.join(curves)}"
        raise InvalidOption(f"{path}: {message}")
    names = tuple(curves) if camera is None else (camera,)
    configs = {name: inference_configs(curves[name]) for name in names}
    assigned = {stream: names[v % len(names)] for v, stream in enumerate(streams)}
    return {stream: (name, configs[name]) for stream, name in assigned.items()}


def read_throughput(path: Path) -> tuple[tuple[float, float], ...]:
    """Return the training throughput that a notebook's MPS table states.

    The table is Ekya's ``data.groupby('alloc').mean()``: seconds of one retraining
    (``time``) for each rising percentage of a GPU's threads (``alloc``), up to 100. A
    point is (GPUs, speed relative to the whole GPU, rounded to 4 decimals).

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidInstance
        If no table has these columns, or a number is not as said.
    """
    found = find_table(path, (SHARE, SECONDS))
    share_idx, seconds_idx = map(found.table.columns.index, (SHARE, SECONDS))
    points: list[tuple[float, float]] = []
    for idx, row in enumerate(found.table.rows):
        place = f"{found.place}.rows[{idx}]"
        share = as_number(
            row[share_idx], f"{place}.{SHARE}", path, above=True, high=100
        )
        seconds = as_number(row[seconds_idx], f"{place}.{SECONDS}", path, above=True)
        if points and share <= points[-1][0]:
            message = f"is {row[share_idx]}, expected percentages that rise to 100"
            raise InvalidInstance(message, f"{place}.{SHARE}", str(path))
        points.append((share, seconds))
    if not points or points[-1][0] != 100:
        message = "does not end at 100, expected percentages that rise to 100"
        raise InvalidInstance(message, f"{found.place}, {SHARE}", str(path))
    whole = points[-1][1]
    curve = tuple(
        (round(share / 100, 6), round(whole / seconds, 4)) for share, seconds in points
    )
    for idx, (before, after) in enumerate(pairwise(curve)):
        if before[1] > after[1]:
            message = f"is {points[idx + 1][1]:g}, expected at most the row before"
            place = f"{found.place}.rows[{idx + 1}].{SECONDS}"
            raise InvalidInstance(message, place, str(path))
    return curve


def _csv_rows(path: Path) -> Sequence[list[str]]:
    """Return the rows of a CSV file, at least one, without blank cells around."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{path}: cannot be read: {reason}") from None
    except UnicodeDecodeError as problem:
        message = f"is not UTF-8 text (byte {problem.start})"
        raise InvalidInstance(message, file=str(path)) from None
    except csv.Error as problem:
        raise InvalidInstance(f"is not CSV: {problem}", file=str(path)) from None
    if not rows:
        raise InvalidInstance("is empty, expected a CSV table", file=str(path))
    return rows
