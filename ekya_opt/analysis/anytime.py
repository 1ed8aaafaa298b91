"""How good a solver's incumbents are over time, on average."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ekya_opt.analysis.incumbents import (
    Steps,
    gap_steps,
    incumbents_of,
    with_reference,
)
from instances import InvalidOption

POINTS = 200
"""Instants at which a curve is told unless others are asked for."""

Floats = NDArray[np.float64]


def anytime_curve(
    runs: pd.DataFrame,
    times: Iterable[float] | None = None,
    *,
    reference: str = "best_found",
) -> pd.DataFrame:
    """Return the mean primal gap of each solver's runs over time.

    The table is long: ``label``, ``seconds``, ``primal_gap`` (as in
    :func:`ekya_opt.primal_integral`), and ``found``, the share of the runs that have
    an incumbent by then. A run keeps its last gap after its end. Runs on instances of
    which no run found a schedule are left out.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.
    times
        Instants in seconds; by default at most 200, growing by a constant factor from
        the first incumbent of any run to the longest time limit (or run).
    reference
        As in :func:`ekya_opt.primal_integrals`.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If an instant is negative.
    """
    table = with_reference(runs, reference, None)
    table = table[table["reference"].notna()]
    steps = [
        gap_steps(found, best)
        for found, best in zip(incumbents_of(table), table["reference"], strict=True)
    ]
    grid = _grid(steps, table["horizon"]) if times is None else _checked(times)
    rows = []
    labels = table["label"].tolist()
    for label in sorted(set(labels)):
        own = [each for each, name in zip(steps, labels, strict=True) if name == label]
        gaps = np.array([_levels(each, grid) for each in own]).mean(axis=0)
        found = np.array([grid >= _first(each) for each in own]).mean(axis=0)
        rows += [
            {"label": label, "seconds": t, "primal_gap": gap, "found": share}
            for t, gap, share in zip(grid, gaps, found, strict=True)
        ]
    types = {"label": "string"}
    types |= dict.fromkeys(("seconds", "primal_gap", "found"), "float64")
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _first(steps: Steps) -> float:
    return steps[1][0] if len(steps) > 1 else math.inf


def _levels(steps: Steps, grid: Floats) -> Floats:
    starts = np.array([start for start, _ in steps])
    levels = np.array([gap for _, gap in steps])
    chosen: Floats = levels[np.searchsorted(starts, grid, side="right") - 1]
    return chosen


def _checked(times: Iterable[float]) -> Floats:
    grid = np.unique(np.asarray(list(times), dtype=np.float64))
    if not (grid >= 0).all():
        message = f"times has {float(grid[~(grid >= 0)][0])!r}, expected at least 0"
        raise InvalidOption(message)
    return grid


def _grid(steps: list[Steps], horizons: "pd.Series[Any]") -> Floats:
    """Return instants from the first incumbent to the end, in a geometric row."""
    found = [start for own in steps for start, _ in own[1:] if start > 0]
    ends = [float(end) for end in horizons]
    last = max([*found, *ends], default=0.0)
    first = min(found, default=last)
    if first >= last:
        return np.unique([first, last])
    # Rounding must not put the first instant before the incumbent it shows.
    return np.unique(np.clip(np.geomspace(first, last, POINTS), first, last))
