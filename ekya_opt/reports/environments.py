"""Where and when the runs were made, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import COUNT, Column, Table, table_of


def environment_tables(contents: Contents) -> list[Table]:
    """Return the machines with their runs and dates, and what was installed there."""
    import pandas as pd

    runs = contents.runs
    groups = runs.groupby(
        ["environment", "processor", "version"], dropna=False, sort=False
    )
    machines = groups["started"].agg(first="min", last="max")
    machines["runs"] = groups.size()
    heads = {
        "environment": Column(head="environment"),
        "processor": Column(head="processor"),
        "version": Column(head="ekya-opt"),
        "runs": Column(head="runs", show=COUNT),
        "first": Column(head="first run"),
        "last": Column(head="last run"),
    }
    caption = "Where and when the runs were made, UTC"
    tables = [table_of(machines.reset_index(), heads, "machines", caption)]
    used = set(runs["environment"].dropna())
    known = contents.environments.items()
    flat = {key: dict(_flat(value)) for key, value in known if key in used}
    if flat:
        frame = pd.DataFrame(flat).rename_axis("name").reset_index()
        columns = {key: Column(head=key) for key in flat}
        installed = {"name": Column(head="what"), **columns}
        caption = "Versions and machines, by environment"
        tables.append(table_of(frame, installed, "environments", caption))
    return tables


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested entries under dotted names."""
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(inner)
