"""A study as a table: what it crosses, with a square for each value."""

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.plan import study_specs
from ekya_opt.text import word
from instances.html import Markup, html_table
from instances.svg import BLUE, bar, picture

if TYPE_CHECKING:
    from ekya_opt.studies.study import Study

MOST_SQUARES = 40
MOST_NAMED = 12
SIDE, STEP, HEIGHT = 6.0, 8.0, 16.0


def study_table(study: "Study") -> str:
    """Return a table with a row for each field of a study that is set.

    Nothing is read or generated for it: a directory counts as one.
    """
    counts = crossed_counts(study)
    content = study.definition()
    rows: list[list[object]] = []
    for name, value in content.items():
        if name == "name" or value in ([], None):
            continue
        drawn = _squares(counts[name], name) if name in counts else ""
        rows.append([name.replace("_", " "), _cell(value), drawn])
    return html_table(["", "", "crossed"], rows, f"study {study.name}")


def crossed_counts(study: "Study") -> dict[str, int]:
    """Return how many values of each field are crossed, for the fields that are set.

    Of tables that list values every combination counts.
    """
    fields: Any = study
    counts = {"instances": len(fields.instances), "seeds": len(fields.seeds)}
    for name in ("generate", "changes"):
        tables = getattr(fields, name)
        counts[name] = sum(map(_combinations, tables))
    if study.solvers is not None:
        counts["solvers"] = len(study_specs(fields.solvers))
    return {name: count for name, count in counts.items() if count}


def _combinations(table: Mapping[str, Any]) -> int:
    """Return how many combinations of its values a checked table stands for."""
    return prod(len(each) for each in table.values() if isinstance(each, tuple))


def _squares(count: int, name: str) -> Markup:
    """Return a row of squares, no more than there is room for, and their number."""
    shown = min(count, MOST_SQUARES)
    parts = [bar(idx * STEP, 5, SIDE, SIDE, BLUE) for idx in range(shown)]
    drawn = picture(shown * STEP, HEIGHT, parts, f"{name}: {count:,}")
    more = "… " if count > shown else ""
    return Markup(f"{drawn} {more}{count:,}")


def _cell(value: Any) -> str:
    """Return a value of a definition for people."""
    if isinstance(value, dict):
        if set(value) == {"name", "instance_hash"}:
            return str(value["name"])
        return ", ".join(f"{key} = {_cell(item)}" for key, item in value.items())
    if isinstance(value, list):
        words = [_cell(item) for item in value[:MOST_NAMED]]
        if len(value) > MOST_NAMED:
            words.append(f"… and {len(value) - MOST_NAMED:,} more")
        tables = any(isinstance(item, dict) for item in value)
        return ("; " if tables else ", ").join(words)
    return word(value)
