"""What plans are worth once the time that they take to find is paid for."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import GREY
from ekya_opt.plots.runs import check_numbers, label_texts, line_handle
from ekya_opt.plots.scales import log_seconds
from ekya_opt.plots.sizes import Size, drawing, measures_of
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd


def plot_paid(runs: "pd.DataFrame", ax: Any = None, *, size: Size = "notebook") -> Any:
    """Draw each solver's mean accuracy after paying for its decision, against its time.

    The hollow mark above is the accuracy if the decision took no time.

    Parameters
    ----------
    runs
        What :func:`ekya_opt.paid_accuracies` returns.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If the table lacks a column, or no run has a paid accuracy.
    """
    from matplotlib.lines import Line2D

    columns = ["decision_seconds", "paid_accuracy", "objective"]
    check_numbers(runs, *columns)
    known = runs[runs[columns].notna().all(axis=1)]
    means = known.groupby("label", sort=False)[columns].mean()
    measures = measures_of(size)
    looks = solver_looks(means.index)
    texts = label_texts(means.index, size)
    with drawing(ax, size) as axes:
        for label, row in means.iterrows():
            seconds, paid, free = (float(row[name]) for name in columns)
            look = marked(looks[str(label)])
            axes.plot(
                [seconds, seconds],
                [paid, free],
                color=look["color"],
                linewidth=0.7 * measures.line,
                label="_cost",
            )
            axes.plot(
                [seconds],
                [free],
                **look | {"markerfacecolor": "white", "linestyle": "none"},
                label="_free",
            ).pop().set_markeredgecolor(look["color"])
            axes.plot([seconds], [paid], **look, label=label, zorder=3)
        log_seconds(axes, "x", means["decision_seconds"])
        axes.margins(x=0.08, y=0.08)
        axes.set_xlabel("decision time, s")
        axes.set_ylabel("mean inference accuracy")
        axes.grid(linewidth=0.4, alpha=0.6)
        order = means.sort_values("paid_accuracy", ascending=False).index
        handles = [line_handle(looks[label], texts[label]) for label in order]
        for handle in handles:
            handle.set_linestyle("none")
        free_mark = Line2D([], [], linestyle="none", color=GREY, marker="o")
        free_mark.set(markerfacecolor="white", label="if it were free")
        handles.append(free_mark)
        place_legend(axes, handles, size, ax is None)
    return axes
