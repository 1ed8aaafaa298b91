"""The time-indexed constraint program of a server's window, on CP-SAT."""

from typing import Any

from formulations import server_cp
from formulations.server_decoding import plan_of_schedule
from formulations.server_window import ServerWindow
from instances import Instance
from solvers.cp_sat_backend import Value, load_cp_sat, run_cp_sat
from solvers.search import Answer, Search
from solvers.server_presolve import Presolve, presolve


def solve_server_cp_sat(instance: Instance, search: Search, how: Presolve) -> Answer:
    """Solve a window with reallocation ``server``."""
    load_cp_sat(search)
    window = ServerWindow(instance, search.check_time)
    if window.infeasible:
        return Answer(infeasible=True)
    presolved = presolve(window, search, how)
    metadata: dict[str, Any] = {
        **presolved.metadata,
        "backend_status": None,
        "backend_bound": None,
        "warm_start": None,
    }
    if presolved.is_done:
        return Answer(bound=presolved.bound, metadata=metadata)
    began = search.seconds
    model = server_cp.build(instance, search.check_time, presolved.cells)
    metadata["variables"] = len(model.columns)
    metadata["constraints"] = len(model.problem.proto.constraints)
    metadata["build_seconds"] = search.seconds - began
    metadata["rounding_error"] = model.rounding_error
    if search.schedule is not None:
        metadata["warm_start"] = _hint(model, search)

    def proven(bound: float) -> float:
        return presolved.proven(bound / server_cp.SCALE + model.rounding_error)

    def report(value: Value, bound: float) -> None:
        search.report_bound(proven(bound))
        plan = model.decode(value)
        if plan is not None:
            search.report(plan.objective(window), lambda: plan.schedule(window))

    outcome = run_cp_sat(
        model.problem,
        search,
        on_solution=report,
        on_bound=lambda bound: search.report_bound(proven(bound)),
        # The work needed before each slot bounds the objective only if the linear
        # relaxation holds all of it.
        linearization_level=2,
    )
    metadata["backend_status"] = outcome.status
    answer = Answer(stopped_by=outcome.stopped_by, metadata=metadata)
    if outcome.value is not None and outcome.bound is not None:
        metadata["backend_bound"] = outcome.bound / server_cp.SCALE
        answer.bound = proven(outcome.bound)
        report(outcome.value, outcome.bound)
    elif outcome.infeasible:
        presolved.settle(answer, search)
    return answer


def _hint(model: server_cp.ServerCp, search: Search) -> str:
    """Hint the best schedule so far; return whether it maps onto the program."""
    assert search.schedule is not None
    plan = plan_of_schedule(model.cells.window, search.schedule)
    values = None if plan is None else model.encode(plan)
    if values is None:
        return "ignored"
    for x in model.columns:
        model.problem.add_hint(x, values.get(x, 0))
    return "accepted"
