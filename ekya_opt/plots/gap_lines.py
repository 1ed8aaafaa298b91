"""How far solvers stay below the bound, against what makes the problem hard."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.runs import check_numbers, gaps_of, told
from ekya_opt.plots.scales import zero_log
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.plots.solver_lines import draw_solver_lines

if TYPE_CHECKING:
    import pandas as pd


def plot_gaps_by(
    runs: "pd.DataFrame",
    ax: Any = None,
    *,
    by: str = "streams_per_gpu",
    value: str = "gap_to_bound",
    log: bool = False,
    size: Size = "notebook",
) -> Any:
    """Draw each solver's mean gap against a column, with the first and third quartile.

    Parameters
    ----------
    runs
        A table of runs, or what :func:`ekya_opt.gaps` made of it.
    ax
        Axes of matplotlib to draw on; new ones by default.
    by
        Column on the x axis, of numbers or of words.
    value
        Which gap: ``gap_to_bound``, ``gap_to_best_found`` or ``gap_to_best_known``.
    log
        Whether the gaps have a logarithmic scale, with a place for zero.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If no run has such a gap, or the table no such column.
    """
    table = gaps_of(runs, value)
    check_numbers(table, value, by)
    table = table.assign(**{value: 100 * table[value].astype("float64")})
    with drawing(ax, size) as axes:
        draw_solver_lines(axes, table, by, value, size, own=ax is None)
        means = table.groupby(["label", by])[value].mean()
        if log:
            zero_log(axes, "y", means)
        if means.max() <= 0:
            axes.set_ylim(-0.03, 1)
        elif means.min() >= 0 and not log:
            axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
        axes.set_xlabel(told(by))
        axes.set_ylabel(f"mean {told(value)}, %")
    return axes
