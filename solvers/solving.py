"""Solving: run a solver under its options and certify what it returns."""

import math
from typing import TYPE_CHECKING, Any

from formulations.evaluate import evaluate
from formulations.feasibility import is_infeasible
from formulations.replaying import replay
from formulations.schedule import Schedule
from instances import Instance, InvalidOption, SolverDisagreement, as_estimated
from solvers.certify import certified_objective, certify
from solvers.options import Options
from solvers.registry import Solver, get_solver
from solvers.result import Result, Status, StoppedBy
from solvers.search import Answer, Search, TimeUp
from solvers.settings import checked_settings

if TYPE_CHECKING:
    from instances.columns import Columns


def solve(
    instance: "Instance | Columns", solver: str = "dp", options: Options | None = None
) -> Result:
    """Return the certified result of a solver on an instance.

    An instance given as columns stays columns if the solver works on them; then the
    schedule is columns, too. Infeasible instances and time limits are results, not
    exceptions. Ctrl-C ends the run with its best incumbent.

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
    entry = get_solver(solver)
    settings = checked_settings(solver, entry.function, options.settings)
    if not isinstance(instance, Instance):
        if entry.on_columns:
            from solvers.solving_columns import solve_columns

            return solve_columns(instance, entry, settings, options)
        instance = instance.instance()
    search = Search(options)
    on_estimates = options.plan_on == "estimates"
    problem = as_estimated(instance) if on_estimates else instance
    if options.initial_schedule is not None:
        _report_initial(instance, problem, search, options.initial_schedule)
    answer = _run(problem, entry, search, settings)
    status = certify(problem, solver, answer)
    answer.metadata["settings"] = settings
    if on_estimates:
        status = _score_on_truth(instance, answer)
    return Result(
        instance=instance.name,
        solver=solver,
        status=status,
        stopped_by=answer.stopped_by,
        schedule=answer.schedule,
        schedule_columns=answer.schedule_columns,
        objective=answer.objective,
        bound=answer.bound,
        runtime=search.seconds,
        trace=search.trace,
        metadata=answer.metadata,
    )


def _report_initial(
    instance: Instance, problem: Instance, search: Search, schedule: Schedule
) -> None:
    """Report the initial schedule; with estimates, what it is worth on them."""
    try:
        objective = certified_objective(instance, "initial schedule", schedule)
    except SolverDisagreement as failure:
        raise InvalidOption(str(failure)) from None
    if problem is not instance:
        schedule = replay(problem, schedule)
        verdict = evaluate(problem, schedule)
        if not verdict.feasible:
            return
        objective = verdict.objective
    search.report(objective, lambda: schedule)


def _run(
    instance: Instance, entry: Solver, search: Search, settings: dict[str, Any]
) -> Answer:
    """Run the solver's function and merge its answer with the incumbents it left."""
    stopped_by = None
    found: Any = None
    try:
        found = _call(instance, entry, search, settings)
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    answer = found if isinstance(found, Answer) else Answer(schedule=found)
    answer.stopped_by = answer.stopped_by or stopped_by
    if answer.bound is None:
        answer.bound = search.bound
    best = search.objective
    if best is not None and _own_objective(instance, answer) < best:
        answer.schedule, answer.objective = search.schedule, best
        answer.schedule_columns = None
    return answer


def _call(
    instance: Instance, entry: Solver, search: Search, settings: dict[str, Any]
) -> Any:
    """Call the solver's function with the instance in the form that it works on."""
    if not entry.on_columns:
        return entry.function(instance, search, **settings)
    from instances.columns import columns_of

    answer = entry.function(columns_of(instance), search, **settings)
    if answer.schedule_columns is not None:
        answer.schedule = answer.schedule_columns.schedule(instance)
    return answer


def _own_objective(instance: Instance, answer: Answer) -> float:
    """Return what an answer claims, or what the referee finds where it claims none."""
    if answer.schedule is None:
        return -math.inf
    if answer.objective is None:
        return evaluate(instance, answer.schedule).objective
    return answer.objective


def _score_on_truth(instance: Instance, answer: Answer) -> Status:
    """Replace a plan made on estimates by what it is worth on the truth."""
    if answer.schedule is None:
        return Status.INFEASIBLE if is_infeasible(instance) else Status.NO_SOLUTION
    answer.metadata["planned_objective"] = answer.objective
    answer.metadata["planned_bound"] = answer.bound
    answer.bound = None
    answer.schedule = replay(instance, answer.schedule)
    answer.schedule_columns = None
    verdict = evaluate(instance, answer.schedule)
    answer.objective = verdict.objective
    if verdict.feasible:
        return Status.FEASIBLE
    answer.metadata["violations"] = verdict.violations
    answer.schedule = answer.objective = None
    return Status.NO_SOLUTION
