"""Enumeration of everything, priced by the referee alone."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product

from formulations.evaluate import evaluate
from formulations.schedule import Schedule, Segment, StreamPlan
from instances import Instance, InstanceTooLarge, Reallocation, Stream
from solvers.brute_force_server import enumerate_server
from solvers.search import Answer, Search


def solve_brute_force(
    instance: Instance, search: Search, *, most_plans: int = 20_000_000
) -> Answer:
    """Enumeration of every plan of every stream and every split of the units.

    It shares nothing with the models but the referee, which prices each plan.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    most_plans
        Plans and splits, together, beyond which the problem is refused.
    """
    if instance.reallocation is Reallocation.SERVER:
        return enumerate_server(instance, search, most_plans)
    _refuse_large(instance, most_plans)
    menus = [_best_plans(instance, stream, search) for stream in instance.streams]
    weights = [stream.weight / instance.total_weight for stream in instance.streams]
    best: tuple[StreamPlan, ...] | None = None
    best_value = -math.inf
    for split in product(*(menu.items() for menu in menus)):
        search.check_time()
        if sum(units for units, _ in split) > instance.total_units:
            continue
        value = math.fsum(
            w * worth for w, (_, (worth, _)) in zip(weights, split, strict=True)
        )
        if value > best_value:
            best_value = value
            best = tuple(plan for _, (_, plan) in split)
            search.report(value, partial(Schedule, streams=best))
    if best is None:
        return Answer(infeasible=True)
    schedule = Schedule(streams=best)
    return Answer(schedule=schedule, objective=best_value, bound=best_value)


def _refuse_large(instance: Instance, most_plans: int) -> None:
    total = instance.total_units
    plans = 0
    for stream in instance.streams:
        configs = (len(stream.inference) + 1) ** 2 * (len(stream.retraining) + 1)
        plans += configs * (total + 1) * (total + 2) // 2
    size = plans + (total + 1) ** min(len(instance.streams), 64)
    if size > most_plans:
        message = f"{instance.name}: brute force would try {size:.3g} plans and splits"
        raise InstanceTooLarge(f"{message}, more than {most_plans}")


def _best_plans(
    instance: Instance, stream: Stream, search: Search
) -> dict[int, tuple[float, StreamPlan]]:
    """Return the best feasible value and plan of a stream by the units it holds."""
    alone = replace(instance, streams=(stream,))
    best: dict[int, tuple[float, StreamPlan]] = {}
    for plan in all_plans(alone, stream):
        search.check_time()
        verdict = evaluate(alone, Schedule(streams=(plan,)))
        first = plan.segments[0]
        units = first.inference_units + first.training_units
        if verdict.feasible and verdict.objective > best.get(units, (-1.0, plan))[0]:
            best[units] = (verdict.objective, plan)
    return best


def all_plans(alone: Instance, stream: Stream) -> Iterator[StreamPlan]:
    """Yield every plan of a stream that its instance's reallocation allows."""
    serving = [None, *(config.name for config in stream.inference)]
    retrainings = [None, *(config.name for config in stream.retraining)]
    total = alone.total_units
    for inference_units in range(total + 1):
        for training_units in range(total + 1 - inference_units):
            for retraining, inference in product(retrainings, serving):
                first = Segment(
                    start_seconds=0,
                    inference=inference,
                    inference_units=inference_units,
                    training_units=training_units,
                )
                plan = StreamPlan(
                    stream=stream.name, retraining=retraining, segments=(first,)
                )
                yield plan
                yield from _changed_at_completion(alone, plan, serving)


def _changed_at_completion(
    alone: Instance, plan: StreamPlan, serving: list[str | None]
) -> Iterator[StreamPlan]:
    """Yield the plans that differ from a one-segment plan after its completion."""
    verdict = evaluate(alone, Schedule(streams=(plan,)))
    seconds = verdict.streams[0].completion_seconds
    if seconds is None or not 0 <= seconds < alone.window_seconds * (1 - 1e-6):
        return
    first = plan.segments[0]
    inference_units, training_units = first.inference_units, first.training_units
    if alone.reallocation is Reallocation.STREAM:
        inference_units, training_units = inference_units + training_units, 0
    for inference in serving:
        after = Segment(
            start_seconds=seconds,
            inference=inference,
            inference_units=inference_units,
            training_units=training_units,
        )
        segments = (after,) if seconds == 0 else (first, after)
        yield replace(plan, segments=segments)
