"""What is left to decide of a server's window, as the exact models see it.

Both engines give each choice here a variable; ``server_milp.py`` and ``server_cp.py``
say how the choices are tied together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from formulations.server_trainings import (
    MOST_SCALE,
    Served,
    Slopes,
    Training,
    pieces_of,
    rounded_up,
    slopes_of,
    total_work,
    work_scale,
)
from formulations.server_window import ROUNDING, Option, ServerWindow

Key = tuple[int, ...]
"""Indices of a variable within its family: stream, then training, …, then slot."""

Spans = Sequence[Sequence[tuple[int, int]]]
"""For each stream the first and last slot of each model, the one held at first."""


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
        slopes = slopes_of(window)
        self.pieces = pieces_of(slopes)
        self.scale = work_scale(window, slopes)
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
        slopes: Slopes,
        best_held: float,
    ) -> Training:
        option = self.window.options[stream_idx][option_idx]
        gains = tuple(rounded_up(self.scale * slope) for _, slope in slopes)
        first = tuple(
            rounded_up(self.scale * slope * option.release_share) for _, slope in slopes
        )
        units = [piece.units for piece in self.pieces]
        return Training(
            option_idx=option_idx,
            served=_served(self.window, stream_idx, option.accuracy),
            low=low,
            high=high,
            release=option.release,
            work=rounded_up(self.scale * option.least_work * (1 - ROUNDING)),
            undone=rounded_up(self.scale * option.work) - 1 + self.slack,
            gains=gains,
            first_gains=first,
            most=total_work(units, gains),
            first_most=total_work(units, first),
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
