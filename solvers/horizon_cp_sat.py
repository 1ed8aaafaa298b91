"""Constraint programming over several windows, with CP-SAT."""

from instances.horizon import Horizon
from solvers.horizon_server import solve_horizon_server_cp_sat
from solvers.search import Answer, Search
from solvers.server_presolve import Presolve


def solve_horizon_cp_sat(
    horizon: Horizon, search: Search, *, presolve: Presolve = "prices"
) -> Answer:
    """Exact constraint program of all windows, slot by slot, on OR-Tools' CP-SAT.

    Parameters
    ----------
    horizon
        Problem with reallocation ``server``; ``never`` and ``stream`` are paths, for
        the solvers ``decomposition`` and ``milp``.
    search
        The run's options, clock and incumbents.
    presolve
        ``prices`` starts from what the decomposition finds for each window, one after
        another; ``none`` from nothing.
    """
    return solve_horizon_server_cp_sat(horizon, search, presolve)
