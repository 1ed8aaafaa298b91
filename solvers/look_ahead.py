"""Rolling through a horizon with what the models held are worth later."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from formulations.horizon_plans import advance, window_plans
from formulations.horizon_schedule import HorizonSchedule
from formulations.lineage_serving import serving_of
from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance, InvalidOption
from instances.horizon import Held, Horizon
from instances.horizon_stream import WARM
from solvers.compiled_work import in_time
from solvers.horizon_prices import loaded
from solvers.horizon_rolling import Profile, split_units, within_memory
from solvers.search import Answer, Search


def solve_look_ahead(
    horizon: Horizon, search: Search, *, credit: float | None = None
) -> Answer:
    """Rolling forward, with a value for the models that are held afterwards.

    Each window's units are split exactly by what its decisions are worth now and later.
    Later is what a longest path through the stream's lineage gains at a price for each
    window's units (the Lagrangian's, which is a bound as well); of the schedules at the
    prices on the way to the best ones, the best is returned. With ``credit`` nothing of
    the later windows is used.

    Parameters
    ----------
    horizon
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    credit
        Worth of a window's last accuracy in units of its average accuracy, at least 0;
        by default prices tell what models are worth.
    """
    if credit is not None:
        if not 0 <= credit < np.inf:
            message = f"look-ahead: credit is {credit:g}, expected at least 0"
            raise InvalidOption(message)
        return _roll_with_credit(horizon, search, credit)
    relaxation, prices = in_time(search, partial(loaded, horizon, search))
    prices.descend(0.0)
    if prices.is_infeasible:
        return Answer(infeasible=True)
    return Answer(
        schedule=search.schedule,
        objective=search.objective,
        bound=prices.best.bound,
        metadata={
            "moves": sum(lineage.num_moves for lineage in relaxation.lineages),
            "prices": prices.best.prices.tolist(),
            "memory_prices": prices.best.memory_prices.tolist(),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """One window's plans, and what they are worth now and later."""

    value: float
    now: float
    warm: tuple[int, ...]
    schedule: Schedule


def _roll_with_credit(horizon: Horizon, search: Search, credit: float) -> Answer:
    held = [Held()] * len(horizon.streams)
    windows = []
    objective = 0.0
    for w in range(horizon.num_windows):
        search.check_time()
        instance = horizon.window(w, held)
        choices = partial(_choices, horizon, instance, w, credit)
        streams = in_time(search, choices)
        found = within_memory(horizon, partial(_pick, streams, search))
        if found is None:
            return Answer(metadata={"window_without_schedule": w + 1})
        plans = window_plans(horizon, w, held, found.schedule)
        held = [
            advance(horizon, w, models, plan)
            for models, plan in zip(held, plans.streams, strict=True)
        ]
        windows.append(plans)
        objective += found.now / horizon.num_windows
    schedule = HorizonSchedule(windows=tuple(windows))
    search.report(objective, lambda: schedule)
    return Answer(schedule=schedule, objective=objective)


def _choices(
    horizon: Horizon,
    instance: Instance,
    window_idx: int,
    credit: float,
    _: Callable[[], None],
) -> "list[_Choices]":
    return [
        _Choices(horizon, instance, window_idx, v, credit)
        for v in range(len(horizon.streams))
    ]


def _pick(
    streams: "list[_Choices]", search: Search, without: frozenset[int]
) -> _Window | None:
    profiles = [each.profile(v not in without) for v, each in enumerate(streams)]
    units = split_units(profiles, search)
    if units is None:
        return None
    chosen = [
        (each, int(profile.choices[k]), k)
        for each, profile, k in zip(streams, profiles, units, strict=True)
    ]
    return _Window(
        value=sum(float(p.values[k]) for p, k in zip(profiles, units, strict=True)),
        now=sum(float(each.rows[choice, k]) for each, choice, k in chosen),
        warm=tuple(
            v
            for v, (each, choice, _) in enumerate(chosen)
            if each.is_warm[choice] and each.memory > 0
        ),
        schedule=Schedule(
            streams=tuple(each.plan(choice, k) for each, choice, k in chosen)
        ),
    )


class _Choices:
    """What one stream may do in one window: choice 0 is to stay.

    Parameters
    ----------
    horizon, instance
        The problem, and the window's with the models that the streams have.
    window_idx, stream_idx
        Which window and stream.
    credit
        Worth of the accuracy held at the end.
    """

    def __init__(
        self,
        horizon: Horizon,
        instance: Instance,
        window_idx: int,
        stream_idx: int,
        credit: float,
    ) -> None:
        from formulations.kernels.lineage_rows_cpu import fill_rows

        stream = instance.streams[stream_idx]
        configs = stream.retraining
        self._model = StreamModel(instance, stream)
        self._serving = serving_of(horizon, horizon.streams[stream_idx], window_idx)
        self._cost = np.array([0.0, *(config.gpu_seconds for config in configs)])
        self._delay = np.array([np.inf, *(config.delay_seconds for config in configs)])
        self._after = np.array([0.0, *(config.accuracy for config in configs)])
        self.memory = horizon.streams[stream_idx].model_gb
        self.is_warm = [False, *(each.name.startswith(WARM) for each in configs)]
        self.rows = np.empty((len(self._cost), instance.total_units + 1))
        before = np.full(len(self._cost), stream.accuracy)
        fill_rows(
            self._serving, before, self._after, self._cost, self._delay, self.rows
        )
        weight = stream.weight / instance.total_weight
        self.rows *= weight
        ends = np.array([stream.accuracy, *self._after[1:]])
        self._worth = self.rows + credit * weight * ends[:, None]

    def profile(self, may_be_warm: bool) -> Profile:
        """Return the best of all choices for each number of units."""
        worth = self._worth
        if not may_be_warm:
            worth = np.where(np.array(self.is_warm)[:, None], -np.inf, worth)
        return Profile(values=worth.max(axis=0), choices=worth.argmax(axis=0))

    def plan(self, choice: int, units: int) -> StreamPlan:
        """Return the plan of a choice with at most so many units."""
        from formulations.kernels.lineage_rows_cpu import Change, best_split

        change = Change(
            self._model.stream.accuracy,
            float(self._after[choice]),
            float(self._cost[choice]),
            float(self._delay[choice]),
        )
        split = best_split(self._serving, change, units)
        return self._model.plan(choice - 1 if choice else NO_RETRAINING, *split)
