"""How good what solvers have found is, over the time that they take."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.runs import check_numbers, label_texts, line_handle, told
from ekya_opt.plots.scales import log_seconds, zero_log
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd


def plot_anytime(
    runs: "pd.DataFrame",
    ax: Any = None,
    *,
    reference: str = "best_found",
    size: Size = "notebook",
) -> Any:
    """Draw the mean primal gap of each solver's incumbents over time.

    Marks stand where the gap falls; it is 100 % before the first incumbent.

    Parameters
    ----------
    runs
        A table of runs, or what :func:`ekya_opt.anytime_curve` made of it.
    ax
        Axes of matplotlib to draw on; new ones by default.
    reference
        As in :func:`ekya_opt.anytime_curve`.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If the table lacks a column or has no row.
    """
    table = runs
    if "primal_gap" not in runs.columns:
        from ekya_opt.analysis.anytime import anytime_curve

        table = anytime_curve(runs, reference=reference)
    check_numbers(table, "seconds", "primal_gap")
    curves = {
        str(label): part.sort_values("seconds")
        for label, part in table.groupby("label", sort=False)
    }
    looks = solver_looks(curves)
    texts = label_texts(curves, size)
    ends = {label: float(part["primal_gap"].iloc[-1]) for label, part in curves.items()}
    with drawing(ax, size) as axes:
        for label, part in curves.items():
            gaps = [float(gap) for gap in 100 * part["primal_gap"]]
            axes.plot(
                part["seconds"],
                gaps,
                drawstyle="steps-post",
                **marked(looks[label], markevery=_falls(gaps)),
                label=label,
                clip_on=False,
            )
        log_seconds(axes, "x", table["seconds"])
        if zero_log(axes, "y", 100 * table["primal_gap"]) is None:
            axes.set_ylim(-0.03, 1)
        axes.set_xlabel("time since the solve began, s")
        axes.set_ylabel(f"{told('primal_gap')}, %")
        axes.grid(linewidth=0.4, alpha=0.6)
        order = sorted(curves, key=lambda label: (-ends[label], label))
        handles = [line_handle(looks[label], texts[label]) for label in order]
        place_legend(axes, handles, size, ax is None)
    return axes


def _falls(gaps: list[float]) -> list[int]:
    """Return where a line begins, and where it has halved since the last mark."""
    marks, before = [0], gaps[0]
    for idx, gap in enumerate(gaps):
        if gap < before / 2 or (gap == 0 < before):
            marks.append(idx)
            before = gap
    return marks
