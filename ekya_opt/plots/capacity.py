"""Accuracy against GPUs: Ekya's Fig. 8 with the optimum."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.runs import check_numbers, label_texts, line_handle, told
from ekya_opt.plots.sizes import Size, drawing, measures_of
from ekya_opt.plots.solver_looks import BLACK, marked, solver_looks
from instances import InvalidOption

if TYPE_CHECKING:
    import pandas as pd

    from instances import Instance

MOST_POINTS = 8
"""Capacities at which heuristics are run unless others are asked for."""


def plot_accuracy_curve(
    instance: "Instance | str | PathLike[str] | pd.DataFrame",
    ax: Any = None,
    *,
    gpus: float | None = None,
    solvers: str | Sequence[str] = (),
    at: Iterable[float] | None = None,
    runs: "pd.DataFrame | None" = None,
    size: Size = "notebook",
) -> Any:
    """Draw the optimal accuracy for every number of GPUs, and what solvers reach.

    Parameters
    ----------
    instance
        A window with reallocation ``never`` or ``stream``, its file or shipped name; or
        what :func:`ekya_opt.accuracy_curve` made of it.
    ax
        Axes of matplotlib to draw on; new ones by default.
    gpus
        Largest number of GPUs; by default that of the instance.
    solvers
        Solvers to run on the instance with some numbers of GPUs.
    at
        These numbers, whole numbers of units; by default at most 8 up to the largest.
    runs
        A table of runs, whose mean objectives are drawn by their ``gpus``.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If the instance has no such curve, a solver fails, or there is nothing to draw.
    """
    import pandas as pd

    given: Any = instance
    if isinstance(given, pd.DataFrame):
        if solvers:
            message = "solvers need the instance, not the table of its curve"
            raise InvalidOption(message)
        curve = given
    else:
        from ekya_opt.analysis.capacities import accuracy_curve
        from ekya_opt.reading import read_window

        if isinstance(given, str | PathLike):
            given = read_window(given)
        curve = accuracy_curve(given, gpus=gpus)
    check_numbers(curve, "gpus", "objective")
    points = [] if runs is None else [runs]
    if solvers:
        grid = _grid(given, float(curve["gpus"].max())) if at is None else list(at)
        points.append(_solved(given, solvers, grid))
    with drawing(ax, size) as axes:
        known = curve[curve["objective"].notna()]
        axes.plot(
            known["gpus"],
            known["objective"],
            color=BLACK,
            drawstyle="steps-post",
            linewidth=1.2 * measures_of(size).line,
            marker="o" if len(known) == 1 else None,
            label="optimum, proven",
        )
        (optimum,) = axes.get_legend_handles_labels()[0][-1:]
        handles = _points(axes, points, size)
        axes.set_xlim(0, 1.02 * float(curve["gpus"].max()) or 1)
        axes.set_xlabel(told("gpus"))
        axes.set_ylabel(told("objective"))
        axes.grid(linewidth=0.4, alpha=0.6)
        place_legend(axes, [optimum, *handles], size, ax is None)
    return axes


def _grid(instance: "Instance", most: float) -> list[float]:
    """Return some numbers of GPUs up to the most, each of whole units."""
    units = max(1, round(most * instance.units_per_gpu))
    count = min(MOST_POINTS, units)
    return [
        round((step + 1) * units / count) / instance.units_per_gpu
        for step in range(count)
    ]


def _solved(
    instance: "Instance", solvers: str | Sequence[str], grid: Iterable[float]
) -> "pd.DataFrame":
    """Return label, GPUs and objective of solvers on the instance with other GPUs."""
    import pandas as pd

    from ekya_opt.solver_specs import solver_specs
    from solvers import Options, solve

    rows = [
        {
            "label": spec.label,
            "gpus": gpus,
            "objective": solve(
                replace(instance, gpus=gpus),
                spec.solver,
                Options(settings=spec.settings),
            ).objective,
        }
        for spec in solver_specs(solvers)
        for gpus in grid
    ]
    return pd.DataFrame(rows).astype({"gpus": "float64", "objective": "float64"})


def _points(axes: Any, tables: "list[pd.DataFrame]", size: str) -> list[Any]:
    """Draw the mean objective of each solver by GPUs; return what the legend lists."""
    import pandas as pd

    if not tables:
        return []
    columns = ["label", "gpus", "objective"]
    for table in tables:
        check_numbers(table, *columns)
    both = pd.concat([table[columns] for table in tables]).dropna()
    means = both.groupby(["label", "gpus"], sort=False)["objective"].mean()
    labels = list(dict.fromkeys(means.index.get_level_values("label")))
    looks, texts = solver_looks(labels), label_texts(labels, size)
    order = sorted(
        labels, key=lambda label: (-means[label].sort_index().iloc[-1], label)
    )
    for label in labels:
        own = means[label].sort_index()
        look = marked(looks[label])
        axes.plot(own.index, own, **look, alpha=0.9, label=label, zorder=3)
    return [line_handle(looks[label], texts[label]) for label in order]
