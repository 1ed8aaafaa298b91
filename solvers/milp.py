"""Mixed-integer programming on PuLP's backends: static windows and the server's."""

from typing import Any, Literal

from formulations import window_milp, window_milp_literal
from instances import Instance, Reallocation
from solvers.outcome import Values, at_one
from solvers.search import Answer, Search


def solve_milp(
    instance: Instance,
    search: Search,
    *,
    formulation: Literal["compact", "literal"] = "compact",
    backend: str = "highs",
    presolve: Literal["prices", "none"] = "prices",
) -> Answer:
    """Exact mixed-integer program through PuLP: compact, Eq. 1 or time-indexed.

    Parameters
    ----------
    instance
        The problem; with reallocation ``server`` its program is time-indexed.
    search
        The run's options, clock and incumbents.
    formulation
        ``compact`` has a variable for each number of units of a stream; ``literal``
        one for each tuple of Eq. 1, millions at the paper's size, and is for static
        windows only.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    presolve
        With reallocation ``server``: ``prices`` starts from the decomposition's first
        bound and plan, and leaves out what they settle; ``none`` builds all of it.
    """
    from solvers import pulp_adapter

    backend = pulp_adapter.check_backend(backend)
    if instance.reallocation is Reallocation.SERVER and formulation != "literal":
        from solvers.server_milp import solve_server_milp

        return solve_server_milp(instance, search, backend, presolve)
    began = search.seconds
    model: window_milp.WindowMilp | window_milp_literal.WindowMilpLiteral
    if formulation == "literal":
        model = window_milp_literal.build(instance, search.check_time)
    else:
        model = window_milp.build(instance, search.check_time)
    metadata: dict[str, Any] = {
        "variables": model.problem.numVariables(),
        "constraints": model.problem.numConstraints(),
        "build_seconds": search.seconds - began,
        "backend": backend,
        "backend_status": None,
        "warm_start": None,
    }
    if not all(model.take):
        return Answer(infeasible=True, metadata=metadata)

    def report(values: Values, bound: float | None) -> None:
        ones = at_one(values)
        proven = None if bound is None else bound / model.scale
        search.report(model.objective(ones), lambda: model.decode(ones), proven)

    initial = search.schedule
    ones = None if initial is None else model.encode(initial)
    outcome = pulp_adapter.solve_problem(
        model.problem,
        model.columns,
        backend,
        search,
        report=report,
        start=None if ones is None else dict.fromkeys(ones, 1.0),
    )
    metadata["backend_status"] = outcome.status
    metadata["warm_start"] = outcome.warm_start
    answer = Answer(
        infeasible=outcome.infeasible,
        stopped_by=outcome.stopped_by,
        metadata=metadata,
    )
    if outcome.values is not None:
        report(outcome.values, outcome.bound)
        ones = at_one(outcome.values)
        answer.objective = model.objective(ones)
        answer.schedule = model.decode(ones)
    if outcome.bound is not None:
        answer.bound = outcome.bound / model.scale
        search.report_bound(answer.bound)
    return answer
