"""The lineages of a horizon in which the server reallocates, window by window in slots.

What a move is worth depends on how many units it gets in which slot. At prices of slots
that is settled for each move alone; see ``formulations/kernels/lineage_slots_cpu.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from formulations.hull import concave_hull
from formulations.lineage import Lineage, lineage_of
from formulations.lineage_moves import STAY
from formulations.server_window import Level, Option, ServerWindow, check_server
from instances import Stream
from instances.horizon import Held, Horizon

if TYPE_CHECKING:
    from formulations.kernels.lineage_slots_cpu import SlotArrays

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLineage:
    """What one stream may do over a horizon, and in the slots of its windows.

    Parameters
    ----------
    lineage
        Its states and moves.
    windows
        Levels, trainings and rows of each window.
    """

    lineage: Lineage
    windows: "tuple[SlotArrays, ...]"


def slot_lineages(
    horizon: Horizon, check_time: Callable[[], None] = lambda: None
) -> tuple[SlotLineage, ...]:
    """Return the lineages of all streams, with what their moves take.

    Parameters
    ----------
    horizon
        Problem with reallocation ``server``.
    check_time
        Called often; may raise to stop the building.

    Raises
    ------
    SolverUnavailable
        If the horizon has another reallocation.
    InstanceTooLarge
        If there are too many states.
    """
    check_server(horizon.window(0, [Held()] * len(horizon.streams)))
    found: list[SlotLineage] = []
    size = 0
    for v, stream in enumerate(horizon.streams):
        lineage = lineage_of(horizon, stream, (size, 0), check_time)
        size += lineage.num_moves
        windows = []
        for w in range(horizon.num_windows):
            check_time()
            windows.append(_window(horizon, v, lineage, w))
        found.append(SlotLineage(lineage=lineage, windows=tuple(windows)))
    return tuple(found)


def _window(
    horizon: Horizon, stream_idx: int, lineage: Lineage, w: int
) -> "SlotArrays":
    from formulations.kernels.lineage_slots_cpu import STAYS, SlotArrays

    models, arrays = lineage.models, lineage.arrays
    window = _every_option(horizon, lineage, w)
    begin, end = arrays.move_offsets[w : w + 2].tolist()
    first_row = int(arrays.row_offsets[w])
    _, firsts = np.unique(arrays.row[begin:end], return_index=True)
    moves = begin + firsts
    held = lineage.states[w][arrays.source[moves] - lineage.node_offsets[w], 0]
    change = lineage.change[moves]
    assert len(moves) == int(arrays.row_offsets[w + 1]) - first_row
    possible = lineage.changes[w]
    before = models.scores[held, w]
    after = np.where(change == STAY, before, possible.after[change])
    accuracies, places = np.unique(np.concatenate((before, after)), return_inverse=True)
    row_before, row_after = np.split(places.reshape(-1), 2)
    kinds, row_change = np.unique(change, return_inverse=True)
    options = _options(window, lineage, w, kinds[kinds != STAY])
    row_change = row_change.reshape(-1) - int((kinds == STAY).any())
    total_weight = sum(each.weight for each in horizon.streams)
    slot_weight = horizon.streams[stream_idx].weight / total_weight
    slot_weight /= horizon.num_windows * window.slots
    whole = partial(np.array, dtype=np.int64)
    after_all = window.slots + 1
    hulls = [_hull(window.serving(0, a), a * slot_weight) for a in accuracies.tolist()]
    gains = np.stack((np.arange(len(window.gains)), window.gains))
    pieces = np.diff(gains[:, concave_hull(gains[0].astype(np.int64), gains[1])])
    return SlotArrays(
        slots=window.slots,
        stream=np.zeros(len(accuracies), dtype=np.int64),
        vertex_offsets=np.cumsum([0, *(hull.shape[1] for hull in hulls)]),
        vertex_units=np.concatenate([hull[0] for hull in hulls]).astype(np.int64),
        vertex_value=np.concatenate([hull[1] for hull in hulls]),
        work=np.array([each.least_work if each else 0.0 for each in options]),
        release=whole([each.release if each else 0 for each in options]),
        share=np.array([each.release_share if each else 1.0 for each in options]),
        first=whole([each.first if each else after_all for each in options]),
        piece_units=pieces[0],
        piece_gain=pieces[1],
        row_before=row_before,
        row_after=row_after,
        row_change=np.where(change == STAY, STAYS, row_change),
    )


class _EveryOption(ServerWindow):
    """A window in which each config that may end is an option, useful or not."""

    def _options(self, stream: Stream) -> list[Option]:
        configs = enumerate(stream.retraining)
        return [self._option(idx, config) for idx, config in configs]


def _every_option(horizon: Horizon, lineage: Lineage, w: int) -> _EveryOption:
    """Return a stream's window with every model that it may have kept by then.

    It holds the best of them, so that its floor leaves most units for training.
    """
    models = lineage.models
    names = models.names[: int(models.counts[w])]
    best = int(models.scores[: len(names), w].argmax())
    kept = names if horizon.cached_models else ()
    alone = replace(horizon, streams=(lineage.stream,))
    return _EveryOption(alone.window(w, [Held(model=names[best], kept=kept)]))


def _options(
    window: ServerWindow, lineage: Lineage, w: int, kinds: Whole
) -> list[Option | None]:
    """Return the window's option for each change; ``None`` if it cannot end in it."""
    configs = window.instance.streams[0].retraining
    known = {
        configs[option.config_idx].name: option
        for option in window.options[0]
        if option.first <= window.slots
    }
    return [known.get(lineage.label(w, kind) or "") for kind in kinds.tolist()]


def _hull(levels: list[Level], value: float) -> Floats:
    """Return units and values of the levels on their upper hull, shape ``(2, n)``."""
    rows = np.array(
        [
            [level.units for level in levels],
            [level.kept * value for level in levels],
        ],
        dtype=float,
    ).reshape(2, -1)
    if rows.shape[1] < 2 or value == 0:
        return rows[:, :1]
    return rows[:, concave_hull(rows[0].astype(np.int64), rows[1])]
