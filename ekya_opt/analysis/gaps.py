"""How far runs stay below what is proven, found and known of their instances."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ekya_opt.analysis.tables import check_columns, relative_gaps, says
from formulations import OBJECTIVE_TOLERANCE
from instances import InvalidOption
from solvers.result import Status

if TYPE_CHECKING:
    from instances.best_known import BestKnown

GAPS = {
    "gap_to_bound": "best_bound",
    "gap_to_best_found": "best_found",
    "gap_to_best_known": "best_known",
}
"""Columns of gaps and what each refers to."""

STATISTICS = ("mean", "median", "min", "max", "std", "count", "share")

NEEDED = ("instance", "instance_hash", "label", "status", "objective", "bound")


def gaps(
    runs: pd.DataFrame, best_known: "Mapping[str, BestKnown] | None" = None
) -> pd.DataFrame:
    """Return the runs with what is known of their instances, and the gaps to it.

    The columns added are ``best_bound``, the lowest bound that any run of the same
    instance proved; ``best_found``, the highest objective of one; ``best_known``, the
    recorded objective; ``proven``, whether the bound meets what was found within
    ``OBJECTIVE_TOLERANCE`` or a run proved that there is no schedule; and
    ``gap_to_bound``, ``gap_to_best_found`` and ``gap_to_best_known``, each (reference
    − objective) / reference, 0 where both are 0. A gap to the best known is negative
    where a run beats the record. What is not known is NaN.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``; runs are of one instance if they share the hash.
    best_known
        Entries by instance hash; by default those shipped with the package.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    """
    check_columns(runs, *NEEDED)
    if best_known is None:
        from instances.best_known import read_best_known

        best_known = read_best_known()
    known = {key: entry.objective for key, entry in best_known.items()}
    objectives = runs["objective"].astype("float64")
    hashes = runs["instance_hash"]
    found = objectives.groupby(hashes).transform("max")
    bound = runs["bound"].astype("float64").groupby(hashes).transform("min")
    refuted = _refutes(runs).groupby(hashes).transform("max")
    table = runs.assign(
        best_bound=bound,
        best_found=found,
        best_known=hashes.map(known).astype("float64"),
        proven=(bound - found <= OBJECTIVE_TOLERANCE)
        | (refuted.fillna(False).astype(bool) & found.isna()),
    )
    for name, reference in GAPS.items():
        table[name] = relative_gaps(table[reference], objectives)
    return table


def gap_table(
    runs: pd.DataFrame,
    by: str | Sequence[str] = "streams_per_gpu",
    value: str = "gap_to_bound",
    statistic: str | Callable[[pd.Series], float] = "mean",
) -> pd.DataFrame:
    """Return one statistic of the gaps, a row a solver and a column a value of ``by``.

    Rows are the runs' labels in alphabetic order. Runs without a schedule have no gap
    and are left out of a statistic; what part of the runs has one is ``share``, and
    :func:`proof_counts` tells on how many instances the bound is tight.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``, or some rows of what :func:`gaps` made of one.
    by
        Column or columns whose values become the columns.
    value
        Column of numbers.
    statistic
        ``mean``, ``median``, ``min``, ``max``, ``std``, ``count``, ``share`` of runs
        that have a value, or a function of their values.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If the statistic is unknown.
    """
    table = with_gaps(runs)
    columns = [by] if isinstance(by, str) else list(by)
    check_columns(table, "label", value, *columns)
    if isinstance(statistic, str) and statistic not in STATISTICS:
        message = f"statistic is {statistic!r}, expected one of {', '.join(STATISTICS)}"
        raise InvalidOption(message)
    chosen = table[value].astype("float64")
    told = chosen.notna().astype("float64") if statistic == "share" else chosen
    keys = [table["label"], *(table[column] for column in columns)]
    cells = told.groupby(keys, dropna=False)
    reduced = cells.agg("mean" if statistic == "share" else statistic)
    return reduced.unstack(columns if len(columns) > 1 else columns[0])


def proof_counts(
    runs: pd.DataFrame, by: str | Sequence[str] = "streams_per_gpu"
) -> pd.DataFrame:
    """Return for each value of ``by`` the number of instances and of those proven.

    The columns are ``instances``; ``proven``, where bound and best found meet within
    ``OBJECTIVE_TOLERANCE`` or a run proved that there is no schedule; and ``bounded``,
    where a run proved a bound or that there is no schedule.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``, or some rows of what :func:`gaps` made of one.
    by
        Column or columns to count by.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    """
    table = with_gaps(runs)
    columns = [by] if isinstance(by, str) else list(by)
    check_columns(table, *columns)
    table = table.assign(bounded=table["best_bound"].notna() | table["proven"])
    single = table.drop_duplicates([*columns, "instance_hash"])
    counted = single.groupby(columns, dropna=False)
    return pd.DataFrame(
        {
            "instances": counted["instance_hash"].count(),
            "proven": counted["proven"].sum().astype("int64"),
            "bounded": counted["bounded"].sum().astype("int64"),
        }
    )


def contradictions(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of runs that cannot both be right; none, if all is well.

    A run contradicts another of the same instance if its objective exceeds the other's
    bound by more than ``OBJECTIVE_TOLERANCE``, or if it has a schedule and the other
    proved that there is none. The columns are ``instance``, ``instance_hash``,
    ``label``, ``key`` and ``objective`` of the first, ``other_label``, ``other_key``,
    ``other_status`` and ``bound`` of the second, and ``excess``, the objective less
    the bound; NaN against a proof that there is no schedule.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    """
    check_columns(runs, *NEEDED, "key")
    lowest = runs["bound"].astype("float64").mask(_refutes(runs), -np.inf)
    least = lowest.groupby(runs["instance_hash"]).transform("min")
    suspect = runs["objective"].astype("float64") > least + OBJECTIVE_TOLERANCE
    found = runs[suspect][["instance", "instance_hash", "label", "key", "objective"]]
    proofs = runs[["instance_hash", "label", "key", "status", "bound"]]
    proofs = proofs.assign(lowest=lowest)[lowest.notna()]
    proofs = proofs.rename(
        columns={name: f"other_{name}" for name in ("label", "key", "status")}
    )
    pairs = found.merge(proofs, on="instance_hash")
    excess = pairs["objective"].astype("float64") - pairs["lowest"]
    pairs["excess"] = excess.mask(np.isinf(excess))
    pairs = pairs[excess > OBJECTIVE_TOLERANCE].drop(columns="lowest")
    order = ["instance", "instance_hash", "label", "key", "other_label", "other_key"]
    return pairs.sort_values(order, ignore_index=True)


def with_gaps(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the table with gaps, which it may have already."""
    known = all(name in runs.columns for name in (*GAPS, "best_bound", "proven"))
    return runs if known else gaps(runs)


def _refutes(runs: pd.DataFrame) -> "pd.Series[bool]":
    return says(runs, "status", Status.INFEASIBLE)
