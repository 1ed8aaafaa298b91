"""What is left of a server's window at one of its slots, as a window of its own."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.training_progress import completion_seconds, slot_at, trained_by
from instances import Instance, Reallocation, RetrainingConfig, Stream

PlanAs = Literal["never", "stream"]
"""Static reallocation with which the rest of a server's window is planned."""

Running = Literal["keep", "repick"]
"""Whether a running retraining keeps its config, or may be dropped for another."""


def remaining_window(
    instance: Instance,
    schedule: Schedule | None,
    slot: int,
    plan_as: PlanAs = "stream",
    running: Running = "keep",
) -> Instance:
    """Return the static window from a slot on, given what was done before.

    A stream whose retraining is done serves with the new model and retrains no more.
    One that has begun to train needs what is missing; with ``running`` as ``repick``
    it may also train another config from the beginning. The others may begin.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    schedule
        What is carried out; ``None`` at the start.
    slot
        Slot from which on it may change, below the number of slots.
    plan_as, running
        See the types.
    """
    assert instance.slot_seconds is not None
    now = slot * instance.slot_seconds
    plans = _by_stream(schedule)
    streams = tuple(
        _from(instance, stream, plans.get(stream.name), slot, running == "repick")
        for stream in instance.streams
    )
    return replace(
        instance,
        streams=streams,
        window_seconds=instance.window_seconds - now,
        reallocation=Reallocation(plan_as),
        slot_seconds=None,
    )


def continued(
    instance: Instance, schedule: Schedule | None, slot: int, plan: Schedule
) -> Schedule:
    """Return the schedule up to a slot, and from there a static plan for the rest.

    The plan's changes wait for the next slot. A retraining that it gives up stays
    named, since it may go on later, until the stream begins with another.
    """
    before, after = _by_stream(schedule), _by_stream(plan)
    plans = tuple(
        _continued(instance, stream, before.get(name), slot, after[name])
        for stream in instance.streams
        for name in [stream.name]
    )
    return Schedule(streams=plans)


def next_completion(instance: Instance, schedule: Schedule, slot: int) -> int | None:
    """Return the next slot after the given one from which a new model serves."""
    assert instance.slot_seconds is not None
    slots = round(instance.window_seconds / instance.slot_seconds)
    found = slots
    plans = _by_stream(schedule)
    for stream in instance.streams:
        plan = plans[stream.name]
        config = _config(stream, plan)
        if config is not None:
            done = completion_seconds(instance, config, plan.segments)
            if done < math.inf and slot_at(instance, done) > slot:
                found = min(found, slot_at(instance, done))
    return found if found < slots else None


def _from(
    instance: Instance,
    stream: Stream,
    plan: StreamPlan | None,
    slot: int,
    may_repick: bool,
) -> Stream:
    assert instance.slot_seconds is not None
    now = slot * instance.slot_seconds
    missing: dict[str, float] = {}
    config = _begun(instance, stream, plan, slot)
    if plan is not None and config is not None:
        if _is_done(instance, config, plan, slot):
            return replace(stream, accuracy=config.accuracy, retraining=())
        trained = trained_by(instance, config, plan.segments, now)
        missing[config.name] = max(0.0, config.gpu_seconds - trained)
    configs = tuple(
        replace(
            each,
            gpu_seconds=missing.get(each.name, each.gpu_seconds),
            delay_seconds=max(0.0, each.delay_seconds - now),
        )
        for each in stream.retraining
        if may_repick or not missing or each.name in missing
    )
    return replace(stream, retraining=configs)


def _continued(
    instance: Instance,
    stream: Stream,
    plan: StreamPlan | None,
    slot: int,
    rest: StreamPlan,
) -> StreamPlan:
    assert instance.slot_seconds is not None
    at: dict[int, Segment] = {}
    begun = _begun(instance, stream, plan, slot)
    retraining = rest.retraining
    if retraining is None and begun is not None:
        retraining = begun.name
    for part in () if plan is None else plan.segments:
        start = slot_at(instance, part.start_seconds)
        if start < slot:
            # What nothing or another config trained on does not count for this one.
            own = begun is not None and begun.name == retraining
            at[start] = part if own else replace(part, training_units=0)
    for part in rest.segments:
        at[slot + slot_at(instance, part.start_seconds)] = part
    segments: list[Segment] = []
    slots = round(instance.window_seconds / instance.slot_seconds)
    for start, part in sorted(at.items()):
        moved = replace(part, start_seconds=start * instance.slot_seconds)
        if start < slots and not (segments and _same(segments[-1], moved)):
            segments.append(moved)
    return StreamPlan(
        stream=rest.stream, retraining=retraining, segments=tuple(segments)
    )


def _begun(
    instance: Instance, stream: Stream, plan: StreamPlan | None, slot: int
) -> RetrainingConfig | None:
    """Return the config that a stream has trained by a slot, at least in part."""
    assert instance.slot_seconds is not None
    config = _config(stream, plan)
    if plan is None or config is None:
        return None
    trained = trained_by(instance, config, plan.segments, slot * instance.slot_seconds)
    begun = trained > 0 or _is_done(instance, config, plan, slot)
    return config if begun else None


def _is_done(
    instance: Instance, config: RetrainingConfig, plan: StreamPlan, slot: int
) -> bool:
    """Return whether the new model serves by a slot."""
    done = completion_seconds(instance, config, plan.segments)
    return done < math.inf and slot_at(instance, done) <= slot


def _by_stream(schedule: Schedule | None) -> Mapping[str, StreamPlan]:
    plans = () if schedule is None else schedule.streams
    return {plan.stream: plan for plan in plans}


def _config(stream: Stream, plan: StreamPlan | None) -> RetrainingConfig | None:
    """Return the config that a stream's plan names."""
    for config in stream.retraining:
        if plan is not None and config.name == plan.retraining:
            return config
    return None


def _same(first: Segment, second: Segment) -> bool:
    return replace(second, start_seconds=first.start_seconds) == first
