"""What is left to decide of a server's window, as the exact models see it.

Both engines give each choice here a variable; ``server_milp.py`` and ``server_cp.py``
say how the choices are tied together.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from formulations.server_window import ROUNDING, Option, ServerWindow

Key = tuple[int, ...]
"""Indices of a variable within its family: stream, then training, …, then slot."""

Spans = Sequence[Sequence[tuple[int, int]]]
"""For each stream the first and last slot of each model, the one held at first."""

MOST_SCALE = 10**6
"""Work is counted in whole parts of a unit-slot, at most so many."""

LARGEST_DENOMINATOR = 1000


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
        Work that it takes, in whole parts of a unit-slot; 0 without training.
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
class StreamCells:
    """What is left to decide of a stream.

    Parameters
    ----------
    held
        The models that it may hold at first; one, unless windows follow each other.
    may_stay
        Whether it may go without a new model.
    trainings
        The options left.
    """

    held: tuple[Served, ...]
    may_stay: bool
    trainings: tuple[Training, ...]

    def slots(self, model_idx: int, count: int) -> range:
        """Return the slots of ``count`` in which a model may serve; held ones first."""
        if model_idx >= len(self.held):
            return range(self.trainings[model_idx - len(self.held)].low, count)
        if self.may_stay:
            return range(count)
        last = max((training.high for training in self.trainings), default=0)
        return range(min(count, last))

    @property
    def models(self) -> tuple[Served, ...]:
        """The models held, and then those of the trainings."""
        return (*self.held, *(training.served for training in self.trainings))


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


class ServerCells:
    """The choices left in a server's window.

    Parameters
    ----------
    window
        The window.
    spans
        What slots are left to each model; all that the window allows if ``None``.
    held
        For each stream the accuracies of the models that it may hold at first; that of
        the window's own if ``None``.

    Attributes
    ----------
    window
        As given.
    streams
        What is left of each stream.
    pieces
        Pieces of the units that may train a stream in a slot.
    scale
        Parts of a unit-slot that work is counted in.
    slack
        How much more work than in truth may be counted as done, in these parts.
    """

    def __init__(
        self,
        window: ServerWindow,
        spans: Spans | None = None,
        held: Sequence[Sequence[float]] | None = None,
    ) -> None:
        self.window = window
        slopes = _slopes(window)
        self.pieces = _pieces(slopes)
        self.scale = _scale(window, slopes)
        is_exact = self.scale < MOST_SCALE
        self.slack = 0 if is_exact else window.most_training * window.slots
        streams = []
        for v, options in enumerate(window.options):
            own = spans[v] if spans else _spans(options)
            may_stay, *rest = ((low, high) for low, high in own)
            accuracies = held[v] if held else [window.accuracy(v, None)]
            streams.append(
                StreamCells(
                    held=tuple(_served(window, v, each) for each in accuracies),
                    may_stay=may_stay[0] <= may_stay[1],
                    trainings=tuple(
                        self._training(v, idx, low, high, slopes, max(accuracies))
                        for idx, (low, high) in enumerate(rest)
                        if low <= high
                    ),
                )
            )
        self.streams = tuple(streams)

    @property
    def count(self) -> int:
        """Number of cells: pairs of an option and a slot, and of those without."""
        return sum(
            stream.may_stay + sum(t.high - t.low + 1 for t in stream.trainings)
            for stream in self.streams
        )

    def training(self, key: Key) -> Training:
        """Return the training of a key that begins with v and k."""
        return self.streams[key[0]].trainings[key[1]]

    def ready_keys(self) -> Iterator[Key]:
        """Yield (v, k, t): whether training k of stream v is ready by slot t."""
        for v, stream in enumerate(self.streams):
            for k, training in enumerate(stream.trainings):
                for t in range(training.low, training.high + 1):
                    yield v, k, t

    def train_keys(self) -> Iterator[Key]:
        """Yield (v, k, j, t): units of piece j that do training k in slot t."""
        for v, stream in enumerate(self.streams):
            for k, training in enumerate(stream.trainings):
                for t in training.slots:
                    for j in range(len(self.pieces)):
                        yield v, k, j, t

    def waits_for(self, key: Key) -> int:
        """Return the piece whose predecessors must be full for that of a key.

        The key is one of ``train_keys``. 0 if none must. Where a model must serve as
        soon as its work is done, all pieces are used in order, so that no work is done
        unnoticed.
        """
        j = key[2]
        return j if self.training(key).is_prompt else self.pieces[j].steeper

    def full_keys(self) -> Iterator[Key]:
        """Yield (v, k, j, t): whether all pieces before piece j are full.

        Only for the pieces that others, or they themselves, wait for.
        """
        for key in self.train_keys():
            if key[2] and self.waits_for(key) == key[2]:
                yield key

    def done_keys(self) -> Iterator[Key]:
        """Yield (v, k, t): work of training k that is done before slot t."""
        for v, stream in enumerate(self.streams):
            for k, training in enumerate(stream.trainings):
                for t in training.slots:
                    yield v, k, t + 1

    def serve_keys(self) -> Iterator[Key]:
        """Yield (v, m, l, t): whether model m serves at level l in slot t."""
        for v, stream in enumerate(self.streams):
            for m, served in enumerate(stream.models):
                for t in stream.slots(m, self.window.slots):
                    for level in served.levels:
                        yield v, m, level, t

    @cached_property
    def level_keys(self) -> dict[Key, list[int]]:
        """Models for (v, l, t): which may serve at level l in slot t."""
        found: dict[Key, list[int]] = {}
        for v, m, level, t in self.serve_keys():
            found.setdefault((v, level, t), []).append(m)
        return found

    def worth(self, v: int, m: int, level: int) -> float:
        """Return what a slot of a model at a level adds to the weighted mean."""
        kept = self.window.levels[v][level].kept
        return self.streams[v].models[m].accuracy * kept * float(self.window.weights[v])

    def _training(
        self,
        stream_idx: int,
        option_idx: int,
        low: int,
        high: int,
        slopes: list[tuple[int, float]],
        best_held: float,
    ) -> Training:
        option = self.window.options[stream_idx][option_idx]
        gains = tuple(_up(self.scale * slope) for _, slope in slopes)
        first = tuple(
            _up(self.scale * slope * option.release_share) for _, slope in slopes
        )
        units = [piece.units for piece in self.pieces]
        return Training(
            option_idx=option_idx,
            served=_served(self.window, stream_idx, option.accuracy),
            low=low,
            high=high,
            release=option.release,
            work=_down(self.scale * option.work * (1 - ROUNDING)),
            gains=gains,
            first_gains=first,
            most=_total(units, gains),
            first_most=_total(units, first),
            is_whole=self.window.is_linear and option.release_share == 1,
            is_prompt=option.work > 0 and option.accuracy < best_held,
        )


def _served(window: ServerWindow, stream_idx: int, accuracy: float) -> Served:
    kept = {level.units for level in window.serving(stream_idx, accuracy)}
    levels = window.levels[stream_idx]
    return Served(
        accuracy=accuracy,
        levels=tuple(i for i, level in enumerate(levels) if level.units in kept),
    )


def _spans(options: Sequence[Option]) -> list[tuple[int, int]]:
    return [(0, 0), *((option.first, option.last) for option in options)]


def _slopes(window: ServerWindow) -> list[tuple[int, float]]:
    """Return the pieces of the units that may train, and the work of a unit of each."""
    pieces: list[tuple[int, float]] = []
    for slope in np.diff(window.gains[: window.most_training + 1]).tolist():
        if pieces and math.isclose(pieces[-1][1], slope, rel_tol=1e-9, abs_tol=1e-12):
            pieces[-1] = pieces[-1][0] + 1, pieces[-1][1]
        else:
            pieces.append((1, slope))
    return pieces


def _pieces(slopes: list[tuple[int, float]]) -> tuple[Piece, ...]:
    steeper = 0
    pieces = []
    for idx, (units, slope) in enumerate(slopes):
        if idx and slope > slopes[idx - 1][1]:
            steeper = idx
        pieces.append(Piece(units=units, steeper=steeper))
    return tuple(pieces)


def _scale(window: ServerWindow, slopes: list[tuple[int, float]]) -> int:
    """Return the parts of a unit-slot in which all works and gains are whole.

    ``MOST_SCALE`` if there is none as small; then gains are rounded up and works down,
    and a schedule may have to be refused although the models allow it.
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


def _total(units: Sequence[int], gains: Sequence[int]) -> int:
    return sum(n * gain for n, gain in zip(units, gains, strict=True))


def _up(value: float) -> int:
    return math.ceil(value * (1 - 1e-10) - 1e-9)


def _down(value: float) -> int:
    return math.floor(value * (1 + 1e-10) + 1e-9)
