"""The file to which the profiler writes each point as soon as it is measured.

One JSON object a line: first the settings, then the points in the order in which they
were finished. An interrupted run leaves at most one unfinished last line, which the
next run drops before it goes on.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, BinaryIO, Self

from instances.checks import shown
from instances.errors import EkyaOptError, InvalidOption
from instances.instance import Instance
from instances.json_files import SCHEMA_VERSION, decode, encode, parse_json
from instances.profiler.point_checks import InvalidPoint
from instances.profiler.points import MicroRun, Point, RecipeRun, WindowPoint

KINDS: dict[str, type[Point]] = {
    "window": WindowPoint,
    "run": RecipeRun,
    "micro": MicroRun,
}
NOTES = "notes"
NAMES = {kind: name for name, kind in KINDS.items()}


class Journal:
    """A profile's points, on disk and in memory; a context that closes the file.

    Parameters
    ----------
    path
        Of the file; its folder is made if it is missing.
    settings
        What must be equal for two runs to add to one profile, as JSON values.
    notes
        What a new file says besides, under ``notes``: circumstances of the first run.

    Attributes
    ----------
    header
        The first line: the settings, and the notes of the first run.
    points
        The finished points, those of earlier runs first.

    Raises
    ------
    InvalidOption
        If the file holds a profile with other settings.
    InvalidPoint
        If a line but the last is no point, with the file and the line.
    EkyaOptError
        If the file cannot be read or written.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        notes: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.path = path
        self.header: dict[str, Any] = {**settings, NOTES: dict(notes)}
        self.points: list[Point] = []
        self._file: BinaryIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            found = self.path.exists() and self._whole_lines()
            if found:
                self.header, self.points = read_journal(self.path)
                _check_same(self.path, self.header, dict(settings))
            self._file = self.path.open("ab")
            if not found:
                self._write({"schema_version": SCHEMA_VERSION, **self.header})
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise EkyaOptError(f"{self.path}: cannot be written: {reason}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, point: Point) -> None:
        """Write the point; it is on disk when the call returns."""
        self._write({"kind": NAMES[type(point)], **encode(point)})
        self.points.append(point)

    def _write(self, value: Any) -> None:
        assert self._file is not None
        line = json.dumps(value, allow_nan=False, separators=(",", ":"))
        self._file.write(line.encode("utf-8") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _whole_lines(self) -> bool:
        """Drop an unfinished last line; return whether any line is left."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self.path.open("r+b") as file:
                file.truncate(whole)
        return whole > 0


def read_journal(path: Path) -> tuple[dict[str, Any], list[Point]]:
    """Return the settings and the points in a profile's file.

    An unfinished last line is passed over.

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidPoint
        If a whole line is not what it should be.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{path}: cannot be read: {reason}") from None
    if not lines:
        raise InvalidPoint("is empty, expected a profile's settings", file=str(path))
    values = [_value(path, number, line) for number, line in enumerate(lines, 1)]
    settings = values[0]
    if settings.pop("schema_version", None) != SCHEMA_VERSION:
        message = f"holds no settings of schema_version {SCHEMA_VERSION}"
        raise InvalidPoint(message, "line 1", str(path))
    return settings, [
        _point(path, number, value) for number, value in enumerate(values[1:], 2)
    ]


def journal_beside(path: Path, instance: Instance) -> Path | None:
    """Return the file of the points that an instance file was made of, if it is there.

    The instance's metadata name it; it lies in the same folder.
    """
    name = instance.metadata.get("points")
    if not isinstance(name, str) or not name:
        return None
    found = path.parent / Path(name).name
    return found if found.is_file() else None


def _value(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = parse_json(line.decode("utf-8"), InvalidPoint)
    except UnicodeDecodeError:
        raise InvalidPoint("is not UTF-8 text", f"line {number}", str(path)) from None
    except InvalidPoint as problem:
        raise problem.within(f"line {number}").in_file(str(path)) from None
    if not isinstance(value, dict):
        message = f"is {shown(value)}, expected an object"
        raise InvalidPoint(message, f"line {number}", str(path))
    return value


def _point(path: Path, number: int, value: dict[str, Any]) -> Point:
    name = value.pop("kind", None)
    try:
        if name not in KINDS:
            raise InvalidPoint(f"is {shown(name)}, expected {_or(KINDS)}", "kind")
        point: Point = decode(KINDS[name], value, InvalidPoint)
    except InvalidPoint as problem:
        raise problem.within(f"line {number}").in_file(str(path)) from None
    return point


def _check_same(path: Path, earlier: dict[str, Any], now: dict[str, Any]) -> None:
    before, after = _flat(earlier), _flat(json.loads(json.dumps(now)))
    for name in {**before, **after}:
        if name.partition(".")[0] == NOTES:
            continue
        if before.get(name) != after.get(name):
            raise InvalidOption(
                f"{path}: was measured with {name} {shown(before.get(name))}, not "
                f"{shown(after.get(name))}; choose another folder to begin anew"
            )


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """Return the values in nested objects by the names that lead to them."""
    found: dict[str, Any] = {}
    for name, part in value.items():
        if isinstance(part, dict):
            found |= {f"{name}.{rest}": each for rest, each in _flat(part).items()}
        else:
            found[name] = part
    return found


def _or(names: Iterable[str]) -> str:
    return " or ".join(shown(name) for name in names)
