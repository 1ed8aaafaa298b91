"""CP-SAT on a constraint program: what it found, what it proved, why it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from instances import SolverDisagreement
from solvers.compiled_work import in_time
from solvers.result import StoppedBy
from solvers.search import Search, run_interruptibly

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

Value = Callable[["IntVar"], int]
"""The value of a variable in a solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpOutcome:
    """What CP-SAT found for a program that is maximised.

    Parameters
    ----------
    status
        Its own word, for people.
    value
        Values of the variables in the best solution; ``None`` without one.
    bound
        Proven upper bound on the program's objective.
    infeasible
        Whether it proved that there is no solution.
    stopped_by
        What cut the run short.
    """

    status: str
    value: Value | None = None
    bound: float | None = None
    infeasible: bool = False
    stopped_by: StoppedBy | None = None


def load_cp_sat(search: Search) -> None:
    """Import CP-SAT under the clock, before there is anything to lose.

    It takes a second, and a Ctrl-C that breaks into it would leave it half imported.
    """
    in_time(search, lambda _: import_module("ortools.sat.python.cp_model"))


def run_cp_sat(
    problem: "CpModel",
    search: Search,
    *,
    on_solution: Callable[[Value, float], None],
    on_bound: Callable[[float], None],
    linearization_level: int = 1,
) -> CpOutcome:
    """Maximise a program, or until time or Ctrl-C stops it.

    Parameters
    ----------
    problem
        The program.
    search
        Its time limit, seed, workers and verbosity hold.
    on_solution
        Called with the values and the proven bound of each incumbent.
    on_bound
        Called with each better bound on the program's objective.
    linearization_level
        How much of the program CP-SAT's linear relaxation holds, from 0 to 2.

    Raises
    ------
    SolverDisagreement
        If CP-SAT calls the program invalid.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = search.options.workers
    parameters.random_seed = search.options.seed
    parameters.log_search_progress = search.options.verbosity > 0
    parameters.linearization_level = linearization_level
    # Python's own handling of Ctrl-C stops the search and keeps its incumbent.
    parameters.catch_sigint_signal = False
    search.check_time()
    if search.options.time_limit is not None:
        parameters.max_time_in_seconds = search.remaining

    class Reporter(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            on_solution(self.value, self.best_objective_bound)

    solver.best_bound_callback = on_bound
    status, interrupted = run_interruptibly(
        lambda: solver.solve(problem, Reporter()), solver.stop_search
    )
    if status == cp_model.MODEL_INVALID:
        raise SolverDisagreement(f"cp-sat: {problem.validate()}")
    stopped_by = None
    if interrupted:
        stopped_by = StoppedBy.INTERRUPT
    elif status in (cp_model.FEASIBLE, cp_model.UNKNOWN):
        stopped_by = StoppedBy.TIME_LIMIT
    # Of an unknown status the bound is 0, which proves nothing.
    solved = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return CpOutcome(
        status=solver.status_name(status),
        value=solver.value if solved else None,
        bound=solver.best_objective_bound if solved else None,
        infeasible=status == cp_model.INFEASIBLE,
        stopped_by=stopped_by,
    )
