"""How much a solver leaves undone over its time: the primal integral."""

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from ekya_opt.analysis.incumbents import (
    gap_steps,
    incumbents,
    incumbents_of,
    with_reference,
)
from instances import InvalidOption


def primal_integral(
    trace: Iterable[Sequence[float | None]], reference: float, horizon: float
) -> float:
    """Return the integral of the primal gap from 0 to the horizon, in seconds.

    The primal gap p(t) is |reference − x| / max(|reference|, |x|) of the best
    incumbent x found by t, a step function that is 1 before the first (Berthold,
    "Measuring the impact of primal heuristics", 2013). Divided by the horizon it is
    the mean gap.

    Parameters
    ----------
    trace
        (seconds, objective, …) of the incumbents, in any order; an objective of
        ``None`` is none. What is found after the horizon does not count.
    reference
        The optimum, or the best objective known.
    horizon
        Seconds, at least 0.

    Raises
    ------
    InvalidOption
        If the horizon is negative or no number.
    """
    if not 0 <= horizon < math.inf:
        raise InvalidOption(f"horizon is {horizon!r}, expected at least 0")
    steps = gap_steps(incumbents(trace), reference)
    steps = [step for step in steps if step[0] < horizon]
    ends = [*(start for start, _ in steps[1:]), horizon]
    return math.fsum(
        gap * (end - start)
        for (start, gap), end in zip(steps, ends[: len(steps)], strict=True)
    )


def primal_integrals(
    runs: pd.DataFrame,
    horizon: float | None = None,
    *,
    reference: str = "best_found",
) -> pd.DataFrame:
    """Return the runs with their primal integrals.

    The columns added are ``horizon``; ``reference``; ``primal_integral`` in seconds;
    and ``mean_primal_gap``, the integral divided by the horizon. Both are NaN where no
    run of the instance found a schedule. A run's objective counts from its end on,
    whatever its trace holds; of a plan made on estimates it alone counts, as the trace
    is in the numbers planned on.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.
    horizon
        Seconds for every run. By default the longest time limit of the instance's
        runs, and where none has one the seconds of the slowest.
    reference
        Column to measure against: ``best_found``, ``best_known`` or ``best_bound`` of
        :func:`ekya_opt.gaps`, or one that the table has.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If the horizon is negative.
    """
    table = with_reference(runs, reference, horizon)
    integrals = [
        math.nan if math.isnan(best) else primal_integral(found, best, end)
        for found, best, end in zip(
            incumbents_of(table), table["reference"], table["horizon"], strict=True
        )
    ]
    table["primal_integral"] = pd.Series(integrals, index=table.index, dtype="float64")
    table["mean_primal_gap"] = table["primal_integral"] / table["horizon"]
    return table
