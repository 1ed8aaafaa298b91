"""Mixed-integer programming over the streams' lineages, on PuLP's backends."""

from typing import Any

from formulations import horizon_milp
from instances.horizon import Horizon
from solvers.compiled_work import in_time
from solvers.outcome import Values, at_one
from solvers.search import Answer, Search


def solve_horizon_milp(
    horizon: Horizon, search: Search, *, backend: str = "highs"
) -> Answer:
    """Exact path program over each stream's lineage of models, through PuLP.

    Parameters
    ----------
    horizon
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    """
    from solvers import pulp_adapter

    backend = pulp_adapter.check_backend(backend)
    began = search.seconds
    model = in_time(search, lambda between: horizon_milp.build(horizon, between))
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
