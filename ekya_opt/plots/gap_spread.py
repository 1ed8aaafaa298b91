"""How the gaps of each solver are spread over the runs."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import GREY
from ekya_opt.plots.runs import gaps_of, in_order, label_texts, line_handle, told
from ekya_opt.plots.scales import LEAST, zero_log
from ekya_opt.plots.sizes import Size, drawing, measures_of
from ekya_opt.plots.solver_looks import marked, solver_looks

if TYPE_CHECKING:
    import pandas as pd

MANY = 2_000
"""Points from which they are drawn as a picture inside the figure."""


def plot_gaps(
    runs: "pd.DataFrame",
    ax: Any = None,
    *,
    value: str = "gap_to_bound",
    kind: Literal["box", "ecdf"] = "box",
    size: Size = "notebook",
) -> Any:
    """Draw the distribution of each solver's gaps, the best solver first.

    The scale is logarithmic from a dotted line on and linear below it, so that gaps of
    zero are seen; their number is told.

    Parameters
    ----------
    runs
        A table of runs, or what :func:`ekya_opt.gaps` made of it.
    ax
        Axes of matplotlib to draw on; new ones, as high as needed, by default.
    value
        Which gap: ``gap_to_bound``, ``gap_to_best_found`` or ``gap_to_best_known``.
    kind
        ``box``: a point a run on a box from the first to the third quartile, with the
        median and whiskers to all. ``ecdf``: the share of all runs, those without a
        schedule included, with at most each gap.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If no run has such a gap.
    """
    table = gaps_of(runs, value)
    percent = {
        label: 100 * part[value].astype("float64")
        for label, part in table.groupby("label", sort=False)
    }
    rows = in_order({label: gaps.dropna() for label, gaps in percent.items()})
    if kind == "ecdf":
        return _ecdf(rows, percent, ax, value, size)
    texts = label_texts(rows, size)
    places = _places(list(texts.values()))
    height = 0.75 + measures_of(size).text / 11 * (0.3 * places[-1] + 0.5)
    with drawing(ax, size, height) as axes:
        _boxes(axes, dict(zip(rows, places, strict=True)), percent, size)
        axes.set_yticks(places, list(texts.values()))
        axes.set_ylim(places[-1] + 0.5, -0.5)
        _counts(axes, {places[i]: percent[label] for i, label in enumerate(rows)}, size)
        every = [gap for label in rows for gap in percent[label].dropna()]
        _scale(axes, every, told(value))
    return axes


def _places(texts: list[str]) -> list[float]:
    """Return where rows lie whose texts have one line or more."""
    halves = [0.5 + 0.25 * text.count("\n") for text in texts]
    places = [0.0]
    for before, half in pairwise(halves):
        places.append(places[-1] + before + half)
    return places


def _boxes(
    axes: Any,
    places: dict[str, float],
    percent: dict[str, "pd.Series[float]"],
    size: str,
) -> None:
    measures = measures_of(size)
    looks = solver_looks(percent)
    many = sum(map(len, percent.values())) > MANY
    for label, place in places.items():
        gaps, look = percent[label].dropna().to_numpy(), looks[label]
        jitter = [0.26 * ((0.618034 * i) % 1 - 0.5) for i in range(len(gaps))]
        axes.plot(
            gaps,
            [place + shift for shift in jitter],
            linestyle="none",
            marker=look.marker,
            markersize=0.7 * measures.marker,
            color=look.colour,
            markeredgewidth=0,
            alpha=max(0.08, min(1, 8 / len(gaps) + 0.05)),
            rasterized=many,
            clip_on=False,
            label="_points",
        )
        if len(gaps) > 1:
            axes.boxplot(
                [gaps],
                positions=[place],
                orientation="horizontal",
                widths=0.56,
                whis=(0, 100),
                showfliers=False,
                manage_ticks=False,
                boxprops={"color": look.colour},
                whiskerprops={"color": look.colour},
                capprops={"color": look.colour},
                medianprops={"color": "black", "linewidth": 1.4 * measures.line},
            )
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)


def _counts(axes: Any, rows: dict[float, "pd.Series[float]"], size: str) -> None:
    """Write how many gaps are zero or less, and of how many, behind each row."""
    for place, row in rows.items():
        none = int(row.isna().sum())
        zero = int((row <= LEAST).sum())
        text = f"{zero}/{row.count()}" + (f", {none} none" if none else "")
        _beside(axes, place, text, size)
    below = any((row < -LEAST).any() for row in rows.values())
    _beside(axes, -0.5, "≤ 0" if below else "at 0", size, above=True)


def _beside(
    axes: Any, place: float, text: str, size: str, *, above: bool = False
) -> None:
    axes.annotate(
        text,
        (1, place),
        xycoords=axes.get_yaxis_transform(),
        xytext=(6, 2 if above else 0),
        textcoords="offset points",
        va="bottom" if above else "center",
        fontsize=measures_of(size).small,
        color="#444444" if above else "black",
        annotation_clip=False,
    )


def _ecdf(
    rows: list[str],
    percent: dict[str, "pd.Series[float]"],
    ax: Any,
    value: str,
    size: str,
) -> Any:
    looks = solver_looks(percent)
    texts = label_texts(rows, size)
    with drawing(ax, size) as axes:
        every = [gap for label in rows for gap in percent[label].dropna()]
        most = max(*every, 1e-9)
        handles = []
        for label in rows:
            gaps = sorted(percent[label].dropna())
            total = len(percent[label])
            shares = [100 * (i + 1) / total for i in range(len(gaps))]
            axes.plot(
                [gaps[0], *gaps, most],
                [0, *shares, shares[-1]],
                drawstyle="steps-post",
                **marked(looks[label], markevery=[len(gaps)]),
                label=texts[label],
            )
            handles.append(line_handle(looks[label], texts[label]))
        _scale(axes, every, told(value))
        axes.set_ylim(0, 102)
        axes.set_ylabel("runs with at most this gap, %")
        axes.grid(linewidth=0.4, alpha=0.6)
        place_legend(axes, handles, size, ax is None)
    return axes


def _scale(axes: Any, every: list[float], words: str) -> None:
    """Scale the axis of the gaps, with a line where the logarithm begins."""
    threshold = zero_log(axes, "x", every)
    if threshold is None:
        axes.set_xlim(-0.05, 1)
    else:
        axes.axvline(threshold, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_xlabel(f"{words}, %")
