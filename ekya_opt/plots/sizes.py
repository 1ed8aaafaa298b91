"""How large figures and what is in them are: for a notebook, or a column of a paper."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from ekya_opt.plots import check_plots
from instances import InvalidOption

Size = Literal["notebook", "paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is drawn how large.

    Parameters
    ----------
    width, height
        Of a new figure, in inches.
    text, small
        Sizes of the labels of the axes, and of all other text, in points.
    line, marker
        Width of lines and size of markers, in points.
    """

    width: float
    height: float
    text: float
    small: float
    line: float
    marker: float


SIZES = {
    "notebook": Measures(
        width=6.4, height=4.2, text=10, small=8.5, line=1.5, marker=5.5
    ),
    "paper": Measures(width=3.3, height=2.3, text=8, small=7, line=1.0, marker=3.5),
}
"""A paper's is a column of two on a page; its text fits beside text of 9 points."""


def measures_of(size: str) -> Measures:
    """Return the measures of a size.

    Raises
    ------
    InvalidOption
        If there is no such size.
    """
    if size not in SIZES:
        message = f"size is {size!r}, expected one of {', '.join(SIZES)}"
        raise InvalidOption(message)
    return SIZES[size]


@contextmanager
def drawing(ax: Any, size: str, height: float | None = None) -> Iterator[Any]:
    """Yield axes to draw on; what is drawn within the context has the size's measures.

    Parameters
    ----------
    ax
        Axes of matplotlib; ``None`` for those of a new figure.
    size
        ``notebook`` or ``paper``.
    height
        Of the new figure, in inches; that of the size by default.

    Raises
    ------
    EkyaOptError
        If there is no such size, or no matplotlib.
    """
    with styled(size) as measures:
        import matplotlib.pyplot as plt

        if ax is None:
            inches = (measures.width, height or measures.height)
            ax = plt.subplots(figsize=inches, layout="constrained")[1]
        dress(ax, size)
        yield ax


@contextmanager
def styled(size: str) -> Iterator[Measures]:
    """Give what is drawn within the context the measures of a size, and yield them.

    Raises
    ------
    EkyaOptError
        If there is no such size, or no matplotlib.
    """
    measures = measures_of(size)
    check_plots()
    import matplotlib.pyplot as plt

    # A notebook's backend turns itself on when it is loaded. Within the context that
    # would be undone again, and no later figure be shown.
    plt.draw_if_interactive()
    with plt.rc_context(settings_of(measures)):
        yield measures


def dress(axes: Any, size: str) -> None:
    """Give the labels of axes the measures of a size, and leave out the frame."""
    measures = measures_of(size)
    # Ticks are made when the figure is drawn, which is after the context.
    axes.tick_params(which="both", labelsize=measures.small)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(measures.text)
    axes.spines[["top", "right"]].set_visible(False)


def settings_of(measures: Measures) -> dict[str, Any]:
    """Return the settings of matplotlib that give measures to what is drawn."""
    return {
        "font.size": measures.text,
        "axes.labelsize": measures.text,
        "axes.titlesize": measures.text,
        "axes.titlelocation": "left",
        "legend.fontsize": measures.small,
        "legend.title_fontsize": measures.small,
        "lines.linewidth": measures.line,
        "lines.markersize": measures.marker,
        "axes.linewidth": 0.8 if measures.text > 8 else 0.6,
    }
