"""Claims of several parts: each part has a verdict, and they have one together."""

from collections.abc import Sequence
from dataclasses import dataclass

from ekya_opt.paper.finding import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a claim.

    Parameters
    ----------
    what
        What is claimed, in a few words.
    verdict
        What became of it.
    why
        The numbers that decide.
    """

    what: str
    verdict: Verdict
    why: str


def overall(parts: Sequence[Part]) -> Verdict:
    """Return the verdict of all parts together.

    ``reproduced`` if every part is, ``not reproducible`` if every part is that, and
    ``shape only`` otherwise.
    """
    found = {part.verdict for part in parts}
    return found.pop() if len(found) == 1 else Verdict.SHAPE_ONLY


def reasons(parts: Sequence[Part]) -> str:
    """Return what became of every part, in one sentence."""
    return "; ".join(f"{part.what}: {part.verdict}, {part.why}" for part in parts)


def graded(value: float, claimed: float, least: float = 0.0) -> Verdict:
    """Return how far an effect of a claimed size above 0 is there.

    ``reproduced`` from half to twice of what is claimed, ``shape only`` for any other
    effect above ``least``, ``not reproducible`` for less and for no number.
    """
    if claimed / 2 <= value <= 2 * claimed:
        return Verdict.REPRODUCED
    return Verdict.SHAPE_ONLY if value > least else Verdict.NOT_REPRODUCIBLE
