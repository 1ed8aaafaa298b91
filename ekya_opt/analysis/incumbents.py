"""The best schedules that runs had found by when, as primal gaps."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ekya_opt.analysis.gaps import with_gaps
from ekya_opt.analysis.tables import check_columns, says

Incumbents = list[tuple[float, float]]
Steps = list[tuple[float, float]]

NEEDED = ("instance_hash", "label", "objective", "seconds", "time_limit", "trace")


def primal_gap(objective: float | None, reference: float) -> float:
    """Return Berthold's primal gap of an incumbent, in [0, 1].

    It is 1 without an incumbent, 0 if it equals the reference, and otherwise
    |reference − objective| / max(|reference|, |objective|), 1 if their signs differ.
    """
    if objective is None or math.isnan(objective):
        return 1.0
    if objective == reference:
        return 0.0
    if objective * reference < 0:
        return 1.0
    return abs(reference - objective) / max(abs(reference), abs(objective))


def incumbents(trace: Iterable[Sequence[float | None]]) -> Incumbents:
    """Return (seconds, objective) of the points of a trace that have an objective."""
    found = []
    for seconds, objective, *_ in trace:
        if seconds is not None and objective is not None and objective == objective:
            found.append((float(seconds), float(objective)))
    return found


def incumbents_of(table: pd.DataFrame) -> list[Incumbents]:
    """Return every run's incumbents, with its objective at its end.

    A trace may be JSON text, as in a table that comes from CSV. Of a plan made on
    estimates the objective alone counts: the trace is in the numbers planned on.
    """
    estimated = [False] * len(table)
    if "plan_on" in table.columns:
        estimated = says(table, "plan_on", "estimates").tolist()
    found = []
    columns = (table["trace"], table["objective"], table["seconds"], estimated)
    for trace, objective, seconds, on_estimates in zip(*columns, strict=True):
        told = json.loads(trace) if isinstance(trace, str) else trace
        has_trace = isinstance(told, Sequence) and not on_estimates
        points = incumbents(told) if has_trace else []
        if not pd.isna(objective):
            points.append((float(seconds), float(objective)))
        found.append(points)
    return found


def gap_steps(found: Incumbents, reference: float) -> Steps:
    """Return (seconds, primal gap) wherever the best incumbent changes, from 0 on."""
    steps: Steps = [(0.0, 1.0)]
    best: Any = -math.inf
    for seconds, objective in sorted(found):
        if objective > best:
            best = objective
            steps.append((seconds, primal_gap(best, reference)))
    return steps


def with_reference(
    runs: pd.DataFrame, reference: str, horizon: float | None
) -> pd.DataFrame:
    """Return the runs with the columns ``reference`` and ``horizon``.

    Without a horizon it is the longest time limit of the instance's runs, and where
    none has one the seconds of the slowest.
    """
    check_columns(runs, *NEEDED)
    table = with_gaps(runs)
    check_columns(table, reference)
    limits = table["time_limit"].astype("float64").groupby(table["instance_hash"])
    slowest = table["seconds"].astype("float64").groupby(table["instance_hash"])
    longest = limits.transform("max").fillna(slowest.transform("max"))
    return table.assign(
        reference=table[reference].astype("float64"),
        horizon=longest if horizon is None else float(horizon),
    )
