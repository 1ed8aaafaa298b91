"""The solvers by name: the built-in ones and those that other packages add."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from instances import SolverUnavailable
from solvers.settings import Setting, settings_of

ENTRY_POINT_GROUP = "ekya_opt.solvers"

_BUILT_IN = {
    "dp": ("exact", "solvers.dp:solve_dp"),
    "core": ("exact", "solvers.core:solve_core"),
    "decomposition": ("exact", "solvers.decomposition:solve_decomposition"),
    "milp": ("exact", "solvers.milp:solve_milp"),
    "cp-sat": ("exact", "solvers.cp_sat:solve_cp_sat"),
    "fleet": ("exact", "solvers.fleet:solve_fleet"),
    "network": ("exact", "solvers.network:solve_network"),
    "brute-force": ("exact", "solvers.brute_force:solve_brute_force"),
    "bound": ("bound", "solvers.core:solve_bound"),
    "thief": ("heuristic", "solvers.thief:solve_thief"),
    "steal-search": ("heuristic", "solvers.steal_search:solve_steal_search"),
    "thief-released": ("heuristic", "solvers.thief_released:solve_thief_released"),
    "greedy": ("heuristic", "solvers.greedy:solve_greedy"),
    "expected": ("heuristic", "solvers.expected:solve_expected"),
    "cvar": ("heuristic", "solvers.cvar:solve_cvar"),
    "uniform": ("baseline", "solvers.uniform:solve_uniform"),
    "fixed-res": ("baseline", "solvers.uniform:solve_fixed_res"),
    "fixed-config": ("baseline", "solvers.fixed_config:solve_fixed_config"),
    "inference-only": ("baseline", "solvers.uniform:solve_inference_only"),
    "random": ("baseline", "solvers.random_search:solve_random"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """A solver and what is known of it before it runs.

    Parameters
    ----------
    name
        Name in the registry.
    kind
        ``exact``, ``bound``, ``heuristic``, ``baseline`` or ``plug-in``.
    function
        Callable ``(instance, search, *, settings...)`` that returns an ``Answer``, a
        ``Schedule`` or ``None``; or ``(columns, search, *, settings...)``.
    """

    name: str
    kind: str
    function: Callable[..., Any]

    @property
    def on_columns(self) -> bool:
        """Whether the first parameter, then named ``columns``, is the columns."""
        return next(iter(inspect.signature(self.function).parameters)) == "columns"

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Its own settings."""
        return settings_of(self.function)

    @property
    def summary(self) -> str:
        """First sentence of its documentation."""
        text = (self.function.__doc__ or "").strip()
        return text.split("\n\n")[0].replace("\n", " ").strip()


def solver_names() -> list[str]:
    """Return the names of all solvers, the built-in ones first."""
    return [*_BUILT_IN, *sorted(set(_plug_ins()) - set(_BUILT_IN))]


def get_solver(name: str) -> Solver:
    """Return the solver of that name.

    Raises
    ------
    SolverUnavailable
        If there is none, or the plug-in that has it cannot be loaded.
    """
    if name in _BUILT_IN:
        kind, target = _BUILT_IN[name]
        module, function = target.split(":")
        loaded = getattr(import_module(module), function)
        return Solver(name=name, kind=kind, function=loaded)
    plug_in = _plug_ins().get(name)
    if plug_in is None:
        known = ", ".join(solver_names())
        raise SolverUnavailable(f"there is no solver {name!r}; there are: {known}")
    try:
        return Solver(name=name, kind="plug-in", function=plug_in.load())
    except Exception as problem:
        message = f"solver {name!r} of {plug_in.value} cannot be loaded: {problem}"
        raise SolverUnavailable(message) from problem


@cache
def _plug_ins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
