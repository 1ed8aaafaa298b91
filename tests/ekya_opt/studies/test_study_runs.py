"""Running studies: exactly what is missing, whatever ended the run before."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import InvalidOption, Store, Study, open_store
from ekya_opt.studies.errors import StoreUnavailable
from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.running import make_executor
from ekya_opt.studies.store_writer import written
from ekya_opt.studies.task import Task
from formulations.problems import evaluate_any
from tests.ekya_opt.studies.conftest import InProcess, outcome_in_process


class Failing(InProcess):
    """Runs tasks as its base does, but lets those of some solvers fail."""

    def __init__(self, failures: dict[str, Failure]) -> None:
        super().__init__()
        self._failures = failures

    def run(
        self, tasks: Iterable[Task], problems: Mapping[str, Any]
    ) -> Iterator[tuple[Task, Outcome]]:
        """Yield the outcome of each task."""
        for task, outcome in super().run(tasks, problems):
            failure = self._failures.get(task.solver)
            if failure is None:
                yield task, outcome
                continue
            failed = replace(outcome, status="error", failure=failure, error="so")
            yield task, replace(failed, objective=None, bound=None, schedule=None)


def test_a_second_run_does_exactly_what_is_missing(
    small_study: Study, tmp_path: Path
) -> None:
    """After Ctrl-C the runs done are kept and only the others are begun."""
    path = tmp_path / "s.sqlite"
    first, second, third = InProcess(stop_after=7), InProcess(), InProcess()
    with pytest.raises(KeyboardInterrupt, match="7 of 24 runs are done; the same"):
        small_study.run(path, executor=first)
    assert first.closed
    assert set(open_store(path).ended()) == set(first.keys)
    small_study.run(path, executor=second)
    keys = [task.key for task in small_study.tasks()]
    assert first.keys + second.keys == keys
    small_study.run(path, executor=third)
    assert third.keys == []


def test_progress_counts_what_was_done_before(
    small_study: Study, tmp_path: Path
) -> None:
    """Progress begins at what the store has and ends at all."""
    path = tmp_path / "s.sqlite"
    with pytest.raises(KeyboardInterrupt):
        small_study.run(path, executor=InProcess(stop_after=5))
    told: list[tuple[int, int, str]] = []
    small_study.run(
        path, executor=InProcess(), progress=lambda *words: told.append(words)
    )
    assert [(done, total) for done, total, _ in told] == [
        (done, 24) for done in range(5, 25)
    ]
    assert told[-1][2].startswith("uniform on paper-window2 gpus=3")


def test_an_executor_need_not_be_a_generator(
    small_study: Study, tmp_path: Path
) -> None:
    """A list of the outcomes will do."""

    class Listing(InProcess):
        def run(self, *words: Any) -> Any:
            return list(super().run(*words))

    store = small_study.run(tmp_path / "s.sqlite", executor=Listing())
    assert len(store.runs()) == 24


def test_failed_runs_are_done_unless_their_failure_is_retried(
    small_study: Study, tmp_path: Path
) -> None:
    """Rows that failed stay until a run with their kind in ``retry`` replaces them."""
    path = tmp_path / "s.sqlite"
    failures = {"uniform": Failure.CRASH, "thief": Failure.WORKER_LOST}
    store = small_study.run(path, executor=Failing(failures))
    assert list(store.summary()["failed"]) == [0, 8, 8]
    assert set(store.runs()["failure"].dropna()) == {"crash", "worker lost"}
    none, crashes, rest = InProcess(), InProcess(), InProcess()
    small_study.run(path, executor=none, retry="memory")
    assert none.keys == []
    small_study.run(path, executor=crashes, retry={"crash", "memory"})
    assert len(crashes.keys) == 8
    assert list(store.summary()["failed"]) == [0, 8, 0]
    small_study.run(path, executor=rest, retry="all")
    assert len(rest.keys) == 8
    assert len(store.runs()) == 24
    assert store.runs()["failure"].isna().all()


def test_what_an_interrupt_cut_short_is_not_done(
    small_study: Study, tmp_path: Path
) -> None:
    """An outcome that Ctrl-C ended early is no row."""

    class Interrupted(InProcess):
        def run(self, tasks: Any, problems: Any) -> Iterator[tuple[Task, Outcome]]:
            for task, outcome in super().run(tasks, problems):
                yield task, replace(outcome, stopped_by="interrupt")

    path = tmp_path / "s.sqlite"
    assert len(small_study.run(path, executor=Interrupted()).runs()) == 0
    assert len(small_study.run(path, executor=InProcess()).runs()) == 24


def test_a_store_can_be_read_while_a_study_writes(
    small_study: Study, tmp_path: Path
) -> None:
    """Each run is there as soon as it is recorded, and the writer never waits."""
    path = tmp_path / "s.sqlite"
    seen: list[int] = []

    def look(done: int, total: int, _: str) -> None:
        assert total == 24
        seen.append(len(Store(path).runs()) - done)

    small_study.run(path, executor=InProcess(), progress=look)
    assert seen == [0] * 25
    assert [file.name for file in tmp_path.iterdir()] == ["s.sqlite"]


def test_a_second_writer_is_refused(small_study: Study, tmp_path: Path) -> None:
    """While a study writes to a store, nobody else does, in this process or another."""
    path = str(tmp_path / "s.sqlite")
    code = "import sys; from ekya_opt.studies.store_writer import written\n"
    code += "with written(sys.argv[1]): pass"
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    with written(path):
        with pytest.raises(StoreUnavailable, match=r"a study is writing .*\d+\)"):
            small_study.run(path, executor=InProcess())
        with pytest.raises(StoreUnavailable, match=r"link.*: a study is writing"):
            small_study.run(link, executor=InProcess())
        other = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True
        )
    expected = f"a study is writing to this store (process {os.getpid()})"
    assert other.stderr.strip().endswith(expected)
    small_study.run(path, executor=InProcess())


def test_plans_on_estimates_have_labels_of_their_own(tmp_path: Path) -> None:
    """One store's gaps do not average over plans on the truth and on estimates."""
    for plan_on in ("truth", "estimates"):
        study = Study(
            name=plan_on,
            instances="shipped:recorded/digits-cpu-window1",
            solvers="dp",
            plan_on=plan_on,
        )
        store = study.run(tmp_path / "s.sqlite", executor=InProcess())
    labels = store.runs().set_index("label")["plan_on"]
    assert labels.to_dict() == {"dp": "truth", "dp on estimates": "estimates"}


def test_a_fork_does_not_keep_the_lock(small_study: Study, tmp_path: Path) -> None:
    """A child that outlives its parent does not lock the store."""
    path = str(tmp_path / "s.sqlite")
    code = (
        "import os, sys, time\n"
        "from ekya_opt.studies.store_writer import written\n"
        "with written(sys.argv[1]):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        time.sleep(30); os._exit(0)\n"
        "    print(child, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert parent.wait() == -signal.SIGKILL
            small_study.run(path, executor=InProcess())
        finally:
            os.kill(child, signal.SIGKILL)


STUDY = """
instances = ["shipped:paper/window1", "shipped:paper/window2"]
solvers = ["dp", "random:samples=400", "uniform"]
seeds = 12
"""


def checked(path: Path) -> dict[str, Outcome]:
    """Return the runs of a store after checking that each is whole and right."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    store = open_store(path)
    runs = store.runs()
    assert len(set(runs["key"])) == len(runs)
    for row in runs.itertuples():
        schedule = store.schedule(row.key)
        if schedule is not None:
            verdict = evaluate_any(store.problem(row.instance_hash), schedule)
            assert verdict.objective == pytest.approx(row.objective, abs=1e-9)
    return {key: store.outcome(key) for key in runs["key"]}


def test_kill_9_loses_tears_and_doubles_nothing(
    tmp_path: Path, python_environment: Callable[[], dict[str, str]]
) -> None:
    """A study killed twice in the middle goes on as if nothing had been."""
    file, path = tmp_path / "kill.toml", tmp_path / "kill.sqlite"
    file.write_text(STUDY)
    words = [sys.executable, "-m", "ekya_opt", "study", "run", str(file)]
    words += ["--workers", "1"]
    before: dict[str, Outcome] = {}
    for target in (5, 20):
        with subprocess.Popen(
            words, env=python_environment(), stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and _count(path) < target:
                time.sleep(0.002)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        after = checked(path)
        assert target <= len(after) < 72
        assert before.items() <= after.items()
        before = after
    done = subprocess.run(
        words, env=python_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    after = checked(path)
    assert len(after) == 72
    assert before.items() <= after.items()
    assert {file.name for file in tmp_path.iterdir()} == {"kill.toml", "kill.sqlite"}


def _count(path: Path) -> int:
    try:
        return len(Store(path).ended())
    except StoreUnavailable:
        return 0


@pytest.mark.parametrize(
    ("workers", "scheduler", "message"),
    [
        (0, None, "workers is 0, expected"),
        (None, "localhost", "scheduler is 'localhost', expected dask://HOST:PORT"),
        (None, "dask://", "scheduler is 'dask://', expected dask://HOST:PORT"),
        (2, "dask://localhost:8786", "workers are those of the scheduler"),
    ],
)
def test_executors_that_make_no_sense_are_refused(
    workers: int | None, scheduler: str | None, message: str
) -> None:
    """A wrong number of workers or address is told before anything is run."""
    with pytest.raises(InvalidOption, match=message):
        make_executor(workers, scheduler)


def test_unknown_failures_cannot_be_retried(small_study: Study, tmp_path: Path) -> None:
    """The message names the kinds there are, and no store is made."""
    with pytest.raises(InvalidOption, match="retry is 'bad luck', expected all, exc"):
        small_study.run(tmp_path / "s.sqlite", retry="bad luck")
    assert list(tmp_path.iterdir()) == []


def test_outcomes_of_the_local_executor_are_kept(tmp_path: Path) -> None:
    """A run in a process of its own is recorded with everything that it tells."""
    study = Study(name="own", instances="shipped:paper/window1", solvers="dp")
    store = study.run(tmp_path / "s.sqlite", workers=1)
    row = store.runs().iloc[0]
    task = study.tasks()[0]
    here = outcome_in_process(task, study.problems()[0])
    assert (row["status"], row["verdict"]) == ("optimal", "feasible")
    assert row["objective"] == here.objective
    assert row["peak_bytes"] > 1_000_000
    assert row["process_seconds"] >= row["seconds"] > 0
    assert row["processor"]
    assert row["version"]
    assert store.outcome(task.key).schedule is not None
