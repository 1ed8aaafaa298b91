"""A plan of a horizon made on one set of numbers, carried out on another."""

from dataclasses import replace

from formulations.horizon_plans import advance, horizon_plan, stream_plan
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.replaying import replay
from formulations.schedule import Schedule
from instances.horizon import Held, Horizon


def replay_horizon(horizon: Horizon, schedule: HorizonSchedule) -> HorizonSchedule:
    """Return the schedule with its decisions kept, each window replayed in turn.

    Where a retraining does not finish, its model is missing afterwards: it is not kept,
    and a window that was to use it again goes on with the model held. Needs plans for
    known streams and windows.
    """
    held = {stream.name: Held() for stream in horizon.streams}
    windows = []
    for w, plans in enumerate(schedule.windows):
        window = horizon.window(w, [held[stream.name] for stream in horizon.streams])
        possible = [_possible(plan, held[plan.stream]) for plan in plans.streams]
        own = Schedule(streams=tuple(map(stream_plan, possible)))
        replayed = replay(window, own)
        carried_out = []
        for plan, wish in zip(replayed.streams, possible, strict=True):
            models = held[plan.stream]
            after = advance(horizon, w, models, horizon_plan(plan)).model
            at_hand = {models.model, *models.kept} - {after}
            kept = tuple(name for name in wish.kept if name in at_hand)
            carried_out.append(horizon_plan(plan, kept))
            held[plan.stream] = Held(model=after, kept=kept)
        windows.append(WindowPlans(streams=tuple(carried_out)))
    return HorizonSchedule(windows=tuple(windows))


def _possible(plan: HorizonPlan, models: Held) -> HorizonPlan:
    """Return the plan without the use of a model that is not there."""
    if plan.reuse is None or plan.reuse in models.kept:
        return plan
    return replace(plan, reuse=None, warm=False)
