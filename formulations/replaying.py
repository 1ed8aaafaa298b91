"""A plan made on one set of numbers, carried out on another."""

import math
from dataclasses import replace

from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from formulations.training_progress import completion_seconds
from instances import Instance, Reallocation, Stream


def replay(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule with its decisions kept and its completions as they are.

    In a static window the decisions are each stream's retraining config and its units
    at the start; under ``server`` they are the config and all segments, at their
    times. A retraining that does not finish inside the window gives nothing: its units
    stay idle and no new model comes. Needs a plan for known streams.
    """
    carry_out = _replay
    if instance.reallocation is Reallocation.SERVER:
        carry_out = _replay_slots
    streams = {stream.name: stream for stream in instance.streams}
    plans = tuple(
        carry_out(instance, streams[plan.stream], plan) for plan in schedule.streams
    )
    return replace(schedule, streams=plans)


def _replay(instance: Instance, stream: Stream, plan: StreamPlan) -> StreamPlan:
    model = StreamModel(instance, stream)
    names = [config.name for config in stream.retraining]
    idx = NO_RETRAINING if plan.retraining is None else names.index(plan.retraining)
    first = plan.segments[0]
    idx = model.finishing(idx, first.training_units)
    return model.plan(idx, first.inference_units, first.training_units)


def _replay_slots(instance: Instance, stream: Stream, plan: StreamPlan) -> StreamPlan:
    for config in stream.retraining:
        if config.name == plan.retraining:
            done = completion_seconds(instance, config, plan.segments)
            return plan if done < math.inf else replace(plan, retraining=None)
    return plan
