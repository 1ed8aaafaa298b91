"""Writing to a store: the plan of a study, and each run as it ends."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.plan import Plan, PlannedRun
from ekya_opt.studies.store_files import transaction, writing
from ekya_opt.studies.store_lock import StoreLock
from ekya_opt.studies.store_values import (
    environment_key,
    problem_row,
    run_row,
    task_row,
    text_of,
)


class StoreWriter:
    """A store that this process may write to, as :func:`written` opens it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def plan(
        self, study: str, definition: Mapping[str, Any], plan: Plan, now: str
    ) -> None:
        """Write what a study asks for, in the place of what it asked for before."""
        problems = [
            problem_row(each, problem) for each, problem in plan.problems.items()
        ]
        tasks = [task_row(run.key, run.task) for run in plan.runs]
        planned = [
            {
                "study": study,
                "position": position,
                "key": run.key,
                "label": run.label,
                "instance": run.instance,
            }
            for position, run in enumerate(plan.runs)
        ]
        with transaction(self._connection):
            self._insert("problems", problems, "OR IGNORE")
            self._insert("tasks", tasks, "OR IGNORE")
            self._connection.execute(
                "INSERT INTO studies VALUES (?, ?, ?) ON CONFLICT (study) DO UPDATE "
                "SET definition = excluded.definition, "
                "planned_at = excluded.planned_at",
                (study, text_of(definition), now),
            )
            self._connection.execute("DELETE FROM planned WHERE study = ?", (study,))
            self._insert("planned", planned)

    def missing(
        self, runs: Iterable[PlannedRun], retry: Collection[str]
    ) -> list[PlannedRun]:
        """Return the runs not done, or that failed in one of the ways to retry."""
        found = dict(self._connection.execute("SELECT key, failure FROM runs"))
        return [run for run in runs if run.key not in found or found[run.key] in retry]

    def record(self, key: str, outcome: Outcome) -> None:
        """Commit a run that ended, in the place of what is there of it."""
        named = environment_key(outcome.environment)
        environment = {"environment": named, "content": text_of(outcome.environment)}
        with transaction(self._connection):
            self._insert("environments", [environment], "OR IGNORE")
            self._insert("runs", [run_row(key, outcome)], "OR REPLACE")

    def _insert(self, table: str, rows: list[dict[str, Any]], how: str = "") -> None:
        if rows:
            names = ", ".join(rows[0])
            places = ", ".join(f":{name}" for name in rows[0])
            words = f"INSERT {how} INTO {table} ({names}) VALUES ({places})"
            self._connection.executemany(words, rows)


@contextmanager
def written(path: str) -> Iterator[StoreWriter]:
    """Open a store to write, made if missing, while no other process does.

    Raises
    ------
    StoreUnavailable
        If another process writes to it, or it is no store, newer or damaged.
    """
    with StoreLock(path), writing(path) as connection:
        yield StoreWriter(connection)
