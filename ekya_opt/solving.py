"""Solving from the outside: one call with an instance or a file."""

from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

from ekya_opt.reading import read, read_columns
from instances.instance_files import holds_columns
from instances.problems import Kind
from solvers import Options, Result
from solvers import solve as solve_instance
from solvers.registry import SolverFunction, get_solver

if TYPE_CHECKING:
    from formulations.problems import AnySchedule
    from instances.columns import Columns
    from instances.problems import Problem


def solve(
    instance: "Problem | Columns | str | PathLike[str]",
    solver: str | SolverFunction = "dp",
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    initial_schedule: "AnySchedule | None" = None,
    verbosity: int = 0,
    plan_on: Literal["truth", "estimates"] = "truth",
    **settings: Any,
) -> Result:
    """Return the certified result of a solver on a problem or a file that states one.

    Parameters
    ----------
    instance
        An instance, its columns, a horizon, a placement, a path, or a shipped name such
        as ``shipped:paper/window1``. An ``.npz`` file is read as columns if the solver
        works on columns.
    solver
        Name in the registry; ``solver_names()`` lists them. Or a function of your own
        ``(instance, search, *, settings...)`` that returns a ``Schedule``, an
        ``Answer`` or ``None``, as in :class:`solvers.Solver`.
    time_limit, seed, workers, initial_schedule, verbosity, plan_on
        As in :class:`solvers.Options`.
    settings
        Settings of the solver itself.

    Raises
    ------
    EkyaOptError
        If the input, an option or a setting is wrong, the solver is not available,
        or the referee contradicts it. Infeasibility and time limits are results.
    """
    problem: Problem | Columns
    if isinstance(instance, str | PathLike):
        problem = read_for(solver, instance)
    else:
        problem = instance
    options = Options(
        time_limit=time_limit,
        seed=seed,
        workers=workers,
        initial_schedule=initial_schedule,
        verbosity=verbosity,
        plan_on=plan_on,
        settings=settings,
    )
    return solve_instance(problem, solver, options)


def read_for(solver: str | SolverFunction, source: str | PathLike[str]) -> Any:
    """Return an instance file's content in the form that a solver works on."""
    if holds_columns(fspath(source)) and get_solver(solver, Kind.WINDOW).on_columns:
        return read_columns(source)
    return read(source)
