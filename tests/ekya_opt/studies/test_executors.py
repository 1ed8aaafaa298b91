"""Runs as processes of their own: what comes of them, whatever they do."""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import solve
from ekya_opt.studies.local_executor import LocalExecutor
from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.task import Task
from formulations.problems import any_schedule_from_dict, evaluate_any
from instances import EkyaOptError, InvalidOption
from instances.columns import columns_of
from instances.library import load_shipped
from instances.problems import problem_hash
from tests.ekya_opt.studies.processes import (
    COMPILED,
    HASH,
    SOLVERS,
    TWO,
    linux,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

LIMITS: dict[str, Any] = {"time_limit": 0.2, "memory_limit": 100_000_000}
PATIENT = ("feed", "spread", "delegate")
"""Those that need more time to get where they are stopped."""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for temporary files that nobody else uses."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that is made when something has been compiled."""
    return tmp_path_factory.mktemp("compiled") / "compiled"


@pytest.fixture(scope="module")
def outcomes(site: Path, temporary: Path, compiled: Path) -> dict[str, Outcome]:
    """Return what comes of each solver, and of ``dp`` between them."""
    tasks = [
        Task(instance_hash=HASH, solver=name, **{**LIMITS, **more})
        for name in SOLVERS
        for more in [{"time_limit": 20.0} if name in PATIENT else {}]
    ]
    tasks += [Task(instance_hash=HASH, solver="dp", seed=seed) for seed in range(2)]
    executor = LocalExecutor(2, grace_seconds=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv(COMPILED, str(compiled))
        pairs = list(executor.run(tasks, {HASH: TWO}))
    assert sorted(task.key for task, _ in pairs) == sorted(task.key for task in tasks)
    return {task.solver: outcome for task, outcome in pairs}


@pytest.mark.parametrize(
    ("solver", "failure", "words"),
    [
        ("crash", Failure.CRASH, "killed by SIGSEGV"),
        ("leave", Failure.CRASH, "exit status 3: so long"),
        ("abort", Failure.MEMORY, "SIGABRT.*bad_alloc'; took .* limit 100 MB$"),
        ("give_up", Failure.MEMORY, "SIGABRT.*section memory!; took .* limit 100 MB$"),
        pytest.param("spread", Failure.MEMORY, "new thread; took .* MB", marks=linux),
        pytest.param(
            "delegate", Failure.MEMORY, "CalledPro.*status 1.*MemoryError", marks=linux
        ),
        pytest.param("load", Failure.MEMORY, "ImportError: .*; took", marks=linux),
        pytest.param("err", Failure.EXCEPTION, "^ValueError: .*; took", marks=linux),
        pytest.param("brood", Failure.OVERTIME, "0.2 s; took .* MB", marks=linux),
        ("eat", Failure.MEMORY, "MemoryError|took .* MB, limit 100 MB"),
        pytest.param("feed", Failure.MEMORY, "took .* limit 100 MB", marks=linux),
        ("sleep", Failure.OVERTIME, "time limit of 0.2 s"),
        ("babble", Failure.OVERTIME, "time limit of 0.2 s"),
        ("refuse", Failure.EXCEPTION, "^InvalidOption: this will not do$"),
        ("exit_", Failure.EXCEPTION, "^SystemExit: enough$"),
        ("lie", Failure.DISAGREEMENT, "SolverDisagreement.*0.9"),
        ("starve", Failure.DISAGREEMENT, "SolverDisagreement.*below its floor"),
        ("shoot", Failure.WORKER_LOST, "3 attempts, at last killed by SIGKILL"),
    ],
)
def test_what_goes_wrong_is_the_outcome_of_its_run(
    outcomes: dict[str, Outcome], solver: str, failure: Failure, words: str
) -> None:
    """Each failure has its kind and a message in one line, and no result."""
    outcome = outcomes[solver]
    assert (outcome.status, outcome.failure) == ("error", failure), outcome
    assert outcome.error is not None
    assert re.search(words, outcome.error), outcome.error
    assert outcome.error.isprintable()
    assert (outcome.objective, outcome.schedule, outcome.verdict) == (None, None, None)
    assert outcome.attempts == (3 if failure is Failure.WORKER_LOST else 1)


def test_a_run_among_failures_is_as_in_one_process(
    outcomes: dict[str, Outcome],
) -> None:
    """Objective, bound and schedule are those of a solve here; the referee agrees."""
    result, outcome = solve(TWO, "dp"), outcomes["dp"]
    assert (outcome.status, outcome.failure) == ("optimal", None)
    assert (outcome.objective, outcome.bound) == (result.objective, result.bound)
    assert [point[1:] for point in outcome.trace] == [
        (point.objective, point.bound) for point in result.trace
    ]
    assert outcome.verdict == "feasible"
    file = any_schedule_from_dict(outcome.schedule)
    assert file.schedule == result.schedule
    assert file.objective == result.objective
    assert 0 < outcome.seconds < outcome.process_seconds
    assert set(outcome.environment) == {"versions", "machine"}
    assert outcome.started.endswith("+00:00")


@linux
def test_memory_is_that_of_all_processes_of_the_run(
    outcomes: dict[str, Outcome],
) -> None:
    """The peak holds the interpreter; a process that eats is stopped at the limit."""
    peak, eaten = outcomes["dp"].peak_bytes, outcomes["feed"].peak_bytes
    assert peak is not None
    assert eaten is not None
    assert 10e6 < peak < 1e9
    assert eaten > 100_000_000


def test_what_a_solver_tells_is_kept_in_bounds(outcomes: dict[str, Outcome]) -> None:
    """Metadata is JSON, long values are told by their length, prints are not kept."""
    outcome = outcomes["chat"]
    assert (outcome.status, outcome.error) == ("feasible", None)
    told = dict(outcome.metadata)
    assert (told["set"], told["nan"], told["many"]) == (
        [1],
        None,
        "1000000 items, not kept",
    )
    assert told["3"] == {"deep": [1, [2.5, None]]}
    assert told["surrogate"] == "\\udcff"
    assert len(told["long"]) == 1000
    assert outcomes["litter"].verdict == "feasible"


def test_killed_runs_leave_no_temporary_files(
    outcomes: dict[str, Outcome], temporary: Path
) -> None:
    """The solver that sleeps has made a directory before it was killed."""
    assert outcomes["sleep"].failure is Failure.OVERTIME
    assert not list(temporary.iterdir())


def test_what_is_compiled_is_finished(
    outcomes: dict[str, Outcome], compiled: Path
) -> None:
    """The run has kept its time limit, and the next one finds the compiled code."""
    assert outcomes["compile_"].stopped_by == "time_limit"
    assert compiled.exists()


def test_what_a_worker_has_loaded_changes_no_outcome(site: Path) -> None:
    """Compiled code and backends that earlier runs have loaded serve later ones.

    The worker still has one thread, so that its forks hold no lock for ever.
    """
    wanted = {
        "paper/window1": ("fleet", "cp-sat", "milp", "fleet", "cp-sat"),
        "paper/horizon": ("dp",),
        "memory-tight/n4-g2": ("round-and-pack",),
    }
    problems = {problem_hash(each): each for each in map(load_shipped, wanted)}
    tasks = [
        Task(instance_hash=key, solver=solver, seed=seed)
        for key, solvers in zip(problems, wanted.values(), strict=True)
        for seed, solver in enumerate(solvers)
    ]
    last = Task(instance_hash=HASH, solver="count")
    pairs = list(LocalExecutor(1).run([*tasks, last], {**problems, HASH: TWO}))
    if sys.platform == "linux":
        assert pairs[-1][1].metadata["threads"] == "1"
    assert [task for task, _ in pairs[:-1]] == tasks
    for task, outcome in pairs[:-1]:
        assert outcome.failure is None, outcome
        problem = problems[task.instance_hash]
        expected = solve(problem, task.solver, seed=task.seed)
        assert outcome.objective == pytest.approx(expected.objective, abs=1e-9)
        schedule = any_schedule_from_dict(outcome.schedule).schedule
        verdict = evaluate_any(problem, schedule)
        assert (verdict.feasible, outcome.verdict) == (True, "feasible")
        assert verdict.objective == pytest.approx(outcome.objective, abs=1e-9)


def test_schedules_can_be_left_out() -> None:
    """Then the verdict is kept all the same."""
    task = Task(instance_hash=HASH, solver="dp")
    executor = LocalExecutor(1, keep_schedules=False)
    ((_, outcome),) = executor.run([task], {HASH: TWO})
    assert (outcome.schedule, outcome.verdict) == (None, "feasible")


def test_an_unknown_solver_is_a_failed_run_and_bad_tasks_are_errors() -> None:
    """What no run can be made of is an error in one line."""
    (_, outcome), *_ = LocalExecutor(1).run(
        [Task(instance_hash=HASH, solver="no-such")], {HASH: TWO}
    )
    assert outcome.failure is Failure.EXCEPTION
    assert "there is no solver 'no-such'" in (outcome.error or "")
    with pytest.raises(EkyaOptError, match=f"there is no problem {HASH}"):
        list(LocalExecutor(1).run([Task(instance_hash=HASH, solver="dp")], {}))
    fleet: Any = {HASH: columns_of(TWO)}
    with pytest.raises(InvalidOption, match=r"small: is a fleet as columns.*20,000"):
        list(LocalExecutor(1).run([Task(instance_hash=HASH, solver="dp")], fleet))
    for workers in (0, True, 1.5):
        with pytest.raises(InvalidOption, match="workers is"):
            LocalExecutor(workers)  # type: ignore[arg-type]
