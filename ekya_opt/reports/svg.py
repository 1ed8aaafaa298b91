"""Figures of matplotlib as SVG elements of one page."""

import re
import warnings
from typing import Any
from xml.etree import ElementTree

from ekya_opt.plots import svg_of

SMALLEST_TEXT = 12.0
"""Pixels of a page that the smallest text of a figure takes at least."""

PIXELS_PER_POINT = 4 / 3
MOST_ENLARGED = 2.4

_SVG = "{http://www.w3.org/2000/svg}"
_FONT = re.compile(r"font(?:-size)?:[^;]*?([\d.]+)px")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline_svg(axes: Any, name: str, caption: str) -> str:
    """Return the figure that axes are part of as one element, and close the figure.

    Its ids begin with ``name``, so that figures of one page do not share any; nothing
    in it refers to anything outside it; it is as wide as it takes for its smallest
    text to be read.
    """
    with warnings.catch_warnings():
        # What a font lacks is shown by the browser's own.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        content = svg_of(axes)
    return inlined(content, name, caption)


def inlined(content: str, name: str, caption: str) -> str:
    """Return the same of a figure that is SVG already."""
    root = ElementTree.fromstring(content)
    _strip(root)
    fonts: list[float] = []
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key.endswith("href") and value.startswith("#"):
                del element.attrib[key]
                element.set("href", f"#{name}-{value[1:]}")
            else:
                element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
            fonts += map(float, _FONT.findall(value)) if key == "style" else []
    width = float(root.get("viewBox", "0 0 460 300").split()[2])
    scale = SMALLEST_TEXT / min(fonts, default=SMALLEST_TEXT)
    width *= min(max(PIXELS_PER_POINT, scale), MOST_ENLARGED)
    root.attrib.pop("height", None)
    root.set("width", f"{width:.0f}")
    root.set("role", "img")
    root.set("aria-label", caption)
    # What matplotlib says in a style sheet would hold for the whole page.
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    return ElementTree.tostring(root, encoding="unicode")


def _strip(element: ElementTree.Element) -> None:
    """Remove namespaces, and what is no drawing."""
    element.tag = element.tag.removeprefix(_SVG)
    for child in list(element):
        if child.tag in (f"{_SVG}metadata", f"{_SVG}style") or "{" not in child.tag:
            element.remove(child)
        else:
            _strip(child)
