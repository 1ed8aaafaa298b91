"""Trainings of a server's window in whole parts of work, and the units' pieces."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.server_window import ServerWindow

MOST_SCALE = 10**4
"""Work is counted in whole parts of a unit-slot, at most so many.

With factors of millions HiGHS proves wrong bounds.
"""

LARGEST_DENOMINATOR = 1000

Slopes = list[tuple[int, float]]
"""Units that each add as much work, and how much, piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model that may serve.

    Parameters
    ----------
    accuracy
        Its accuracy.
    levels
        Indices of the stream's serving levels that keep it at the floor.
    """

    accuracy: float
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """An option and the slots from which its model may serve.

    Parameters
    ----------
    option_idx
        Its place among the stream's options.
    served
        The new model.
    low, high
        First and last slot from which the model may serve.
    release
        First slot in which it can train.
    work
        Work that it takes at least, in whole parts of a unit-slot; 0 without training.
    undone
        Most work that may be counted as done without being all.
    gains
        Work of a unit of each piece in a slot.
    first_gains
        The same in the slot ``release``, of which a part may be left.
    most, first_most
        Work of all units that are ever free in a slot, and in that slot.
    is_whole
        Whether whole slots of whole units make its work, so that fractions of units
        gain nothing.
    is_prompt
        Whether the model must serve as soon as the work is done: it may be worse than
        the one held, so that this is no matter of course.
    """

    option_idx: int
    served: Served
    low: int
    high: int
    release: int
    work: int
    undone: int
    gains: tuple[int, ...]
    first_gains: tuple[int, ...]
    most: int
    first_most: int
    is_whole: bool
    is_prompt: bool

    @property
    def kind(self) -> str:
        """What its units are to a mixed-integer program.

        ``Continuous`` where they come out whole.
        """
        return "Continuous" if self.is_whole and not self.is_prompt else "Integer"

    @property
    def slots(self) -> range:
        """The slots in which it may train."""
        return range(self.release, self.high) if self.work else range(0)

    def gain(self, piece: int, slot: int) -> int:
        """Return the work of a unit of a piece in a slot."""
        return (self.first_gains if slot == self.release else self.gains)[piece]

    def doable(self, start: int, stop: int) -> int:
        """Return the most work that slots from ``start`` up to ``stop`` can do."""
        start = max(start, self.release)
        if start >= stop:
            return 0
        first = self.first_most if start == self.release else self.most
        return first + self.most * (stop - start - 1)

    def needed(self, slot: int) -> list[tuple[int, int]]:
        """Return the work needed before a slot, as factors of being ready by others.

        A model that serves from slot c needs all work before a slot at or after c, and
        before an earlier one what the slots between cannot do. The sum over c of needs
        times "serves from c" is here one over factors times "ready by c".
        """
        needs = [
            max(0, self.work - self.doable(slot, c))
            for c in range(self.low, self.high + 1)
        ]
        drops = [a - b for a, b in zip(needs, [*needs[1:], 0], strict=True)]
        return [(self.low + at, drop) for at, drop in enumerate(drops) if drop]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Units of which each adds as much work.

    Parameters
    ----------
    units
        Their number.
    steeper
        Index of the last piece up to this one whose units each add more work than
        those before it, 0 if there is none: all pieces before that one must be full.
    """

    units: int
    steeper: int


def slopes_of(window: ServerWindow) -> Slopes:
    """Return the pieces of the units that may train, and the work of a unit of each."""
    pieces: Slopes = []
    for slope in np.diff(window.gains[: window.most_training + 1]).tolist():
        if pieces and math.isclose(pieces[-1][1], slope, rel_tol=1e-9, abs_tol=1e-12):
            pieces[-1] = pieces[-1][0] + 1, pieces[-1][1]
        else:
            pieces.append((1, slope))
    return pieces


def pieces_of(slopes: Slopes) -> tuple[Piece, ...]:
    """Return the pieces, each with the last steeper one up to it."""
    steeper = 0
    pieces = []
    for idx, (units, slope) in enumerate(slopes):
        if idx and slope > slopes[idx - 1][1]:
            steeper = idx
        pieces.append(Piece(units=units, steeper=steeper))
    return tuple(pieces)


def work_scale(window: ServerWindow, slopes: Slopes) -> int:
    """Return the parts of a unit-slot in which all works and gains are whole.

    ``MOST_SCALE`` if there is none as small; then gains are rounded up, and a schedule
    may have to be refused although the models allow it.
    """
    options = [option for row in window.options for option in row if option.work]
    shares = {1.0, *(option.release_share for option in options)}
    values = {slope * share for _, slope in slopes for share in shares}
    values |= {option.work for option in options}
    scale = 1
    for value in values:
        near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if not math.isclose(near, value, rel_tol=1e-11, abs_tol=1e-12):
            return MOST_SCALE
        scale = math.lcm(scale, near.denominator)
        if scale > MOST_SCALE:
            return MOST_SCALE
    return scale


def total_work(units: Sequence[int], gains: Sequence[int]) -> int:
    """Return the work of all units of all pieces."""
    return sum(n * gain for n, gain in zip(units, gains, strict=True))


def rounded_up(value: float) -> int:
    """Return a number rounded up, or to the whole number that it nearly is."""
    return math.ceil(value * (1 - 1e-10) - 1e-9)
