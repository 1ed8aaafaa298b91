"""Mixed-integer programming of placements on PuLP's backends."""

from typing import Any, Literal

from formulations import placement_milp
from formulations.placement_classes import memory_may_bind
from formulations.placement_packing import least_schedule
from instances.placement import Placement
from solvers.outcome import Values
from solvers.round_and_pack import report_packed
from solvers.search import Answer, Search


def solve_placement_milp(
    placement: Placement,
    search: Search,
    *,
    backend: str = "highs",
    start: Literal["round-and-pack", "none"] = "round-and-pack",
) -> Answer:
    """Exact mixed-integer program with symmetry broken, through PuLP.

    Parameters
    ----------
    placement
        The problem.
    search
        The run's options, clock and incumbents; the backend starts from the best one.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    start
        Whether the heuristic's schedule, redistributed, is the first incumbent where
        memory may bind; elsewhere the program is solved sooner than that is found.
    """
    from solvers import pulp_adapter

    backend = pulp_adapter.check_backend(backend)
    if start == "round-and-pack" and memory_may_bind(placement):
        report_packed(placement, search)
    began = search.seconds
    model = placement_milp.build(placement, search.check_time)
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
    # With a schedule known, a wrong claim of infeasibility does not pass.
    least = least_schedule(model.options)
    if least is not None:
        search.report(least[0], lambda: least[1])

    def report(values: Values, bound: float | None) -> None:
        proven = None if bound is None else bound / model.scale
        search.report(model.objective(values), lambda: model.decode(values), proven)

    known = search.schedule
    outcome = pulp_adapter.solve_problem(
        model.problem,
        model.columns,
        backend,
        search,
        report=report,
        start=None if known is None else model.encode(known),
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
        answer.objective = model.objective(outcome.values)
        answer.schedule = model.decode(outcome.values)
    if outcome.bound is not None:
        answer.bound = outcome.bound / model.scale
        search.report_bound(answer.bound)
    return answer
