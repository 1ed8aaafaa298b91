"""Text inside a figure, where there is room for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from ekya_opt.plots.looks import SMALL, blend, ink_on

ROOM = 1.15
"""Room that a text needs, in its own size."""

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A filled area over the x axis, and what may be written into it.

    Parameters
    ----------
    edges
        Where its steps begin and the last one ends.
    lows, highs
        Its lower and upper limit, one a step.
    texts
        What to write, the best first; the first that has room is written.
    colour
        What the area is filled with.
    hatched
        Whether the text needs a background to be read.
    """

    edges: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    texts: Sequence[str]
    colour: str
    hatched: bool = False

    def room_for(self, width: float, height: float) -> _Box | None:
        """Return the largest rectangle in the area that is at least so large."""
        best, largest = None, 0.0
        for i in range(len(self.lows)):
            low, high = self.lows[i], self.highs[i]
            for j in range(i, len(self.lows)):
                low, high = max(low, self.lows[j]), min(high, self.highs[j])
                if high - low < height:
                    break
                left, right = self.edges[i], self.edges[j + 1]
                size = (right - left) * (high - low)
                if right - left >= width and size > largest:
                    best, largest = (left, right, low, high), size
        return best


def lay_out(axes: Any) -> None:
    """Give the figure that axes are part of its final layout, to measure texts in."""
    # The canvas knows the whole figure, of which the axes' own may be a part.
    axes.get_figure().canvas.figure.draw_without_rendering()


def write_labels(axes: Any, areas: Sequence[Area]) -> None:
    """Write the labels of areas, each where its own has most room for it."""
    for area in areas:
        for words in area.texts:
            text = axes.text(0, 0, words, fontsize=SMALL, color=ink_on(area.colour))
            width, height = size_of(axes, text)
            room = area.room_for(ROOM * width, ROOM * height)
            if room is None:
                text.remove()
                continue
            text.set_position(((room[0] + room[1]) / 2, (room[2] + room[3]) / 2))
            text.set(ha="center", va="center_baseline")
            if area.hatched:
                text.set_bbox({"facecolor": area.colour, "linewidth": 0, "pad": 0.6})
            break


def write_in_a_row(
    axes: Any, edges: Sequence[float], rows: Sequence[Sequence[str]]
) -> None:
    """Write a row of texts above the axes, one between each two edges.

    Parameters
    ----------
    edges
        Limits of the texts on the x axis.
    rows
        Rows of texts to choose from, the best first; without room for any of them
        nothing is written.
    """
    for words in rows:
        texts = [
            axes.text(
                (left + right) / 2,
                1.015,
                word,
                fontsize=SMALL,
                ha="center",
                va="bottom",
                transform=axes.get_xaxis_transform(),
            )
            for word, (left, right) in zip(words, pairwise(edges), strict=True)
        ]
        if all(
            ROOM * size_of(axes, text)[0] <= right - left
            for text, (left, right) in zip(texts, pairwise(edges), strict=True)
        ):
            return
        for text in texts:
            text.remove()


def write_beside(
    axes: Any,
    point: tuple[float, float],
    words: str,
    colour: str,
    taken: list[Any],
    fontsize: float = SMALL,
) -> None:
    """Write a text near a point, if there is a place with nothing in its way.

    The layout of the figure must be final (:func:`lay_out`). What is in the way are
    boxes in pixels, to which that of the text is added.
    """
    inside = axes.get_window_extent()
    for away, right, above in product((4, 11), (True, False), (True, False)):
        text = axes.annotate(
            words,
            point,
            xytext=(3 if right else -3, away if above else -away),
            textcoords="offset points",
            ha="left" if right else "right",
            va="bottom" if above else "top",
            fontsize=fontsize,
            color=blend(colour, "#000000", 0.3),
        )
        box = text.get_window_extent()
        fits = inside.x0 <= box.x0 and box.x1 <= inside.x1
        fits = fits and inside.y0 <= box.y0 and box.y1 <= inside.y1
        if fits and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
        text.remove()


def size_of(axes: Any, text: Any) -> tuple[float, float]:
    """Return the width and height of a text in the units of the axes."""
    box = text.get_window_extent().transformed(axes.transData.inverted())
    return abs(box.width), abs(box.height)
