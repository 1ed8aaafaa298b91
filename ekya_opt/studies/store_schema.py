"""The schema of a store, in SQL."""

from collections.abc import Iterator

from ekya_opt.studies.run_columns import RUN_COLUMNS

APPLICATION_ID = 0x656B7961
"""``ekya`` in ASCII; SQLite's header has it, so that a store is known by its file."""

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE problems (
    instance_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    reallocation TEXT,
    streams INTEGER NOT NULL,
    gpus REAL NOT NULL,
    total_units INTEGER NOT NULL,
    window_seconds REAL NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE tasks (
    key TEXT PRIMARY KEY,
    instance_hash TEXT NOT NULL REFERENCES problems,
    solver TEXT NOT NULL,
    settings TEXT NOT NULL,
    seed INTEGER NOT NULL,
    time_limit REAL,
    memory_limit INTEGER,
    workers INTEGER NOT NULL,
    plan_on TEXT NOT NULL
);
CREATE TABLE studies (
    study TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    planned_at TEXT NOT NULL
);
CREATE TABLE planned (
    study TEXT NOT NULL REFERENCES studies,
    position INTEGER NOT NULL,
    key TEXT NOT NULL REFERENCES tasks,
    label TEXT NOT NULL,
    instance TEXT NOT NULL,
    PRIMARY KEY (study, position)
);
CREATE UNIQUE INDEX planned_keys ON planned (key, study);
CREATE TABLE environments (
    environment TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE runs (
    key TEXT PRIMARY KEY REFERENCES tasks,
    status TEXT NOT NULL,
    stopped_by TEXT,
    failure TEXT,
    error TEXT,
    objective REAL,
    bound REAL,
    gap REAL,
    seconds REAL NOT NULL,
    process_seconds REAL NOT NULL,
    peak_bytes INTEGER,
    verdict TEXT,
    trace TEXT NOT NULL,
    schedule BLOB,
    metadata TEXT NOT NULL,
    started TEXT NOT NULL,
    environment TEXT NOT NULL REFERENCES environments,
    attempts INTEGER NOT NULL
);
"""

_ELSEWHERE = {
    "study": "planned.study",
    "instance": "planned.instance",
    "label": "planned.label",
    **{
        name: f"problems.{name}"
        for name in (
            "instance_hash",
            "kind",
            "reallocation",
            "streams",
            "gpus",
            "total_units",
            "window_seconds",
        )
    },
    "streams_per_gpu": "problems.streams / problems.gpus",
    **{
        name: f"tasks.{name}"
        for name in ("solver", "settings", "seed", "time_limit", "plan_on")
    },
    "processor": "json_extract(environments.content, '$.machine.processor')",
    "version": "json_extract(environments.content, '$.versions.\"ekya-opt\"')",
}
"""Where the columns of the view are that the table of runs does not have."""


def statements() -> Iterator[str]:
    """Yield the statements that make an empty store, to be run in one transaction."""
    yield from filter(str.strip, TABLES.split(";"))
    columns = ",\n    ".join(
        f"{_ELSEWHERE.get(name, f'runs.{name}')} AS {name}" for name in RUN_COLUMNS
    )
    yield f"""CREATE VIEW results AS SELECT
    {columns}
FROM planned JOIN studies USING (study) JOIN tasks USING (key)
    JOIN problems USING (instance_hash) JOIN runs USING (key)
    JOIN environments USING (environment)
ORDER BY studies.rowid, planned.position"""
    yield f"PRAGMA application_id = {APPLICATION_ID}"
    yield f"PRAGMA user_version = {SCHEMA_VERSION}"
