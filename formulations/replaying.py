"""A plan made on one set of numbers, carried out on another."""

from dataclasses import replace

from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance, Stream


def replay(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule with its decisions kept and its completions as they are.

    The decisions are each stream's retraining config and its units at the start. A
    retraining that does not finish inside the window gives nothing: its units stay
    idle and no new model comes. Needs a static window and a plan for known streams.
    """
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
