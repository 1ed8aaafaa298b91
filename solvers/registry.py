"""The solvers by name: the built-in ones and those that other packages add."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

from instances import SolverUnavailable
from instances.problems import Kind
from solvers.settings import Setting, settings_of

ENTRY_POINT_GROUP = "ekya_opt.solvers"

SolverFunction: TypeAlias = Callable[..., Any]
"""A solver itself: ``(instance, search, *, settings...)``, see :class:`Solver`."""

_WINDOW = {
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
    "schedule-search": ("heuristic", "solvers.schedule_search:solve_schedule_search"),
    "thief-released": ("heuristic", "solvers.thief_released:solve_thief_released"),
    "greedy": ("heuristic", "solvers.greedy:solve_greedy"),
    "max-min": ("heuristic", "solvers.max_min:solve_max_min"),
    "expected": ("heuristic", "solvers.expected:solve_expected"),
    "cvar": ("heuristic", "solvers.cvar:solve_cvar"),
    "uniform": ("baseline", "solvers.uniform:solve_uniform"),
    "fixed-res": ("baseline", "solvers.uniform:solve_fixed_res"),
    "fixed-config": ("baseline", "solvers.fixed_config:solve_fixed_config"),
    "inference-only": ("baseline", "solvers.uniform:solve_inference_only"),
    "random": ("baseline", "solvers.random_search:solve_random"),
}

_HORIZON = {
    "decomposition": (
        "exact",
        "solvers.horizon_decomposition:solve_horizon_decomposition",
    ),
    "milp": ("exact", "solvers.horizon_milp:solve_horizon_milp"),
    "cp-sat": ("exact", "solvers.horizon_cp_sat:solve_horizon_cp_sat"),
    "brute-force": ("exact", "solvers.horizon_brute_force:solve_horizon_brute_force"),
    "look-ahead": ("heuristic", "solvers.look_ahead:solve_look_ahead"),
    "myopic": ("heuristic", "solvers.myopic:solve_myopic"),
    "dp": ("heuristic", "solvers.myopic:solve_myopic_dp"),
    "thief": ("heuristic", "solvers.myopic:solve_myopic_thief"),
}

_PLACEMENT = {
    "dp": ("exact", "solvers.placement_dp:solve_placement_dp"),
    "milp": ("exact", "solvers.placement_milp:solve_placement_milp"),
    "cp-sat": ("exact", "solvers.placement_cp_sat:solve_placement_cp_sat"),
    "brute-force": (
        "exact",
        "solvers.placement_brute_force:solve_placement_brute_force",
    ),
    "round-and-pack": ("heuristic", "solvers.round_and_pack:solve_round_and_pack"),
}

_BUILT_IN = {
    Kind.WINDOW: _WINDOW,
    Kind.HORIZON: _HORIZON,
    Kind.PLACEMENT: _PLACEMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """A solver and what is known of it before it runs.

    Parameters
    ----------
    name
        Name in the registry, or of the function.
    kind
        ``exact``, ``bound``, ``heuristic``, ``baseline``, ``plug-in`` or, outside the
        registry, ``function``.
    function
        Callable ``(instance, search, *, settings...)`` that returns an ``Answer``, a
        ``Schedule`` or ``None``. Its first parameter is named ``instance``, or
        ``columns``, ``horizon`` or ``placement`` if it works on those.
    """

    name: str
    kind: str
    function: SolverFunction

    @property
    def on_columns(self) -> bool:
        """Whether it works on a window's columns."""
        return self._takes == "columns"

    @property
    def problem(self) -> Kind:
        """The kind of problem that it solves."""
        return Kind(self._takes) if self._takes in list(Kind) else Kind.WINDOW

    @property
    def _takes(self) -> str:
        return next(iter(inspect.signature(self.function).parameters))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Its own settings."""
        return settings_of(self.function)

    @property
    def summary(self) -> str:
        """First sentence of its documentation."""
        text = (self.function.__doc__ or "").strip()
        return text.split("\n\n")[0].replace("\n", " ").strip()


def solver_names(kind: Kind | None = None) -> list[str]:
    """Return the names of all solvers, or of those for one kind of problem.

    The built-in ones come first.
    """
    kinds = list(Kind) if kind is None else [kind]
    built_in = dict.fromkeys(name for each in kinds for name in _BUILT_IN[each])
    others = sorted(set(_plug_ins()) - set(built_in))
    if kind is not None:
        others = [name for name in others if kind in kinds_of(name)]
    return [*built_in, *others]


def kinds_of(name: str) -> list[Kind]:
    """Return the kinds of problems that a solver is for; empty if there is none."""
    kinds = [kind for kind in Kind if name in _BUILT_IN[kind]]
    if kinds or name not in _plug_ins():
        return kinds
    try:
        return [_load_plug_in(name).problem]
    except SolverUnavailable:
        return list(Kind)


def built_in(name: str, kind: Kind | None = None) -> tuple[str, str] | None:
    """Return what a built-in solver is (``exact``, …), and its ``module:function``.

    Nothing is loaded for it. ``None`` if there is none of that name for that kind of
    problem, by default the first one that it is for.
    """
    kinds = list(Kind) if kind is None else [kind]
    return next(
        (_BUILT_IN[each][name] for each in kinds if name in _BUILT_IN[each]), None
    )


def get_solver(solver: str | SolverFunction, kind: Kind | None = None) -> Solver:
    """Return the solver of that name, or a function as one, for one kind of problem.

    Without a kind it is the first that the solver is for: a window, a horizon, a
    placement.

    Raises
    ------
    SolverUnavailable
        If there is none, it is for other problems, the plug-in that has it cannot be
        loaded, or the function cannot be called as a solver.
    """
    if callable(solver):
        return _as_solver(solver, kind)
    name = solver
    kinds = kinds_of(name)
    if not kinds:
        known = ", ".join(solver_names())
        raise SolverUnavailable(f"there is no solver {name!r}; there are: {known}")
    kind = kinds[0] if kind is None else kind
    if kind not in kinds:
        known = ", ".join(solver_names(kind))
        message = f"solver {name!r} is for a {' or a '.join(kinds)}, not a {kind}"
        raise SolverUnavailable(f"{message}; for that there are: {known}")
    if name not in _BUILT_IN[kind]:
        return _load_plug_in(name)
    role, target = _BUILT_IN[kind][name]
    module, function = target.split(":")
    loaded = getattr(import_module(module), function)
    return Solver(name=name, kind=role, function=loaded)


def function_name(function: SolverFunction) -> str:
    """Return the name of a function, also of one with some settings fixed."""
    named = getattr(function, "func", function)
    return str(getattr(named, "__name__", type(named).__name__))


def _as_solver(function: SolverFunction, kind: Kind | None) -> Solver:
    name = function_name(function)
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError) as problem:
        message = f"solver {name!r} cannot be called with an instance and a search"
        raise SolverUnavailable(f"{message}: {problem}") from None
    solver = Solver(name=name, kind="function", function=function)
    if kind not in (None, solver.problem):
        message = f"solver {name!r} is for a {solver.problem}, not a {kind}"
        message += "; its first parameter tells, expected one that is named"
        raise SolverUnavailable(f"{message} {'instance' if kind == 'window' else kind}")
    return solver


def _load_plug_in(name: str) -> Solver:
    plug_in = _plug_ins()[name]
    try:
        return Solver(name=name, kind="plug-in", function=plug_in.load())
    except Exception as problem:
        message = f"solver {name!r} of {plug_in.value} cannot be loaded: {problem}"
        raise SolverUnavailable(message) from problem


@cache
def _plug_ins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
