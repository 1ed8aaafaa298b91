"""Horizons in which the server reallocates: time-indexed models and their engines."""

from typing import Any

from formulations import horizon_server_cp, horizon_server_milp, server_cp
from instances import Reallocation, SolverUnavailable
from instances.horizon import Horizon
from solvers.cp_sat_backend import Value, load_cp_sat, run_cp_sat
from solvers.horizon_start import report_windows
from solvers.outcome import Values
from solvers.search import Answer, Search
from solvers.server_presolve import Presolve


def solve_horizon_server_milp(
    horizon: Horizon, search: Search, backend: str, how: Presolve
) -> Answer:
    """Solve a horizon with reallocation ``server``; the backend is checked."""
    from solvers import pulp_adapter

    if how == "prices":
        report_windows(horizon, search, "decomposition")
    began = search.seconds
    model = horizon_server_milp.build(horizon, search.check_time)
    columns = model.columns
    metadata: dict[str, Any] = {
        "variables": len(columns),
        "constraints": model.problem.numConstraints(),
        "build_seconds": search.seconds - began,
        "backend": backend,
        "backend_status": None,
        "warm_start": None,
    }

    def report(values: Values, bound: float | None) -> None:
        if bound is not None:
            search.report_bound(bound / model.scale)
        at = {columns[j]: value for j, value in values.items()}
        found = model.decode(lambda x: at.get(x, 0.0))
        if found is not None:
            objective, schedule = found
            search.report(objective, lambda: schedule)

    start = None
    if search.schedule is not None:
        told = model.encode(search.schedule)
        metadata["warm_start"] = "ignored"
        if told is not None:
            position = {x: j for j, x in enumerate(columns)}
            start = {position[x]: value for x, value in told.items()}
    outcome = pulp_adapter.solve_problem(
        model.problem, columns, backend, search, report=report, start=start
    )
    metadata["backend_status"] = outcome.status
    if start is not None:
        metadata["warm_start"] = outcome.warm_start
    answer = Answer(
        infeasible=outcome.infeasible, stopped_by=outcome.stopped_by, metadata=metadata
    )
    if outcome.bound is not None:
        answer.bound = outcome.bound / model.scale
    if outcome.values is not None:
        report(outcome.values, outcome.bound)
    return answer


def solve_horizon_server_cp_sat(
    horizon: Horizon, search: Search, how: Presolve
) -> Answer:
    """Solve a horizon with reallocation ``server`` as one constraint program."""
    if horizon.reallocation is not Reallocation.SERVER:
        message = f"cp-sat: reallocation of the horizon is {horizon.reallocation}"
        message += ", expected server; others are for decomposition and milp"
        raise SolverUnavailable(message)
    load_cp_sat(search)
    if how == "prices":
        report_windows(horizon, search, "decomposition")
    began = search.seconds
    model = horizon_server_cp.build(horizon, search.check_time)
    metadata: dict[str, Any] = {
        "variables": len(model.columns),
        "constraints": len(model.problem.proto.constraints),
        "build_seconds": search.seconds - began,
        "rounding_error": model.rounding_error,
        "backend_status": None,
        "warm_start": None,
    }

    def proven(bound: float) -> float:
        return bound / server_cp.SCALE + model.rounding_error

    def report(value: Value, bound: float) -> None:
        search.report_bound(proven(bound))
        found = model.decode(value)
        if found is not None:
            objective, schedule = found
            search.report(objective, lambda: schedule)

    if search.schedule is not None:
        told = model.encode(search.schedule)
        metadata["warm_start"] = "ignored" if told is None else "accepted"
        if told is not None:
            for x in model.columns:
                model.problem.add_hint(x, int(told.get(x, 0)))
    outcome = run_cp_sat(
        model.problem,
        search,
        on_solution=report,
        on_bound=lambda bound: search.report_bound(proven(bound)),
        linearization_level=2,
    )
    metadata["backend_status"] = outcome.status
    answer = Answer(
        infeasible=outcome.infeasible, stopped_by=outcome.stopped_by, metadata=metadata
    )
    if outcome.value is not None and outcome.bound is not None:
        answer.bound = proven(outcome.bound)
        report(outcome.value, outcome.bound)
    return answer
