"""Definitions of studies as study files, from which they are run again."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ekya_opt.studies.study_files import NO_LIMIT


def study_file(definition: Mapping[str, Any]) -> str:
    """Return the study file, TOML, that defines the same study.

    Problems that the study was given in Python stand as the files ``HASH.json``, which
    :func:`ekya_opt.reports.commands.files_code` writes.
    """
    return "".join(_lines(definition))


def _lines(definition: Mapping[str, Any]) -> Iterator[str]:
    for key, value in definition.items():
        if key == "instances":
            files = [each if isinstance(each, str) else _file(each) for each in value]
            yield _entry(key, files)
        elif key == "time_limit" and value is None:
            yield _entry(key, NO_LIMIT)
        elif value is not None and value != []:
            yield _entry(key, value)


def _entry(key: str, value: Any) -> str:
    if not isinstance(value, list) or len(_value(value)) < 70:
        return f"{key} = {_value(value)}\n"
    return f"{key} = [\n" + "".join(f"    {_value(item)},\n" for item in value) + "]\n"


def _value(value: Any) -> str:
    """Return a JSON value, without null, as TOML."""
    if isinstance(value, Mapping):
        parts = [f"{_key(key)} = {_value(item)}" for key, item in value.items()]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").isalnum()
    return key if is_bare else _text(key)


def _text(text: str) -> str:
    # JSON has no escape for this one, which TOML wants to be escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _file(problem: Mapping[str, str]) -> str:
    return f"{problem['instance_hash']}.json"
