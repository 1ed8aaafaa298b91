"""Mixed-integer programming over the streams' lineages, on PuLP's backends."""

from typing import Any

from formulations import horizon_milp
from formulations.horizon_milp import HorizonMilp
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
    initial = search.schedule
    start = None if initial is None else model.encode(initial)
    built = search.seconds - began
    answer = solve_paths(model, backend, search, start)
    answer.metadata["build_seconds"] = built
    return answer


def solve_paths(
    model: HorizonMilp,
    backend: str,
    search: Search,
    start: list[int] | None,
    others: float = 0.0,
) -> Answer:
    """Solve a path program, which may leave out arcs.

    Parameters
    ----------
    model
        The program.
    backend, search
        As for :func:`solve_horizon_milp`.
    start
        Columns at 1 in a solution to start from.
    others
        The most that a schedule with an arc that is left out is worth.
    """
    from solvers import pulp_adapter

    metadata: dict[str, Any] = {
        "variables": model.problem.numVariables(),
        "constraints": model.problem.numConstraints(),
        "backend": backend,
        "backend_status": None,
        "warm_start": None,
    }
    if not all(model.take):
        return Answer(infeasible=True, metadata=metadata)

    def proven(bound: float | None) -> float | None:
        return None if bound is None else max(bound / model.scale, others)

    def report(values: Values, bound: float | None) -> None:
        ones = at_one(values)
        value = model.objective(ones)
        search.report(value, lambda: model.decode(ones), proven(bound))

    outcome = pulp_adapter.solve_problem(
        model.problem,
        model.columns,
        backend,
        search,
        report=report,
        start=None if start is None else dict.fromkeys(start, 1.0),
    )
    metadata["backend_status"] = outcome.status
    metadata["warm_start"] = outcome.warm_start
    answer = Answer(
        infeasible=outcome.infeasible,
        stopped_by=outcome.stopped_by,
        bound=proven(outcome.bound),
        metadata=metadata,
    )
    if outcome.values is not None:
        report(outcome.values, outcome.bound)
        ones = at_one(outcome.values)
        answer.objective = model.objective(ones)
        answer.schedule = model.decode(ones)
    if answer.bound is not None:
        search.report_bound(answer.bound)
    return answer
