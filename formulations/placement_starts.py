"""Where a placed schedule lies in the models of placements, to start them from it."""

from collections import defaultdict
from typing import NamedTuple

from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from formulations.placement_classes import Packing, Share, megabytes
from formulations.placement_options import Option, PlacementOptions, footprint
from formulations.placement_packing import Job, Part, held_shares, places_of
from instances import Stream


class Start(NamedTuple):
    """Values of the models' decisions.

    Parameters
    ----------
    chosen
        The option of each stream.
    parts
        For each class of ``Packing.SIZES`` the parts of the GPUs that are cut, whole.
    places
        The GPU in its class of each job in a class of ``Packing.PLACES`` that takes a
        part of one; GPUs are numbered by the first of their jobs.
    """

    chosen: list[int]
    parts: dict[int, list[Part]]
    places: dict[Job, int]


def start_of(options: PlacementOptions, schedule: PlacedSchedule) -> Start | None:
    """Return a solution at least as good as a feasible schedule.

    Each stream takes the best option that fits where its jobs are. ``None`` if a stream
    has none.
    """
    plans = {plan.stream: plan for plan in schedule.streams}
    index = {name: c for c, gpus in enumerate(options.classes) for name in gpus.names}
    chosen: list[int] = []
    on: dict[str, list[tuple[Job, int]]] = defaultdict(list)
    for v, stream in enumerate(options.placement.streams):
        plan = plans[stream.name]
        held = _as_option(stream, plan, index)
        most = footprint(held, options.classes)
        row = options.streams[v]
        fitting = [
            o
            for o in range(len(row))
            if all(
                needs <= has
                for needs, has in zip(
                    footprint(row[o], options.classes), most, strict=True
                )
            )
        ]
        if not fitting:
            return None
        chosen.append(max(fitting, key=lambda o: row[o].value))
        for job, units, gpu in _where(options, v, row[chosen[-1]], plan, held):
            on[gpu].append((job, units))
    return Start(
        chosen=chosen,
        parts={
            c: [_filled(options, on[name]) for name in gpus.names if on[name]]
            for c, gpus in enumerate(options.classes)
            if gpus.packing is Packing.SIZES
        },
        places=_ordered(options, on),
    )


def _as_option(stream: Stream, plan: PlacedPlan, class_of: dict[str, int]) -> Option:
    """Return a plan as an option, its value left open."""
    segment = plan.segment
    memory = [
        sum(c.memory_gb for c in stream.inference if c.name == segment.inference),
        sum(c.memory_gb for c in stream.retraining if c.name == plan.retraining),
    ]
    gpus = (plan.inference_gpus, plan.training_gpus)
    units = (segment.inference_units, segment.training_units)
    shares = [
        Share(class_of[names[0]], held, megabytes(needs)) if names else None
        for names, held, needs in zip(gpus, units, memory, strict=True)
    ]
    return Option(0.0, shares[0], shares[1], segment.inference, plan.retraining)


def _where(
    options: PlacementOptions, v: int, option: Option, plan: PlacedPlan, held: Option
) -> list[tuple[Job, int, str]]:
    """Return units and GPU of an option's jobs that take a part of one.

    Where only sizes count, the larger job takes the place of the larger one.
    """
    gpus = {Job(v, False): plan.inference_gpus, Job(v, True): plan.training_gpus}
    before, after = held_shares(v, held), held_shares(v, option)
    found = []
    for c, one in enumerate(options.classes):
        there = [(share.units, job) for job, share in before if share.class_idx == c]
        here = [(share.units, job) for job, share in after if share.class_idx == c]
        if one.packing is Packing.SIZES:
            here.sort(reverse=True)
            places = [gpus[job][0] for _, job in sorted(there, reverse=True)]
            found += [
                (job, units, gpu)
                for (units, job), gpu in zip(here, places, strict=False)
            ]
        elif one.packing is Packing.PLACES:
            found += [(job, units, gpus[job][0]) for units, job in here]
    per_gpu = options.placement.units_per_gpu
    return [each for each in found if each[1] % per_gpu]


def _filled(options: PlacementOptions, jobs: list[tuple[Job, int]]) -> Part:
    """Return a GPU's parts with what is left cut into the smallest size."""
    sizes = sorted((units for _, units in jobs), reverse=True)
    left = options.placement.units_per_gpu - sum(sizes)
    smallest = options.menu[0]
    return [*sizes, *[smallest] * (left // smallest)]


def _ordered(
    options: PlacementOptions, on: dict[str, list[tuple[Job, int]]]
) -> dict[Job, int]:
    """Return the place of each job, GPUs ordered as the models order them."""
    ranks = {job: rank for (job, _), rank in places_of(options).items()}
    places: dict[Job, int] = {}
    for gpus in options.classes:
        if gpus.packing is not Packing.PLACES:
            continue
        used = [[job for job, _ in on[name]] for name in gpus.names if on[name]]
        used.sort(key=lambda jobs: min(ranks[job] for job in jobs))
        places |= {job: g for g, jobs in enumerate(used) for job in jobs}
    return places
