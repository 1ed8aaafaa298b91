"""Accuracy against the number of streams: Ekya's Fig. 6."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.looks import GREY
from ekya_opt.plots.runs import check_numbers, told
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.plots.solver_lines import draw_solver_lines

if TYPE_CHECKING:
    import pandas as pd


def plot_accuracy_by_streams(
    runs: "pd.DataFrame",
    ax: Any = None,
    *,
    by: str = "streams",
    threshold: float | None = None,
    size: Size = "notebook",
) -> Any:
    """Draw each solver's mean accuracy against the streams, with the quartiles.

    Parameters
    ----------
    runs
        A table of runs.
    ax
        Axes of matplotlib to draw on; new ones by default.
    by
        Column on the x axis: ``streams``, ``gpus``, ``window_seconds`` or another one.
    threshold
        An accuracy to mark, such as the 0.75 of Ekya's Table 2.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If no run has an objective, or the table no such column.
    """
    check_numbers(runs, "objective", by)
    with drawing(ax, size) as axes:
        if threshold is not None:
            axes.axhline(threshold, color=GREY, linewidth=0.9, linestyle=":", zorder=0)
        draw_solver_lines(axes, runs, by, "objective", size, own=ax is None)
        axes.set_xlabel(told(by))
        axes.set_ylabel(told("objective"))
    return axes
