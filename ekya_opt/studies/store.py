"""The store of studies: one SQLite file that holds everything that its runs gave.

``ekya_opt.open_store(FILE)`` reads it, ``study.run(FILE)`` and ``ekya-opt study run``
write it; each run that ends is committed at once, and reading meanwhile works. Any
other tool reads it as well, for example::

    import pandas, sqlite3
    pandas.read_sql("SELECT * FROM results", sqlite3.connect(FILE))

``PRAGMA application_id`` is 1701542241 (``ekya`` in ASCII) and ``PRAGMA user_version``
is the schema's version, 1. Where there is nothing to tell, a value is NULL. JSON is
text; where ``compressed JSON`` is written, that text in zlib's format, as
``json.loads(zlib.decompress(value))`` reads it.

Table ``problems``, one row for each problem:

- ``instance_hash``: names what the problem states, its name and metadata left out
- ``name``: of the first problem that stated it
- ``kind``: window, horizon or placement
- ``reallocation``: never, stream or server
- ``streams``: their number
- ``gpus``: of the server; of a placement their number
- ``total_units``: of all GPUs
- ``window_seconds``: length of a window
- ``content``: the problem as in its file, compressed JSON

Table ``tasks``, one row for each run that a study asks for or asked for:

- ``key``: names the run; a hash of all that follows, so that studies share runs
- ``instance_hash``: of its problem
- ``solver``: name of the solver
- ``settings``: JSON of all settings in effect, given or not
- ``seed``: of everything random
- ``time_limit``: wall seconds of the solve
- ``memory_limit``: bytes that its process may take beyond what it starts with
- ``workers``: threads that the solver may use
- ``plan_on``: truth or estimates

Table ``studies``, one row for each study:

- ``study``: its name
- ``definition``: everything that defines it, JSON
- ``planned_at``: when it was last run, UTC, ISO 8601

Table ``planned``, one row for each run that a study asks for now:

- ``study``: its name
- ``position``: of the run in the order in which runs are begun
- ``key``: of the run
- ``label``: the solver with the settings given, which names it in tables
- ``instance``: what the study calls the problem

Table ``environments``, one row for each set of versions on a machine:

- ``environment``: names it
- ``content``: ``versions`` of what is installed, and the ``machine``; JSON

Table ``runs``, one row for each run that ended, whatever came of it:

- ``key``: of the run
- ``status``: optimal, feasible, infeasible, no_solution or error
- ``stopped_by``: time_limit
- ``failure``: why there is no result: exception, disagreement, memory, overtime, \
crash or worker lost
- ``error``: message of the failure
- ``objective``: the referee's, in [0, 1]
- ``bound``: proven upper bound on the objective
- ``gap``: (bound - objective) / bound
- ``seconds``: wall seconds of the solve
- ``process_seconds``: wall seconds from the request to the end of the run's process
- ``peak_bytes``: largest resident memory of the run's processes
- ``verdict``: what the referee finds when it judges the schedule once more
- ``trace``: (seconds, objective, bound) of every incumbent and better bound, JSON
- ``schedule``: the schedule as in its file, compressed JSON
- ``metadata``: what else the solver tells, JSON
- ``started``: when the run began, UTC, ISO 8601
- ``environment``: that it ran in
- ``attempts``: how often it was begun; more than 1 if workers died

View ``results``, one row for each study and run of it that ended, in the study's order:
``study``, ``label`` and ``instance`` from ``planned``; ``solver``, ``settings``,
``seed``, ``time_limit`` and ``plan_on`` from ``tasks``; the columns of ``problems``
without name and content, and ``streams_per_gpu``; the columns of ``runs`` without
schedule and metadata; ``processor`` and ``version`` (of ekya-opt) from
``environments``.

A run that no study asks for any longer stays in ``runs``; it counts again when one
does.
"""

import json
import sqlite3
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.errors import StoreUnavailable
from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.run_columns import RUN_COLUMNS
from ekya_opt.studies.status import COUNTS, status_table
from ekya_opt.studies.store_files import decoding, reading
from ekya_opt.studies.store_values import outcome_of, trace_of, unpacked
from instances.checks import shown
from instances.html import html_table

if TYPE_CHECKING:
    import pandas as pd

    from instances.problems import Problem


def open_store(path: str | PathLike[str]) -> "Store":
    """Return the store in a file.

    Raises
    ------
    StoreUnavailable
        If it is missing, no store, of a newer schema, or damaged.
    """
    store = Store(path)
    store.studies()
    return store


class Store:
    """A store to read; every call reads what is in it now.

    Each raises ``StoreUnavailable`` where the file cannot be read, or has nothing of
    the name that is asked for.

    Parameters
    ----------
    path
        Its file.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = str(fspath(path))

    def __repr__(self) -> str:
        return f"Store({self.path!r})"

    def studies(self) -> list[str]:
        """Return the names of the studies, oldest first."""
        return [
            name for (name,) in self._rows("SELECT study FROM studies ORDER BY rowid")
        ]

    def definition(self, study: str) -> dict[str, Any]:
        """Return what defines a study, as :meth:`Study.definition` does."""
        words = "SELECT definition FROM studies WHERE study = ?"
        with decoding(self.path):
            found: dict[str, Any] = json.loads(self._one(words, study, "study"))
        return found

    def runs(self, study: str | None = None) -> "pd.DataFrame":
        """Return the runs that ended, one a row, with the columns of ``RUN_COLUMNS``.

        Those of one study, or of all; then each run comes once, under the first study
        that asks for it.
        """
        frame = self._frame("SELECT * FROM results", study)
        frame = frame.drop_duplicates("key", ignore_index=True)
        with decoding(self.path):
            frame["trace"] = [trace_of(text) for text in frame["trace"]]
        return frame.astype(RUN_COLUMNS)

    def planned(self, study: str | None = None) -> "pd.DataFrame":
        """Return the runs that a study, or each study, asks for, done or not.

        ``status`` and ``failure`` are missing where the run has not ended.
        """
        frame = self._frame(
            "SELECT * FROM (SELECT planned.key, study, planned.instance, "
            "instance_hash, label, solver, seed, status, failure "
            "FROM planned JOIN studies USING (study) JOIN tasks USING (key) "
            "LEFT JOIN runs USING (key) ORDER BY studies.rowid, position)",
            study,
        )
        return frame.astype(
            {name: "Int64" if name == "seed" else "string" for name in frame.columns}
        )

    def summary(self, study: str | None = None) -> "pd.DataFrame":
        """Return one row a solver with its settings: what is done, and how it went.

        ``mean_gap`` is that to the best bound that a run proved of the same problem.
        """
        from ekya_opt.analysis.gaps import gaps

        planned = self.planned(study).drop_duplicates("key")
        labels = planned.set_index("key")["label"]
        table = status_table(
            ((label, key) for key, label in labels.items()), self.ended()
        )
        runs = gaps(self.runs(study))
        runs["optimal"] = runs["status"] == "optimal"
        groups = runs.groupby(runs["key"].map(labels))
        counts = table["solver"].map(groups["optimal"].sum())
        table["optimal"] = counts.fillna(0).astype("int64")
        table["mean_gap"] = table["solver"].map(groups["gap_to_bound"].mean())
        table["mean_seconds"] = table["solver"].map(groups["seconds"].mean())
        return table

    def ended(self) -> dict[str, str | None]:
        """Return the keys of all runs that ended, with their failure if any."""
        return dict(self._rows("SELECT key, failure FROM runs"))

    def problem(self, instance_hash: str) -> "Problem":
        """Return a problem by its hash."""
        from instances.problems import problem_from_dict

        words = "SELECT content FROM problems WHERE instance_hash = ?"
        packed = self._one(words, instance_hash, "problem")
        with decoding(self.path):
            content = unpacked(packed)
        return problem_from_dict(content)

    def schedule(self, key: str) -> Any:
        """Return the schedule that a run found; ``None`` if it found or kept none."""
        from formulations.problems import any_schedule_from_dict

        packed = self._one("SELECT schedule FROM runs WHERE key = ?", key, "run")
        if packed is None:
            return None
        with decoding(self.path):
            content = unpacked(packed)
        return any_schedule_from_dict(content).schedule

    def outcome(self, key: str) -> Outcome:
        """Return everything that came of a run."""
        with reading(self.path) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute(
                "SELECT * FROM runs WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            raise self._lacks("run", key)
        environment = self.environments()[row["environment"]]
        with decoding(self.path):
            return outcome_of(row, environment)

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return the environments by their keys: versions and machine."""
        rows = self._rows(
            "SELECT environment, content FROM environments ORDER BY rowid"
        )
        with decoding(self.path):
            return {key: json.loads(content) for key, content in rows}

    def _frame(self, words: str, study: str | None) -> "pd.DataFrame":
        import pandas as pd

        if study is not None and study not in self.studies():
            raise self._lacks("study", study)
        with reading(self.path) as connection:
            cursor = connection.execute(
                f"{words} WHERE :study IS NULL OR study = :study", {"study": study}
            )
            names = [column[0] for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names)

    def _rows(self, words: str) -> list[tuple[Any, ...]]:
        with reading(self.path) as connection:
            return connection.execute(words).fetchall()

    def _one(self, words: str, name: str, what: str) -> Any:
        with reading(self.path) as connection:
            row = connection.execute(words, (name,)).fetchone()
        if row is None:
            raise self._lacks(what, name)
        return row[0]

    def _lacks(self, what: str, name: str) -> StoreUnavailable:
        known = f"; it has {', '.join(self.studies())}" if what == "study" else ""
        return StoreUnavailable(f"{self.path}: has no {what} {shown(name)}{known}")

    def _repr_html_(self) -> str:
        from ekya_opt.text import number, percent
        from instances.svg import meter

        summary = self.summary()
        most = summary["mean_gap"].max()
        rows = [
            [
                *row[:-2],
                percent(row.mean_gap),
                meter(row.mean_gap, most, percent(row.mean_gap)),
                number(row.mean_seconds, 3),
            ]
            for row in summary.itertuples(index=False)
        ]
        heads = ["solver", *COUNTS, "optimal", "mean gap", "", "mean seconds"]
        return html_table(heads, rows, f"{self.path}: {', '.join(self.studies())}")
