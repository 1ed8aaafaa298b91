"""The windows of a horizon in which the whole server reallocates, slot by slot.

Which model a stream holds when a window begins is itself decided before. So a window
here has every model that it may hold, and every config and every kept model that may
replace it, without regard to what is better now: it may be worth more later.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from operator import ge, le

from formulations.horizon_plans import (
    advance,
    horizon_plan,
    stream_plan,
)
from formulations.horizon_schedule import HorizonSchedule, WindowPlans
from formulations.schedule import Schedule
from formulations.server_cells import Key, ServerCells
from formulations.server_decoding import plan_of_schedule, plans_of, values_of
from formulations.server_plan import ServerPlan
from formulations.server_window import Option, ServerWindow
from formulations.tolerances import MEMORY_TOLERANCE
from instances import Instance, Stream
from instances.horizon import Held, Horizon
from instances.horizon_stream import INITIAL, REUSE, WARM, accuracy_in, model_name

Values = Mapping[tuple[str, Key], float]
"""Values of variables by family and key; 0 where nothing is told."""


class HorizonSlots(ServerWindow):
    """One window of a horizon with reallocation ``server``.

    Parameters
    ----------
    horizon
        The horizon.
    window_idx
        The window, from 0.
    models
        For each stream the names of the models that it may have by then. It holds the
        most accurate one, unless told otherwise by :meth:`holding`.
    check_time
        Called for each stream; may raise to stop the work.
    """

    def __init__(
        self,
        horizon: Horizon,
        window_idx: int,
        models: Sequence[Sequence[str]],
        check_time: Callable[[], None] = lambda: None,
    ) -> None:
        self.horizon = horizon
        self.window_idx = window_idx
        self.models = [list(names) for names in models]
        best = [
            max(names, key=lambda name: accuracy_in(stream, name, window_idx))
            for stream, names in zip(horizon.streams, models, strict=True)
        ]
        super().__init__(self._problem(best), check_time)

    def holding(self, held: Sequence[str]) -> "HorizonSlots":
        """Return the same window and options where streams hold these models."""
        window = copy(self)
        window.instance = self._problem(held)
        return window

    def model_after(self, stream_idx: int, option_idx: int) -> str:
        """Return the name of the model that an option leads to."""
        name = self.config_name(stream_idx, option_idx)
        for label in (REUSE, WARM):
            if name.startswith(label):
                return name.removeprefix(label)
        return model_name(self.window_idx, name)

    def config_name(self, stream_idx: int, option_idx: int) -> str:
        """Return the name of an option's config."""
        option = self.options[stream_idx][option_idx]
        stream = self.instance.streams[stream_idx]
        return stream.retraining[option.config_idx].name

    def _problem(self, held: Sequence[str]) -> Instance:
        """Return the window's problem with every model at hand that is ever kept."""
        keeps = self.horizon.cached_models > 0 and self.window_idx > 0
        entering = [
            Held(model=model, kept=tuple(names) if keeps else ())
            for model, names in zip(held, self.models, strict=True)
        ]
        return self.horizon.window(self.window_idx, entering)

    def _options(self, stream: Stream) -> list[Option]:
        """Return all configs that end in the window, at the latest at its very end.

        Those are left out that another one dominates for the rest of the horizon.
        """
        found: list[Option] = []
        can_train = self.gains[: self.most_training + 1].max() > 0
        dominated = self._dominated(stream)
        for idx, config in enumerate(stream.retraining):
            option = self._option(idx, config)
            last = self.slots if option.work else option.first
            ends = option.first <= last <= self.slots and (can_train or not option.work)
            if ends and config.name not in dominated:
                found.append(replace(option, last=last))
        return found

    def _dominated(self, stream: Stream) -> set[str]:
        """Return configs of the window that others dominate: no worse, nor dearer.

        A worse model than the one held had better end late. With less work, but some,
        it can end in the same slot if units do their work one by one.
        """
        if not self.is_linear:
            return set()
        own = next(each for each in self.horizon.streams if each.name == stream.name)
        later = range(self.window_idx, self.horizon.num_windows)
        merits = []
        for config in own.windows[self.window_idx].retraining:
            name = model_name(self.window_idx, config.name)
            scores = [accuracy_in(own, name, w) for w in later]
            costs = [config.gpu_seconds, config.delay_seconds]
            merits.append((config.name, scores, costs))
        dominated: set[str] = set()
        for name, scores, costs in merits:
            if any(
                other not in {name, *dominated}
                and all(map(ge, higher, scores))
                and all(map(le, lower, costs))
                and (lower[0] > 0 or lower == costs)
                for other, higher, lower in merits
            ):
                dominated.add(name)
        return dominated


def horizon_cells(
    horizon: Horizon, check_time: Callable[[], None] = lambda: None
) -> list[ServerCells]:
    """Return the choices of each window of a horizon."""
    models = [[INITIAL] for _ in horizon.streams]
    cells = []
    for w in range(horizon.num_windows):
        window = HorizonSlots(horizon, w, models, check_time)
        held = [
            [accuracy_in(stream, name, w) for name in names]
            for stream, names in zip(horizon.streams, models, strict=True)
        ]
        cells.append(ServerCells(window, held=held))
        for v, options in enumerate(window.options):
            names = [window.model_after(v, k) for k in range(len(options))]
            models[v] = list(dict.fromkeys([*models[v], *names]))
    return cells


def slots_of(cells: ServerCells) -> HorizonSlots:
    """Return the window of a horizon's cells."""
    assert isinstance(cells.window, HorizonSlots)
    return cells.window


def decoded(
    horizon: Horizon,
    cells: Sequence[ServerCells],
    values: Sequence[Values],
    kept: Values,
) -> tuple[float, HorizonSchedule] | None:
    """Return the objective and the schedule that values of an exact model stand for.

    ``None`` if values within an engine's tolerances do not make a schedule.

    Parameters
    ----------
    horizon, cells
        The horizon and the choices of each window.
    values
        Those of each window's variables.
    kept
        Those of ``("kept", (w, v, m))``: stream v keeps model m for window w.
    """
    entering = [Held()] * len(horizon.streams)
    total = 0.0
    windows = []
    for w, (each, own) in enumerate(zip(cells, values, strict=True)):
        names = slots_of(each).models
        window = slots_of(each).holding([held.model for held in entering])
        plan = _best_plan(window, each, own)
        if plan is None or not _fits_memory(horizon, window, plan):
            return None
        total += plan.objective(window)
        plans = []
        for v, stream in enumerate(plan.schedule(window).streams):
            models = horizon_plan(stream)
            at_hand = {entering[v].model, *entering[v].kept}
            after = advance(horizon, w, entering[v], models)
            wanted = tuple(
                name
                for m, name in enumerate(names[v])
                if name in at_hand - {after.model}
                and kept.get(("kept", (w + 1, v, m)), 0) > 0.5
            )
            plans.append(replace(models, kept=wanted))
            entering[v] = Held(model=after.model, kept=wanted)
        windows.append(WindowPlans(streams=tuple(plans)))
    return total / horizon.num_windows, HorizonSchedule(windows=tuple(windows))


def encoded(
    horizon: Horizon, cells: Sequence[ServerCells], schedule: HorizonSchedule
) -> tuple[list[Values], Values] | None:
    """Return the values of a feasible schedule, as :func:`decoded` takes them.

    The second mapping also tells ``("held", (w, v, m))``. ``None`` if the schedule
    does not map onto the model.
    """
    entering = [Held()] * len(horizon.streams)
    values: list[Values] = []
    others: dict[tuple[str, Key], float] = {}
    for w, (each, plans) in enumerate(zip(cells, schedule.windows, strict=True)):
        names = slots_of(each).models
        held = [names[v].index(models.model) for v, models in enumerate(entering)]
        for v, models in enumerate(entering):
            others["held", (w, v, held[v])] = 1
            for name in models.kept:
                others["kept", (w, v, names[v].index(name))] = 1
        window = slots_of(each).holding([models.model for models in entering])
        own = Schedule(streams=tuple(map(stream_plan, plans.streams)))
        plan = plan_of_schedule(window, own, exactly=True)
        told = None if plan is None else values_of(each, plan, held)
        if told is None:
            return None
        values.append(
            {(name, key): n for name, row in told.items() for key, n in row.items()}
        )
        by_name = {plan.stream: plan for plan in plans.streams}
        entering = [
            advance(horizon, w, models, by_name[stream.name])
            for stream, models in zip(horizon.streams, entering, strict=True)
        ]
    return values, others


def _best_plan(
    window: HorizonSlots, cells: ServerCells, values: Values
) -> ServerPlan | None:
    ready, level, train = (
        lambda key, name=name: values.get((name, key), 0.0)
        for name in ("ready", "level", "train")
    )
    plans = [
        plan
        for plan in plans_of(cells, ready, level, train)
        if plan.keeps_floors(window)
    ]
    return max(plans, key=lambda plan: plan.objective(window), default=None)


def _fits_memory(horizon: Horizon, window: HorizonSlots, plan: ServerPlan) -> bool:
    used = math.fsum(
        stream.model_gb
        for v, (stream, (option, _)) in enumerate(
            zip(horizon.streams, plan.cells, strict=True)
        )
        if option is not None and window.config_name(v, option).startswith(WARM)
    )
    return used <= horizon.warm_gb * (1 + MEMORY_TOLERANCE)
