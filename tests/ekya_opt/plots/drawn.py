"""Reading back what axes show."""

from typing import Any

Points = list[Any]
"""Pairs of numbers, which tests compare with approximate ones."""


def lines(axes: Any) -> dict[str, Points]:
    """Return the corners of each line that has a name."""
    return {
        str(line.get_label()): points(line)
        for line in axes.get_lines()
        if not str(line.get_label()).startswith("_")
    }


def unnamed(axes: Any, label: str) -> list[Points]:
    """Return the corners of all lines with a label that legends leave out."""
    return [points(line) for line in axes.get_lines() if line.get_label() == label]


def points(line: Any) -> Points:
    """Return the corners of a line."""
    xs, ys = line.get_data()
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def legend(axes: Any) -> list[str]:
    """Return the texts of the legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def texts(axes: Any) -> list[str]:
    """Return the texts written into or beside axes."""
    return [text.get_text() for text in axes.texts]


def ticks(axes: Any, axis: str) -> list[str]:
    """Return the labels of the ticks of an axis that are seen."""
    axes.get_figure().draw_without_rendering()
    own = axes.xaxis if axis == "x" else axes.yaxis
    return [label.get_text() for label in own.get_ticklabels()]
