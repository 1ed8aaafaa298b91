"""What the tests of studies share."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import Store, Study
from ekya_opt.studies.outcome import Outcome
from ekya_opt.studies.task import Task
from solvers import Options, solve
from tests.ekya_opt.studies.processes import install

ENVIRONMENT = {
    "versions": {"ekya-opt": "0.0.test", "python": "3"},
    "machine": {"processor": "a test", "cores": 1},
}


class InProcess:
    """Runs tasks here, one after the other, and remembers which.

    Parameters
    ----------
    stop_after
        Ctrl-C comes after so many tasks.
    """

    def __init__(self, stop_after: int | None = None) -> None:
        self.keys: list[str] = []
        self.closed = False
        self._stop_after = stop_after

    def run(
        self, tasks: Iterable[Task], problems: Mapping[str, Any]
    ) -> Iterator[tuple[Task, Outcome]]:
        """Yield the outcome of each task."""
        try:
            for task in tasks:
                if len(self.keys) == self._stop_after:
                    raise KeyboardInterrupt
                self.keys.append(task.key)
                yield task, outcome_in_process(task, problems[task.instance_hash])
        finally:
            self.closed = True


def outcome_in_process(task: Task, problem: Any) -> Outcome:
    """Return the outcome of a task that is run here."""
    from formulations.problems import any_schedule_to_dict

    options = Options(
        time_limit=task.time_limit,
        seed=task.seed,
        workers=task.workers,
        plan_on=task.plan_on,
        settings=task.settings,
    )
    result = solve(problem, task.solver, options)
    schedule = None
    if result.schedule is not None:
        schedule = any_schedule_to_dict(result.schedule, instance=problem.name)
    return Outcome(
        status=str(result.status),
        objective=result.objective,
        bound=result.bound,
        seconds=result.runtime,
        process_seconds=result.runtime,
        trace=tuple(
            (each.seconds, each.objective, each.bound) for each in result.trace
        ),
        schedule=schedule,
        started="2026-01-01T00:00:00+00:00",
        environment=ENVIRONMENT,
    )


@pytest.fixture
def small_study() -> Study:
    """Return a study of 2 windows × 2 changes × 3 solvers × 2 seeds: 24 runs."""
    return Study(
        name="small",
        instances=["shipped:paper/window1", "shipped:paper/window2"],
        changes={"gpus": [2, 3]},
        solvers=["dp", "thief:passes=0", "uniform"],
        seeds=2,
        time_limit=20,
    )


@pytest.fixture
def done(small_study: Study, tmp_path: Path) -> Store:
    """Return the store of a study that is done."""
    return small_study.run(tmp_path / "done.sqlite", executor=InProcess())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the directory on ``sys.path`` in which the solvers are installed."""
    folder = tmp_path_factory.mktemp("site")
    install(folder)
    sys.path.append(str(folder))
    yield folder
    sys.path.remove(str(folder))
