"""From paths through the streams' lineages to a schedule of the horizon, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from formulations.horizon_plans import horizon_plan, stream_plan
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.lineage import Lineage
from formulations.lineage_moves import NO_MODEL, STAY
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
    """Return what a move runs, named as the window's configs; ``None`` to stay."""
    w, change = lineage.window_of(move), int(lineage.change[move])
    if change == STAY:
        return None
    possible = lineage.changes[w]
    if change <= possible.num_configs:
        return lineage.stream.windows[w].retraining[change - 1].name
    way = (change - 1 - possible.num_configs) % 2
    again = _of_class(lineage, w, had.kept, int(possible.model[change]))
    return f"{WARM if way else REUSE}{again}"


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


def paths_of(
    lineages: Sequence[Lineage], schedule: HorizonSchedule
) -> list[list[Arc]] | None:
    """Return paths that do what a schedule does, or almost.

    A change that is not in the lineage, since staying is as good, is left out. ``None``
    if there is no such path.
    """
    paths = []
    for lineage in lineages:
        plans = [
            next(plan for plan in window.streams if plan.stream == lineage.stream.name)
            for window in schedule.windows
        ]
        path = _path_of(lineage, plans)
        if path is None:
            return None
        paths.append(path)
    return paths


def _path_of(lineage: Lineage, plans: Sequence[HorizonPlan]) -> list[Arc] | None:
    path: list[Arc] = []
    node = 0
    for w, plan in enumerate(plans):
        segment = plan.segments[0]
        units = segment.inference_units + segment.training_units
        from_node = _moves_from(lineage, w, node)
        change = lineage.change[from_node]
        wanted = from_node[change == _change_of(lineage, w, plan)]
        if not len(wanted):
            wanted = from_node[change == STAY]
        wish = _classes(lineage, w + 1, plan.kept)
        if not len(wanted):
            return None
        move = max(wanted.tolist(), key=lambda one: _matching(lineage, w, one, wish))
        if lineage.value(move, units) == -np.inf:
            return None
        path.append((move, units))
        node = int(lineage.arrays.target[move])
    return path


def _moves_from(lineage: Lineage, w: int, node: int) -> Whole:
    first, last = lineage.arrays.move_offsets[w : w + 2].tolist()
    found = np.flatnonzero(lineage.arrays.source[first:last] == node)
    return np.asarray(first + found)


def _change_of(lineage: Lineage, w: int, plan: HorizonPlan) -> int:
    label = stream_plan(plan).retraining
    if label is None:
        return STAY
    possible = lineage.changes[w]
    if plan.reuse is None:
        names = [config.name for config in lineage.stream.windows[w].retraining]
        return 1 + names.index(label)
    (model,) = _classes(lineage, w, [plan.reuse])
    return 1 + possible.num_configs + 2 * model + plan.warm


def _matching(lineage: Lineage, w: int, move: int, wish: Sequence[int]) -> int:
    """Return how many wished models the state after a move keeps."""
    first = int(lineage.node_offsets[w + 1])
    state = lineage.states[w + 1][lineage.arrays.target[move] - first]
    return len(set(wish) & set(state[1:].tolist()))


def _classes(lineage: Lineage, w: int, names: Sequence[str]) -> list[int]:
    models = lineage.models
    return [int(models.classes[w][models.names.index(name)]) for name in names]


def _of_class(lineage: Lineage, w: int, names: Sequence[str], wanted: int) -> str:
    """Return the first of some models that is of a class from a window on."""
    found = zip(names, _classes(lineage, w, names), strict=True)
    return next(name for name, each in found if each == wanted)
