"""What each level of the problem is worth: optimum and Thief, group by group."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots import check_plots

if TYPE_CHECKING:
    import pandas as pd

OPTIMUM, THIEF, LINE = "#0072B2", "#D55E00", "#999999"
INCHES_A_ROW, INCHES_A_GROUP = 0.21, 0.42


def plot_prices(frame: "pd.DataFrame", ax: Any = None) -> Any:
    """Draw the mean accuracy of the optimum and of the Thief on every level.

    Parameters
    ----------
    frame
        What :func:`ekya_opt.price_list` returns. Groups are stacked; in each
        a row is a level, with a line from the Thief to the optimum and the price of the
        level, in percentage points, behind it.
    ax
        Axes of matplotlib to draw on; new ones, as high as needed, by default.
    """
    from ekya_opt.prices import summarise_prices

    summary = summarise_prices(frame)
    groups = list(summary.groupby("group", sort=False))
    axes = ax
    if axes is None:
        check_plots()
        import matplotlib.pyplot as plt

        height = 1 + INCHES_A_ROW * len(summary) + INCHES_A_GROUP * len(groups)
        axes = plt.subplots(figsize=(6.8, height), layout="constrained")[1]
    place, ticks, labels = 0.0, [], []
    for group, part in groups:
        axes.text(
            0.0,
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
            axes.plot([row.thief, row.optimum], [place, place], color=LINE, linewidth=1)
            first = not axes.get_legend_handles_labels()[0]
            axes.plot(
                row.optimum,
                place,
                "o",
                color=OPTIMUM,
                label="optimum" if first else None,
            )
            axes.plot(
                row.thief, place, "^", color=THIEF, label="Thief" if first else None
            )
            if row.price == row.price and row.against:
                text = f"{row.price:+.1f} to {row.against}"
                axes.annotate(
                    text,
                    (
                        max(row.optimum, row.thief if row.thief == row.thief else 0),
                        place,
                    ),
                    xytext=(7, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize="small",
                )
        place += 2
    axes.set_yticks(ticks, labels)
    axes.set_ylim(place - 1, -1)
    axes.margins(x=0.18)
    axes.set_xlabel("mean inference accuracy (numbers: price in percentage points)")
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return axes
