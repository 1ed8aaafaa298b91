"""Algorithms 1 and 2 of Ekya line by line, priced by the referee alone."""

from dataclasses import replace

from formulations import Schedule, Segment, StreamPlan
from formulations.evaluate import evaluate
from instances import Instance, Reallocation, Stream

Allocation = dict[tuple[str, str], int]


def plain_thief(instance: Instance, steal_units: int) -> float:
    """Return the mean accuracy that the printed Thief reaches in one pass.

    Inference jobs come first, in the order of thieves and victims and for the units
    that the fair allocation leaves. Instances without accuracy floors.
    """
    jobs = [
        (kind, stream.name)
        for kind in ("inference", "training")
        for stream in instance.streams
    ]
    each, left = divmod(instance.total_units, len(jobs))
    best = {job: each + (position < left) for position, job in enumerate(jobs)}
    best_accuracy = pick_configs(instance, best)
    for thief in jobs:
        for victim in jobs:
            if thief == victim:
                continue
            temp = dict(best)
            while True:
                temp[victim] -= steal_units
                temp[thief] += steal_units
                if temp[victim] < 0:
                    break
                accuracy = pick_configs(instance, temp)
                if accuracy <= best_accuracy + 1e-12:
                    break
                best, best_accuracy = dict(temp), accuracy
    return best_accuracy


def pick_configs(instance: Instance, allocation: Allocation) -> float:
    """Return the mean accuracy of an allocation under the best configs for it."""
    gained = 0.0
    for stream in instance.streams:
        inference = allocation["inference", stream.name]
        training = allocation["training", stream.name]
        gained += stream.weight * _best(instance, stream, inference, training)
    return gained / sum(stream.weight for stream in instance.streams)


def _best(instance: Instance, stream: Stream, inference: int, training: int) -> float:
    alone = replace(instance, streams=(stream,))
    best = 0.0
    for retraining in (None, *(config.name for config in stream.retraining)):
        for serving in (None, *(config.name for config in stream.inference)):
            first = Segment(
                start_seconds=0,
                inference=serving,
                inference_units=inference,
                training_units=training,
            )
            plan = StreamPlan(
                stream=stream.name, retraining=retraining, segments=(first,)
            )
            for variant in (plan, *_joined(alone, plan)):
                verdict = evaluate(alone, Schedule(streams=(variant,)))
                if verdict.feasible:
                    best = max(best, verdict.objective)
    return best


def _joined(alone: Instance, plan: StreamPlan) -> list[StreamPlan]:
    """Return the plans in which freed training units serve, where that is allowed."""
    verdict = evaluate(alone, Schedule(streams=(plan,)))
    seconds = verdict.streams[0].completion_seconds
    if seconds is None or alone.reallocation is Reallocation.NEVER:
        return []
    if seconds >= alone.window_seconds * (1 - 1e-6):
        return []
    first = plan.segments[0]
    variants = []
    for config in alone.streams[0].inference:
        after = Segment(
            start_seconds=seconds,
            inference=config.name,
            inference_units=first.inference_units + first.training_units,
            training_units=0,
        )
        segments = (first, after) if seconds > 0 else (after,)
        variants.append(replace(plan, segments=segments))
    return variants
