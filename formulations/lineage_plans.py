"""From paths through the streams' lineages to a schedule of the horizon, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from formulations.horizon_plans import horizon_plan
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.lineage import Arcs, Lineage
from formulations.lineage_moves import NO_MODEL
from formulations.schedule import StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance
from instances.horizon import Held, Horizon
from instances.horizon_stream import REUSE, WARM, model_name

Whole = NDArray[np.int64]
Arc = tuple[int, int]
"""A move and a number of units."""


def path_value(lineage: Lineage, path: Sequence[Arc]) -> float:
    """Return what a path, an arc a window, adds to the objective."""
    return sum(lineage.value(move, units) for move, units in path)


def horizon_schedule(
    horizon: Horizon, lineages: Sequence[Lineage], paths: Sequence[Sequence[Arc]]
) -> HorizonSchedule:
    """Return the schedule that one path a stream stands for."""
    had = [Held()] * len(lineages)
    windows = []
    for w in range(horizon.num_windows):
        instance = horizon.window(w, had)
        plans = []
        for v, (lineage, path) in enumerate(zip(lineages, paths, strict=True)):
            plan = window_plan(instance, v, lineage, had[v], path[w])
            after = held_after(lineage, had[v], path[w][0])
            plans.append(horizon_plan(plan, after.kept))
            had[v] = after
        windows.append(WindowPlans(streams=tuple(plans)))
    return HorizonSchedule(windows=tuple(windows))


def window_plan(
    instance: Instance, stream_idx: int, lineage: Lineage, had: Held, arc: Arc
) -> StreamPlan:
    """Return a stream's plan of a window, given the models that it has at its start.

    The arc begins in a state with models of the same classes as these.
    """
    from formulations.kernels.lineage_rows_cpu import Change, best_split

    move, units = arc
    w, change = lineage.window_of(move), int(lineage.change[move])
    possible = lineage.changes[w]
    config = label_of(lineage, had, move)
    model = StreamModel(instance, instance.streams[stream_idx])
    split = best_split(
        lineage.serving[w],
        Change(
            model.stream.accuracy,
            float(possible.after[change]),
            float(possible.cost[change]),
            float(possible.delay[change]),
        ),
        units,
    )
    idx = NO_RETRAINING
    if config is not None:
        idx = [each.name for each in model.stream.retraining].index(config)
    return model.plan(idx, *split)


def label_of(lineage: Lineage, had: Held, move: int) -> str | None:
    """Return what a move runs, given what the stream had; ``None`` to stay."""
    w, change = lineage.window_of(move), int(lineage.change[move])
    possible = lineage.changes[w]
    model = ""
    if change > possible.num_configs:
        model = _of_class(lineage, w, had.kept, int(possible.model[change]))
    return lineage.label(w, change, model)


def held_after(lineage: Lineage, had: Held, move: int) -> Held:
    """Return what a stream has after a move, given what it had before it."""
    w = lineage.window_of(move)
    model = had.model
    label = label_of(lineage, had, move)
    if label is not None:
        model = model_name(w, label)
        for how in (REUSE, WARM):
            if label.startswith(how):
                model = label.removeprefix(how)
    at_hand = [name for name in (had.model, *had.kept) if name != model]
    first = int(lineage.node_offsets[w + 1])
    state = lineage.states[w + 1][lineage.arrays.target[move] - first]
    kept = [
        _of_class(lineage, w + 1, at_hand, one)
        for one in state[1:].tolist()
        if one != NO_MODEL
    ]
    return Held(model=model, kept=tuple(kept))


def path_within(
    lineage: Lineage, arcs: Arcs, plans: Sequence[HorizonPlan]
) -> list[Arc] | None:
    """Return the best path of some arcs within what a stream's plans use.

    In each window at most the units of the plan, and a warm model only where it has
    one. If no arc is missing, or those that are dominated, the path is worth as much
    as the plans. ``None`` if there is no such path.

    Parameters
    ----------
    lineage, arcs
        The stream's lineage and some of its arcs, by rising moves.
    plans
        The stream's plan of each window.
    """
    a, (moves, units) = lineage.arrays, arcs
    togo = np.full(a.num_nodes, -np.inf)
    togo[-1] = 0.0
    worth = a.rows[a.row[moves], units]
    allowed: list[Whole] = []
    for w in range(lineage.num_windows - 1, -1, -1):
        first = plans[w].segments[0]
        held = first.inference_units + first.training_units
        begin, end = np.searchsorted(moves, a.move_offsets[w : w + 2])
        own = begin + np.flatnonzero(
            (units[begin:end] <= held)
            & ((a.memory[moves[begin:end]] == 0) | plans[w].warm)
        )
        worth[own] += togo[a.target[moves[own]]]
        np.maximum.at(togo, a.source[moves[own]], worth[own])
        allowed.append(own)
    if togo[0] == -np.inf:
        return None
    path: list[Arc] = []
    node = 0
    for own in reversed(allowed):
        here = own[a.source[moves[own]] == node]
        best = int(here[worth[here].argmax()])
        path.append((int(moves[best]), int(units[best])))
        node = int(a.target[moves[best]])
    return path


def _classes(lineage: Lineage, w: int, names: Sequence[str]) -> list[int]:
    models = lineage.models
    return [int(models.classes[w][models.names.index(name)]) for name in names]


def _of_class(lineage: Lineage, w: int, names: Sequence[str], wanted: int) -> str:
    """Return the first of some models that is of a class from a window on."""
    found = zip(names, _classes(lineage, w, names), strict=True)
    return next(name for name, each in found if each == wanted)
