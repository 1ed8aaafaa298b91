"""Which runs count as solved."""

from typing import TYPE_CHECKING

from ekya_opt.analysis.gaps import with_gaps
from ekya_opt.analysis.tables import says
from formulations import OBJECTIVE_TOLERANCE
from instances import InvalidOption
from solvers.result import Status

if TYPE_CHECKING:
    import pandas as pd


def solved_runs(
    runs: "pd.DataFrame", max_gap: float | None = None
) -> "pd.Series[bool]":
    """Return which runs count as solved.

    Without ``max_gap`` those that proved their optimum or that there is no schedule;
    with it those whose gap to the lowest bound proven by any run of the instance is at
    most as large, whoever proved it, and again those without a schedule to find.
    """
    refuted = says(runs, "status", Status.INFEASIBLE)
    if max_gap is None:
        return says(runs, "status", Status.OPTIMAL) | refuted
    if not max_gap >= 0:
        raise InvalidOption(f"max_gap is {max_gap!r}, expected at least 0")
    gap = with_gaps(runs)["gap_to_bound"]
    return (gap <= max_gap + OBJECTIVE_TOLERANCE) | refuted
