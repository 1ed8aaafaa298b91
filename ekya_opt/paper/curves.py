"""Curves of accuracy, at the paper's size and without colour told apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ekya_opt.plots import new_axes
from ekya_opt.plots.looks import GREY
from ekya_opt.plots.solver_looks import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
)

if TYPE_CHECKING:
    import pandas as pd

STYLES = {
    "optimum": (BLACK, "o", "-"),
    "optimum, shares fixed": (GREY, None, ":"),
    "Ekya": (VERMILION, "^", "-"),
    "Ekya, released": (ORANGE, "v", "--"),
    "uniform (1, 50 %)": (BLUE, "s", "-."),
    "uniform (2, 90 %)": (SKY, "D", "-."),
    "uniform (2, 50 %)": (GREEN, "P", "-."),
    "uniform (2, 30 %)": (PURPLE, "X", "-."),
    "uniform, own best": ("#999999", "*", ":"),
    "no retraining": ("#999999", "|", "--"),
}
"""Colours of Okabe and Ito; markers and dashes tell the curves apart without them."""

OTHERS = ((BLUE, "s", "--"), (GREEN, "P", ":"), (PURPLE, "X", "--"))


def plot_curves(
    table: "pd.DataFrame",
    x_label: str,
    ax: Any = None,
    *,
    y_label: str = "mean inference accuracy",
    log: bool = False,
    ticks: Sequence[float] | None = None,
) -> Any:
    """Draw a curve for each column of a table over its index.

    Parameters
    ----------
    table
        Values by the x axis' (index) and name of the curve (columns).
    x_label, y_label
        What the axes show, with units.
    ax
        Axes of matplotlib to draw on; new ones by default.
    log
        Whether the x axis is logarithmic, to the base of 2.
    ticks
        Where the x axis is labelled; at every value by default.
    """
    axes = new_axes() if ax is None else ax
    for idx, name in enumerate(table.columns):
        colour, marker, dashes = STYLES.get(str(name), OTHERS[idx % len(OTHERS)])
        curve = table[name].dropna()
        axes.plot(
            curve.index,
            curve,
            color=colour,
            marker=marker,
            linestyle=dashes,
            markersize=5,
            label=str(name),
        )
    if log:
        axes.set_xscale("log", base=2)
    ticks = list(table.index if ticks is None else ticks)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0)
    )
    return axes
