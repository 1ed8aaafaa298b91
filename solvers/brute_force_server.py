"""Enumeration of a server's window: every training in every slot, every serving.

The referee tells when a training is done; nothing here knows of cells or prices.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

from formulations.evaluate import evaluate
from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.stream_model import units_needed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, InstanceTooLarge, Stream
from solvers.search import Answer, Search

Units = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One way to train, or not to.

    Parameters
    ----------
    retraining
        Name of the config; ``None`` without one.
    accuracies
        Of the model that serves in each slot.
    units
        Training units in each slot.
    """

    retraining: str | None
    accuracies: tuple[float, ...]
    units: Units


def enumerate_server(instance: Instance, search: Search, most_plans: int) -> Answer:
    """Return the best schedule of a server's window, found by trying everything.

    More than ``most_plans`` trainings, alone and together, are refused.
    """
    slots = _slots(instance)
    vectors = (instance.total_units + 1) ** slots
    configs = sum(len(stream.retraining) for stream in instance.streams)
    _refuse(instance, vectors * configs, most_plans)
    menus = [_trainings(instance, stream, search) for stream in instance.streams]
    _refuse(instance, math.prod(len(menu) for menu in menus), most_plans)
    serve = cache(partial(_serve, instance))
    best_value, best = -math.inf, None
    for trainings in _fitting(instance.total_units, menus, (0,) * slots):
        search.check_time()
        served = [
            serve(
                tuple(training.accuracies[t] for training in trainings),
                instance.total_units - sum(training.units[t] for training in trainings),
            )
            for t in range(slots)
        ]
        value = math.fsum(worth for worth, _ in served) / slots
        if value > best_value:
            best_value = value
            best = _schedule(instance, trainings, [picked for _, picked in served])
            search.report(value, partial(Schedule, streams=best.streams))
    if best is None:
        return Answer(infeasible=True)
    return Answer(schedule=best, objective=best_value, bound=best_value)


def _refuse(instance: Instance, size: int, most: int) -> None:
    if size > most:
        message = f"{instance.name}: brute force would try {size:.3g} trainings"
        raise InstanceTooLarge(f"{message}, more than {most}")


def _slots(instance: Instance) -> int:
    assert instance.slot_seconds is not None
    return round(instance.window_seconds / instance.slot_seconds)


def _trainings(instance: Instance, stream: Stream, search: Search) -> list[Training]:
    """Return all ways to train a stream that leave no unit that they could."""
    slots, total = _slots(instance), instance.total_units
    alone = replace(instance, streams=(stream,))
    held = (stream.accuracy,) * slots
    found = [Training(retraining=None, accuracies=held, units=(0,) * slots)]
    for config in stream.retraining:
        fewest: dict[int, list[Units]] = {}
        for units in sorted(product(range(total + 1), repeat=slots), key=sum):
            search.check_time()
            serves = _serves_from(alone, config.name, units)
            known = fewest.setdefault(serves, [])
            if serves <= slots and not any(_within(other, units) for other in known):
                known.append(units)
        found += [
            Training(
                retraining=config.name,
                accuracies=held[:serves] + (config.accuracy,) * (slots - serves),
                units=units,
            )
            for serves, ways in fewest.items()
            if serves <= slots
            for units in ways
        ]
    return found


def _within(fewer: Units, units: Units) -> bool:
    return all(a <= b for a, b in zip(fewer, units, strict=True))


def _serves_from(alone: Instance, retraining: str, units: Units) -> int:
    """Return the slot from which a model serves; beyond the last if never trained."""
    assert alone.slot_seconds is not None
    segments = [
        Segment(
            start_seconds=t * alone.slot_seconds,
            inference_units=0,
            training_units=given,
        )
        for t, given in enumerate(units)
    ]
    plan = StreamPlan(
        stream=alone.streams[0].name, retraining=retraining, segments=tuple(segments)
    )
    verdict = evaluate(alone, Schedule(streams=(plan,)))
    done = verdict.streams[0].completion_seconds
    if done is None:
        return len(units) + 1
    same = TIME_TOLERANCE * alone.window_seconds
    return math.ceil((done - same) / alone.slot_seconds)


def _fitting(
    total: int, menus: list[list[Training]], used: Units
) -> Iterator[tuple[Training, ...]]:
    """Yield one training a stream, as long as their units fit in every slot."""
    if not menus:
        yield ()
        return
    for training in menus[0]:
        sums = tuple(a + b for a, b in zip(used, training.units, strict=True))
        if max(sums) <= total:
            for others in _fitting(total, menus[1:], sums):
                yield (training, *others)


def _serve(
    instance: Instance, accuracies: tuple[float, ...], units: int
) -> tuple[float, tuple[int | None, ...]]:
    """Return the best weighted mean accuracy of a slot, and the configs for it."""
    best: tuple[float, tuple[int | None, ...]] = (-math.inf, ())
    choices = [[None, *range(len(stream.inference))] for stream in instance.streams]
    for picked in product(*choices):
        needed, value = 0, 0.0
        for stream, accuracy, idx in zip(
            instance.streams, accuracies, picked, strict=True
        ):
            config = None if idx is None else stream.inference[idx]
            kept = 0.0 if config is None else accuracy * config.relative_accuracy
            if kept < instance.floor(stream) - ACCURACY_TOLERANCE:
                break
            if config is not None:
                needed += units_needed(config.gpus, instance.units_per_gpu)
            value += stream.weight / instance.total_weight * kept
        else:
            if needed <= units and value > best[0]:
                best = value, picked
    return best


def _schedule(
    instance: Instance,
    trainings: Sequence[Training],
    picked: Sequence[tuple[int | None, ...]],
) -> Schedule:
    """Return the schedule of trainings, and of the configs that serve in each slot."""
    assert instance.slot_seconds is not None
    plans = []
    for v, (stream, training) in enumerate(
        zip(instance.streams, trainings, strict=True)
    ):
        segments = []
        for t, choice in enumerate(picked):
            idx = choice[v]
            segment = Segment(
                start_seconds=t * instance.slot_seconds,
                inference_units=0,
                training_units=training.units[t],
            )
            if idx is not None:
                config = stream.inference[idx]
                needed = units_needed(config.gpus, instance.units_per_gpu)
                segment = replace(
                    segment, inference=config.name, inference_units=needed
                )
            segments.append(segment)
        plans.append(
            StreamPlan(
                stream=stream.name,
                retraining=training.retraining,
                segments=tuple(segments),
            )
        )
    return Schedule(streams=tuple(plans))
