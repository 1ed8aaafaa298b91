"""What a backend found for a 0/1 program."""

from dataclasses import dataclass

from solvers.result import StoppedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a backend found for a 0/1 program that is maximised.

    Parameters
    ----------
    status
        The backend's own word, for people.
    ones
        Indices of the columns at 1 in the best solution; ``None`` without one.
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
    ones: list[int] | None = None
    bound: float | None = None
    infeasible: bool = False
    stopped_by: StoppedBy | None = None
    warm_start: str | None = None
