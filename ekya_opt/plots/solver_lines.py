"""A line a solver: what its runs yield on average, and how they are spread."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.runs import label_texts, line_handle
from ekya_opt.plots.sizes import measures_of
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd

MOST_BANDS = 6
"""Lines up to which their spread is an area; that of more is a bar at each point."""

QUARTILES = (0.25, 0.75)

UNEVEN = 4
"""How often the least distance of positive numbers fits into the largest one from which
they stand by their logarithms, each with a tick: 1, 2, 4, 8, 16."""
MOST_TICKS = 12


def draw_solver_lines(
    axes: Any, table: "pd.DataFrame", by: str, value: str, size: str, *, own: bool
) -> list[str]:
    """Draw the mean of a column against another, a line a solver, with the quartiles.

    Columns of words have a place a value, in the table's order; numbers that double or
    so stand by their logarithms. The legend lists the
    solvers as the lines end, the highest first.

    Returns
    -------
    The labels in the order of the legend.
    """
    places, names = _places(table, by)
    known = table[table[value].notna() & table[by].notna()]
    labels = list(dict.fromkeys(known["label"]))
    looks = solver_looks(dict.fromkeys(table["label"].dropna()))
    few = len(labels) <= MOST_BANDS
    ends = {}
    for idx, label in enumerate(labels):
        cells = known[known["label"] == label].groupby(by, sort=False)[value]
        means = cells.mean()
        order = sorted(means.index, key=lambda key: places[key])
        at = [places[key] for key in order]
        heights = [float(means[key]) for key in order]
        lows, highs = (
            [float(cells.quantile(share)[key]) for key in order] for share in QUARTILES
        )
        colour = looks[label].colour
        if few:
            axes.fill_between(at, lows, highs, color=colour, alpha=0.13, linewidth=0)
        else:
            # The bars of solvers stand beside each other.
            shift = (idx / (len(labels) - 1) - 0.5) * 0.3 * _least_distance(at)
            axes.vlines(
                [place + shift for place in at],
                lows,
                highs,
                color=colour,
                alpha=0.5,
                linewidth=0.7 * measures_of(size).line,
            )
        axes.plot(at, heights, **marked(looks[label]), label=label, zorder=3)
        ends[label] = heights[-1]
    _ticks(axes, places, names)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    listed = sorted(labels, key=lambda label: (-ends[label], label))
    texts = label_texts(labels, size)
    handles = [line_handle(looks[label], texts[label]) for label in listed]
    place_legend(axes, handles, size, own)
    return listed


def _places(
    table: "pd.DataFrame", by: str
) -> tuple[dict[Any, float], Sequence[str] | None]:
    """Return the place of each value of a column on an axis, and their names."""
    from pandas.api.types import is_numeric_dtype

    values = list(dict.fromkeys(table[by].dropna()))
    if is_numeric_dtype(table[by]):
        ordered = sorted(map(float, values))
        if _are_uneven(ordered):
            places = {value: math.log2(value) for value in ordered}
            return places, [f"{value:.4g}" for value in ordered]
        return {value: float(value) for value in values}, None
    return {value: float(idx) for idx, value in enumerate(values)}, [
        str(value) for value in values
    ]


def _are_uneven(ordered: Sequence[float]) -> bool:
    """Return whether numbers are read better by their logarithms."""
    if not 3 <= len(ordered) <= MOST_TICKS or ordered[0] <= 0:
        return False
    distances = [b - a for a, b in pairwise(ordered)]
    return max(distances) > UNEVEN * min(distances)


def _ticks(axes: Any, places: dict[Any, float], names: Sequence[str] | None) -> None:
    if names is not None:
        turned = sum(map(len, names)) > 40
        axes.set_xticks(
            list(places.values()),
            list(label_texts(names, "notebook").values()),
            rotation=40 if turned else 0,
            ha="right" if turned else "center",
            rotation_mode="anchor",
        )
    elif len(places) == 1:
        (only,) = places.values()
        axes.set_xticks([only], [f"{only:.3g}"])
        axes.set_xlim(only - 1, only + 1)
    elif all(place == round(place) for place in places.values()):
        axes.locator_params(axis="x", integer=True)


def _least_distance(places: list[float]) -> float:
    return min((abs(b - a) for a, b in pairwise(places)), default=1.0)
