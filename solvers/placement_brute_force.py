"""Enumeration of every placed plan, priced by the referee alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product
from typing import NamedTuple

from formulations.evaluate_placement import MEGABYTE, evaluate_placement
from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from formulations.schedule import Segment
from instances import InstanceTooLarge, Stream
from instances.placement import Placement
from solvers.search import Answer, Search

Job = tuple[int, tuple[str, ...]]
"""Units and GPUs of a job."""


class _Priced(NamedTuple):
    """A plan with its weighted value, and units and memory that it takes, by GPU."""

    value: float
    takes: tuple[int, ...]
    plan: PlacedPlan


def solve_placement_brute_force(
    placement: Placement, search: Search, *, most_plans: int = 2_000_000
) -> Answer:
    """Enumeration of every plan of every stream on every GPU, for tiny placements.

    It shares nothing with the models but the referee, which judges and prices each
    plan.

    Parameters
    ----------
    placement
        The problem.
    search
        The run's options, clock and incumbents.
    most_plans
        Plans of all streams together beyond which the problem is refused.
    """
    jobs = _jobs(placement)
    plans = sum(
        len(jobs) ** 2 * (len(stream.inference) + 1) * (len(stream.retraining) + 1)
        for stream in placement.streams
    )
    if plans > most_plans:
        message = f"{placement.name}: brute force would try {plans:.3g} plans"
        raise InstanceTooLarge(f"{message}, more than {most_plans}")
    menus = [_menu(placement, stream, jobs, search) for stream in placement.streams]
    most = [max((plan.value for plan in menu), default=0.0) for menu in menus]
    later = [sum(most[v:]) for v in range(len(most) + 1)]
    has = [placement.units_per_gpu for _ in placement.gpus]
    has += [
        2**62 if gpu.memory_gb is None else round(gpu.memory_gb / MEGABYTE)
        for gpu in placement.gpus
    ]
    best = -1.0

    def extend(taken: list[_Priced], left: Sequence[int], value: float) -> None:
        nonlocal best
        search.check_time()
        if len(taken) == len(menus):
            best = value
            plans = tuple(each.plan for each in taken)
            search.report(value, partial(PlacedSchedule, streams=plans))
            return
        for each in menus[len(taken)]:
            if value + each.value + later[len(taken) + 1] <= best:
                break
            room = [has - takes for has, takes in zip(left, each.takes, strict=True)]
            if min(room) >= 0:
                extend([*taken, each], room, value + each.value)

    extend([], has, 0.0)
    if best < 0:
        return Answer(infeasible=True)
    return Answer(schedule=search.schedule, objective=best, bound=best)


def _jobs(placement: Placement) -> list[Job]:
    """Return what a job might hold: units of one GPU, several whole ones, or nothing.

    Whether the placement allows it is the referee's to say.
    """
    names = [gpu.name for gpu in placement.gpus]
    per_gpu = placement.units_per_gpu
    jobs: list[Job] = [(0, ())]
    jobs += [(units, (name,)) for name in names for units in range(1, per_gpu + 1)]
    for count in range(2, len(names) + 1):
        jobs += [(count * per_gpu, several) for several in combinations(names, count)]
    return jobs


def _menu(
    placement: Placement, stream: Stream, jobs: list[Job], search: Search
) -> list[_Priced]:
    """Return the best plan of a stream for each load that it puts on the GPUs."""
    alone = replace(placement, streams=(stream,))
    weight = stream.weight / placement.total_weight
    best: dict[tuple[int, ...], _Priced] = {}
    for plan in _plans(stream, jobs):
        search.check_time()
        verdict = evaluate_placement(alone, PlacedSchedule(streams=(plan,)))
        if verdict.feasible:
            takes = _takes(placement, stream, plan)
            priced = _Priced(weight * verdict.objective, takes, plan)
            if takes not in best or priced.value > best[takes].value:
                best[takes] = priced
    return sorted(best.values(), key=lambda each: -each.value)


def _plans(stream: Stream, jobs: list[Job]) -> Iterator[PlacedPlan]:
    serving = [None, *(config.name for config in stream.inference)]
    retraining = [None, *(config.name for config in stream.retraining)]
    for (units, on), (training, trained_on) in product(jobs, repeat=2):
        for inference, config in product(serving, retraining):
            segment = Segment(
                start_seconds=0,
                inference=inference,
                inference_units=units,
                training_units=training,
            )
            yield PlacedPlan(
                stream=stream.name,
                retraining=config,
                segments=(segment,),
                inference_gpus=on,
                training_gpus=trained_on,
            )


def _takes(placement: Placement, stream: Stream, plan: PlacedPlan) -> tuple[int, ...]:
    """Return the units and then the memory that a plan takes on each GPU."""
    segment = plan.segment
    memory = {(False, config.name): config.memory_gb for config in stream.inference}
    memory |= {(True, config.name): config.memory_gb for config in stream.retraining}
    jobs = (
        (segment.inference_units, plan.inference_gpus, (False, segment.inference)),
        (segment.training_units, plan.training_gpus, (True, plan.retraining)),
    )
    units, taken = [], []
    for gpu in placement.gpus:
        here = [job for job in jobs if gpu.name in job[1]]
        units.append(sum(held // len(on) for held, on, _ in here))
        grains = [
            0 if name is None else round(memory[is_training, name] / MEGABYTE)
            for _, _, (is_training, name) in here
        ]
        taken.append(sum(grains))
    return (*units, *taken)
