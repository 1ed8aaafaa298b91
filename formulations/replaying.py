"""A plan made on one set of numbers, carried out on another."""

from dataclasses import replace

from formulations.replaying_slots import replay_slots
from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance, Reallocation, Stream


def replay(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule with its decisions kept and its completions as they are.

    In a static window the decisions are each stream's retraining config and its units
    at the start; under ``server`` they are the config and all segments, which wait for
    retrainings that are late (:func:`formulations.replaying_slots.replay_slots`). A
    retraining that does not finish inside the window gives nothing: its units stay
    idle and no new model comes. Needs a plan for known streams.
    """
    if instance.reallocation is Reallocation.SERVER:
        return replay_slots(instance, schedule)
    streams = {stream.name: stream for stream in instance.streams}
    plans = tuple(
        _replay(instance, streams[plan.stream], plan) for plan in schedule.streams
    )
    return replace(schedule, streams=plans)


def _replay(instance: Instance, stream: Stream, plan: StreamPlan) -> StreamPlan:
    model = StreamModel(instance, stream)
    names = [config.name for config in stream.retraining]
    idx = NO_RETRAINING if plan.retraining is None else names.index(plan.retraining)
    first = plan.segments[0]
    idx = model.finishing(idx, first.training_units)
    return model.plan(idx, first.inference_units, first.training_units)
