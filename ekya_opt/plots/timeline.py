"""A schedule over time, as in Ekya's Fig. 4: who holds what, and what it yields."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.accuracy import draw_accuracy, write_models
from ekya_opt.plots.allocation import draw_allocation
from ekya_opt.plots.labels import lay_out, write_labels
from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import plain
from ekya_opt.plots.sizes import Size, dress, measures_of, styled
from ekya_opt.timelines import timeline_of

if TYPE_CHECKING:
    from ekya_opt.timelines import Timeline
    from formulations.problems import AnySchedule
    from instances.problems import Problem

PAPER_HEIGHT = 3.2
WIDTH, WIDEST = 7.2, 14
"""Width of a figure, in inches: that of a page, and the largest for many windows."""


def plot_timeline(
    problem: "Problem",
    schedule: "AnySchedule",
    ax: Any = None,
    *,
    size: Size = "notebook",
) -> Any:
    """Draw the allocation of a schedule over time, and the accuracies under it.

    The windows of a horizon lie side by side.

    Parameters
    ----------
    problem
        An instance, a horizon or a placement.
    schedule
        A schedule of the same kind, feasible or not.
    ax
        Two axes of matplotlib, for :func:`ekya_opt.plots.allocation.plot_allocation`
        and :func:`ekya_opt.plots.accuracy.plot_accuracy`; new ones, one above the
        other, by default.
    size
        ``notebook`` or ``paper``, where one legend lists what both axes show.

    Returns
    -------
    Both axes.

    Raises
    ------
    InvalidSchedule
        If the schedule is one of another kind of problem.
    """
    timeline = timeline_of(problem, schedule)
    with styled(size):
        upper, lower = _new_pair(timeline, size) if ax is None else ax
        for axes in (upper, lower):
            dress(axes, size)
        areas = draw_allocation(timeline, upper)
        draw_accuracy(timeline, lower)
        most = 48 if size == "notebook" else 22
        title = f"{plain(timeline.name, most)}: mean accuracy {timeline.objective:.4f}"
        if timeline.violations:
            title += ", infeasible"
        upper.set_title(title, loc="left", fontsize="medium")
        if size == "paper":
            _join_legends(upper, lower, own=ax is None)
        lay_out(upper)
        write_labels(upper, areas)
        write_models(timeline, lower)
    return upper, lower


def _join_legends(upper: Any, lower: Any, *, own: bool) -> None:
    """Put what both legends list above the upper axes."""
    handles = []
    for axes in (upper, lower):
        handles += axes.get_legend().legend_handles
        axes.get_legend().remove()
    place_legend(upper, handles, "paper", own)


def _new_pair(timeline: "Timeline", size: str) -> Any:
    """Return two new axes, one above the other, larger for many streams or windows."""
    import matplotlib.pyplot as plt

    if size == "paper":
        return plt.subplots(
            2,
            1,
            sharex=True,
            figsize=(measures_of(size).width, PAPER_HEIGHT),
            height_ratios=(3, 2),
            layout="constrained",
        )[1]
    more_windows = max(len(timeline.window_objectives) - 4, 0)
    many_streams = len(timeline.streams) > 12
    width = min(WIDTH + more_windows / 2, WIDEST)
    return plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(width, 6.2 if many_streams else 4.8),
        height_ratios=(1, 1) if many_streams else (3, 2),
        layout="constrained",
    )[1]
