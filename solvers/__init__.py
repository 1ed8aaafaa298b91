"""Who finds a schedule, and the certified result that each of them returns."""

from solvers.options import Options
from solvers.registry import Solver, get_solver, solver_names
from solvers.result import Result, Status, StoppedBy, TracePoint
from solvers.search import Answer, Search, TimeUp
from solvers.solving import solve

__all__ = [
    "Answer",
    "Options",
    "Result",
    "Search",
    "Solver",
    "Status",
    "StoppedBy",
    "TimeUp",
    "TracePoint",
    "get_solver",
    "solve",
    "solver_names",
]
