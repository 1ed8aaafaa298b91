"""Lines and points of the findings, the same look in every figure."""

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

from ekya_opt.plots import new_axes
from ekya_opt.plots.looks import COLOURS, SMALL
from ekya_opt.plots.solver_looks import BLACK, DASHES, LOOKS, MARKERS

if TYPE_CHECKING:
    import pandas as pd

THIEF = LOOKS["thief"].colour


def plot_lines(
    frame: "pd.DataFrame",
    x: str,
    lines: Mapping[str, str],
    ax: Any = None,
    *,
    across: str,
    up: str,
    logarithmic: bool = False,
    title: str | None = None,
) -> Any:
    """Draw columns of a table against another; the first line is black.

    Parameters
    ----------
    frame
        One row for each place on the horizontal axis.
    x
        Column of the places.
    lines
        Columns drawn, and what the legend calls them.
    ax
        Axes of matplotlib to draw on; new ones by default.
    across, up
        Labels of the axes, with units.
    logarithmic
        Whether the horizontal axis is; then it has the places for ticks.
    title
        Of the legend.
    """
    axes = new_axes() if ax is None else ax
    rows = frame.sort_values(x)
    others = cycle(colour for colour in COLOURS if colour != THIEF)
    for idx, (column, label) in enumerate(lines.items()):
        axes.plot(
            rows[x],
            rows[column],
            color=BLACK if idx == 0 else THIEF if column == "thief" else next(others),
            marker=MARKERS[idx % len(MARKERS)],
            linestyle=DASHES[idx % len(DASHES)],
            label=label,
        )
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xticks(list(rows[x]), [f"{place:g}" for place in rows[x]])
        axes.set_xticks([], minor=True)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    _finish(axes, title)
    return axes


def plot_points(
    frame: "pd.DataFrame",
    at: str,
    points: Mapping[str, str],
    ax: Any = None,
    *,
    up: str,
    title: str | None = None,
) -> Any:
    """Draw a group of points for each row of a table.

    Parameters
    ----------
    frame
        One row for each group.
    at
        Column of the groups' names.
    points
        Columns drawn, and what the legend calls them.
    ax
        Axes of matplotlib to draw on; new ones by default.
    up
        Label of the vertical axis, with its unit.
    title
        Of the legend.
    """
    axes = new_axes() if ax is None else ax
    for idx, (column, label) in enumerate(points.items()):
        shift = 0.12 * (idx - (len(points) - 1) / 2)
        axes.plot(
            [row + shift for row in range(len(frame))],
            frame[column],
            color=COLOURS[idx % len(COLOURS)],
            marker=MARKERS[idx % len(MARKERS)],
            linestyle="none",
            label=label,
        )
    axes.set_xticks(range(len(frame)), list(frame[at]))
    axes.set_xlim(-0.5, len(frame) - 0.5)
    axes.set_ylabel(up)
    _finish(axes, title)
    return axes


def _finish(axes: Any, title: str | None) -> None:
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        frameon=False,
        fontsize=SMALL + 1,
        title=title,
        title_fontsize=SMALL + 1,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(3, len(handles)),
    )
