"""What a notebook shows of problems: tables with small pictures."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from instances.generators import generate
from instances.html import html_table
from instances.library import load_shipped
from tests.small import retraining, stream, window

EVIL = '<script>"&'


def parsed(html: str) -> ElementTree.Element:
    """Return the HTML as a tree, which it is only if every tag is closed."""
    return ElementTree.fromstring(f"<div>{html.replace('&emsp;', ' ')}</div>")


def pictures(html: str, cells: str = ".//td/svg") -> list[ElementTree.Element]:
    """Return the pictures in a table's cells."""
    return parsed(html).findall(cells)


@pytest.mark.parametrize(
    "name", ["paper/window1", "drift/n4-g2-w4", "memory-tight/n4-g2"]
)
def test_every_stream_has_a_picture(name: str) -> None:
    """Windows, horizons and placements show one a stream, which can be read out."""
    problem = load_shipped(name)
    shown = pictures(problem._repr_html_())
    assert len(shown) == len(problem.streams)
    for picture, each in zip(shown, problem.streams, strict=True):
        assert each.name in picture.attrib["aria-label"]
        assert picture.attrib["aria-label"] == picture.findtext("title")


def test_the_front_joins_what_no_other_config_beats() -> None:
    """Of three configs the middle one is dearer and worse than the first."""
    configs = (
        retraining(10, 0.6, name="a"),
        retraining(20, 0.55, name="b"),
        retraining(40, 0.9, name="c"),
    )
    html = window(stream(retraining=configs))._repr_html_()
    (picture,) = pictures(html)
    assert len(picture.findall("circle")) == 3
    held, front = picture.findall("polyline")
    assert "stroke-dasharray" in held.attrib
    assert len(front.attrib["points"].split()) == 2
    ends = [float(each.attrib["cx"]) for each in picture.findall("circle")]
    left, right = (
        float(point.split(",")[0]) for point in front.attrib["points"].split()
    )
    assert (left, right) == (ends[0], ends[2])
    assert "0 to 40" in html


def test_of_many_streams_the_first_are_shown() -> None:
    """Thirty rows, and how many there are besides."""
    html = generate("recorded-like", 200, 60, 1)._repr_html_()
    assert len(pictures(html)) == 30
    assert "… and 170 more streams" in html
    assert "more streams" not in generate("recorded-like", 30, 8, 1)._repr_html_()


def test_names_are_never_markup() -> None:
    """Also within pictures; what is left are the tags of tables and pictures."""
    html = window(stream(EVIL, retraining=(retraining(1, 0.6),)))._repr_html_()
    assert "<script" not in html
    (picture,) = pictures(html)
    assert picture.attrib["aria-label"].startswith(EVIL)
    table: Any = html_table([EVIL], [[EVIL]], EVIL, EVIL)
    assert "<script" not in table
    assert len(re.findall("&lt;script&gt;", table)) == 4
