"""The solvers by what they are for."""

from instances.problems import Kind
from solvers import get_solver, solver_names

SERVER_ONLY = {"decomposition", "schedule-search"}
"""Solvers of windows whose whole server may reallocate, and of no static ones."""

STATIC = [name for name in solver_names(Kind.WINDOW) if name not in SERVER_ONLY]
"""Solvers of static windows."""


def of_kind(*kinds: str) -> list[str]:
    """Return the solvers of static windows that are exact, heuristics, …."""
    return [name for name in STATIC if get_solver(name, Kind.WINDOW).kind in kinds]
