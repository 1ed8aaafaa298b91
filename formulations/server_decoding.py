"""From the values of an exact model's variables to a plan, and back."""

from collections.abc import Callable, Sequence

from formulations.schedule import Schedule, StreamPlan
from formulations.server_cells import Key, ServerCells, StreamCells
from formulations.server_plan import Cell, ServerPlan, cells_of, plan_of_levels
from formulations.server_window import ServerWindow

Value = Callable[[Key], float]
"""The value of a variable of a family."""


def plan_of(
    cells: ServerCells, ready: Value, level: Value, train: Value
) -> ServerPlan | None:
    """Return the plan that values of an exact model stand for.

    ``None`` if values within an engine's tolerances, or works that were rounded, do
    not make a plan.
    """
    plans = plans_of(cells, ready, level, train)
    return next((plan for plan in plans if plan.keeps_floors(cells.window)), None)


def plans_of(
    cells: ServerCells, ready: Value, level: Value, train: Value
) -> list[ServerPlan]:
    """Return the plans that train by earliest deadline first, and as the model says.

    In both a model that is done early serves early. A plan that is none is left out.
    """
    window = cells.window
    chosen = [_cell(stream, v, ready) for v, stream in enumerate(cells.streams)]
    levels = _levels(cells, level)
    plans = []
    by_deadline = plan_of_levels(window, chosen, levels)
    if by_deadline is not None:
        plans.append(by_deadline)
    units = [[0] * window.slots for _ in cells.streams]
    for v, k, j, t in cells.train_keys():
        units[v][t] += round(train((v, k, j, t)))
    plans.append(
        ServerPlan(
            cells=tuple(chosen),
            levels=tuple(map(tuple, levels)),
            training=tuple(map(tuple, units)),
        )
    )
    return [plan for each in plans if (plan := settled(window, each)) is not None]


def settled(window: ServerWindow, plan: ServerPlan) -> ServerPlan | None:
    """Return a plan with the slots from which its models serve in truth.

    ``None`` if a training does not end in the window or units exceed the total.
    """
    found: list[Cell] = []
    for v, (option, _) in enumerate(plan.cells):
        slot: int | None = 0
        if option is not None:
            slot = window.end(v, option, plan.training[v])
        if slot is None:
            return None
        found.append((option, slot))
    for t in range(window.slots):
        serving = sum(
            window.levels[v][row[t]].units for v, row in enumerate(plan.levels)
        )
        if serving + sum(row[t] for row in plan.training) > window.total_units:
            return None
    return ServerPlan(cells=tuple(found), levels=plan.levels, training=plan.training)


def plan_of_schedule(
    window: ServerWindow, schedule: Schedule, *, exactly: bool = False
) -> ServerPlan | None:
    """Return a plan at least as good as a feasible schedule.

    ``None`` if no plan is found: only where options of other shapes stand for its
    configs, or where ``exactly`` they are no options.

    Parameters
    ----------
    window
        The window.
    schedule
        One of its feasible schedules.
    exactly
        Whether to train the schedule's own configs in its own units. Otherwise options
        as good may stand for them.
    """
    plans = {plan.stream: plan for plan in schedule.streams}
    own = [plans[stream.name] for stream in window.instance.streams]
    chosen = cells_of(window, schedule)
    if exactly:
        chosen = [(_option(window, v, plan), 0) for v, plan in enumerate(own)]
        if any(
            plan.retraining is not None and option is None
            for plan, (option, _) in zip(own, chosen, strict=True)
        ):
            return None
    levels = []
    for v, plan in enumerate(own):
        units = [level.units for level in window.levels[v]]
        given = _units(window, plan, "inference_units")
        levels.append([sum(n <= most for n in units) - 1 for most in given])
    found = None if exactly else plan_of_levels(window, chosen, levels)
    if found is None:
        training = [
            _units(window, plan, "training_units") if option is not None else ()
            for plan, (option, _) in zip(own, chosen, strict=True)
        ]
        found = ServerPlan(
            cells=tuple(chosen),
            levels=tuple(map(tuple, levels)),
            training=tuple(tuple(row) or (0,) * window.slots for row in training),
        )
    return settled(window, found)


def values_of(
    cells: ServerCells, plan: ServerPlan, held: Sequence[int] | None = None
) -> dict[str, dict[Key, int]] | None:
    """Return what a plan gives each variable, by family; 0 where nothing is told.

    ``None`` if the plan's cells are not among those left. ``held`` tells which of the
    models that a stream may hold it does hold, the first one if ``None``.
    """
    ready: dict[Key, int] = {}
    train: dict[Key, int] = {}
    full: dict[Key, int] = {}
    done: dict[Key, int] = {}
    level: dict[Key, int] = {}
    serve: dict[Key, int] = {}
    for v, (stream, (option, slot)) in enumerate(
        zip(cells.streams, plan.cells, strict=True)
    ):
        options = [training.option_idx for training in stream.trainings]
        if option is None and stream.may_stay:
            k, slot = -1, cells.window.slots
        elif option in options:
            k = options.index(option)
            training = stream.trainings[k]
            if not training.low <= slot <= training.high:
                return None
            ready |= {(v, k, t): 1 for t in range(slot, training.high + 1)}
            progress = 0
            for t in training.slots:
                units = plan.training[v][t] if t < slot else 0
                for j, piece in enumerate(cells.pieces):
                    if j and cells.waits_for((v, k, j, t)) == j:
                        full[v, k, j, t] = int(units > 0)
                    train[v, k, j, t] = part = min(units, piece.units)
                    progress += part * training.gain(j, t)
                    units -= part
                done[v, k, t + 1] = progress
        else:
            return None
        for t, at in enumerate(plan.levels[v]):
            level[v, at, t] = 1
            before = held[v] if held else 0
            serve[v, before if t < slot else len(stream.held) + k, at, t] = 1
    return {
        "ready": ready,
        "train": train,
        "full": full,
        "done": done,
        "level": level,
        "serve": serve,
    }


def _option(window: ServerWindow, stream_idx: int, plan: StreamPlan) -> int | None:
    """Return the option that is a plan's own config; ``None`` without one."""
    configs = window.instance.streams[stream_idx].retraining
    for idx, option in enumerate(window.options[stream_idx]):
        if configs[option.config_idx].name == plan.retraining:
            return idx
    return None


def _cell(stream: StreamCells, stream_idx: int, ready: Value) -> Cell:
    for k, training in enumerate(stream.trainings):
        for t in range(training.low, training.high + 1):
            if ready((stream_idx, k, t)) > 0.5:
                return training.option_idx, t
    return None, 0


def _levels(cells: ServerCells, level: Value) -> list[list[int]]:
    window = cells.window
    best = [[(0.5, 0)] * window.slots for _ in cells.streams]
    for v, at, t in cells.level_keys:
        best[v][t] = max(best[v][t], (level((v, at, t)), at))
    return [[at for _, at in row] for row in best]


def _units(window: ServerWindow, plan: StreamPlan, kind: str) -> list[int]:
    """Return a stream's units of a kind in each slot of a schedule."""
    found = []
    for t in range(window.slots):
        seconds = (t + 0.5) * window.slot_seconds
        last = [part for part in plan.segments if part.start_seconds <= seconds][-1]
        found.append(getattr(last, kind))
    return found
