"""Solving: run a solver under its options and certify what it returns."""

import math
from typing import TYPE_CHECKING, Any

from formulations.problems import evaluate_any, proves_infeasible, replay_any
from instances import (
    Instance,
    InvalidOption,
    InvalidSchedule,
    SolverDisagreement,
)
from instances.problems import estimated, is_columns, kind_of
from solvers.certify import certified_objective, certify
from solvers.options import Options
from solvers.registry import Solver, SolverFunction, get_solver
from solvers.result import Result, Status, StoppedBy
from solvers.search import Answer, Search, TimeUp
from solvers.settings import checked_settings

if TYPE_CHECKING:
    from formulations.problems import AnySchedule
    from instances.columns import Columns
    from instances.problems import Problem


def solve(
    instance: "Problem | Columns",
    solver: str | SolverFunction = "dp",
    options: Options | None = None,
) -> Result:
    """Return the certified result of a solver on an instance, horizon or placement.

    The solver is a name in the registry or a function such as the registry holds
    (:class:`solvers.Solver`). An instance given as columns stays columns if the solver
    works on them; then the schedule is columns, too. Infeasible instances and time
    limits are results, not exceptions. Ctrl-C ends the run with its best incumbent.

    Raises
    ------
    SolverUnavailable
        If the solver is unknown, not installed or not made for this problem.
    InvalidOption
        If an option or a setting lies outside its domain.
    SolverDisagreement
        If the referee contradicts the solver.
    """
    options = options or Options()
    entry = get_solver(solver, kind_of(instance))
    settings = checked_settings(entry.name, entry.function, options.settings)
    if is_columns(instance) and entry.on_columns:
        from solvers.solving_columns import solve_columns

        return solve_columns(instance, entry, settings, options)
    problem: Any = instance.instance() if is_columns(instance) else instance
    search = Search(options)
    on_estimates = options.plan_on == "estimates"
    planned = estimated(problem) if on_estimates else problem
    if options.initial_schedule is not None:
        _report_initial(problem, planned, search, options.initial_schedule)
    answer = _run(planned, entry, search, settings)
    status = certify(planned, entry.name, answer)
    answer.metadata["settings"] = settings
    if on_estimates:
        status = _score_on_truth(problem, answer)
    return Result(
        instance=problem.name,
        solver=entry.name,
        status=status,
        stopped_by=answer.stopped_by,
        schedule=answer.schedule,
        schedule_columns=answer.schedule_columns,
        objective=answer.objective,
        bound=answer.bound,
        runtime=search.seconds,
        trace=search.trace,
        metadata=answer.metadata,
        problem=problem,
    )


def _report_initial(
    problem: "Problem", planned: "Problem", search: Search, schedule: "AnySchedule"
) -> None:
    """Report the initial schedule; with estimates, what it is worth on them."""
    try:
        objective = certified_objective(problem, "schedule", schedule)
    except (SolverDisagreement, InvalidSchedule) as failure:
        raise InvalidOption(f"initial {failure}") from None
    if planned is not problem:
        schedule = replay_any(planned, schedule)
        verdict = evaluate_any(planned, schedule)
        if not verdict.feasible:
            return
        objective = verdict.objective
    search.report(objective, lambda: schedule)


def _run(
    problem: "Problem", entry: Solver, search: Search, settings: dict[str, Any]
) -> Answer:
    """Run the solver's function and merge its answer with the incumbents it left."""
    stopped_by = None
    found: Any = None
    try:
        found = _call(problem, entry, search, settings)
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    answer = found if isinstance(found, Answer) else Answer(schedule=found)
    answer.stopped_by = answer.stopped_by or stopped_by
    if answer.bound is None:
        answer.bound = search.bound
    best = search.objective
    if best is not None and _own_objective(problem, answer) < best:
        answer.schedule, answer.objective = search.schedule, best
        answer.schedule_columns = None
    return answer


def _call(
    problem: "Problem", entry: Solver, search: Search, settings: dict[str, Any]
) -> Any:
    """Call the solver's function with the problem in the form that it works on."""
    if not entry.on_columns:
        return entry.function(problem, search, **settings)
    from instances.columns import columns_of

    assert isinstance(problem, Instance)
    answer = entry.function(columns_of(problem), search, **settings)
    if answer.schedule_columns is not None:
        answer.schedule = answer.schedule_columns.schedule(problem)
    return answer


def _own_objective(problem: "Problem", answer: Answer) -> float:
    """Return what an answer claims, or what the referee finds where it claims none."""
    if answer.schedule is None:
        return -math.inf
    if answer.objective is None:
        return evaluate_any(problem, answer.schedule).objective
    return answer.objective


def _score_on_truth(problem: "Problem", answer: Answer) -> Status:
    """Replace a plan made on estimates by what it is worth on the truth."""
    if answer.schedule is None:
        proven = proves_infeasible(problem)
        return Status.INFEASIBLE if proven else Status.NO_SOLUTION
    answer.metadata["planned_objective"] = answer.objective
    answer.metadata["planned_bound"] = answer.bound
    answer.bound = None
    answer.schedule = replay_any(problem, answer.schedule)
    answer.schedule_columns = None
    verdict = evaluate_any(problem, answer.schedule)
    answer.objective = verdict.objective
    if verdict.feasible:
        return Status.FEASIBLE
    answer.metadata["violations"] = verdict.violations
    answer.schedule = answer.objective = None
    return Status.NO_SOLUTION
