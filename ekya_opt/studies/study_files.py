"""Study files: a study in TOML.

``ekya_opt.read_study(FILE)`` reads one, ``ekya-opt study run FILE`` runs one::

    name = "contention"
    instances = ["shipped:paper/window1", "shipped:trap"]
    time_limit = 20
    memory_gb = 2
    solvers = [
        "dp",
        "thief:passes=0",
        {solver = "thief", settings = {passes = [1, 2], steal_units = [1, 5]}},
    ]

    [[generate]]
    family = "recorded-like"
    streams = [4, 6]
    gpus = [1, 2]
    seeds = 2
    units_per_gpu = 20

    [changes]
    reallocation = ["never", "stream"]

A list gives each of its values in turn, and lists are crossed: above ``generate``
makes 2 × 2 × 2 instances, each instance is run under both modes of reallocation, and
the table of a solver stands for 2 × 2 solvers. In an array that runs over several
lines each table stays on one.

- ``name``: names the study in its store (default: the file's name without its suffix)
- ``instances``: files and directories, relative to this file, and
  ``shipped:FAMILY[/NAME]``
- ``generate``: a table, or several as ``[[generate]]``, of what ``ekya-opt generate``
  takes: ``family``, ``streams``, ``gpus``, ``seeds`` (a number n for 0 to n - 1, or a
  list; default 1) and the family's options
- ``changes``: a table, or several as ``[[changes]]``, of fields to set in each problem:
  ``gpus``, ``units_per_gpu``, ``reallocation``, ``slot_seconds``, ``min_accuracy``,
  ``window_seconds``, ``training_throughput``; of horizons ``cached_models`` and
  ``warm_gb`` as well. An empty table is the problem as it is.
- ``solvers``: names, ``NAME:KEY=VALUE:…``, ``NAME:*`` for every choice of its settings,
  or tables of ``solver`` and ``settings``, also as ``[[solvers]]`` (default: some that
  fit the problem)
- ``seeds``: of the solvers, as in ``generate`` (default 1)
- ``time_limit``: wall seconds for each solve, or ``"none"`` (default 60)
- ``memory_gb``: GB that a run may take (default: no limit)
- ``workers``: threads that a solver may use (default 1)
- ``plan_on``: ``"truth"`` or ``"estimates"`` (default truth)
"""

import tomllib
from dataclasses import fields
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.studies.study import Study
from instances import EkyaOptError
from instances.library import SHIPPED

NO_LIMIT = "none"


def read_study(path: str | PathLike[str]) -> Study:
    """Return the study in a TOML file.

    Raises
    ------
    InvalidStudy
        If the file is not TOML, or breaks a rule of the format; the message names the
        file, the place in it, the value and what was expected.
    EkyaOptError
        If the file cannot be read.
    """
    file = str(fspath(path))
    content = _content(file)
    known = [field.name for field in fields(Study)]
    for key in content:
        if key not in known:
            message = f"is an unknown key, expected one of {', '.join(known)}"
            raise InvalidStudy(message, key if key.isprintable() else "?", file)
    content.setdefault("name", Path(file).stem)
    if content.get("time_limit") == NO_LIMIT:
        content["time_limit"] = None
    folder = Path(file).parent
    try:
        if "instances" in content:
            content["instances"] = _located(content["instances"], folder)
        return Study(**content)
    except InvalidStudy as problem:
        raise problem.in_file(file) from None


def _content(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_bytes().decode("utf-8"))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{file}: cannot be read: {reason}") from None
    except UnicodeDecodeError as problem:
        message = f"is not UTF-8 text (byte {problem.start})"
        raise InvalidStudy(message, file=file) from None
    except (ValueError, RecursionError) as problem:
        raise InvalidStudy(f"is not TOML: {problem}", file=file) from None


def _located(instances: Any, folder: Path) -> Any:
    """Return the sources of instances, paths taken relative to the folder."""
    if isinstance(instances, str):
        return str(_within(instances, folder))
    if isinstance(instances, list):
        return [_within(each, folder) for each in instances]
    return instances


def _within(source: Any, folder: Path) -> Any:
    if not isinstance(source, str) or source.startswith(SHIPPED):
        return source
    return str(folder / source)
