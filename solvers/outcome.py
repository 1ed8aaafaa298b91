"""What a backend found for a mixed-integer program."""

from collections.abc import Mapping
from dataclasses import dataclass

from solvers.result import StoppedBy

Values = Mapping[int, float]
"""Values of the columns that are not 0, by index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a backend found for a mixed-integer program that is maximised.

    Parameters
    ----------
    status
        The backend's own word, for people.
    values
        Columns that are not 0 in the best solution; ``None`` without one.
    bound
        Proven upper bound on the program's objective.
    infeasible
        Whether the backend proved that there is no solution.
    stopped_by
        What cut the run short.
    warm_start
        ``accepted`` or ``ignored``; ``None`` if there was none to give.
    """

    status: str
    values: Values | None = None
    bound: float | None = None
    infeasible: bool = False
    stopped_by: StoppedBy | None = None
    warm_start: str | None = None

    @property
    def ones(self) -> list[int] | None:
        """Indices of the columns at 1, for a program in binaries."""
        return None if self.values is None else at_one(self.values)


def at_one(values: Values) -> list[int]:
    """Return the indices of the columns at 1, in order."""
    return sorted(j for j, value in values.items() if value > 0.5)
