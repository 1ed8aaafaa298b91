"""What every analysis asks of a table of runs."""

from typing import TYPE_CHECKING

import numpy as np

from instances import InvalidData

if TYPE_CHECKING:
    import pandas as pd


def check_columns(runs: "pd.DataFrame", *names: str) -> None:
    """Check that a table of runs has the columns that an analysis needs.

    Raises
    ------
    InvalidData
        If one is missing.
    """
    for name in names:
        if name not in runs.columns:
            message = f"has no column {name!r}, expected a table of runs"
            raise InvalidData(message, "runs")


def says(runs: "pd.DataFrame", column: str, word: str) -> "pd.Series[bool]":
    """Return in which rows a column of words holds a word; missing is another."""
    return (runs[column] == word).fillna(False).astype(bool)


def relative_gaps(
    references: "pd.Series[float]", objectives: "pd.Series[float]"
) -> "pd.Series[float]":
    """Return :func:`solvers.result.relative_gap` of every row, NaN without either."""
    of = references.astype("float64")
    lost = of - objectives.astype("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = (lost / of).mask((of == 0) & (lost < 0), -np.inf)
    return gaps.mask(lost == 0, 0.0)
