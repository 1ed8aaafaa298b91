"""What the kernels of the server's window read: models, serving levels, works."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.hull import concave_hull
from formulations.server_window import Level, ServerWindow

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class ServerArrays(NamedTuple):
    """A server's window as plain arrays, an argument of every kernel.

    A stream's models are the one held and then its options. M is their number in all.

    Parameters
    ----------
    slots, capacity
        Number of slots T, and units of all GPUs together K.
    model_offsets
        Shape ``(V + 1,)``: the models of each stream.
    stream
        Shape ``(M,)``: the stream of each model.
    level_offsets, level_units, level_value
        Shape ``(M + 1,)`` and ``(L,)``: the serving levels that keep a model at its
        floor, by rising units and value; value is what a slot adds to the objective.
    vertex_offsets, vertex_units, vertex_value
        The same for the levels on the upper concave hull.
    edge_model, edge_units, edge_value
        Shape ``(E,)``: the steps along all hulls, by falling value a unit.
    work, release, share
        Shape ``(M,)``: unit-slots of training at least, 0 for none; first slot with
        time for it, and the part of that slot that is left.
    demand, free_from
        Shape ``(M,)``: whole unit-slots that surely do the work, whichever slots from
        ``free_from`` on they lie in. With whole trainings just what they take.
    first, last
        Shape ``(M,)``: slots from which the model may serve; 0 and 0 for models held.
    piece_units, piece_gain
        Shape ``(J,)``: units and work of the steps along the upper concave hull of the
        work that units do in a slot.
    """

    slots: int
    capacity: int
    model_offsets: Whole
    stream: Whole
    level_offsets: Whole
    level_units: Whole
    level_value: Floats
    vertex_offsets: Whole
    vertex_units: Whole
    vertex_value: Floats
    edge_model: Whole
    edge_units: Whole
    edge_value: Floats
    work: Floats
    release: Whole
    share: Floats
    demand: Whole
    free_from: Whole
    first: Whole
    last: Whole
    piece_units: Floats
    piece_gain: Floats


def server_arrays(window: ServerWindow) -> ServerArrays:
    """Return a window's arrays."""
    offsets, streams, levels, vertices = [0], [], [], []
    work, taken, release, share, first, last = [], [], [], [], [], []
    for v, options in enumerate(window.options):
        for accuracy in [window.accuracy(v, None), *(o.accuracy for o in options)]:
            rows = _rows(window.serving(v, accuracy), accuracy * window.weights[v])
            levels.append(rows)
            vertices.append(_hull(rows))
            streams.append(v)
        offsets.append(len(streams))
        work += [0.0, *(option.least_work for option in options)]
        taken += [0.0, *(option.work for option in options)]
        release += [0, *(option.release for option in options)]
        share += [1.0, *(option.release_share for option in options)]
        first += [0, *(option.first for option in options)]
        last += [0, *(option.last for option in options)]
    edges = _edges(vertices)
    pieces = _hull(
        np.stack((np.arange(window.most_training + 1.0), _training_gains(window)))
    )
    steps = np.diff(pieces)
    part = np.array(share) < 1
    return ServerArrays(
        slots=window.slots,
        capacity=window.total_units,
        model_offsets=np.array(offsets),
        stream=np.array(streams),
        level_offsets=_offsets(levels),
        level_units=_joined(levels)[0].astype(np.int64),
        level_value=_joined(levels)[1],
        vertex_offsets=_offsets(vertices),
        vertex_units=_joined(vertices)[0].astype(np.int64),
        vertex_value=_joined(vertices)[1],
        edge_model=edges[0].astype(np.int64),
        edge_units=edges[1].astype(np.int64),
        edge_value=edges[2],
        work=np.array(work),
        release=np.array(release),
        share=np.array(share),
        demand=np.ceil(np.array(taken) * _most_units(window) - 1e-9).astype(np.int64),
        free_from=np.array(release) + part,
        first=np.array(first),
        last=np.array(last),
        piece_units=steps[0],
        piece_gain=steps[1],
    )


def _rows(levels: list[Level], value: float) -> Floats:
    """Return units and values of some levels, shape ``(2, n)``."""
    return np.array(
        [
            [level.units for level in levels],
            [level.kept * value for level in levels],
        ],
        dtype=float,
    )


def _hull(rows: Floats) -> Floats:
    """Return the points on the upper concave hull, shape ``(2, n)``."""
    if rows.shape[1] < 2:
        return rows
    return rows[:, concave_hull(rows[0].astype(np.int64), rows[1])]


def _training_gains(window: ServerWindow) -> Floats:
    """Return the work of 0 to the most training units, in unit-slots."""
    return window.gains[: window.most_training + 1]


def _most_units(window: ServerWindow) -> float:
    """Return the units that a unit of work takes at the worst, at least 1."""
    gains = _training_gains(window)[1:]
    if window.is_linear or not len(gains):
        return 1.0
    return float((np.arange(1, len(gains) + 1) / gains).max())


def _edges(vertices: list[Floats]) -> Floats:
    """Return model, units and value of all steps along hulls, by falling slope."""
    steps = [
        np.vstack((np.full(points.shape[1] - 1, model), np.diff(points)))
        for model, points in enumerate(vertices)
        if points.shape[1] > 1
    ]
    edges = np.hstack(steps) if steps else np.empty((3, 0))
    return edges[:, np.argsort(-edges[2] / edges[1], kind="stable")]


def _offsets(rows: list[Floats]) -> Whole:
    counts = [part.shape[1] for part in rows]
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _joined(rows: list[Floats]) -> Floats:
    return np.ascontiguousarray(np.hstack(rows))
