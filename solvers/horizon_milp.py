"""Mixed-integer programming over the streams' lineages, on PuLP's backends."""

import math
from functools import partial
from typing import Any, Literal

from formulations import horizon_milp
from formulations.horizon_milp import HorizonMilp
from instances import Reallocation
from instances.horizon import Horizon
from solvers.compiled_work import in_time
from solvers.horizon_prices import ROUNDING, loaded
from solvers.myopic import solve_myopic
from solvers.outcome import Values, at_one
from solvers.search import Answer, Search


def solve_horizon_milp(
    horizon: Horizon,
    search: Search,
    *,
    backend: str = "highs",
    presolve: Literal["prices", "none"] = "prices",
) -> Answer:
    """Exact path program over each stream's lineage of models, through PuLP.

    Parameters
    ----------
    horizon
        The problem; with reallocation ``server`` its program is time-indexed instead.
    search
        The run's options, clock and incumbents.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    presolve
        ``prices`` starts from the decomposition's bound and schedule, and leaves out
        the arcs that they settle; ``none`` builds all of them, and starts from window
        by window.
    """
    from solvers import pulp_adapter

    backend = pulp_adapter.check_backend(backend)
    if horizon.reallocation is Reallocation.SERVER:
        from solvers.horizon_server import solve_horizon_server_milp

        return solve_horizon_server_milp(horizon, search, backend, presolve)
    began = search.seconds
    others = -math.inf
    if presolve == "none":
        solve_myopic(horizon, search)
        model = in_time(search, partial(horizon_milp.build, horizon))
    else:
        relaxation, prices = in_time(search, partial(loaded, horizon, search))
        prices.descend(0.0)
        if prices.is_infeasible:
            return Answer(infeasible=True)
        if search.objective is not None:
            others = search.objective - ROUNDING
        arcs = relaxation.undominated_above(prices.best, others, search.check_time)
        known = tuple(relaxation.lineages)
        model = horizon_milp.build(horizon, search.check_time, known, arcs)
    initial = search.schedule
    start = None if initial is None else model.encode(initial)
    built = search.seconds - began
    answer = solve_paths(model, backend, search, start, others)
    answer.metadata["build_seconds"] = built
    return answer


def solve_paths(
    model: HorizonMilp,
    backend: str,
    search: Search,
    start: list[int] | None,
    others: float = -math.inf,
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
        return _nothing_better(search, others, metadata)

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
    if outcome.infeasible:
        return _nothing_better(search, others, metadata)
    answer = Answer(
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


def _nothing_better(search: Search, others: float, metadata: dict[str, Any]) -> Answer:
    """Return the answer when no path is in the program."""
    if search.objective is None and others == -math.inf:
        return Answer(infeasible=True, metadata=metadata)
    search.report_bound(others)
    return Answer(
        schedule=search.schedule,
        objective=search.objective,
        bound=others,
        metadata=metadata,
    )
