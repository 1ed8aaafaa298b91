"""A study: instances × changes × solvers × settings × seeds."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.studies.grids import (
    checked_changes,
    checked_generate,
    checked_grid,
    checked_seeds,
)
from ekya_opt.studies.plan import make_plan, problems_of, study_specs
from instances import InvalidData
from instances.checks import check_name, set_integer, set_number, shown
from instances.json_files import content_hash
from instances.problems import is_columns, kind_of, problem_hash
from solvers.options import PLAN_ON

if TYPE_CHECKING:
    from ekya_opt.studies.store import Store
    from ekya_opt.studies.task import Task
    from instances.columns import Columns
    from instances.problems import Problem

Progress = Callable[[int, int, str], None]
SOLVER_KEYS = ("solver", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Runs of solvers on problems: every solver on every problem with every seed.

    Problems that state the same are run once, and so are equal runs. Change a study
    with :func:`dataclasses.replace`, which validates again.

    Parameters
    ----------
    name
        Names the study in its store.
    instances
        Files, directories, ``shipped:FAMILY[/NAME]``, or problems themselves.
    generate
        Tables of a ``family``, its ``streams``, ``gpus`` and ``seeds`` (default 1) and
        its options, as in :func:`ekya_opt.generate_problem`. A list gives each of its
        values, and lists are crossed; ``seeds`` are 0 to n - 1 or a list.
    changes
        Tables of fields of the problem to set, crossed in the same way; each problem
        is run with every combination instead of as it is.
    solvers
        Names, ``name:key=value…``, ``name:*``, or tables of a ``solver`` and
        its ``settings``, where lists are crossed. ``None``: those that
        :func:`ekya_opt.compare` takes for the problem.
    seeds
        0 to n - 1 for a number n, or a list; of the solvers.
    time_limit
        Wall seconds for each solve; ``None`` for no limit.
    memory_gb
        GB that a run's process may take beyond what it starts with; ``None`` for no
        limit.
    workers
        Threads that a solver may use.
    plan_on
        As in :class:`ekya_opt.Options`.

    Raises
    ------
    InvalidStudy
        If a value lies outside its domain; the message names the place.
    """

    error: ClassVar[type[InvalidStudy]] = InvalidStudy

    name: str
    instances: "Iterable[str | PathLike[str] | Problem | Columns]" = ()
    generate: Iterable[Mapping[str, Any]] = ()
    changes: Mapping[str, Any] | Iterable[Mapping[str, Any]] = ()
    solvers: str | Iterable[str | Mapping[str, Any]] | None = None
    seeds: int | Iterable[int] = 1
    time_limit: float | None = 60.0
    memory_gb: float | None = None
    workers: int = 1
    plan_on: Literal["truth", "estimates"] = "truth"

    def __post_init__(self) -> None:
        check_name(self, "name")
        self._set(
            "instances",
            tuple(_source(*each) for each in _items(self.instances, "instances")),
        )
        tables = [checked_generate(*each) for each in _items(self.generate, "generate")]
        self._set("generate", tuple(tables))
        changes = [checked_changes(*each) for each in _items(self.changes, "changes")]
        self._set("changes", tuple(changes))
        if self.solvers is not None:
            self._set("solvers", _checked_solvers(self.solvers))
        self._set("seeds", checked_seeds(self.seeds, "seeds"))
        if self.time_limit is not None:
            set_number(self, "time_limit", above=True, high=1e9)
        if self.memory_gb is not None:
            set_number(self, "memory_gb", above=True, high=1e6)
        set_integer(self, "workers", low=1, high=1024)
        if self.plan_on not in PLAN_ON:
            message = f"is {shown(self.plan_on)}, expected one of {', '.join(PLAN_ON)}"
            raise InvalidStudy(message, "plan_on")
        if not self.instances and not self.generate:
            message = f"study {self.name} names no instances and generates none"
            raise InvalidStudy(message)

    def __hash__(self) -> int:
        return hash(content_hash(self.definition()))

    def definition(self) -> dict[str, Any]:
        """Return everything that defines the study as JSON values."""
        sources: Any = self.instances
        content = {name: getattr(self, name) for name in self.__slots__}
        content["instances"] = [
            source
            if isinstance(source, str)
            else {"name": source.name, "instance_hash": _hash(source)}
            for source in sources
        ]
        return {name: _plain(value) for name, value in content.items()}

    def problems(self) -> "tuple[Problem, ...]":
        """Return the problems, each once: read, generated and changed.

        Raises
        ------
        InvalidStudy
            If there are none, or a change or an option lies outside its domain.
        EkyaOptError
            If an instance cannot be read.
        """
        return tuple(problems_of(self).values())

    def tasks(self) -> "tuple[Task, ...]":
        """Return the runs, each once, in the order in which they are begun.

        Raises as :meth:`problems`; and ``SolverUnavailable`` if a solver is not for
        one of the problems, ``InvalidOption`` if it lacks a setting for it.
        """
        return tuple(run.task for run in make_plan(self).runs)

    def run(
        self,
        store: str | PathLike[str],
        workers: int | None = None,
        scheduler: str | None = None,
        retry: str | Collection[str] = (),
        progress: Progress | None = None,
        executor: Any = None,
    ) -> "Store":
        """Do the runs that a store lacks, and return the store.

        Each finished run is committed at once. Ctrl-C stops the runs in flight and
        says how much is done; the same call goes on from there.

        Parameters
        ----------
        store
            File of the store; made if missing.
        workers
            Runs at once on this machine; by default as many as it has cores.
        scheduler
            ``dask://HOST:PORT`` of a dask scheduler, to run on its workers.
        retry
            Kinds of failures whose runs are done again, or ``all``.
        progress
            Called with the runs done, the runs in all and what ended last.
        executor
            What runs the tasks instead: ``run(tasks, problems)`` yields each task
            with its outcome.

        Raises
        ------
        StoreUnavailable
            If the file is no store, damaged, or another process writes to it.
        """
        from ekya_opt.studies.running import run_study

        return run_study(self, store, workers, scheduler, retry, progress, executor)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _repr_html_(self) -> str:
        from ekya_opt.studies.pictures import study_table

        return study_table(self)


def _items(values: Any, place: str) -> list[tuple[Any, str]]:
    """Return the items of a list, or the one that stands for it, with their places."""
    single = isinstance(values, str | PathLike | Mapping)
    items = [values] if single or not isinstance(values, Iterable) else list(values)
    return [(item, f"{place}[{idx}]") for idx, item in enumerate(items)]


def _source(source: Any, place: str) -> Any:
    if isinstance(source, str | PathLike):
        return str(fspath(source))
    try:
        kind_of(source)
    except InvalidData:
        expected = "a file, a directory, a shipped name or a problem"
        raise InvalidStudy(f"is {shown(source)}, expected {expected}", place) from None
    return source


def _checked_solvers(solvers: Any) -> tuple[Any, ...]:
    if isinstance(solvers, str):
        solvers = [word.strip() for word in solvers.split(",") if word.strip()]
    checked = tuple(_solver(*each) for each in _items(solvers, "solvers"))
    if not checked:
        raise InvalidStudy("is empty, expected at least one solver", "solvers")
    study_specs(checked)
    return checked


def _solver(solver: Any, place: str) -> Any:
    """Return a solver's word or table after checking its form."""
    if isinstance(solver, str) and solver.strip():
        return solver
    if not isinstance(solver, Mapping):
        expected = "a name, NAME:KEY=VALUE… or a table of solver and settings"
        raise InvalidStudy(f"is {shown(solver)}, expected {expected}", place)
    for key in solver:
        if key not in SOLVER_KEYS:
            message = f"is an unknown key, expected one of {', '.join(SOLVER_KEYS)}"
            raise InvalidStudy(message, f"{place}.{key}")
    name = solver.get("solver")
    if not isinstance(name, str) or not name.strip():
        found = shown(name) if "solver" in solver else "missing"
        raise InvalidStudy(f"is {found}, expected a solver's name", f"{place}.solver")
    settings = checked_grid(solver.get("settings", {}), f"{place}.settings")
    return {"solver": name, "settings": settings}


def _hash(source: Any) -> str:
    return problem_hash(source.instance() if is_columns(source) else source)


def _plain(value: Any) -> Any:
    """Return a value of a study as a JSON value."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(map(_plain, value)) if isinstance(value, tuple | list) else value
