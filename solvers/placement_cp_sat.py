"""Constraint programming of placements with CP-SAT."""

from typing import Any, Literal

from formulations import placement_cp, window_cp
from formulations.placement_classes import memory_may_bind
from formulations.placement_packing import least_schedule
from instances.placement import Placement
from solvers.cp_sat_backend import Value, load_cp_sat, run_cp_sat
from solvers.round_and_pack import report_packed
from solvers.search import Answer, Search


def solve_placement_cp_sat(
    placement: Placement,
    search: Search,
    *,
    start: Literal["round-and-pack", "none"] = "round-and-pack",
) -> Answer:
    """Exact constraint program with symmetry broken, on OR-Tools' CP-SAT.

    Among several optima, other numbers of workers may find another one.

    Parameters
    ----------
    placement
        The problem.
    search
        The run's options, clock and incumbents; the search starts from the best one.
    start
        Whether the heuristic's schedule, redistributed, is the first incumbent where
        memory may bind; elsewhere the program is solved sooner than that is found.
    """
    load_cp_sat(search)
    if start == "round-and-pack" and memory_may_bind(placement):
        report_packed(placement, search)
    began = search.seconds
    model = placement_cp.build(placement, search.check_time)
    metadata: dict[str, Any] = {
        "variables": len(model.problem.proto.variables),
        "constraints": len(model.problem.proto.constraints),
        "build_seconds": search.seconds - began,
        "rounding_error": model.rounding_error,
        "backend_status": None,
        "warm_start": None,
    }
    if not all(model.take):
        return Answer(infeasible=True, metadata=metadata)
    # With a schedule known, a wrong claim of infeasibility does not pass.
    least = least_schedule(model.options)
    if least is not None:
        search.report(least[0], lambda: least[1])
    if search.schedule is not None:
        hint = model.encode(search.schedule)
        metadata["warm_start"] = "ignored" if hint is None else "accepted"
        if hint is not None:
            for x, value in zip(model.columns, hint, strict=True):
                model.problem.add_hint(x, value)

    def proven(bound: float) -> float:
        return bound / window_cp.SCALE + model.rounding_error

    def report(value: Value, bound: float) -> None:
        values = {x.index: value(x) for x in model.columns}
        search.report(
            model.options.objective(model.chosen(value)),
            lambda: model.decode(lambda x: values[x.index]),
            proven(bound),
        )

    outcome = run_cp_sat(
        model.problem,
        search,
        on_solution=report,
        on_bound=lambda bound: search.report_bound(proven(bound)),
        # Without the whole linear relaxation the bound of a placement hardly moves.
        linearization_level=2,
    )
    metadata["backend_status"] = outcome.status
    answer = Answer(
        metadata=metadata,
        infeasible=outcome.infeasible,
        stopped_by=outcome.stopped_by,
    )
    if outcome.value is not None and outcome.bound is not None:
        report(outcome.value, outcome.bound)
        answer.objective = model.objective(outcome.value)
        answer.schedule = model.decode(outcome.value)
        answer.bound = proven(outcome.bound)
    return answer
