"""A plan of a server's window that waits for retrainings which are late."""

import itertools
import math
from dataclasses import replace

from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.training_progress import completion_seconds, slot_at
from instances import Instance, RetrainingConfig, Stream

Cuts = list[float]
"""Instants at which some stream's segment starts, and the window's end."""


def replay_slots(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule in which nothing follows before what it waits for.

    A plan says when, not why; so where a stream stops training, that is read as the
    end of its retraining. If the retraining is late, all that comes then or later is
    put off to the slot at which its model is there, unless it does not finish at all;
    what is then done sooner than planned makes up for it. A retraining that is early
    serves early, and its units idle until they are needed. Retrainings that do not
    finish are dropped. Where everything finishes as planned nothing else changes.
    """
    streams = {stream.name: stream for stream in instance.streams}
    plans = schedule.streams
    configs = [_config(streams[plan.stream], plan) for plan in plans]
    if all(_is_done(instance, *each) for each in zip(configs, plans, strict=True)):
        return schedule
    starts = {part.start_seconds for plan in plans for part in plan.segments}
    inside = (start for start in starts if start < instance.window_seconds)
    cuts = [*sorted(inside), instance.window_seconds]
    put_off = _put_off(instance, plans, configs, cuts)
    return without_unfinished(instance, Schedule(streams=put_off))


def without_unfinished(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule without the retrainings that do not finish in the window."""
    streams = {stream.name: stream for stream in instance.streams}
    plans = tuple(
        plan
        if _is_done(instance, _config(streams[plan.stream], plan), plan)
        else replace(plan, retraining=None)
        for plan in schedule.streams
    )
    return Schedule(streams=plans)


def _put_off(
    instance: Instance,
    plans: tuple[StreamPlan, ...],
    configs: list[RetrainingConfig | None],
    cuts: Cuts,
) -> tuple[StreamPlan, ...]:
    """Return the plans with their stretches between cuts put off as needed."""
    segments: list[list[Segment]] = [[] for _ in plans]
    begin = 0.0
    for planned, end in itertools.pairwise(cuts):
        for parts, plan in zip(segments, plans, strict=True):
            for part in plan.segments:
                if part.start_seconds == planned:
                    _append(parts, replace(part, start_seconds=begin))
        if end == instance.window_seconds:
            break
        stopped = [v for v, plan in enumerate(plans) if _stops_at(plan, end)]
        done = [
            completion_seconds(instance, config, segments[v])
            for v in stopped
            if (config := configs[v]) is not None
        ]
        slots = [slot_at(instance, each) for each in done if each < math.inf]
        lasts = begin + end - planned
        assert instance.slot_seconds is not None
        latest = max((slot * instance.slot_seconds for slot in slots), default=lasts)
        begin = max(begin, end, latest)
        if begin >= instance.window_seconds:
            break
    return tuple(
        replace(plan, segments=tuple(parts))
        for plan, parts in zip(plans, segments, strict=True)
    )


def _append(parts: list[Segment], part: Segment) -> None:
    """Add a segment; one that would have no time left gives way."""
    if parts and parts[-1].start_seconds >= part.start_seconds:
        parts.pop()
    parts.append(part)


def _stops_at(plan: StreamPlan, seconds: float) -> bool:
    """Return whether a stream trains until some instant, and not any more."""
    trains = [part.training_units > 0 for part in plan.segments]
    if True not in trains or trains[-1]:
        return False
    last = len(trains) - 1 - trains[::-1].index(True)
    return plan.segments[last + 1].start_seconds == seconds


def _is_done(
    instance: Instance, config: RetrainingConfig | None, plan: StreamPlan
) -> bool:
    """Return whether a plan's retraining, if any, finishes inside the window."""
    return (
        config is None or completion_seconds(instance, config, plan.segments) < math.inf
    )


def _config(stream: Stream, plan: StreamPlan) -> RetrainingConfig | None:
    """Return the config that a stream's plan names."""
    named = (each for each in stream.retraining if each.name == plan.retraining)
    return next(named, None)
