"""Accuracy against the noise on the profiles: Ekya's Fig. 11b with the optimum."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.runs import label_texts, line_handle
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd

ON_AXIS = {
    "accuracy": "noise ε on the profiled accuracies, percentage points",
    "cost": "noise ε on the logarithms of the profiled costs, %",
}

NAMES = {"dp": "optimum (dp)", "thief": "Thief"}


def plot_robustness(
    frame: "pd.DataFrame", ax: Any = None, *, size: Size = "notebook"
) -> Any:
    """Draw the mean accuracy in truth of plans made on noisy profiles.

    Parameters
    ----------
    frame
        What :func:`ekya_opt.robustness` returns. A line for each solver joins the
        means over instances and draws; its band holds 90 % of the draws' means over
        the instances.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.
    """
    from ekya_opt.noise_study import summarise_robustness

    groups = {
        ":".join(filter(None, names)): part
        for names, part in summarise_robustness(frame).groupby(
            ["solver", "settings"], sort=False
        )
    }
    looks = solver_looks(groups)
    texts = label_texts(groups, size)
    with drawing(ax, size) as axes:
        handles = []
        for label, part in groups.items():
            look = looks[label]
            noise = 100 * part["noise"]
            limits = (part["low"], part["high"])
            axes.fill_between(
                noise, *limits, color=look.colour, alpha=0.12, linewidth=0
            )
            axes.plot(noise, part["objective"], **marked(look), label=label)
            handles.append(line_handle(look, NAMES.get(label, texts[label])))
        on_axis = ON_AXIS.get(frame.attrs.get("noise_on"), "noise ε, %")
        axes.set_xlabel(
            on_axis if size == "notebook" else on_axis.replace(", ", "\n", 1)
        )
        axes.set_ylabel("mean inference accuracy in truth")
        axes.set_xticks(sorted({100 * noise for noise in frame["noise"]}))
        axes.grid(axis="y", linewidth=0.4, alpha=0.6)
        place_legend(axes, handles, size, ax is None, title="planned by")
    return axes
