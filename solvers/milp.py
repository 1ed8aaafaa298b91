"""Mixed-integer programming: Eq. 1 as printed or compact, on PuLP's backends."""

from typing import Any, Literal

from formulations import window_milp, window_milp_literal
from instances import Instance
from solvers.search import Answer, Search


def solve_milp(
    instance: Instance,
    search: Search,
    *,
    formulation: Literal["compact", "literal"] = "compact",
    backend: str = "highs",
) -> Answer:
    """Exact mixed-integer program, compact or Eq. 1 as printed, through PuLP.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    formulation
        ``compact`` has a variable for each number of units of a stream; ``literal``
        one for each tuple of Eq. 1, millions at the paper's size.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    """
    from solvers import pulp_adapter

    backend = pulp_adapter.check_backend(backend)
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

    def report(ones: list[int], bound: float | None) -> None:
        proven = None if bound is None else bound / model.scale
        search.report(model.objective(ones), lambda: model.decode(ones), proven)

    initial = search.schedule
    outcome = pulp_adapter.solve_problem(
        model.problem,
        model.columns,
        backend,
        search,
        report=report,
        start=None if initial is None else model.encode(initial),
    )
    metadata["backend_status"] = outcome.status
    metadata["warm_start"] = outcome.warm_start
    answer = Answer(
        infeasible=outcome.infeasible,
        stopped_by=outcome.stopped_by,
        metadata=metadata,
    )
    if outcome.ones is not None:
        report(outcome.ones, outcome.bound)
        answer.objective = model.objective(outcome.ones)
        answer.schedule = model.decode(outcome.ones)
    if outcome.bound is not None:
        answer.bound = outcome.bound / model.scale
        search.report_bound(answer.bound)
    return answer
