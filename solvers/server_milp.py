"""The time-indexed mixed-integer program of a server's window, on PuLP's backends."""

from typing import Any

from formulations import server_milp
from formulations.server_decoding import plan_of_schedule
from formulations.server_window import ServerWindow
from instances import Instance
from solvers import pulp_adapter
from solvers.outcome import Values
from solvers.search import Answer, Search
from solvers.server_presolve import Presolve, presolve


def solve_server_milp(
    instance: Instance, search: Search, backend: str, how: Presolve
) -> Answer:
    """Solve a window with reallocation ``server``; the parameters are checked."""
    window = ServerWindow(instance, search.check_time)
    if window.infeasible:
        return Answer(infeasible=True)
    presolved = presolve(window, search, how)
    metadata: dict[str, Any] = {
        **presolved.metadata,
        "backend": backend,
        "backend_status": None,
        "backend_bound": None,
        "warm_start": None,
    }
    if presolved.is_done:
        return Answer(bound=presolved.bound, metadata=metadata)
    began = search.seconds
    model = server_milp.build(instance, search.check_time, presolved.cells)
    columns = model.columns
    metadata["variables"] = len(columns)
    metadata["constraints"] = model.problem.numConstraints()
    metadata["build_seconds"] = search.seconds - began

    def report(values: Values, bound: float | None) -> None:
        if bound is not None:
            search.report_bound(presolved.proven(bound / model.scale))
        found = {columns[j]: value for j, value in values.items()}
        plan = model.decode(lambda x: found.get(x, 0.0))
        if plan is not None:
            search.report(plan.objective(window), lambda: plan.schedule(window))

    start = None
    if search.schedule is not None:
        plan = plan_of_schedule(window, search.schedule)
        values = None if plan is None else model.encode(plan)
        if values is not None:
            position = {x: j for j, x in enumerate(columns)}
            start = {position[x]: float(value) for x, value in values.items()}
        else:
            metadata["warm_start"] = "ignored"
    outcome = pulp_adapter.solve_problem(
        model.problem, columns, backend, search, report=report, start=start
    )
    metadata["backend_status"] = outcome.status
    if start is not None:
        metadata["warm_start"] = outcome.warm_start
    answer = Answer(stopped_by=outcome.stopped_by, metadata=metadata)
    if outcome.bound is not None:
        metadata["backend_bound"] = outcome.bound / model.scale
        answer.bound = presolved.proven(outcome.bound / model.scale)
        search.report_bound(answer.bound)
    elif outcome.infeasible:
        presolved.settle(answer, search)
    if outcome.values is not None:
        report(outcome.values, None)
    return answer
