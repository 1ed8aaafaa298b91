"""Values of a store: compressed JSON, and rows from and to outcomes."""

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.task import Task
from instances.json_files import content_hash
from instances.problems import kind_of, problem_to_dict
from solvers.result import relative_gap

if TYPE_CHECKING:
    from instances.problems import Problem

Row = dict[str, Any]

SAME = (
    "status",
    "stopped_by",
    "objective",
    "bound",
    "seconds",
    "process_seconds",
    "peak_bytes",
    "failure",
    "error",
    "verdict",
    "started",
    "attempts",
)
"""Columns that are fields of an outcome as they are."""


def packed(value: Any) -> bytes:
    """Return a JSON value as compressed text."""
    return zlib.compress(text_of(value).encode())


def unpacked(content: bytes) -> Any:
    """Return the JSON value in compressed text."""
    return json.loads(zlib.decompress(content))


def text_of(value: Any) -> str:
    """Return a JSON value as compact text."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def problem_row(instance_hash: str, problem: "Problem") -> Row:
    """Return a problem's row."""
    each: Any = problem
    physical = isinstance(each.gpus, tuple)
    num_gpus = float(len(each.gpus) if physical else each.gpus)
    total = round(num_gpus * each.units_per_gpu)
    mode = getattr(each, "reallocation", None)
    return {
        "instance_hash": instance_hash,
        "name": each.name,
        "kind": str(kind_of(each)),
        "reallocation": None if mode is None else str(mode),
        "streams": len(each.streams),
        "gpus": num_gpus,
        "total_units": total,
        "window_seconds": each.window_seconds,
        "content": packed(problem_to_dict(each)),
    }


def task_row(key: str, task: Task) -> Row:
    """Return a task's row."""
    row = {name: getattr(task, name) for name in Task.__slots__}
    return {"key": key, **row, "settings": text_of(task.settings)}


def environment_key(environment: Mapping[str, Any]) -> str:
    """Return the name of an environment in a store."""
    return content_hash({"environment": environment})


def run_row(key: str, outcome: Outcome) -> Row:
    """Return the row of a run that ended, its environment by its key."""
    row = {name: getattr(outcome, name) for name in SAME}
    row["failure"] = None if outcome.failure is None else str(outcome.failure)
    gap = None
    if outcome.objective is not None and outcome.bound is not None:
        gap = relative_gap(outcome.bound, outcome.objective)
    schedule = None if outcome.schedule is None else packed(outcome.schedule)
    return {
        "key": key,
        **row,
        "gap": gap,
        "trace": text_of(outcome.trace),
        "schedule": schedule,
        "metadata": text_of(outcome.metadata),
        "environment": environment_key(outcome.environment),
    }


def outcome_of(row: Mapping[str, Any], environment: Mapping[str, Any]) -> Outcome:
    """Return the outcome in a run's row."""
    values = {name: row[name] for name in SAME}
    if values["failure"] is not None:
        values["failure"] = Failure(values["failure"])
    schedule = None if row["schedule"] is None else unpacked(row["schedule"])
    return Outcome(
        **values,
        trace=trace_of(row["trace"]),
        schedule=schedule,
        metadata=json.loads(row["metadata"]),
        environment=environment,
    )


def trace_of(text: str) -> tuple[Any, ...]:
    """Return the trace in a run's row."""
    return tuple(tuple(point) for point in json.loads(text))
