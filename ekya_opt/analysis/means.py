"""How long solvers take on average, with runs that did not solve in mind."""

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from ekya_opt.analysis.solved import solved_runs
from ekya_opt.analysis.tables import check_columns
from instances import InvalidOption

SHIFT = 0.01
"""Seconds added before logarithms are taken; below them times hardly differ.

Mittelmann's benchmarks use 10 s for runs of hours; windows are solved in milliseconds
to seconds, and what is below a hundredth of a second is noise of the machine.
"""

PENALTY = 10.0


def shifted_geometric_mean(values: Iterable[float], shift: float = SHIFT) -> float:
    """Return exp(mean(log(v + shift))) − shift; NaN of no values or with a NaN.

    A geometric mean weighs ratios, so that long runs do not outweigh all others; the
    shift keeps short ones from doing so (Achterberg, Constraint Integer Programming,
    2007, §A.3).

    Parameters
    ----------
    values
        Numbers of at least 0; an infinite one makes the mean infinite.
    shift
        At least 0; with 0 it is the geometric mean.

    Raises
    ------
    InvalidOption
        If a value or the shift is negative.
    """
    numbers = np.asarray(list(values), dtype=np.float64)
    if not 0 <= shift < math.inf:
        raise InvalidOption(f"shift is {shift!r}, expected at least 0")
    if (numbers < 0).any():
        message = f"values has {float(numbers.min())!r}, expected at least 0"
        raise InvalidOption(message)
    if not numbers.size:
        return math.nan
    with np.errstate(divide="ignore"):
        mean = np.log(numbers + shift).mean()
    # Rounding may leave a mean of zeros just below 0.
    return float(np.maximum(np.exp(mean) - shift, 0.0))


def mean_times(
    runs: pd.DataFrame,
    shift: float = SHIFT,
    mode: Literal["penalised", "intersection"] = "penalised",
    penalty: float = PENALTY,
    *,
    max_gap: float | None = None,
    limit: float | None = None,
) -> pd.DataFrame:
    """Return each solver's shifted geometric mean of seconds, the fastest first.

    ``penalised`` counts every run: one that did not solve takes ``penalty`` times its
    time limit, and at least its own seconds (PAR10 with the default). ``intersection``
    counts only the instances that every solver solved in all its runs; it compares
    speed alone, on instances that the weakest solver chose.

    The table has a row a label and the columns ``runs``, ``solved``, ``counted`` in
    the mean, ``seconds``, and ``ratio`` to the least of ``seconds``. In mode
    ``penalised`` the mean is NaN where a run that did not solve had no limit.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.
    shift
        As in :func:`shifted_geometric_mean`.
    mode
        ``penalised`` or ``intersection``.
    penalty
        At least 1.
    max_gap
        ``None`` counts a run as solved if it proved its optimum (or that there is no
        schedule); a number of at least 0 if its gap to the lowest bound proven by any
        run of the instance is no larger.
    limit
        Seconds for runs that had no time limit.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If an option lies outside its domain.
    """
    check_columns(runs, "instance_hash", "label", "status", "seconds", "time_limit")
    if mode not in ("penalised", "intersection"):
        message = f"mode is {mode!r}, expected penalised or intersection"
        raise InvalidOption(message)
    if not penalty >= 1:
        raise InvalidOption(f"penalty is {penalty!r}, expected at least 1")
    solved = solved_runs(runs, max_gap)
    seconds = runs["seconds"].astype("float64")
    if mode == "penalised":
        limits = runs["time_limit"].astype("float64")
        limits = limits if limit is None else limits.fillna(limit)
        paid = np.maximum(penalty * limits, seconds)
        seconds = seconds.where(solved, paid)
        counted = pd.Series(True, index=runs.index)
    else:
        counted = runs["instance_hash"].isin(_solved_by_all(runs, solved))
    # Tables put together have an index that tells several rows.
    own = pd.DataFrame({"label": runs["label"], "solved": solved, "seconds": seconds})
    rows = {
        label: {
            "runs": len(part),
            "solved": int(part["solved"].sum()),
            "counted": int(part["counted"].sum()),
            "seconds": shifted_geometric_mean(
                sorted(part["seconds"][part["counted"]]), shift
            ),
        }
        for label, part in own.assign(counted=counted).groupby("label")
    }
    types = {"runs": "int64", "solved": "int64", "counted": "int64"}
    types["seconds"] = "float64"
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(types))
    table = table.astype(types)
    table = table.rename_axis("label").sort_values("seconds", kind="stable")
    table["ratio"] = table["seconds"] / table["seconds"].min()
    return table


def _solved_by_all(runs: pd.DataFrame, solved: "pd.Series[bool]") -> list[str]:
    """Return the instances that every label has run, and solved in all its runs."""
    each = solved.groupby([runs["instance_hash"], runs["label"]]).all().unstack()
    chosen: list[str] = each.index[each.eq(True).fillna(False).all(axis=1)].tolist()
    return chosen
