"""Decomposition of a server's horizon by prices of the slots of all windows."""

from collections.abc import Callable
from dataclasses import replace

from formulations.lineage_slots import slot_lineages
from instances.horizon import Horizon
from solvers.compiled_work import in_time
from solvers.horizon_prices import PriceSearch
from solvers.horizon_slots_relaxation import HorizonSlotsRelaxation
from solvers.myopic import solve_myopic
from solvers.search import Answer, Search

NEVER = 2**62
"""Better bounds from one schedule to the next: schedules take long to make here."""

SCALES = (0.9, 1.1)
"""Cheaper and dearer prices to roll by as well: more and fewer retrainings."""


def solve_horizon_slots(horizon: Horizon, search: Search, gap: float) -> Answer:
    """Bound a horizon with reallocation ``server``, and roll through it by the prices.

    The first schedule is that of window by window with ``dp``, and window by window
    with ``decomposition`` is looked at as well. The gap between the best of all these
    schedules and the bound is left open.
    """
    first = solve_myopic(horizon, search, window="dp")
    relaxation = HorizonSlotsRelaxation(
        horizon, in_time(search, lambda between: slot_lineages(horizon, between))
    )

    def priced(_: Callable[[], None]) -> PriceSearch:
        return PriceSearch(relaxation, search, NEVER)

    prices = in_time(search, priced)
    prices.descend(gap)
    if prices.is_infeasible:
        return Answer(infeasible=True)
    best = prices.best
    if not prices.reached(gap):
        solve_myopic(horizon, search, window="decomposition")
    for scale in SCALES:
        if prices.reached(gap):
            break
        found = relaxation.rolled(replace(best, prices=best.prices * scale), search)
        if found is not None:
            search.report(*found)
    return Answer(
        schedule=search.schedule,
        objective=search.objective,
        bound=best.bound,
        metadata={
            "steps": prices.steps,
            "moves": sum(each.lineage.num_moves for each in relaxation.streams),
            "window_by_window": first.objective,
            "prices": best.prices.reshape(-1, relaxation.slots).tolist(),
            "memory_prices": best.memory_prices.tolist(),
        },
    )
