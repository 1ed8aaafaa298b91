"""Decomposition of a horizon by prices of its windows."""

import math
from functools import partial
from typing import Any

from formulations import horizon_milp
from formulations.lineage import Arcs
from instances import InvalidOption, Reallocation
from instances.horizon import Horizon
from solvers.compiled_work import in_time
from solvers.horizon_milp import solve_paths
from solvers.horizon_prices import ROUNDING, PriceSearch, loaded
from solvers.horizon_relaxation import HorizonRelaxation
from solvers.search import Answer, Search

FEW_ARCS = 1000
"""Arcs of the first path program; each further one may have four times as many."""

MOST_HALVINGS = 12
"""How often the distance to the bound is halved until the arcs are few."""


def solve_horizon_decomposition(
    horizon: Horizon, search: Search, *, gap: float = 0.0, backend: str = "highs"
) -> Answer:
    """Lagrangian bound by a price for each window, and a program on what it leaves.

    At given prices each stream's best life is a longest path through the lineage of its
    models. A subgradient method lowers the bound (Fisher, 1981); on the way schedules
    come from rolling forward by what the nodes are worth at the prices. Then arcs are
    fixed by their reduced costs, and the path program is solved on the others.

    Parameters
    ----------
    horizon
        The problem. With reallocation ``server`` each slot has a price, and the rest of
        the gap is left open.
    search
        The run's options, clock and incumbents.
    gap
        Relative gap at which to stop, in [0, 1); 0 proves the optimum.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    """
    if not 0 <= gap < 1:
        message = f"decomposition: gap is {gap:g}, expected at least 0 and below 1"
        raise InvalidOption(message)
    if horizon.reallocation is Reallocation.SERVER:
        from solvers.horizon_slots_decomposition import solve_horizon_slots

        return solve_horizon_slots(horizon, search, gap)
    relaxation, prices = in_time(search, partial(loaded, horizon, search))
    metadata: dict[str, Any] = {
        "moves": sum(lineage.num_moves for lineage in relaxation.lineages),
        "build_seconds": search.seconds,
    }
    prices.descend(gap)
    if prices.is_infeasible:
        return Answer(infeasible=True, metadata=metadata)
    best = prices.best
    metadata |= {
        "steps": prices.steps,
        "lagrangian_bound": best.bound,
        "prices": best.prices.tolist(),
        "memory_prices": best.memory_prices.tolist(),
        "price_seconds": search.seconds - metadata["build_seconds"],
    }
    answer = Answer(
        schedule=search.schedule,
        objective=search.objective,
        bound=best.bound,
        metadata=metadata,
    )
    if prices.reached(gap):
        return answer
    return _finished(relaxation, prices, search, gap, backend, answer)


def _finished(
    relaxation: HorizonRelaxation,
    prices: PriceSearch,
    search: Search,
    gap: float,
    backend: str,
    answer: Answer,
) -> Answer:
    """Solve path programs on arcs that may be part of a better schedule.

    First on the few for which the bound is highest: what they leave out is worth at
    most a known number, and what they find lets more be left out the next time.
    """
    few = FEW_ARCS
    programs = 0
    while True:
        enough = _enough(search.objective, gap)
        above, arcs = _few_arcs(relaxation, prices, search, enough, few)
        size = sum(len(moves) for moves, _ in arcs)
        answer.metadata["arcs_after_fixing"] = size
        if size > horizon_milp.MOST_ARCS:
            break
        model = horizon_milp.build(
            relaxation.horizon, search.check_time, tuple(relaxation.lineages), arcs
        )
        known = search.schedule
        start = None if known is None else model.encode(known)
        found = solve_paths(model, backend, search, start, above)
        programs += 1
        answer.metadata |= found.metadata | {"programs": programs}
        answer.stopped_by = found.stopped_by
        if found.infeasible:
            answer.infeasible = True
            return answer
        if found.bound is not None:
            answer.bound = min(prices.best.bound, found.bound)
        enough = _enough(search.objective, gap)
        if found.stopped_by is not None or above <= enough:
            break
        few *= 4
    answer.schedule, answer.objective = search.schedule, search.objective
    if answer.objective is not None and answer.bound is not None:
        answer.bound = max(answer.bound, answer.objective)
        search.report_bound(answer.bound)
    return answer


def _enough(objective: float | None, gap: float) -> float:
    """Return what a schedule must be worth more than to be of interest."""
    return -math.inf if objective is None else objective / (1 - gap) - ROUNDING


def _few_arcs(
    relaxation: HorizonRelaxation,
    prices: PriceSearch,
    search: Search,
    enough: float,
    few: int,
) -> tuple[float, list[Arcs]]:
    """Return the arcs of schedules worth more than a number, and that number.

    The number is raised above ``enough`` until the arcs are few.
    """
    bound = prices.best.bound
    above = max(enough, 0.0)
    for _ in range(MOST_HALVINGS):
        arcs = relaxation.undominated_above(prices.best, above, search.check_time)
        if sum(len(moves) for moves, _ in arcs) <= few:
            break
        above = (above + bound) / 2
    return above if above > 0 else -math.inf, arcs
