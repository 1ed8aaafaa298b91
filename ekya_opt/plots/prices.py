"""What each level of the problem is worth: optimum and Thief, group by group."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.sizes import Measures, Size, dress, measures_of, styled

if TYPE_CHECKING:
    import pandas as pd

OPTIMUM, THIEF, LINE = "#0072B2", "#D55E00", "#999999"
INCHES_A_ROW, INCHES_A_GROUP = 0.21, 0.42


def plot_prices(
    frame: "pd.DataFrame", ax: Any = None, *, size: Size = "notebook"
) -> Any:
    """Draw the mean accuracy of the optimum and of the Thief on every level.

    Parameters
    ----------
    frame
        What :func:`ekya_opt.price_list` returns. Groups are stacked; in each
        a row is a level, with a line from the Thief to the optimum and the price of the
        level, in percentage points, behind it.
    ax
        Axes of matplotlib to draw on; new ones, as high as needed, by default.
    size
        ``notebook`` or ``paper``.
    """
    from ekya_opt.prices import summarise_prices

    summary = summarise_prices(frame)
    groups = list(summary.groupby("group", sort=False))
    with styled(size) as measures:
        axes = _new_axes(len(summary), len(groups), size) if ax is None else ax
        dress(axes, size)
        place, ticks, labels = 0.0, [], []
        for group, part in groups:
            axes.text(
                0.01,
                place,
                str(group),
                transform=axes.get_yaxis_transform(),
                fontweight="bold",
                va="center",
            )
            for row in part.itertuples():
                place += 1
                ticks.append(place)
                labels.append(row.level)
                _draw_row(axes, row, place, measures)
            place += 2
        axes.set_yticks(ticks, labels)
        axes.set_ylim(place - 1, -1)
        axes.margins(x=0.18 if size == "notebook" else 0.3)
        words = ("mean inference accuracy", "(numbers: price in percentage points)")
        axes.set_xlabel((" " if size == "notebook" else "\n").join(words))
        axes.grid(axis="x", linewidth=0.4, alpha=0.6)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return axes


def _draw_row(axes: Any, row: Any, place: float, measures: Measures) -> None:
    """Draw a level's optimum and Thief, with the price behind them."""
    axes.plot([row.thief, row.optimum], [place, place], color=LINE, linewidth=1)
    first = not axes.get_legend_handles_labels()[0]
    for value, mark, colour, name in (
        (row.optimum, "o", OPTIMUM, "optimum"),
        (row.thief, "^", THIEF, "Thief"),
    ):
        axes.plot(value, place, mark, color=colour, label=name if first else None)
    if row.price == row.price and row.against:
        right = max(row.optimum, row.thief if row.thief == row.thief else 0)
        axes.annotate(
            f"{row.price:+.1f} to {row.against}",
            (right, place),
            xytext=(measures.text * 0.7, 0),
            textcoords="offset points",
            va="center",
            fontsize=measures.small,
        )


def _new_axes(num_rows: int, num_groups: int, size: str) -> Any:
    """Return the axes of a new figure, the higher the more rows there are."""
    import matplotlib.pyplot as plt

    width, scale = (6.8, 1.0) if size == "notebook" else (measures_of(size).width, 0.75)
    height = scale * (1 + INCHES_A_ROW * num_rows + INCHES_A_GROUP * num_groups)
    return plt.subplots(figsize=(width, height), layout="constrained")[1]
