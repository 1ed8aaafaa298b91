"""Accuracy against the noise on the profiles: Ekya's Fig. 11b with the optimum."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots import new_axes

if TYPE_CHECKING:
    import pandas as pd

# Okabe and Ito's colours; markers and dashes tell the lines apart without them.
STYLES = (
    ("#000000", "o", "-"),
    ("#D55E00", "^", "--"),
    ("#009E73", "D", "-."),
    ("#0072B2", "s", "-"),
    ("#CC79A7", "v", "--"),
    ("#E69F00", "P", "-."),
    ("#56B4E9", "X", ":"),
)

ON_AXIS = {
    "accuracy": "noise ε on the profiled accuracies, percentage points",
    "cost": "noise ε on the logarithms of the profiled costs, %",
}

NAMES = {"dp": "optimum (dp)", "thief": "Thief", "expected": "expected"}


def plot_robustness(frame: "pd.DataFrame", ax: Any = None) -> Any:
    """Draw the mean accuracy in truth of plans made on noisy profiles.

    Parameters
    ----------
    frame
        What :func:`ekya_opt.robustness` returns. A line for each solver joins the
        means over instances and draws; its band holds 90 % of the draws' means over
        the instances.
    ax
        Axes of matplotlib to draw on; new ones by default.
    """
    from ekya_opt.noise_study import summarise_robustness

    axes = new_axes() if ax is None else ax
    groups = summarise_robustness(frame).groupby(["solver", "settings"], sort=False)
    for idx, ((solver, settings), part) in enumerate(groups):
        colour, marker, dashes = STYLES[idx % len(STYLES)]
        label = NAMES.get(solver, solver) + (f" {settings}" if settings else "")
        noise = 100 * part["noise"]
        axes.fill_between(
            noise, part["low"], part["high"], color=colour, alpha=0.12, linewidth=0
        )
        axes.plot(
            noise,
            part["objective"],
            color=colour,
            marker=marker,
            linestyle=dashes,
            label=label,
        )
    axes.set_xlabel(ON_AXIS.get(frame.attrs.get("noise_on"), "noise ε, %"))
    axes.set_ylabel("mean inference accuracy in truth")
    axes.set_xticks(sorted({100 * noise for noise in frame["noise"]}))
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, title="planned by")
    return axes
