"""Solving from the outside: one call with an instance or a file."""

from os import PathLike
from typing import Any, Literal

from ekya_opt.reading import read
from formulations import Schedule
from instances import Instance
from solvers import Options, Result
from solvers import solve as solve_instance


def solve(
    instance: Instance | str | PathLike[str],
    solver: str = "dp",
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    initial_schedule: Schedule | None = None,
    verbosity: int = 0,
    plan_on: Literal["truth", "estimates"] = "truth",
    **settings: Any,
) -> Result:
    """Return the certified result of a solver on an instance or an instance file.

    Parameters
    ----------
    instance
        An instance, a path, or a shipped name such as ``shipped:paper/window1``.
    solver
        Name in the registry; ``solver_names()`` lists them.
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
    problem = instance if isinstance(instance, Instance) else read(instance)
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
