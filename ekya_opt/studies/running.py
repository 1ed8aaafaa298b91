"""Running a study: exactly what its store lacks, each run committed as it ends."""

from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import closing
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.plan import make_plan
from ekya_opt.studies.store import Store
from ekya_opt.studies.store_writer import written
from ekya_opt.studies.task import Task
from instances import InvalidOption
from instances.checks import shown
from solvers import StoppedBy

if TYPE_CHECKING:
    from ekya_opt.studies.study import Study

EVERY_FAILURE = "all"

Progress = Callable[[int, int, str], None]
Ended = tuple[Task, Outcome]


def run_study(
    study: "Study",
    store: str | PathLike[str],
    workers: int | None,
    scheduler: str | None,
    retry: str | Collection[str],
    progress: Progress | None,
    executor: Any = None,
) -> Store:
    """Do the runs that a store lacks; see :meth:`Study.run`."""
    from datetime import UTC, datetime

    kinds = checked_retry(retry)
    path = str(fspath(store))
    executor = executor or make_executor(workers, scheduler)
    plan = make_plan(study)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with written(path) as writer:
        writer.plan(study.name, study.definition(), plan, now)
        missing = {run.key: run for run in writer.missing(plan.runs, kinds)}
        total, done = len(plan.runs), len(plan.runs) - len(missing)
        tasks = [run.task for run in missing.values()]
        needed = {task.instance_hash for task in tasks}
        problems = {each: plan.problems[each] for each in needed}
        if progress is not None:
            progress(done, total, "starting")
        try:
            with closing(_each(executor.run(tasks, problems))) as ended:
                for task, outcome in ended:
                    # What Ctrl-C cut short is done again by the next call.
                    if outcome.stopped_by == StoppedBy.INTERRUPT:
                        continue
                    run = missing.pop(task.key)
                    writer.record(run.key, outcome)
                    done += 1
                    if progress is not None:
                        progress(done, total, f"{run.label} on {run.instance}")
        except KeyboardInterrupt:
            message = f"interrupted: {done} of {total} runs are done"
            message += "; the same again does the rest"
            raise KeyboardInterrupt(message) from None
    return Store(path)


def _each(ended: Iterable[Ended]) -> Generator[Ended]:
    """Yield what an executor gives, generator or not; closing ends its runs."""
    yield from ended


def checked_retry(retry: str | Collection[str]) -> set[str]:
    """Return the kinds of failures to retry.

    Raises
    ------
    InvalidOption
        If there is no such kind.
    """
    words = retry.split(",") if isinstance(retry, str) else list(retry)
    kinds = {str(word).strip().replace("-", " ") for word in words} - {""}
    known = [str(kind) for kind in Failure]
    for kind in sorted(kinds - {EVERY_FAILURE}):
        if kind not in known:
            expected = ", ".join([EVERY_FAILURE, *known])
            raise InvalidOption(f"retry is {shown(kind)}, expected {expected}")
    return set(known) if EVERY_FAILURE in kinds else kinds


def make_executor(workers: int | None, scheduler: str | None) -> Any:
    """Return what runs the tasks.

    Raises
    ------
    InvalidOption
        If the scheduler's address or the number of workers makes no sense.
    """
    if scheduler is not None:
        if workers is not None:
            message = "workers are those of the scheduler, expected one of the two only"
            raise InvalidOption(message)
        from ekya_opt.studies.dask_executor import DaskExecutor

        return DaskExecutor(scheduler)
    from ekya_opt.studies.local_executor import LocalExecutor

    return LocalExecutor(workers)
