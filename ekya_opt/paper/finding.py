"""One row of the paper page: a claim, what was measured, and the optimum beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Verdict(StrEnum):
    """How far a claim of the paper holds on our instances."""

    REPRODUCED = "reproduced"
    SHAPE_ONLY = "shape only"
    NOT_REPRODUCIBLE = "not reproducible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is run for the page.

    Parameters
    ----------
    quick
        Whether everything together must take less than 5 minutes on 2 cores.
    seeds
        Seeds of generated instances.
    workers
        Processes that may run at once.
    recorded
        Files of recorded windows, in their order in time, to measure on besides.
    """

    quick: bool
    seeds: tuple[int, ...]
    workers: int = 1
    recorded: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of a finding.

    Parameters
    ----------
    name
        Stem of its file.
    caption
        What it shows, in one sentence.
    draw
        Draws it, ``draw(ax=None)``, and returns the axes.
    """

    name: str
    caption: str
    draw: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one claim of the paper.

    Parameters
    ----------
    name
        Word that names it on the command line: ``fig-8``.
    where
        Where the paper claims it: ``Fig. 8``.
    claim
        The claim, in our words.
    measured
        What the heuristics reach here.
    optimum
        What the proven optimum reaches beside it.
    verdict
        Decided by a rule from the numbers measured, never written by hand.
    because
        Why the verdict is what it is, one sentence; the rule and the numbers.
    instances
        What it was measured on: family, sizes, seeds, mode of reallocation.
    tables
        (caption, table) of everything measured.
    figures
        Its figures.
    seconds
        Wall seconds that it took.
    """

    name: str
    where: str
    claim: str
    measured: str
    optimum: str
    verdict: Verdict
    because: str
    instances: str
    tables: "tuple[tuple[str, pd.DataFrame], ...]" = ()
    figures: tuple[Figure, ...] = ()
    seconds: float = 0.0


def decide(reproduced: bool, shape: bool) -> Verdict:
    """Return the verdict of a rule: whether the numbers are reached, or the shape."""
    if reproduced:
        return Verdict.REPRODUCED
    return Verdict.SHAPE_ONLY if shape else Verdict.NOT_REPRODUCIBLE
