"""What the solvers that decide on units alone have in common."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from formulations.pick_configs import PickConfigs, Share
from formulations.schedule import Schedule
from formulations.stream_model import NEVER_SERVED, StreamModel
from instances import Instance
from solvers.search import Answer, Search


def fair_split(total: int, parts: int) -> list[int]:
    """Return ``total`` units in equal parts; the first parts get what remains."""
    each, remainder = divmod(total, parts)
    return [each + (idx < remainder) for idx in range(parts)]


def random_splits(
    instance: Instance, count: int, rng: np.random.Generator, step: int = 1
) -> NDArray[np.int64]:
    """Return random splits of all units over all jobs, shape ``(count, V, 2)``.

    In multiples of the step; the first stream's inference gets what remains.
    """
    num_streams, (steps, rest) = (
        len(instance.streams),
        divmod(instance.total_units, step),
    )
    splits = [random_split(steps, 2 * num_streams, rng) for _ in range(count)]
    units = np.array(splits, dtype=np.int64).reshape(count, num_streams, 2) * step
    units[:, 0, 0] += rest
    return units


def random_split(total: int, parts: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random split of some units in parts, any of them perhaps empty."""
    cuts = np.sort(rng.integers(0, total + 1, parts - 1))
    return np.diff(cuts, prepend=0, append=total)


def allocation_of(instance: Instance, schedule: Schedule) -> list[Share]:
    """Return the units that a schedule gives each stream at the window's start."""
    first = {plan.stream: plan.segments[0] for plan in schedule.streams}
    segments = [first[stream.name] for stream in instance.streams]
    return [(part.inference_units, part.training_units) for part in segments]


def report_allocation(
    search: Search, picks: PickConfigs, allocation: Sequence[Share]
) -> None:
    """Report an allocation as an incumbent if it keeps every floor."""
    if picks.keeps_floors(allocation):
        kept = tuple(allocation)
        search.report(picks.objective(kept), lambda: _picked_schedule(picks, kept))


def answer_allocation(picks: PickConfigs, allocation: Sequence[Share]) -> Answer:
    """Return the answer that an allocation is, with the configs picked for it."""
    retraining = _picked(picks, allocation)
    answer = answer_choices(picks.models, retraining, allocation)
    if answer.schedule is not None:
        answer.objective = picks.objective(allocation)
    return answer


def answer_choices(
    models: Sequence[StreamModel], retraining: Sequence[int], shares: Sequence[Share]
) -> Answer:
    """Return the answer that a retraining config and a share for each stream are.

    Where some stream is not kept at its floor there is no schedule, and
    ``below_floor`` in the metadata names the streams.
    """
    choices = list(zip(models, retraining, shares, strict=True))
    below = [
        model.stream.name
        for model, idx, share in choices
        if model.value(idx, *share) == NEVER_SERVED
    ]
    if below:
        return Answer(metadata={"below_floor": below})
    return Answer(schedule=_schedule(models, retraining, shares))


def _picked(picks: PickConfigs, allocation: Sequence[Share]) -> list[int]:
    return [picks.pick(v, share)[1] for v, share in enumerate(allocation)]


def _picked_schedule(picks: PickConfigs, allocation: Sequence[Share]) -> Schedule:
    return _schedule(picks.models, _picked(picks, allocation), allocation)


def _schedule(
    models: Sequence[StreamModel], retraining: Sequence[int], shares: Sequence[Share]
) -> Schedule:
    choices = zip(models, retraining, shares, strict=True)
    plans = tuple(model.plan(idx, *share) for model, idx, share in choices)
    return Schedule(streams=plans)
