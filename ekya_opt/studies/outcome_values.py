"""Outcomes as JSON values, whatever a solver tells."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.text import one_line

MOST_CHARACTERS = 1_000
MOST_ITEMS = 1_000
MOST_BYTES = 100_000
MOST_DEPTH = 8
MOST_TRACE = 10_000
"""Bounds on what is kept of a solver's words: a text, a list, all metadata, a trace."""


def outcome_to_dict(outcome: Outcome) -> dict[str, Any]:
    """Return the JSON value of an outcome, without the environment."""
    content = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    del content["environment"]
    return content


def outcome_from_dict(
    content: Mapping[str, Any], environment: Mapping[str, Any]
) -> Outcome:
    """Return the outcome of a JSON value, in the environment it was found in."""
    values = dict(content)
    if values["failure"] is not None:
        values["failure"] = Failure(values["failure"])
    values["trace"] = tuple(tuple(point) for point in values["trace"])
    return Outcome(**values, environment=environment)


def short_line(text: str) -> str:
    """Return a text as one line of bounded length."""
    line = one_line(" ".join(text.split()))
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"


def thinned(trace: list[Any]) -> list[Any]:
    """Return a trace of bounded length that ends as it does."""
    if len(trace) <= MOST_TRACE:
        return trace
    step = len(trace) // MOST_TRACE + 1
    return [*trace[:-1:step], trace[-1]]


def bounded(metadata: Mapping[Any, Any]) -> dict[str, Any]:
    """Return metadata as JSON values; of what is too long, only how long it is."""
    values = {str(key): json_value(value) for key, value in metadata.items()}
    sizes = {key: len(json.dumps(value)) for key, value in values.items()}
    while sum(sizes.values()) > MOST_BYTES:
        largest = max(sizes, key=lambda key: sizes[key])
        values[largest] = f"{sizes.pop(largest)} characters, not kept"
    return values


def json_value(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it; numbers that are not finite are ``None``."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        text = str(value) if len(value) <= MOST_CHARACTERS else short_line(value)
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth >= MOST_DEPTH:
        return f"a {type(value).__name__}, not kept"
    if isinstance(value, Mapping):
        return {
            str(key): json_value(item, depth + 1)
            for key, item in list(value.items())[:MOST_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        if len(value) > MOST_ITEMS:
            return f"{len(value)} items, not kept"
        return [json_value(item, depth + 1) for item in value]
    plain = getattr(value, "tolist", None)
    if plain is None:
        return short_line(str(value))
    if getattr(value, "size", 1) > MOST_ITEMS:
        return f"{value.size} items, not kept"
    return json_value(plain(), depth + 1)
