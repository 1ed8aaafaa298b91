"""Constraint programming with CP-SAT."""

from typing import Any

from formulations import window_cp
from instances import Instance, SolverDisagreement
from solvers.result import StoppedBy
from solvers.search import Answer, Search, run_interruptibly


def solve_cp_sat(instance: Instance, search: Search) -> Answer:
    """Exact constraint program with an integer objective, on OR-Tools' CP-SAT.

    Among several optima, other numbers of workers may find another one. Beyond 4,000
    streams the rounding of the objective leaves a gap above 1e-6.
    """
    from ortools.sat.python import cp_model

    began = search.seconds
    model = window_cp.build(instance, search.check_time)
    metadata: dict[str, Any] = {
        "variables": sum(map(len, model.take)),
        "constraints": len(model.take) + 1,
        "build_seconds": search.seconds - began,
        "rounding_error": model.rounding_error,
        "backend_status": None,
        "warm_start": None,
    }
    if not all(model.take):
        return Answer(infeasible=True, metadata=metadata)
    if search.schedule is not None:
        metadata["warm_start"] = _hint(model, search)

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = search.options.workers
    parameters.random_seed = search.options.seed
    parameters.log_search_progress = search.options.verbosity > 0
    # Python's own handling of Ctrl-C stops the search and keeps its incumbent.
    parameters.catch_sigint_signal = False
    search.check_time()
    if search.options.time_limit is not None:
        parameters.max_time_in_seconds = search.remaining

    def proven(bound: float) -> float:
        return bound / window_cp.SCALE + model.rounding_error

    class Reporter(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            units = model.units(self.boolean_value)
            bound = proven(self.best_objective_bound)
            search.report(model.objective(units), lambda: model.decode(units), bound)

    solver.best_bound_callback = lambda bound: search.report_bound(proven(bound))
    status, interrupted = run_interruptibly(
        lambda: solver.solve(model.problem, Reporter()), solver.stop_search
    )
    metadata["backend_status"] = solver.status_name(status)
    answer = Answer(metadata=metadata, infeasible=status == cp_model.INFEASIBLE)
    if status == cp_model.MODEL_INVALID:
        message = f"cp-sat on {instance.name}: {model.problem.validate()}"
        raise SolverDisagreement(message)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        units = model.units(lambda x: bool(solver.boolean_value(x)))
        answer.objective = model.objective(units)
        answer.schedule = model.decode(units)
        answer.bound = proven(solver.best_objective_bound)
        search.report(answer.objective, lambda: model.decode(units), answer.bound)
    if interrupted:
        answer.stopped_by = StoppedBy.INTERRUPT
    elif status in (cp_model.FEASIBLE, cp_model.UNKNOWN):
        answer.stopped_by = StoppedBy.TIME_LIMIT
    return answer


def _hint(model: window_cp.WindowCp, search: Search) -> str:
    """Hint the best schedule so far; return whether it maps onto the program."""
    assert search.schedule is not None
    units = model.encode(search.schedule)
    if units is None:
        return "ignored"
    for row, options, chosen in zip(model.take, model.options, units, strict=True):
        for x, k in zip(row, options, strict=True):
            model.problem.add_hint(x, k == chosen)
    return "accepted"
