"""Window by window: each is solved as if it were the last one."""

from dataclasses import dataclass, replace
from typing import Any

from formulations.horizon_plans import advance, window_plans
from formulations.horizon_schedule import HorizonSchedule
from formulations.schedule import Schedule
from instances import Instance
from instances.horizon import Held, Horizon
from instances.horizon_stream import WARM
from solvers.horizon_rolling import within_memory
from solvers.options import Options
from solvers.result import Result, StoppedBy
from solvers.search import Answer, Search, TimeUp


def solve_myopic(horizon: Horizon, search: Search, *, window: str = "dp") -> Answer:
    """Window by window with any solver of single windows, exact or not.

    Each window is solved given the models that the windows before it leave, whatever
    its retrainings are worth later. Of the models at hand those are kept that will
    score best (:func:`formulations.horizon_plans.models_to_keep`). Where warm models
    need more memory together than there is, the window is solved again without some of
    them, best first.

    Parameters
    ----------
    horizon
        Problem of any reallocation that the window's solver knows.
    search
        The run's options, clock and incumbents.
    window
        Name of the solver of single windows, with its own default settings.
    """
    held = [Held()] * len(horizon.streams)
    windows = []
    values = []
    for w in range(horizon.num_windows):
        search.check_time()
        solved = _solved(horizon, w, held, window, search)
        if solved is None:
            return Answer(metadata={"window_without_schedule": w + 1})
        plans = window_plans(horizon, w, held, solved.schedule)
        held = [
            advance(horizon, w, models, plan)
            for models, plan in zip(held, plans.streams, strict=True)
        ]
        windows.append(plans)
        values.append(solved.value)
    objective = sum(values) / len(values)
    schedule = HorizonSchedule(windows=tuple(windows))
    search.report(objective, lambda: schedule)
    return Answer(
        schedule=schedule, objective=objective, metadata={"window_objectives": values}
    )


def solve_myopic_dp(horizon: Horizon, search: Search) -> Answer:
    """Window by window with the exact dynamic program of a window.

    As the solver ``myopic``; with reallocation ``server`` the program is run again at
    every completion, and is not exact.
    """
    return solve_myopic(horizon, search, window="dp")


def solve_myopic_thief(horizon: Horizon, search: Search) -> Answer:
    """Ekya's Thief scheduler, window by window (Ekya, Algorithms 1 and 2)."""
    return solve_myopic(horizon, search, window="thief")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """The schedule of a window."""

    value: float
    warm: tuple[int, ...]
    schedule: Schedule


def _solved(
    horizon: Horizon, w: int, held: list[Held], solver: str, search: Search
) -> _Solved | None:
    """Return the window's schedule, or ``None`` if the solver finds none.

    Raises
    ------
    TimeUp
        If it finds none in the window's share of the time.
    """
    from solvers.solving import solve

    instance = horizon.window(w, held)
    options = search.options
    windows_left = horizon.num_windows - w
    # Half of the window's share of the time is left to end without more trials.
    trials_end = search.seconds + search.remaining / windows_left / 2
    late: list[bool] = []

    def pick(without: frozenset[int]) -> _Solved | None:
        search.check_time()
        limit: Any = None
        if options.time_limit is not None:
            limit = max(search.remaining / windows_left, 1e-3)
        window_options = Options(
            time_limit=limit,
            seed=options.seed,
            workers=options.workers,
            verbosity=options.verbosity,
        )
        allowed = _cold(instance, without)
        result: Result = solve(allowed, solver, window_options)
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        if result.schedule is None or result.objective is None:
            late.append(result.stopped_by is not None)
            return None
        run = {plan.stream: plan.retraining for plan in result.schedule.streams}
        names = [run[stream.name] or "" for stream in instance.streams]
        return _Solved(
            value=result.objective,
            warm=tuple(v for v, name in enumerate(names) if name.startswith(WARM)),
            schedule=result.schedule,
        )

    solved = within_memory(horizon, pick, lambda: search.seconds > trials_end)
    if solved is None and any(late):
        raise TimeUp
    return solved


def _cold(instance: Instance, without: frozenset[int]) -> Instance:
    """Return the window in which some streams have no warm models."""
    if not without:
        return instance
    streams = [
        replace(
            stream,
            retraining=tuple(
                config
                for config in stream.retraining
                if not config.name.startswith(WARM)
            ),
        )
        if v in without
        else stream
        for v, stream in enumerate(instance.streams)
    ]
    return replace(instance, streams=tuple(streams))
