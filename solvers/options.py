"""The options of a solve, the same for every solver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from formulations.problems import is_schedule
from instances import InvalidData, InvalidOption
from instances.checks import set_integer, set_number, shown

if TYPE_CHECKING:
    from formulations.problems import AnySchedule

PLAN_ON = ("truth", "estimates")


class _InvalidField(InvalidData, InvalidOption):
    """A common option lies outside its domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to solve, whatever the solver.

    Parameters
    ----------
    time_limit
        Wall seconds for the whole call, above 0; ``None`` for no limit.
    seed
        Seed of everything random, from 0 to 2**31 - 1.
    workers
        Threads that a backend may use, at least 1.
    initial_schedule
        A schedule to start from. It is the first incumbent, so the result is never
        worse (on the numbers planned on), and a warm start for the solvers that take
        one.
    verbosity
        0 is silent; from 1 backends print their logs.
    plan_on
        ``truth`` plans on the true numbers; ``estimates`` plans on the profiler's
        and scores the plan on the truth.
    settings
        Settings of the solver by name; checked against those that it has.

    Raises
    ------
    InvalidOption
        If a value lies outside its domain.
    """

    error: ClassVar[type[InvalidData]] = _InvalidField

    time_limit: float | None = None
    seed: int = 0
    workers: int = 1
    initial_schedule: "AnySchedule | None" = None
    verbosity: int = 0
    plan_on: Literal["truth", "estimates"] = "truth"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.time_limit is not None:
            set_number(self, "time_limit", above=True, high=1e9)
        set_integer(self, "seed", low=0, high=2**31 - 1)
        set_integer(self, "workers", low=1, high=1024)
        set_integer(self, "verbosity", low=0, high=9)
        if self.plan_on not in PLAN_ON:
            message = f"is {shown(self.plan_on)}, expected one of {', '.join(PLAN_ON)}"
            raise _InvalidField(message, "plan_on")
        initial = self.initial_schedule
        if initial is not None and not is_schedule(initial):
            message = f"is {shown(initial)}, expected a schedule"
            raise _InvalidField(message, "initial_schedule")
