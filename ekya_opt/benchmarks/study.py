"""A study that is killed in the middle: what is kept, and what a run costs."""

import contextlib
import math
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekya_opt.benchmarks.killed_study import Kill, KilledStudyReport, overhead_of
from ekya_opt.benchmarks.processes import environment
from ekya_opt.studies.process_tree import descendants, marked
from instances import EkyaOptError, InvalidOption

if TYPE_CHECKING:
    from ekya_opt.studies.store import Store

SECTION = "studies"
"""The section of the page that it writes."""

SOLVERS = ("dp", "thief", "greedy", "uniform", "fixed-res", "fixed-config")
STREAMS, GPUS = (4, 6, 8, 10), (1, 2)
SEEDS = 5
STUDY = """name = "bench"
solvers = {solvers}
seeds = {seeds}
time_limit = 20
memory_gb = 1

[[generate]]
family = "contention"
streams = {streams}
gpus = {gpus}
seeds = {instances}
"""

MARK = "EKYA_OPT_BENCH"
SECONDS_A_LOOK = 0.01
SECONDS_TO_END = 10.0
TOLERANCE = 1e-9
"""Largest difference between the objectives of the same task."""

Say = Callable[[str], None]


def bench_study(
    runs: int = 2000,
    kills: int = 2,
    workers: int | None = None,
    progress: Say = lambda what: None,
) -> KilledStudyReport:
    """Run a study by its command, kill it in the middle, resume it, check all rows.

    Parameters
    ----------
    runs
        Least number of runs, of cheap solvers on generated instances.
    kills
        How often it is killed, by turns alone and together with its workers and runs.
    workers
        Runs at a time; by default one for each core.
    progress
        Told what comes next.

    Raises
    ------
    EkyaOptError
        If the study ends by itself before it is killed, or does not run.
    """
    if runs < 1 or kills < 0:
        message = f"runs is {runs} and kills {kills}, expected at least 1 and 0"
        raise InvalidOption(message)
    report = KilledStudyReport(workers=workers or os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        bench = _Bench(Path(folder), report, progress)
        bench.plan(runs)
        for idx in range(kills):
            bench.run_and_kill((idx + 1) / (kills + 1), with_runs=idx % 2 == 1)
        bench.run_to_the_end()
        bench.check_and_compare()
    return report


class _Bench:
    """A study in a folder, and what is seen of it."""

    def __init__(self, folder: Path, report: KilledStudyReport, say: Say) -> None:
        self.file, self.path = folder / "bench.toml", folder / "bench.sqlite"
        self.report, self.say = report, say
        self.mark = uuid.uuid4().hex
        self.before: dict[str, str] = {}

    def plan(self, runs: int) -> None:
        """Write the study's file, with at least so many runs."""
        sizes = len(STREAMS) * len(GPUS) * len(SOLVERS)
        seeds = min(SEEDS, math.ceil(runs / sizes))
        instances = math.ceil(runs / sizes / seeds)
        self.report.runs = sizes * seeds * instances
        text = STUDY.format(
            solvers=list(SOLVERS),
            seeds=seeds,
            streams=list(STREAMS),
            gpus=list(GPUS),
            instances=instances,
        )
        self.file.write_text(text, encoding="utf-8")

    def run_and_kill(self, share: float, with_runs: bool) -> None:
        """Run until a share of the rows is there, and kill the study."""
        goal = math.ceil(share * self.report.runs)
        start = time.perf_counter()
        with self._running() as process:
            while (rows := self._count()) < goal:
                self.say(f"killed at {goal} of {self.report.runs} runs: {rows}")
                if process.poll() is not None:
                    _, error = process.communicate()
                    message = f"the study ended before it was killed: {error.strip()}"
                    raise EkyaOptError(message)
                time.sleep(SECONDS_A_LOOK)
            others = descendants(process.pid) if with_runs else []
            for each in [process.pid, *others]:
                with contextlib.suppress(OSError):
                    os.kill(each, signal.SIGKILL)
            process.communicate()
        self.report.seconds += time.perf_counter() - start
        outlived = self._outlived()
        integrity, self.before = self._look()
        kill = Kill(
            victim="study, workers and runs" if with_runs else "study",
            rows=len(self.before),
            integrity=integrity,
            outlived=outlived,
        )
        self.report.kills.append(kill)
        if integrity != "ok":
            self._fail(f"after a kill the store is not whole: {integrity}")
        if outlived:
            self._fail(f"{outlived} processes outlived the study")

    def run_to_the_end(self) -> None:
        """Run what is missing."""
        self.say("the rest")
        start = time.perf_counter()
        with self._running() as process:
            _, error = process.communicate()
        self.report.seconds += time.perf_counter() - start
        if process.returncode != 0:
            self._fail(f"exit status {process.returncode}: {error.strip()}")
        self.report.store_bytes = self.path.stat().st_size

    def check_and_compare(self) -> None:
        """Check every row against a solve of the same task in this process."""
        from ekya_opt.studies.store import open_store

        integrity, rows = self._look()
        if integrity != "ok":
            self._fail(f"the store is not whole: {integrity}")
        store, report = open_store(self.path), self.report
        planned = list(store.planned()["key"])
        frame = store.runs()
        keys = list(frame["key"])
        changed = [key for key in self.before if rows.get(key) != self.before[key]]
        report.lost = len({*planned} - {*keys}) + len(changed)
        report.doubled = len(keys) - len({*keys}) + len(planned) - len({*planned})
        if len(planned) != report.runs:
            self._fail(f"{len(planned)} runs are planned, expected {report.runs}")
        times = [
            self._compare(store, row, f"{idx}/{len(frame)} compared")
            for idx, row in enumerate(frame.to_dict("records"))
        ]
        for name in dict.fromkeys(solver for solver, *_ in times):
            own = [each for solver, *each in times if solver == name]
            report.overheads.append(overhead_of(name, own))
        report.overheads.append(overhead_of("all", [each for _, *each in times]))
        bare = statistics.fmean(each[1] for each in times)
        report.whole = 1e3 * (report.workers * report.seconds / len(times) - bare)
        for name in ("lost", "doubled", "torn", "different"):
            if getattr(report, name):
                self._fail(f"{getattr(report, name)} rows are {name}")

    def _compare(
        self, store: "Store", row: dict[str, Any], what: str
    ) -> tuple[str, float, float, float]:
        """Check one row; return its solver, and seconds bare, of solve and process."""
        import json

        from formulations.problems import evaluate_any
        from solvers import Options, solve

        self.say(what)
        problem = store.problem(row["instance_hash"])
        options = Options(
            seed=int(row["seed"]),
            time_limit=row["time_limit"],
            settings=json.loads(row["settings"]),
        )
        solve(problem, row["solver"], options)
        start = time.perf_counter()
        result = solve(problem, row["solver"], options)
        bare = time.perf_counter() - start
        if not _same(result.objective, row["objective"]):
            self.report.different += 1
        try:
            schedule = store.schedule(row["key"])
            worth = None if schedule is None else evaluate_any(problem, schedule)
            found = None if worth is None else worth.objective
            whole = _same(found, row["objective"])
        except EkyaOptError:
            whole = False
        self.report.torn += not whole
        return row["solver"], bare, row["seconds"], row["process_seconds"]

    @contextmanager
    def _running(self) -> "Iterator[subprocess.Popen[str]]":
        command = [sys.executable, "-m", "ekya_opt", "study", "run", str(self.file)]
        command += ["--store", str(self.path), "--workers", str(self.report.workers)]
        process = subprocess.Popen(
            command,
            env=environment() | {MARK: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def _outlived(self) -> int:
        """Return how many of the study's processes are left after a while."""
        deadline = time.monotonic() + SECONDS_TO_END
        while (left := marked(f"{MARK}={self.mark}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        return len(left)

    def _count(self) -> int:
        """Return how many rows there are, 0 before there is a store."""
        try:
            with contextlib.closing(self._connect()) as connection:
                count: int = connection.execute("SELECT count(*) FROM runs").fetchone()[
                    0
                ]
                return count
        except sqlite3.OperationalError:
            return 0

    def _look(self) -> tuple[str, dict[str, str]]:
        """Return SQLite's verdict, and when each run in the store began."""
        with contextlib.closing(self._connect()) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            rows = connection.execute("SELECT key, started FROM runs").fetchall()
        return verdict, dict(rows)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True)

    def _fail(self, sentence: str) -> None:
        self.report.failures.append(sentence)


def _same(first: float | None, second: float | None) -> bool:
    """Return whether two objectives are the same; NaN is none."""
    if first is None or second is None or math.isnan(first) or math.isnan(second):
        return all(each is None or math.isnan(each) for each in (first, second))
    return abs(first - second) <= TOLERANCE
