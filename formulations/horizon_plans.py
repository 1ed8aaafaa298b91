"""From the windows' own plans to a horizon's and back, and what is kept in between.

A policy that goes window by window solves :meth:`instances.horizon.Horizon.window`,
takes :func:`window_plans` of the answer, and goes on from :func:`advance`.
"""

from collections.abc import Sequence

from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.schedule import Schedule, StreamPlan
from instances.horizon import Held, Horizon
from instances.horizon_stream import (
    REUSE,
    WARM,
    HorizonStream,
    accuracy_in,
    model_name,
)


def horizon_plan(plan: StreamPlan, kept: Sequence[str] = ()) -> HorizonPlan:
    """Return a stream's plan of one window as the horizon's.

    Parameters
    ----------
    plan
        Its retraining is a config of the window, or ``reuse MODEL`` or ``warm MODEL``
        as :meth:`instances.horizon.Horizon.window` calls them.
    kept
        Names of the earlier models kept for the next window.
    """
    retraining, reuse, warm = plan.retraining, None, False
    for label in (REUSE, WARM):
        if retraining is not None and retraining.startswith(label):
            reuse, warm = retraining.removeprefix(label), label == WARM
            retraining = None
    return HorizonPlan(
        stream=plan.stream,
        retraining=retraining,
        reuse=reuse,
        warm=warm,
        kept=tuple(kept),
        segments=plan.segments,
    )


def stream_plan(plan: HorizonPlan) -> StreamPlan:
    """Return a horizon's plan as the window's own, the inverse of ``horizon_plan``."""
    retraining = plan.retraining
    if plan.reuse is not None:
        retraining = f"{WARM if plan.warm else REUSE}{plan.reuse}"
    return StreamPlan(stream=plan.stream, retraining=retraining, segments=plan.segments)


def model_after(window_idx: int, held: Held, plan: StreamPlan | HorizonPlan) -> str:
    """Return the name of the model that a stream holds after a window."""
    if isinstance(plan, StreamPlan):
        plan = horizon_plan(plan)
    if plan.reuse is not None:
        return plan.reuse
    if plan.retraining is not None:
        return model_name(window_idx, plan.retraining)
    return held.model


def advance(
    horizon: Horizon, window_idx: int, held: Held, plan: StreamPlan | HorizonPlan
) -> Held:
    """Return what a stream has at the start of the next window.

    Parameters
    ----------
    window_idx
        The window of the plan, from 0.
    held
        What the stream has at its start.
    plan
        What it does in it. A horizon's plan says what is kept; for the window's own
        plan :func:`models_to_keep` chooses.
    """
    model = model_after(window_idx, held, plan)
    if isinstance(plan, HorizonPlan):
        return Held(model=model, kept=plan.kept)
    stream = next(each for each in horizon.streams if each.name == plan.stream)
    return Held(
        model=model, kept=models_to_keep(horizon, stream, window_idx, held, model)
    )


def models_to_keep(
    horizon: Horizon, stream: HorizonStream, window_idx: int, held: Held, model: str
) -> tuple[str, ...]:
    """Return which earlier models to keep after a window that ends with a model.

    At hand are those kept so far and the one that was replaced. Of these the
    ``cached_models`` stay whose best score in the windows to come is highest; of equal
    ones first the replaced one, then the ones kept longer. After the last window
    nothing is kept.
    """
    later = range(window_idx + 1, horizon.num_windows)
    if not later:
        return ()
    at_hand = [name for name in (held.model, *held.kept) if name != model]
    best = {name: max(accuracy_in(stream, name, w) for w in later) for name in at_hand}
    at_hand.sort(key=lambda name: -best[name])
    return tuple(at_hand[: horizon.cached_models])


def window_plans(
    horizon: Horizon, window_idx: int, held: Sequence[Held], schedule: Schedule
) -> WindowPlans:
    """Return the plans of a window of the horizon, what is kept included.

    Parameters
    ----------
    window_idx
        From 0.
    held
        What each stream has at the start of the window, in the horizon's order.
    schedule
        Of ``horizon.window(window_idx, held)``.
    """
    plans = {plan.stream: plan for plan in schedule.streams}
    return WindowPlans(
        streams=tuple(
            horizon_plan(
                plans[stream.name],
                advance(horizon, window_idx, models, plans[stream.name]).kept,
            )
            for stream, models in zip(horizon.streams, held, strict=True)
        )
    )


def schedule_of_windows(
    horizon: Horizon, schedules: Sequence[Schedule]
) -> HorizonSchedule:
    """Return the schedule of a horizon from those of its windows, in order.

    Each is one of :meth:`instances.horizon.Horizon.window` with the models that the
    schedules before it leave, and what is kept chosen by :func:`models_to_keep`.
    """
    held = [Held()] * len(horizon.streams)
    windows = []
    for window_idx, schedule in enumerate(schedules):
        plans = window_plans(horizon, window_idx, held, schedule)
        held = [
            advance(horizon, window_idx, models, plan)
            for models, plan in zip(held, plans.streams, strict=True)
        ]
        windows.append(plans)
    return HorizonSchedule(windows=tuple(windows))
