"""What figures of runs have in common."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.solver_looks import SolverLook, marked, solver_texts
from instances import InvalidData

if TYPE_CHECKING:
    import pandas as pd

TOLD = {
    "gap": "gap to own bound",
    "gap_to_bound": "gap to bound",
    "gap_to_best_found": "gap to best found",
    "gap_to_best_known": "gap to best known",
    "primal_gap": "mean primal gap",
    "streams_per_gpu": "streams per GPU",
    "streams": "streams",
    "gpus": "GPUs",
    "total_units": "units of GPUs",
    "window_seconds": "length of the window, s",
    "reallocation": "what may change during the window",
    "instance": "instance",
    "kind": "kind of problem",
    "objective": "mean inference accuracy",
    "paid_objective": "mean inference accuracy after paying for the decision",
    "seconds": "decision time, s",
}
"""What columns are called on axes."""


def told(column: str) -> str:
    """Return what a column is called on an axis."""
    return TOLD.get(column, column.replace("_", " "))


def gaps_of(runs: "pd.DataFrame", value: str) -> "pd.DataFrame":
    """Return a table of runs with a column of gaps, of which one is a number.

    Raises
    ------
    InvalidData
        If there is none, or no such gap.
    """
    table = runs
    if value not in runs.columns:
        from ekya_opt.analysis.gaps import gaps

        table = gaps(runs)
    if value not in table.columns:
        raise InvalidData(f"has no column {value!r}, expected a gap", "runs")
    check_numbers(table, value)
    return table


def check_numbers(table: "pd.DataFrame", *columns: str) -> None:
    """Check that there is a row in which all of some columns are numbers.

    Raises
    ------
    InvalidData
        If there is none.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InvalidData(f"has no column {missing[0]!r}, expected it", "runs")
    if not table[list(columns)].notna().all(axis=1).any():
        message = f"has no row with a number for {' and '.join(columns)}"
        raise InvalidData(f"{message}, expected at least one to draw", "runs")


def in_order(values: "Mapping[str, pd.Series[float]]") -> list[str]:
    """Return the labels that have values, by rising median, then mean, then name."""
    known = {label: own for label, own in values.items() if len(own)}
    return sorted(
        known,
        key=lambda label: (known[label].median(), known[label].mean(), label),
    )


def line_handle(look: SolverLook, text: str) -> Any:
    """Return what a legend shows of a solver."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=text, **marked(look))


def label_texts(labels: Iterable[str], size: str) -> dict[str, str]:
    """Return the labels of solvers as texts of a figure of a size."""
    return solver_texts(labels, 34 if size == "notebook" else 21)
