"""Solving on columns: a solver of whole fleets, and the fleets' own referee."""

from typing import Any

from formulations.feasibility import are_infeasible
from formulations.kernels.plan_check import verify_plan
from formulations.replaying_columns import replay_columns
from instances import InvalidOption, SolverDisagreement
from instances.column_estimates import columns_as_estimated
from instances.columns import Columns
from solvers.certify import judge
from solvers.options import Options
from solvers.registry import Solver
from solvers.result import Result, Status, StoppedBy
from solvers.search import Answer, Search, TimeUp


def solve_columns(
    columns: Columns, entry: Solver, settings: dict[str, Any], options: Options
) -> Result:
    """Return the certified result of a solver that works on columns.

    The referee is ``verify_plan``; else as :func:`solvers.solving.solve`.
    """
    if options.initial_schedule is not None:
        raise InvalidOption(f"{entry.name} takes no initial schedule for columns")
    search = Search(options)
    on_estimates = options.plan_on == "estimates"
    problem = columns_as_estimated(columns) if on_estimates else columns
    answer = _run(problem, entry, search, settings)
    status = _certify(problem, entry.name, answer)
    answer.metadata["settings"] = settings
    if on_estimates and answer.schedule_columns is not None:
        status = _score_on_truth(columns, answer)
    return Result(
        instance=columns.name,
        solver=entry.name,
        status=status,
        stopped_by=answer.stopped_by,
        schedule_columns=answer.schedule_columns,
        objective=answer.objective,
        bound=answer.bound,
        runtime=search.seconds,
        trace=search.trace,
        metadata=answer.metadata,
    )


def _run(
    columns: Columns, entry: Solver, search: Search, settings: dict[str, Any]
) -> Answer:
    stopped_by = None
    answer = Answer()
    try:
        answer = entry.function(columns, search, **settings)
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    answer.stopped_by = answer.stopped_by or stopped_by
    if answer.bound is None:
        answer.bound = search.bound
    return answer


def _certify(columns: Columns, solver: str, answer: Answer) -> Status:
    """Check an answer against the fleets' referee; see ``certify``."""
    who = f"{solver} on {columns.name}"
    if answer.schedule_columns is None:
        answer.objective = None
        if not answer.infeasible:
            return Status.NO_SOLUTION
        if not are_infeasible(columns):
            raise SolverDisagreement(f"{who}: claims infeasible, the instance is not")
        return Status.INFEASIBLE
    verdict = verify_plan(columns, answer.schedule_columns)
    if not verdict.feasible:
        count = len(verdict.violations)
        message = f"{who}: {count} violations, the first: {verdict.violations[0]}"
        raise SolverDisagreement(message)
    return judge(who, answer, verdict.objective)


def _score_on_truth(columns: Columns, answer: Answer) -> Status:
    """Replace a plan made on estimates by what it is worth on the truth."""
    assert answer.schedule_columns is not None
    answer.metadata["planned_objective"] = answer.objective
    answer.metadata["planned_bound"] = answer.bound
    answer.bound = None
    answer.schedule_columns = replay_columns(columns, answer.schedule_columns)
    verdict = verify_plan(columns, answer.schedule_columns)
    answer.objective = verdict.objective
    if verdict.feasible:
        return Status.FEASIBLE
    answer.metadata["violations"] = verdict.violations
    answer.schedule_columns = answer.objective = None
    return Status.NO_SOLUTION
