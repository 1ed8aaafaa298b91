"""Settings of a solver: the keyword-only parameters of its function."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from instances import InvalidOption
from instances.checks import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a solver.

    Parameters
    ----------
    name
        Its name.
    kind
        Its type, as written in the solver's signature, or else its default's.
    default
        Its default value.
    """

    name: str
    kind: Any
    default: Any

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values to choose from; empty when they cannot be listed."""
        if typing.get_origin(self.kind) is typing.Literal:
            return typing.get_args(self.kind)
        return (False, True) if self.kind is bool else ()

    @property
    def domain(self) -> str:
        """What values it takes, for people."""
        if self.choices:
            return " | ".join(str(choice).lower() for choice in self.choices)
        return " or ".join(part.__name__ for part in _alternatives(self.kind))


def settings_of(function: Callable[..., Any]) -> tuple[Setting, ...]:
    """Return the settings that a solver's signature declares."""
    own = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    # The other parameters' types may be imported for type checkers alone.
    annotated = types.SimpleNamespace(
        __annotations__={each.name: _annotation(each) for each in own},
        __globals__=getattr(inspect.unwrap(function), "__globals__", {}),
    )
    kinds = typing.get_type_hints(annotated)
    return tuple(
        Setting(name=each.name, kind=kinds[each.name], default=each.default)
        for each in own
    )


def _annotation(parameter: inspect.Parameter) -> Any:
    """Return what a parameter is annotated with, or else the type of its default."""
    if parameter.annotation is not inspect.Parameter.empty:
        return parameter.annotation
    return type(parameter.default)


def checked_settings(
    solver: str, function: Callable[..., Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all settings in effect: those given, checked, and the other defaults.

    Text is read as the setting's type, so that ``--set passes=3`` works.

    Raises
    ------
    InvalidOption
        If a setting is unknown or its value is not of its type.
    """
    settings = {setting.name: setting for setting in settings_of(function)}
    for name in given:
        if name not in settings:
            known = ", ".join(settings) or "none"
            message = f"{solver} has no setting {shown(name)}; it has: {known}"
            raise InvalidOption(message)
    return {
        name: _checked(solver, setting, given[name])
        if name in given
        else setting.default
        for name, setting in settings.items()
    }


def _checked(solver: str, setting: Setting, value: Any) -> Any:
    if value is None and type(None) in _alternatives(setting.kind):
        return None
    for kind in _alternatives(setting.kind):
        fitting = _converted(kind, value)
        if fitting is not None:
            return fitting
    message = f"{solver}: setting {setting.name} is {shown(value)}"
    raise InvalidOption(f"{message}, expected {setting.domain}")


def _converted(kind: Any, value: Any) -> Any:
    """Return the value as the kind, or ``None`` if it is none of it."""
    if typing.get_origin(kind) is typing.Literal:
        matching = [
            choice for choice in typing.get_args(kind) if str(choice) == str(value)
        ]
        return matching[0] if matching else None
    if kind is bool:
        words = {"true": True, "false": False, "1": True, "0": False}
        return words.get(str(value).lower())
    if isinstance(value, bool):
        return None
    try:
        if kind is int:
            number = int(value)
            return number if isinstance(value, str) or number == value else None
        if kind is float:
            return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if isinstance(value, str) and kind is str else None


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return typing.get_args(kind)
    return (kind,)
