"""A schedule of a horizon to start from: its windows one by one."""

from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_plans import advance, window_plans
from formulations.horizon_schedule import HorizonSchedule
from instances.horizon import Held, Horizon
from solvers.options import Options
from solvers.result import StoppedBy
from solvers.search import Search

MOST_SECONDS = 10.0
MOST_OF_THE_TIME = 0.2
"""Seconds, and part of the time limit, that a start may take in all."""


def report_windows(horizon: Horizon, search: Search, solver: str) -> None:
    """Report the schedule that a solver of single windows finds one after another.

    Nothing is reported if a window has none, or their warm models do not fit the
    memory together.
    """
    from solvers.solving import solve

    seconds = min(MOST_SECONDS, MOST_OF_THE_TIME * search.remaining)
    held = [Held()] * len(horizon.streams)
    windows = []
    for w in range(horizon.num_windows):
        search.check_time()
        options = Options(
            time_limit=max(1e-3, seconds / horizon.num_windows),
            seed=search.options.seed,
            workers=search.options.workers,
        )
        result = solve(horizon.window(w, held), solver, options)
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        if result.schedule is None:
            return
        plans = window_plans(horizon, w, held, result.schedule)
        held = [
            advance(horizon, w, models, plan)
            for models, plan in zip(held, plans.streams, strict=True)
        ]
        windows.append(plans)
    schedule = HorizonSchedule(windows=tuple(windows))
    verdict = evaluate_horizon(horizon, schedule)
    if verdict.feasible:
        search.report(verdict.objective, lambda: schedule)
