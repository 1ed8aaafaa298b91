"""The plan of a study: its problems, and its runs in their order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ekya_opt.comparison import default_solvers
from ekya_opt.solver_specs import SolverSpec, solver_specs
from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.studies.grids import changed, crossed, generated
from ekya_opt.studies.task import Task
from instances import EkyaOptError
from instances.problems import Kind, is_columns, kind_of, problem_hash, read_problem
from solvers import get_solver
from solvers.settings import checked_settings

if TYPE_CHECKING:
    from ekya_opt.studies.study import Study
    from instances.problems import Problem

BYTES_PER_GB = 10**9

ON_ESTIMATES = " on estimates"
"""Tells the labels of plans on estimates from those on the truth in one store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run and what a study calls it.

    Parameters
    ----------
    task
        The run.
    key
        Its name in a store.
    label
        The solver with the settings given, and whether it plans on estimates.
    instance
        Name of the problem.
    """

    task: Task
    key: str
    label: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a study asks for.

    Parameters
    ----------
    problems
        The problems by hash, each once.
    runs
        The runs in the order in which they are begun, each once: one seed after the
        other, so that every solver has runs early.
    """

    problems: "dict[str, Problem]"
    runs: tuple[PlannedRun, ...]


def make_plan(study: "Study") -> Plan:
    """Return the plan of a study.

    Raises
    ------
    InvalidStudy
        If there is nothing to run, a change or a generator's option lies outside its
        domain, or a placement is to be planned on estimates.
    SolverUnavailable, InvalidOption
        If a solver or a setting does not exist for one of the problems.
    EkyaOptError
        If an instance cannot be read.
    """
    problems = problems_of(study)
    _check_plan_on(study, problems.values())
    given = None if study.solvers is None else study_specs(list(study.solvers))
    chosen = {
        each: _solvers(problem, given or solver_specs(default_solvers(problem)))
        for each, problem in problems.items()
    }
    limit, seeds = study.memory_gb, cast("tuple[int, ...]", study.seeds)
    runs: dict[str, PlannedRun] = {}
    for seed in seeds:
        for each, problem in problems.items():
            for label, solver, settings in chosen[each]:
                task = Task(
                    instance_hash=each,
                    solver=solver,
                    settings=settings,
                    seed=seed,
                    time_limit=study.time_limit,
                    memory_limit=None if limit is None else round(limit * BYTES_PER_GB),
                    workers=study.workers,
                    plan_on=study.plan_on,
                )
                key = task.key
                if study.plan_on == "estimates":
                    label += ON_ESTIMATES
                planned = PlannedRun(
                    task=task, key=key, label=label, instance=problem.name
                )
                runs.setdefault(key, planned)
    return Plan(problems=problems, runs=tuple(runs.values()))


def problems_of(study: "Study") -> "dict[str, Problem]":
    """Return a study's problems by hash; the first of equal ones gives the name."""
    problems: dict[str, Problem] = {}
    changes: Any = study.changes or ({},)
    for problem in _sources(study):
        for idx, table in enumerate(changes):
            for each in changed(problem, table, f"changes[{idx}]"):
                problems.setdefault(problem_hash(each), each)
    if not problems:
        raise InvalidStudy(f"study {study.name} holds no problem to run on")
    return problems


def study_specs(solvers: Sequence[Any]) -> list[SolverSpec]:
    """Return the specs of a study's solvers: words, or tables whose lists are crossed.

    Raises
    ------
    InvalidStudy
        If a solver or a setting does not exist; the message names the place.
    """
    specs: dict[str, SolverSpec] = {}
    for idx, solver in enumerate(solvers):
        words = [solver]
        if not isinstance(solver, str):
            words = [
                SolverSpec(solver=solver["solver"], settings=settings).label
                for settings in crossed(solver.get("settings", {}))
            ]
        try:
            specs |= {spec.label: spec for spec in solver_specs(words)}
        except EkyaOptError as problem:
            raise InvalidStudy(str(problem), f"solvers[{idx}]") from None
    return list(specs.values())


def _check_plan_on(study: "Study", problems: "Iterable[Problem]") -> None:
    for problem in problems:
        if study.plan_on == "estimates" and kind_of(problem) is Kind.PLACEMENT:
            message = (
                f"is 'estimates', expected 'truth' for {problem.name}, a placement"
            )
            raise InvalidStudy(message, "plan_on")


def _sources(study: "Study") -> "list[Problem]":
    from ekya_opt.reading import paths_of

    problems: list[Any] = []
    sources: Any = study.instances
    for source in sources:
        if isinstance(source, str):
            problems += map(read_problem, paths_of([source]))
        else:
            problems.append(source.instance() if is_columns(source) else source)
    for idx, table in enumerate(study.generate):
        problems += generated(table, f"generate[{idx}]")
    return problems


def _solvers(
    problem: "Problem", specs: Sequence[SolverSpec]
) -> list[tuple[str, str, dict[str, Any]]]:
    """Return label, name and settings in effect of the solvers of a problem."""
    kind = kind_of(problem)
    chosen = []
    for spec in specs:
        try:
            function = get_solver(spec.solver, kind).function
            settings = checked_settings(spec.solver, function, spec.settings)
        except EkyaOptError as wrong:
            raise type(wrong)(f"{problem.name}: {wrong}") from None
        chosen.append((spec.label, spec.solver, settings))
    return chosen
