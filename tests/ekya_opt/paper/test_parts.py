"""Verdicts of claims with several parts, and effects of a claimed size."""

import math

import pytest

from ekya_opt.paper.finding import Verdict
from ekya_opt.paper.parts import Part, graded, overall, reasons

YES, SHAPE, NO = Verdict


def parts(*verdicts: Verdict) -> list[Part]:
    """Return parts that differ in what became of them alone."""
    return [Part(what="it", verdict=each, why="so") for each in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((YES, YES), YES),
        ((NO, NO, NO), NO),
        ((SHAPE, SHAPE), SHAPE),
        ((YES, NO), SHAPE),
        ((SHAPE, NO), SHAPE),
        ((YES, SHAPE), SHAPE),
    ],
)
def test_parts_make_one_verdict(
    verdicts: tuple[Verdict, ...], expected: Verdict
) -> None:
    """Only parts that agree pass their verdict on; others leave the shape."""
    assert overall(parts(*verdicts)) is expected


def test_every_part_is_told() -> None:
    """The reasons name each part, its verdict and its numbers."""
    assert reasons(parts(YES, NO)) == "it: reproduced, so; it: not reproducible, so"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.0, YES),
        (16.0, YES),
        (3.9, SHAPE),
        (16.1, SHAPE),
        (1.1, SHAPE),
        (1.0, NO),
        (-8.0, NO),
        (math.nan, NO),
    ],
)
def test_effects_are_graded(value: float, expected: Verdict) -> None:
    """Of a claimed 8, 4 to 16 are reproduced and what is above 1 has the shape."""
    assert graded(value, 8.0, 1.0) is expected
