"""What a schedule file claims of its schedule, whatever the kind of problem."""

from dataclasses import dataclass
from typing import Any, ClassVar

from instances import InvalidSchedule
from instances.checks import check_name, set_number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claims:
    """What travels with a schedule in its file.

    Parameters
    ----------
    instance, solver
        Names of the problem and of the solver; ``None`` when unknown.
    objective
        Claimed objective, in [0, 1]; ``None`` without a claim.
    bound
        Claimed upper bound, at least 0; ``None`` without a claim.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain; the message names the place.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    instance: str | None = None
    solver: str | None = None
    objective: float | None = None
    bound: float | None = None

    def __post_init__(self) -> None:
        for name in ("instance", "solver"):
            if getattr(self, name) is not None:
                check_name(self, name)
        if self.objective is not None:
            set_number(self, "objective", high=1)
        if self.bound is not None:
            set_number(self, "bound")


def claims_to_dict(
    instance: str | None,
    solver: str | None,
    objective: float | None,
    bound: float | None,
) -> dict[str, Any]:
    """Return claims as JSON values."""
    return {
        "instance": instance,
        "solver": solver,
        "objective": None if objective is None else min(objective, 1.0),
        "bound": bound,
    }
