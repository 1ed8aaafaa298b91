"""Ekya's ``hyp_map*.json``: what the hyperparameter ids of its profiles stand for."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.json_values import (
    joined,
    key_number,
    listed,
    number_at,
    object_at,
    text_at,
)
from instances.json_files import read_json

Hyperparameters = Mapping[int, Mapping[str, Any]]
"""Id -> hyperparameter -> value, such as ``{0: {"batch_size": 64}}``."""


def read_hyperparameters(paths: Iterable[Path]) -> Hyperparameters:
    """Return the entries of all maps together, by id.

    The profiler writes one map beside the profiles of each camera, as a rule the same
    one, and splits a long list of hyperparameters over several maps.

    Raises
    ------
    InvalidInstance
        If a map has another shape, or two maps disagree about an id.
    """
    found: dict[int, dict[str, Any]] = {}
    origin: dict[int, Path] = {}
    for path in paths:
        try:
            entries = _entries(read_json(path, InvalidInstance))
        except InvalidInstance as problem:
            raise problem.in_file(str(path)) from None
        for number, entry in entries.items():
            if entry != found.setdefault(number, entry):
                message = f"differs from the entry in {origin[number]},"
                message += " expected the same; name the map that holds"
                raise InvalidInstance(message, str(number), str(path))
            origin.setdefault(number, path)
    return dict(sorted(found.items()))


def check_models(
    models: Mapping[int, str | None], hyperparameters: Hyperparameters, place: str
) -> None:
    """Check that profiled ids are in the map, with the same networks where named.

    Raises
    ------
    InvalidInstance
        Naming the place given; the file is the caller's to add.
    """
    for number, model in models.items():
        if number not in hyperparameters:
            message = f"profiles the hyperparameters {number}, expected only those in"
            message += f" the map ({listed(hyperparameters)})"
            raise InvalidInstance(message, place)
        expected = hyperparameters[number].get("model_name")
        if model is not None and expected is not None and model != expected:
            message = f"has the model {shown(model)} for the hyperparameters {number},"
            message += f" expected {shown(expected)} as in the map"
            raise InvalidInstance(message, place)


def describe(entry: Mapping[str, Any]) -> str:
    """Return one line about a hyperparameter set, such as for a legend."""
    parts = []
    if "model_name" in entry:
        parts.append(str(entry["model_name"]))
    if "last_layer_only" in entry:
        parts.append("last layer" if entry["last_layer_only"] else "all layers")
    if "num_hidden" in entry:
        parts.append(f"{entry['num_hidden']} hidden")
    if "subsample" in entry:
        parts.append(f"{entry['subsample']:.0%} of the data")
    if "batch_size" in entry:
        parts.append(f"batch {entry['batch_size']}")
    return ", ".join(parts)


def _entries(data: Any) -> dict[int, dict[str, Any]]:
    entries = {}
    for key, value in object_at(data, "").items():
        number = key_number(key, "")
        entry = object_at(value, key)
        if str(entry.get("id", key)) != key:
            message = f"is {shown(entry['id'])}, expected {key} as its key"
            raise InvalidInstance(message, f"{key}.id")
        _check_values(entry, key)
        entries[number] = entry
    return entries


def _check_values(entry: Mapping[str, Any], place: str) -> None:
    for name, value in entry.items():
        here = joined(place, name)
        if name == "model_name":
            text_at(value, here)
        elif name == "last_layer_only" and not isinstance(value, bool):
            message = f"is {shown(value)}, expected true or false"
            raise InvalidInstance(message, here)
        elif name == "subsample":
            number_at(value, here, above=True, high=1)
        elif isinstance(value, dict | list):
            message = f"is {shown(value)}, expected a single value"
            raise InvalidInstance(message, here)
