"""Enumeration of every life of every stream over a horizon, priced by the referee."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations

from formulations.evaluate import evaluate
from formulations.horizon_plans import horizon_plan, model_after
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import check_static
from formulations.tolerances import MEMORY_TOLERANCE
from instances import Instance, InstanceTooLarge, RetrainingConfig
from instances.horizon import Held, Horizon
from solvers.brute_force import all_plans
from solvers.search import Answer, Search

Units = tuple[int, ...]
Memory = tuple[float, ...]
Plans = tuple[HorizonPlan, ...]
Lives = dict[tuple[Units, Memory], tuple[float, tuple[Plans, ...]]]
"""By units and warm memory in each window: the best value and its plans."""

Menu = dict[int, tuple[float, StreamPlan]]


def solve_horizon_brute_force(
    horizon: Horizon, search: Search, *, most_plans: int = 2_000_000
) -> Answer:
    """Enumeration of every plan in every window, of what is kept, and of every split.

    It shares nothing with the models but the window's referee, which prices each plan.

    Parameters
    ----------
    horizon
        The problem, with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    most_plans
        Plans and splits, together, after which it gives up.
    """
    check_static(horizon.window(0, [Held()] * len(horizon.streams)))
    tried = 0

    def count() -> None:
        nonlocal tried
        tried += 1
        if tried > most_plans:
            message = f"{horizon.name}: brute force has tried {most_plans} plans and"
            raise InstanceTooLarge(f"{message} splits, and there are more")
        search.check_time()

    nothing = (0,) * horizon.num_windows, (0.0,) * horizon.num_windows
    together: Lives = {nothing: (0.0, ((),) * horizon.num_windows)}
    total_weight = sum(stream.weight for stream in horizon.streams)
    for v, stream in enumerate(horizon.streams):
        own = _lives(horizon, v, count)
        share = stream.weight / total_weight / horizon.num_windows
        joined: Lives = {}
        for one, (value, plans) in together.items():
            for other, (gain, new_plans) in own.items():
                count()
                used = _added(horizon, one, other)
                worth = value + share * gain
                if used is None or worth <= joined.get(used, (-1.0,))[0]:
                    continue
                each = zip(plans, new_plans, strict=True)
                joined[used] = worth, tuple((*w, *new) for w, new in each)
        together = joined
    if not together:
        return Answer(infeasible=True)
    best, windows = max(together.values(), key=lambda life: life[0])
    schedule = HorizonSchedule(
        windows=tuple(WindowPlans(streams=plans) for plans in windows)
    )
    return Answer(schedule=schedule, objective=best, bound=best)


def _added(
    horizon: Horizon, one: tuple[Units, Memory], other: tuple[Units, Memory]
) -> tuple[Units, Memory] | None:
    """Return what two use together, or ``None`` if it is too much in a window."""
    units = tuple(map(sum, zip(one[0], other[0], strict=True)))
    memory = tuple(map(sum, zip(one[1], other[1], strict=True)))
    if max(units) > horizon.total_units:
        return None
    if max(memory) > horizon.warm_gb * (1 + MEMORY_TOLERANCE):
        return None
    return units, memory


def _lives(horizon: Horizon, stream_idx: int, count: Callable[[], None]) -> Lives:
    """Return the best life of a stream for each use of units and memory."""
    alone = replace(horizon, streams=(horizon.streams[stream_idx],))
    stream = alone.streams[0]

    @cache
    def menu(w: int, accuracy: float, config: RetrainingConfig | None) -> Menu:
        """Return the best plan of each number of units that runs the config."""
        (entering,) = alone.window(w, [Held()]).streams
        configs = () if config is None else (config,)
        entering = replace(entering, accuracy=accuracy, retraining=configs)
        window = replace(alone.window(w, [Held()]), streams=(entering,))
        return _menu(window, config, count)

    @cache
    def rest(w: int, held: Held) -> Lives:
        """Return the best lives from window w on, their values not yet averaged."""
        if w == alone.num_windows:
            return {((), ()): (0.0, ())}
        lives: Lives = {}
        (entering,) = alone.window(w, [held]).streams
        for config in (None, *entering.retraining):
            for units, (value, plan) in menu(w, entering.accuracy, config).items():
                for kept in _choices(alone, held, model_after(w, held, plan)):
                    own = horizon_plan(plan, kept)
                    after = Held(model=model_after(w, held, plan), kept=kept)
                    memory = stream.model_gb if own.warm else 0.0
                    for later, (worth, plans) in rest(w + 1, after).items():
                        count()
                        used = (units, *later[0]), (memory, *later[1])
                        if value + worth > lives.get(used, (-1.0,))[0]:
                            lives[used] = value + worth, ((own,), *plans)
        return lives

    return rest(0, Held())


def _menu(
    window: Instance, config: RetrainingConfig | None, count: Callable[[], None]
) -> Menu:
    name = None if config is None else config.name
    best: Menu = {}
    for plan in all_plans(window, window.streams[0]):
        if plan.retraining != name:
            continue
        count()
        verdict = evaluate(window, Schedule(streams=(plan,)))
        first = plan.segments[0]
        units = first.inference_units + first.training_units
        if verdict.feasible and verdict.objective > best.get(units, (-1.0, plan))[0]:
            best[units] = verdict.objective, plan
    return best


def _choices(horizon: Horizon, held: Held, model: str) -> Iterator[tuple[str, ...]]:
    """Yield every set of models that may be kept after a window."""
    at_hand = sorted({held.model, *held.kept} - {model})
    for size in range(min(len(at_hand), horizon.cached_models) + 1):
        yield from combinations(at_hand, size)
