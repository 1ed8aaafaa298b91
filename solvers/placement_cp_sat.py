"""Constraint programming of placements with CP-SAT."""

from typing import Any, Literal

from formulations import placement_cp, window_cp
from formulations.placement_classes import memory_may_bind
from formulations.placement_packing import least_schedule
from instances import SolverDisagreement
from instances.placement import Placement
from solvers.result import StoppedBy
from solvers.round_and_pack import report_packed
from solvers.search import Answer, Search, run_interruptibly


def solve_placement_cp_sat(
    placement: Placement,
    search: Search,
    *,
    start: Literal["round-and-pack", "none"] = "round-and-pack",
) -> Answer:
    """Exact constraint program with symmetry broken, on OR-Tools' CP-SAT.

    Among several optima, other numbers of workers may find another one.

    Parameters
    ----------
    placement
        The problem.
    search
        The run's options, clock and incumbents; the search starts from the best one.
    start
        Whether the heuristic's schedule, redistributed, is the first incumbent where
        memory may bind; elsewhere the program is solved sooner than that is found.
    """
    from ortools.sat.python import cp_model

    if start == "round-and-pack" and memory_may_bind(placement):
        report_packed(placement, search)
    began = search.seconds
    model = placement_cp.build(placement, search.check_time)
    metadata: dict[str, Any] = {
        "variables": len(model.problem.proto.variables),
        "constraints": len(model.problem.proto.constraints),
        "build_seconds": search.seconds - began,
        "rounding_error": model.rounding_error,
        "backend_status": None,
        "warm_start": None,
    }
    if not all(model.take):
        return Answer(infeasible=True, metadata=metadata)
    # With a schedule known, a wrong claim of infeasibility does not pass.
    least = least_schedule(model.options)
    if least is not None:
        search.report(least[0], lambda: least[1])
    if search.schedule is not None:
        hint = model.encode(search.schedule)
        metadata["warm_start"] = "ignored" if hint is None else "accepted"
        if hint is not None:
            for x, value in zip(model.columns, hint, strict=True):
                model.problem.add_hint(x, value)

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = search.options.workers
    parameters.random_seed = search.options.seed
    parameters.log_search_progress = search.options.verbosity > 0
    # Without the whole linear relaxation the bound of a placement hardly moves.
    parameters.linearization_level = 2
    # Python's own handling of Ctrl-C stops the search and keeps its incumbent.
    parameters.catch_sigint_signal = False
    search.check_time()
    if search.options.time_limit is not None:
        parameters.max_time_in_seconds = search.remaining

    def proven(bound: float) -> float:
        return bound / window_cp.SCALE + model.rounding_error

    class Reporter(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            chosen = model.chosen(self.value)
            values = {x.index: self.value(x) for x in model.columns}
            search.report(
                model.options.objective(chosen),
                lambda: model.decode(lambda x: values[x.index]),
                proven(self.best_objective_bound),
            )

    solver.best_bound_callback = lambda bound: search.report_bound(proven(bound))
    status, interrupted = run_interruptibly(
        lambda: solver.solve(model.problem, Reporter()), solver.stop_search
    )
    metadata["backend_status"] = solver.status_name(status)
    answer = Answer(metadata=metadata, infeasible=status == cp_model.INFEASIBLE)
    if status == cp_model.MODEL_INVALID:
        message = f"cp-sat on {placement.name}: {model.problem.validate()}"
        raise SolverDisagreement(message)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        answer.objective = model.objective(solver.value)
        answer.schedule = model.decode(solver.value)
        answer.bound = proven(solver.best_objective_bound)
        search.report(
            answer.objective, lambda: model.decode(solver.value), answer.bound
        )
    if interrupted:
        answer.stopped_by = StoppedBy.INTERRUPT
    elif status in (cp_model.FEASIBLE, cp_model.UNKNOWN):
        answer.stopped_by = StoppedBy.TIME_LIMIT
    return answer
