"""Constraint programming with CP-SAT: static windows and the server's."""

from typing import Any, Literal

from formulations import window_cp
from instances import Instance, Reallocation
from solvers.cp_sat_backend import Value, load_cp_sat, run_cp_sat
from solvers.search import Answer, Search


def solve_cp_sat(
    instance: Instance,
    search: Search,
    *,
    presolve: Literal["prices", "none"] = "prices",
) -> Answer:
    """Exact constraint program with an integer objective, on OR-Tools' CP-SAT.

    Among several optima, other numbers of workers may find another one. Beyond 4,000
    streams, or streams times slots, the rounding of the objective leaves a gap above
    1e-6.

    Parameters
    ----------
    instance
        The problem; with reallocation ``server`` its program is time-indexed.
    search
        The run's options, clock and incumbents.
    presolve
        With reallocation ``server``: ``prices`` starts from the decomposition's first
        bound and plan, and leaves out what they settle; ``none`` builds all of it.
    """
    if instance.reallocation is Reallocation.SERVER:
        from solvers.server_cp_sat import solve_server_cp_sat

        return solve_server_cp_sat(instance, search, presolve)
    load_cp_sat(search)
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

    def proven(bound: float) -> float:
        return bound / window_cp.SCALE + model.rounding_error

    def report(value: Value, bound: float) -> None:
        units = model.units(lambda x: bool(value(x)))
        search.report(
            model.objective(units), lambda: model.decode(units), proven(bound)
        )

    outcome = run_cp_sat(
        model.problem,
        search,
        on_solution=report,
        on_bound=lambda bound: search.report_bound(proven(bound)),
    )
    metadata["backend_status"] = outcome.status
    answer = Answer(
        metadata=metadata,
        infeasible=outcome.infeasible,
        stopped_by=outcome.stopped_by,
    )
    if outcome.value is not None and outcome.bound is not None:
        value = outcome.value
        units = model.units(lambda x: bool(value(x)))
        answer.objective = model.objective(units)
        answer.schedule = model.decode(units)
        answer.bound = proven(outcome.bound)
        report(value, outcome.bound)
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
