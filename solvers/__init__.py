"""Who finds a schedule, and the certified result that each of them returns.

A solver is a function ``(instance, search, *, settings...)``. The name of its first
parameter says what it works on: ``instance``, ``columns``, ``horizon`` or
``placement``. Keyword-only parameters with defaults are its settings, checked by name
and type. It returns a ``Schedule`` (of a horizon a ``HorizonSchedule``, of a placement
a ``PlacedSchedule``), an ``Answer`` with a bound that it proved, or ``None``::

    def mine(instance, search, *, share=0.5):
        ...
        return ekya_opt.Schedule(streams=plans)

    ekya_opt.solve(instance, mine, share=0.4)
    ekya_opt.compare([instance], ["dp", mine])

``search`` is the run: ``search.rng`` are random numbers by the seed,
``search.options`` the options. One that runs long calls ``search.check_time()``, and
``search.report(objective, make_schedule)`` for each incumbent, so that time limits and
Ctrl-C keep the best one; its schedule is made when the run ends, of what must not have
changed until then. A package that names its function under the entry points
``ekya_opt.solvers`` gives it a name for files and the command line.

Every result is certified: the referee evaluates the schedule again, and raises
``SolverDisagreement`` where it breaks a rule or is not worth what was claimed.
``optimal`` is assigned here, from bound − objective ≤ 1e-6.
"""

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
