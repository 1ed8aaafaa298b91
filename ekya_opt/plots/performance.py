"""Performance profiles, as Dolan and Moré draw them."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.runs import check_numbers, label_texts, line_handle, told
from ekya_opt.plots.scales import log_ratios, zero_log
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd

RATIOS = {
    "seconds": "decision time / least of all solvers",
    "objective": "best accuracy of all solvers / accuracy",
}


def plot_performance_profile(
    runs: "pd.DataFrame",
    ax: Any = None,
    *,
    measure: str = "seconds",
    max_gap: float | None = None,
    size: Size = "notebook",
) -> Any:
    """Draw on what share of the instances each solver is how close to the best one.

    Parameters
    ----------
    runs
        A table of runs, or what :func:`ekya_opt.performance_profile` made of it.
    ax
        Axes of matplotlib to draw on; new ones by default.
    measure, max_gap
        As in :func:`ekya_opt.performance_profile`.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If the table lacks a column, has no row, or the measure is unknown.
    """
    table = runs
    if "tau" not in runs.columns:
        from ekya_opt.analysis.profiles import performance_profile

        table = performance_profile(runs, measure, max_gap=max_gap)
    check_numbers(table, "tau", "share")
    curves = {
        str(label): part.sort_values("tau")
        for label, part in table.groupby("label", sort=False)
    }
    scale = 1 if measure in RATIOS else 100
    last = float(table["tau"].max()) * scale
    looks = solver_looks(curves)
    texts = label_texts(curves, size)
    with drawing(ax, size) as axes:
        for label, part in curves.items():
            taus = [*(scale * part["tau"]), last]
            shares = [*(100 * part["share"]), 100 * part["share"].iloc[-1]]
            axes.plot(
                [taus[0], *taus],
                [0, *shares],
                drawstyle="steps-post",
                **marked(looks[label], markevery=_steps(shares)),
                label=label,
                clip_on=False,
            )
        if measure in RATIOS:
            log_ratios(axes, last)
            axes.set_xlabel(RATIOS[measure])
        else:
            if zero_log(axes, "x", scale * table["tau"]) is None:
                axes.set_xlim(-0.03, 1)
            axes.set_xlabel(f"{told(measure)}, %")
        axes.set_ylim(0, 102)
        axes.set_ylabel("instances, %")
        axes.grid(linewidth=0.4, alpha=0.6)
        order = sorted(
            curves, key=lambda label: (-float(curves[label]["share"].mean()), label)
        )
        handles = [line_handle(looks[label], texts[label]) for label in order]
        place_legend(axes, handles, size, ax is None)
    return axes


def _steps(shares: list[float]) -> list[int]:
    """Return where a line begins, ends, and rises by a tenth of the instances."""
    marks, before = [1], shares[0]
    for idx, share in enumerate(shares, start=1):
        if share >= before + 10:
            marks.append(idx)
            before = share
    return [*marks, len(shares)]
