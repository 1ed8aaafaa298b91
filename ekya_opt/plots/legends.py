"""Legends beside or above the axes, never over what is drawn."""

from typing import Any

from ekya_opt.plots.labels import lay_out
from ekya_opt.plots.sizes import measures_of

MOST_ROWS = 26
"""Rows of a column of a legend beside the axes."""

MOST_COLUMNS = 4
POINTS = 72
"""Of an inch."""

LEAST_PART = 0.66
"""Of the height of a figure, for the axes alone."""

MARGIN = 0.08
"""Inches around a legend above the axes."""


def place_legend(
    axes: Any, handles: list[Any], size: str, own: bool, title: str | None = None
) -> None:
    """Put a legend to the right of the axes, or above them at the size of a paper.

    Parameters
    ----------
    handles
        What it lists; without any there is no legend.
    own
        Whether the figure is the axes' own and may grow by the room of the legend: a
        notebook's in its width, and a paper's, whose column is given, in its height.
    title
        What the legend is about.
    """
    if not handles:
        return
    if own:
        _heighten(axes, size)
    if size == "paper":
        _put_above(axes, handles, title, own)
        return
    columns = 1 + (len(handles) - 1) // MOST_ROWS
    _put(axes, handles, title, columns, loc="upper left", bbox_to_anchor=(1.01, 1))
    if own:
        _widen(axes, measures_of(size).text / POINTS)


def _put_above(axes: Any, handles: list[Any], title: str | None, own: bool) -> None:
    """Put a legend above the axes, in as many columns as there is width for.

    Above axes of its own it is as wide as the figure, which becomes so much higher.
    """
    figure = axes.get_figure()
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 1.01)}
    if own:
        place = {"loc": "upper right", "bbox_to_anchor": (1, 1)}
        place |= {"bbox_transform": figure.transFigure, "borderaxespad": 0.4}
    for columns in range(min(MOST_COLUMNS, len(handles)), 0, -1):
        _put(axes, handles, title, columns, **place)
        # The layout would make the axes narrower for it.
        axes.get_legend().set_in_layout(not own)
        width = axes.get_legend().get_window_extent().width
        if width <= (figure.bbox if own else axes.bbox).width:
            break
    if own:
        width, height = figure.get_size_inches()
        more = axes.get_legend().get_window_extent().height / figure.dpi + MARGIN
        figure.set_size_inches(width, height + more)
        figure.get_layout_engine().set(rect=(0, 0, 1, height / (height + more)))


def _put(
    axes: Any, handles: list[Any], title: str | None, columns: int, **place: Any
) -> None:
    place = {"borderaxespad": 0, **place}
    axes.legend(
        handles=handles,
        title=title,
        ncols=columns,
        frameon=False,
        columnspacing=1,
        labelspacing=0.35,
        handlelength=2.4,
        alignment="left",
        **place,
    )


def _widen(axes: Any, room: float) -> None:
    """Make the figure wider by the legend's width, and as high as the legend."""
    figure = axes.get_figure()
    legend = axes.get_legend().get_window_extent()
    width, height = figure.get_size_inches()
    tall = legend.height / figure.dpi + room
    figure.set_size_inches(width + legend.width / figure.dpi, max(height, tall))


def _heighten(axes: Any, size: str) -> None:
    """Make the figure higher if long labels of ticks leave too little to the axes."""
    figure = axes.get_figure()
    lay_out(axes)
    width, height = figure.get_size_inches()
    least = LEAST_PART * measures_of(size).height
    more = least - axes.get_window_extent().height / figure.dpi
    if more > 0:
        figure.set_size_inches(width, height + more)
