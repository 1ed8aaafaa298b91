"""Small pictures inside tables, as SVG; nothing has to be installed to show them."""

from collections.abc import Iterable, Sequence
from html import escape

from instances.html import Markup

BLUE, PALE, ORANGE, GREY, IDLE = "#0072B2", "#99C7E0", "#D55E00", "#777777", "#E8E8E8"
"""Colours of Okabe and Ito; pale for what serves, so that shades tell, too."""

Point = tuple[float, float]


def picture(width: float, height: float, parts: Iterable[str], label: str) -> Markup:
    """Return a picture; the label is read out, and shown under the mouse."""
    text = escape(label)
    size = f'width="{width:g}" height="{height:g}"'
    return Markup(
        f'<svg {size} viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{text}"><title>{text}</title>{"".join(parts)}</svg>'
    )


def bar(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{fill}"/>'
    )


def line(points: Sequence[Point], stroke: str, width: float, dashes: str = "") -> str:
    """Return a line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{stroke}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def dot(x: float, y: float, radius: float, fill: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}"/>'


def meter(value: float, most: float, label: str) -> Markup:
    """Return a bar for a value, as long as the picture for the most; none for a NaN."""
    parts = [bar(0, 3, 100 * value / most, 10, BLUE)] if value > 0 else []
    return picture(100, 16, parts, label)


def key(entries: Iterable[tuple[str, str]]) -> Markup:
    """Return a line that says what colours mean."""
    parts = (
        f'<svg width="12" height="10">{bar(0, 0, 10, 10, fill)}</svg>{escape(text)}'
        for fill, text in entries
    )
    return Markup(f"<p><small>{' &emsp; '.join(parts)}</small></p>")
