"""On what part of the instances a solver is how close to the best one."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ekya_opt.analysis.gaps import GAPS, with_gaps
from ekya_opt.analysis.solved import solved_runs
from ekya_opt.analysis.tables import check_columns
from formulations import OBJECTIVE_TOLERANCE
from instances import InvalidOption

RATIOS = ("seconds", "objective")
MEASURES = (*RATIOS, "gap", *GAPS)


def performance_profile(
    runs: pd.DataFrame,
    measure: str = "seconds",
    *,
    max_gap: float | None = None,
    taus: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Return the share of instances on which each solver is within tau of the best.

    Performance profiles of Dolan and Moré (2002): ρ_s(τ) is the share of instances p
    with r(p, s) ≤ τ, where r(p, s) is the ratio of the solver's measure to the best of
    all solvers on p, and infinite if s does not solve p.

    ``seconds``
        r = seconds / least seconds, among the runs that solved.
    ``objective``
        r = best objective / objective: a ratio as it should be, of what is maximised.
    ``gap``, ``gap_to_bound``, ``gap_to_best_found``, ``gap_to_best_known``
        Gaps are 0 at the best, where ratios of them mean nothing. Here r is the gap
        itself: an accuracy profile (Beiranvand, Hare and Lucet, 2017), whose τ begins
        at 0. ``gap`` is that of the run to its own bound.

    A problem is an instance, and a solver's measure on it the mean of its runs,
    infinite if one of them lacks it or if there is none: a solver that was not run on
    an instance has not solved it. Objectives and gaps within ``OBJECTIVE_TOLERANCE``
    of the best count as the best.

    The table is long, a row a step: ``label``, ``tau``, ``share``, sorted. Every label
    begins at the least tau, 1 or 0, and ends at the largest ratio of all. Between its
    rows the share is that of the row before.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.
    measure
        One of those above.
    max_gap
        What counts as solved for ``seconds``; as in :func:`ekya_opt.mean_times`.
    taus
        Where to tell the shares; by default where they change.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If the measure is unknown.
    """
    if measure not in MEASURES:
        message = f"measure is {measure!r}, expected one of {', '.join(MEASURES)}"
        raise InvalidOption(message)
    check_columns(runs, "instance_hash", "label", "status", "seconds", "objective")
    ratios = _ratios(runs, measure, max_gap)
    least = 1.0 if measure in RATIOS else 0.0
    values = ratios.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    last = max(least, float(finite.max())) if finite.size else least
    tables = []
    for label in ratios.columns:
        own = np.sort(ratios[label].to_numpy(dtype=np.float64))
        if taus is None:
            steps = own[np.isfinite(own)]
            grid = np.unique(np.concatenate(([least, last], steps)))
        else:
            grid = np.unique(np.asarray(list(taus), dtype=np.float64))
        shares = np.searchsorted(own, grid, side="right") / len(own)
        tables.append(pd.DataFrame({"label": label, "tau": grid, "share": shares}))
    if not tables:
        types = {"label": "string", "tau": "float64", "share": "float64"}
        return pd.DataFrame(columns=list(types)).astype(types)
    return pd.concat(tables, ignore_index=True).astype({"label": "string"})


def _ratios(runs: pd.DataFrame, measure: str, max_gap: float | None) -> pd.DataFrame:
    """Return r(p, s), a row an instance and a column a label."""
    if measure == "seconds":
        values = runs["seconds"].astype("float64")
        values = values.where(solved_runs(runs, max_gap))
    elif measure in GAPS:
        values = with_gaps(runs)[measure]
    else:
        values = runs[measure].astype("float64")
    cells = values.groupby([runs["instance_hash"], runs["label"]])
    means = cells.agg(lambda part: part.mean(skipna=False)).unstack()
    if measure == "seconds":
        best = means.min(axis=1)
        ratios = means.div(best, axis=0).mask(means.eq(best, axis=0), 1.0)
    elif measure == "objective":
        best = means.max(axis=1)
        near = means.ge(best - OBJECTIVE_TOLERANCE, axis=0)
        with np.errstate(divide="ignore"):
            ratios = (1 / means.div(best, axis=0)).mask(near, 1.0)
    else:
        ratios = means.mask(means <= OBJECTIVE_TOLERANCE, 0.0)
    return ratios.fillna(math.inf)
