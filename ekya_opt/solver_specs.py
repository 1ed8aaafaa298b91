"""Solvers with settings in one word: ``thief:passes=0:order=interleaved``."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from instances import InvalidOption, SolverUnavailable
from solvers import Solver, get_solver, solver_names
from solvers.registry import SolverFunction, kinds_of
from solvers.settings import checked_settings

EVERY_CHOICE = "*"

SERVER_SETTINGS = {"plan_as", "running", "adopt", "presolve"}
"""Settings that static windows ignore; ``name:*`` leaves them as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverSpec:
    """A solver and the settings to run it with.

    Parameters
    ----------
    solver
        Name in the registry, or of the function.
    settings
        Settings given; the others keep their defaults.
    function
        A solver that is not in the registry, as in :class:`solvers.Solver`.
    """

    solver: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    function: SolverFunction | None = None

    @property
    def target(self) -> str | SolverFunction:
        """What :func:`solvers.solve` takes for the solver."""
        return self.solver if self.function is None else self.function

    @property
    def label(self) -> str:
        """The spec in one word, which names it in tables."""
        return ":".join([self.solver, *filter(None, [settings_text(self.settings)])])


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as ``key=value:key=value``."""
    return ":".join(f"{key}={_word(value)}" for key, value in settings.items())


def parse_settings(words: Iterable[str]) -> dict[str, str]:
    """Return the settings that words such as ``passes=3`` give.

    Raises
    ------
    InvalidOption
        If a word has no ``=`` or a key comes twice.
    """
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InvalidOption(f"setting {word!r} is not KEY=VALUE")
        if key in settings:
            raise InvalidOption(f"setting {key!r} is given twice")
        settings[key] = value
    return settings


def solver_specs(
    solvers: str | SolverFunction | Iterable[str | SolverFunction],
) -> list[SolverSpec]:
    """Return the specs that names, ``name:key=value…``, ``name:*`` stand for.

    ``name:*`` is every combination of the settings whose choices can be listed and
    that the spec does not fix itself, but for ``SERVER_SETTINGS``. A single string is
    split at commas. A function is a solver with its default settings, or with those
    that ``functools.partial`` fixes.

    Raises
    ------
    SolverUnavailable
        If there is no solver of a name.
    InvalidOption
        If a setting is unknown, its value is not of its type, or a function has the
        label of another solver.
    """
    if callable(solvers):
        solvers = [solvers]
    words = solvers.split(",") if isinstance(solvers, str) else list(solvers)
    specs: dict[str, SolverSpec] = {}
    for word in words:
        for spec in _parse(word):
            if specs.setdefault(spec.label, spec).function is not spec.function:
                message = f"two solvers are named {spec.label!r}"
                raise InvalidOption(f"{message}, expected another name of the function")
    if not specs:
        raise InvalidOption("no solver is named, expected at least one")
    return list(specs.values())


def _parse(word: str | SolverFunction) -> list[SolverSpec]:
    if callable(word):
        return [_function_spec(word)]
    if not word.strip():
        return []
    solver, *given = word.strip().split(":")
    every = EVERY_CHOICE in given
    settings = parse_settings(part for part in given if part != EVERY_CHOICE)
    if solver not in solver_names():
        known = ", ".join(solver_names())
        raise SolverUnavailable(f"there is no solver {solver!r}; there are: {known}")
    if not given:
        return [SolverSpec(solver=solver)]
    entry, effective = _checked(solver, settings)
    fixed = {key: effective[key] for key in settings}
    if not every:
        return [SolverSpec(solver=solver, settings=fixed)]
    listable = [
        setting
        for setting in entry.settings
        if setting.choices and setting.name not in {*fixed, *SERVER_SETTINGS}
    ]
    names = [setting.name for setting in listable]
    combinations = itertools.product(*(setting.choices for setting in listable))
    return [
        SolverSpec(
            solver=solver, settings=fixed | dict(zip(names, values, strict=True))
        )
        for values in combinations
    ]


def _function_spec(function: SolverFunction) -> SolverSpec:
    """Return the spec of a function; what ``partial`` fixes are its settings."""
    settings: dict[str, Any] = {}
    if isinstance(function, partial) and not function.args:
        settings, function = dict(function.keywords), function.func
    entry = get_solver(function)
    checked = checked_settings(entry.name, function, settings)
    given = {name: checked[name] for name in settings}
    return SolverSpec(solver=entry.name, settings=given, function=function)


def _checked(solver: str, settings: Mapping[str, str]) -> tuple[Solver, dict[str, Any]]:
    """Return a solver for the first kind of problem whose settings these are."""
    failure: InvalidOption | None = None
    for kind in kinds_of(solver):
        entry = get_solver(solver, kind)
        try:
            return entry, checked_settings(solver, entry.function, settings)
        except InvalidOption as problem:
            failure = failure or problem
    assert failure is not None
    raise failure


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
