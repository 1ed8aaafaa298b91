"""The one certification that every result passes."""

from typing import TYPE_CHECKING

from formulations.problems import evaluate_any, proves_infeasible
from formulations.tolerances import OBJECTIVE_TOLERANCE
from instances import Instance, SolverDisagreement
from solvers.result import Status
from solvers.search import Answer

if TYPE_CHECKING:
    from formulations.problems import AnySchedule
    from instances.problems import Problem


def certify(problem: "Problem", solver: str, answer: Answer) -> Status:
    """Check an answer against the referee, correct it in place, return its status.

    The answer's objective becomes the referee's, and a bound that lies below it by
    no more than the tolerance is raised to it. That a window is infeasible is proven
    again; of horizons and placements an exact solver is believed.

    Raises
    ------
    SolverDisagreement
        If the schedule breaks a rule, the solver's objective or bound contradicts
        the referee's objective, or a claimed infeasibility does not hold.
    """
    who = f"{solver} on {problem.name}"
    if answer.infeasible and answer.schedule is not None:
        raise SolverDisagreement(f"{who}: claims infeasible, a schedule is known")
    if answer.schedule is None:
        proven = proves_infeasible(problem)
        if answer.infeasible and not proven and isinstance(problem, Instance):
            raise SolverDisagreement(f"{who}: claims infeasible, the instance is not")
        answer.objective = None
        infeasible = proven or answer.infeasible
        return Status.INFEASIBLE if infeasible else Status.NO_SOLUTION
    return judge(who, answer, certified_objective(problem, who, answer.schedule))


def judge(who: str, answer: Answer, objective: float) -> Status:
    """Compare an answer's claims with the referee's objective; return its status.

    Raises
    ------
    SolverDisagreement
        If the claimed objective or bound contradicts the referee's objective.
    """
    # What is not a number agrees with nothing, so that only agreement is asked for.
    if (
        answer.objective is not None
        and not abs(answer.objective - objective) <= OBJECTIVE_TOLERANCE
    ):
        message = f"{who}: claims objective {answer.objective!r}"
        raise SolverDisagreement(f"{message}, the referee finds {objective!r}")
    answer.objective = objective
    if answer.bound is None:
        return Status.FEASIBLE
    if not answer.bound >= objective - OBJECTIVE_TOLERANCE:
        message = f"{who}: claims bound {answer.bound!r}"
        raise SolverDisagreement(
            f"{message}, expected at least the objective {objective!r}"
        )
    answer.bound = max(answer.bound, objective)
    proven = answer.bound - objective <= OBJECTIVE_TOLERANCE
    return Status.OPTIMAL if proven else Status.FEASIBLE


def certified_objective(problem: "Problem", who: str, schedule: "AnySchedule") -> float:
    """Return the referee's objective of a schedule.

    Raises
    ------
    SolverDisagreement
        If the schedule breaks a rule.
    """
    verdict = evaluate_any(problem, schedule)
    if verdict.violations:
        count = len(verdict.violations)
        message = f"{who}: {count} violations, the first: {verdict.violations[0]}"
        raise SolverDisagreement(message)
    return verdict.objective
