"""The lineage of a stream's models over a horizon: nodes, moves and arcs.

A node is a window, the model held at its start and the models kept; an arc is a change
of the model (or none) with a number of units, and leads to a node of the next window.
A stream's life is a path from the first node to the end. Only the units in each window
and the memory for warm models couple the streams.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from formulations.lineage_models import StreamModels, stream_models
from formulations.lineage_moves import STAY, Changes, Moves, changes, moves
from formulations.lineage_serving import serving_of
from instances import InstanceTooLarge, Reallocation, SolverUnavailable
from instances.horizon import Horizon
from instances.horizon_stream import REUSE, WARM, HorizonStream

if TYPE_CHECKING:
    from formulations.kernels.lineage_paths_cpu import LineageArrays
    from formulations.kernels.lineage_rows_cpu import Serving

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Arcs = tuple[Whole, Whole]
"""Moves and units of some arcs of one stream."""

MOST_CELLS = 60_000_000
"""Cells of the rows of all streams together."""

MOST_MOVES = 6_000_000
"""Moves of all streams together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What one stream may do over a horizon.

    Parameters
    ----------
    stream
        The stream.
    models
        Its models.
    changes
        How its model may change, for each window.
    states
        The states of each window, shape ``(N, 1 + c)`` as in
        ``formulations/lineage_moves.py``, and the single one of the end.
    serving
        The serving levels and training speeds of each window.
    change
        Shape ``(n,)``: what each move changes.
    arrays
        Nodes, moves and rows; a row holds the stream's weight over W times the average
        accuracy in the window, its part of the objective.
    """

    stream: HorizonStream
    models: StreamModels
    changes: tuple[Changes, ...]
    states: tuple[Whole, ...]
    serving: tuple["Serving", ...]
    change: Whole
    arrays: "LineageArrays"

    @property
    def num_windows(self) -> int:
        """Number of windows W."""
        return len(self.changes)

    @property
    def num_moves(self) -> int:
        """Number of moves."""
        return len(self.change)

    @property
    def node_offsets(self) -> Whole:
        """The first node of each window and of the end, shape ``(W + 2,)``."""
        return np.cumsum([0, *map(len, self.states)])

    def window_of(self, move: int) -> int:
        """Return the window of a move."""
        return int(np.searchsorted(self.arrays.move_offsets, move, side="right")) - 1

    def value(self, move: int, units: int) -> float:
        """Return what a move with at most so many units adds to the objective."""
        return float(self.arrays.rows[self.arrays.row[move], units])

    def label(self, window_idx: int, change: int, model: str = "") -> str | None:
        """Return what a change runs, named as the window's configs; ``None`` to stay.

        ``model`` is the model that is used again; by default the first one with the
        same scores.
        """
        possible = self.changes[window_idx]
        if change == STAY:
            return None
        if change <= possible.num_configs:
            return self.stream.windows[window_idx].retraining[change - 1].name
        model = model or self.models.names[int(possible.model[change])]
        warm = bool(possible.is_warm(np.array(change)))
        return f"{WARM if warm else REUSE}{model}"

    def arcs(self) -> Arcs:
        """Return all arcs: moves, and units with which their rows rise."""
        free = np.zeros(self.arrays.num_nodes)
        prices = np.zeros(self.num_windows)
        return self.arcs_near(prices, prices, free, free, -np.inf)

    def arcs_near(
        self,
        prices: Floats,
        memory_prices: Floats,
        come: Floats,
        togo: Floats,
        least: float,
    ) -> Arcs:
        """Return the arcs on paths that are worth at least so much at prices.

        ``come`` and ``togo`` are the nodes' longest ways from the start and to the end.
        """
        from formulations.kernels.lineage_paths_cpu import near_arcs

        room = np.empty((2, 0), dtype=np.int64)
        priced = self.arrays, prices, memory_prices, come, togo, least
        while (count := near_arcs(*priced, *room)) > room.shape[1]:
            room = np.empty((2, count), dtype=np.int64)
        return room[0], room[1]

    def undominated(self, arcs: Arcs) -> Arcs:
        """Return the arcs, given by rising moves, that no arc of the node dominates.

        A dominating arc is worth as much with no more units and memory, and leads to
        a state that is as good; it need not be among the given ones.
        """
        from formulations.kernels.lineage_paths_cpu import find_dominated

        a, (move, units) = self.arrays, arcs
        flags = np.zeros(len(move), dtype=bool)
        first = self.node_offsets
        for w in range(self.num_windows):
            of_window = slice(*a.move_offsets[w : w + 2])
            order = np.argsort(a.source[of_window], kind="stable")
            sources = a.source[of_window][order]
            starts = np.searchsorted(sources, np.arange(first[w + 1] + 1))
            some = slice(*np.searchsorted(move, a.move_offsets[w : w + 2]))
            find_dominated(
                a,
                self.states[w + 1],
                self.models.covers[w + 1],
                first[w + 1],
                starts,
                order + a.move_offsets[w],
                move[some],
                units[some],
                flags[some],
            )
        return move[~flags], units[~flags]


def lineages(
    horizon: Horizon, check_time: Callable[[], None] = lambda: None
) -> tuple[Lineage, ...]:
    """Return the lineages of all streams.

    Parameters
    ----------
    horizon
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.

    Raises
    ------
    SolverUnavailable
        If the reallocation is ``server``.
    InstanceTooLarge
        If there are too many states or units.
    """
    if horizon.reallocation is Reallocation.SERVER:
        message = "with reallocation server windows are coupled in every slot"
        raise SolverUnavailable(f"{message}; expected never or stream")
    found: list[Lineage] = []
    size = cells = 0
    for stream in horizon.streams:
        lineage = lineage_of(horizon, stream, (size, cells), check_time)
        size += lineage.num_moves
        cells += lineage.arrays.rows.size
        found.append(lineage)
    return tuple(found)


def lineage_of(
    horizon: Horizon,
    stream: HorizonStream,
    before: tuple[int, int],
    check_time: Callable[[], None],
) -> Lineage:
    """Return the lineage of a stream, given the moves and cells of earlier ones.

    With reallocation ``server`` a row has one number, 0: what a move is worth depends
    on units slot by slot.
    """
    from formulations.kernels.lineage_rows_cpu import fill_rows

    in_slots = horizon.reallocation is Reallocation.SERVER
    models = stream_models(stream)
    state = np.zeros((1, 1), dtype=np.int64)
    states, windows, found, all_rows, rows_of = [state], [], [], [], []
    targets, all_serving = [], []
    size, cells = before
    for w in range(horizon.num_windows):
        check_time()
        possible = changes(horizon, stream, models, w)
        reached = moves(horizon, stream, models, w, states[-1], possible)
        serving = serving_of(horizon, stream, w)
        accuracy = models.scores[states[-1][reached.source, 0], w]
        keys, row = _distinct(accuracy, reached.change)
        width = 1 if in_slots else len(serving.speed)
        _check_size(horizon, size + len(row), cells + len(keys) * width)
        change = reached.change[keys]
        rows = np.zeros((len(keys), width))
        if not in_slots:
            fill_rows(
                serving,
                accuracy[keys],
                possible.after[change],
                possible.cost[change],
                possible.delay[change],
                rows,
            )
        reached, row, rows = _possible(reached, row, rows)
        following, target = np.unique(reached.states, axis=0, return_inverse=True)
        size, cells = size + len(row), cells + rows.size
        if w == horizon.num_windows - 1 and not len(following):
            following = np.zeros((1, 1), dtype=np.int64)
        states.append(following)
        targets.append(target.reshape(-1))
        windows.append(possible)
        found.append(reached)
        all_rows.append(rows)
        rows_of.append(row)
        all_serving.append(serving)
    total_weight = sum(each.weight for each in horizon.streams)
    rows = np.concatenate(all_rows)
    rows *= stream.weight / total_weight / horizon.num_windows
    return Lineage(
        stream=stream,
        models=models,
        changes=tuple(windows),
        states=tuple(states),
        serving=tuple(all_serving),
        change=np.concatenate([each.change for each in found]),
        arrays=_arrays(stream, windows, states, found, targets, rows_of, rows),
    )


def _arrays(
    stream: HorizonStream,
    windows: Sequence[Changes],
    states: Sequence[Whole],
    found: Sequence[Moves],
    targets: Sequence[Whole],
    rows_of: Sequence[Whole],
    rows: Floats,
) -> "LineageArrays":
    from formulations.kernels.lineage_paths_cpu import LineageArrays, find_hulls

    first = np.cumsum([0, *map(len, states)])
    row_offsets = np.cumsum(
        [0, *(int(row.max(initial=-1)) + 1 for row in rows_of)], dtype=np.int64
    )
    memory = [
        np.where(possible.is_warm(each.change), stream.model_gb, 0.0)
        for possible, each in zip(windows, found, strict=True)
    ]
    hull_offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    hull_units, hull_value = np.empty(rows.size, dtype=np.int32), np.empty(rows.size)
    count = find_hulls(rows, hull_offsets, hull_units, hull_value)
    each_window = range(len(found))
    return LineageArrays(
        move_offsets=np.cumsum([0, *(len(each.change) for each in found)]),
        row_offsets=row_offsets,
        source=np.concatenate([first[w] + found[w].source for w in each_window]),
        target=np.concatenate([first[w + 1] + targets[w] for w in each_window]),
        row=np.concatenate([row_offsets[w] + rows_of[w] for w in each_window]),
        memory=np.concatenate(memory),
        rows=rows,
        hull_offsets=hull_offsets,
        hull_units=hull_units[:count].copy(),
        hull_value=hull_value[:count].copy(),
        num_nodes=int(first[-1]),
    )


def _distinct(accuracy: Floats, change: Whole) -> tuple[Whole, Whole]:
    """Return where each distinct pair first is, and the pair of each move."""
    held = np.unique(accuracy, return_inverse=True)[1].reshape(-1)
    key = held * (int(change.max(initial=0)) + 1) + change
    _, first, pair = np.unique(key, return_index=True, return_inverse=True)
    return first, pair.reshape(-1)


def _possible(reached: Moves, row: Whole, rows: Floats) -> tuple[Moves, Whole, Floats]:
    """Leave out the rows that no number of units makes possible, and their moves."""
    alive = rows[:, -1] > -np.inf
    if alive.all():
        return reached, row, rows
    useful = alive[row]
    renumbered = np.cumsum(alive) - 1
    return reached.where(useful), renumbered[row[useful]], rows[alive]


def _check_size(horizon: Horizon, num_moves: int, cells: int) -> None:
    if num_moves > MOST_MOVES or cells > MOST_CELLS:
        message = f"{horizon.name}: the streams' lineages have more than {MOST_MOVES}"
        message += f" moves, or {MOST_CELLS} values with the units"
        raise InstanceTooLarge(f"{message}; keep fewer models or use coarser units")
