"""Putting jobs on GPUs: from one option a stream to a placed schedule."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from formulations.placement_classes import Packing, Share
from formulations.placement_options import Option, PlacementOptions
from formulations.schedule import Segment

Part = list[int]
"""The sizes of the parts that one GPU is cut into, in units."""


class Job(NamedTuple):
    """A job's owner: the index of its stream, and whether it is the training."""

    stream_idx: int
    is_training: bool


def jobs_on(
    options: PlacementOptions, chosen: Sequence[int], class_idx: int
) -> list[tuple[Job, Share]]:
    """Return the jobs of a class of GPUs, by stream, given one option a stream."""
    return [
        (job, share)
        for v, (row, o) in enumerate(zip(options.streams, chosen, strict=True))
        for job, share in held_shares(v, row[o])
        if share.class_idx == class_idx
    ]


def held_shares(stream_idx: int, option: Option) -> list[tuple[Job, Share]]:
    """Return a stream's jobs and what they hold with an option."""
    return [
        (Job(stream_idx, is_training), share)
        for is_training, share in ((False, option.serving), (True, option.training))
        if share is not None
    ]


def places_of(options: PlacementOptions) -> dict[tuple[Job, Share], int]:
    """Return what jobs may hold of a part of one GPU where memory may bind.

    Each comes with the rank of its job among those of its class, which orders the GPUs:
    a job need only be on one of the first rank + 1.
    """
    per_gpu = options.placement.units_per_gpu
    found: dict[tuple[Job, Share], int] = {}
    ranks: dict[int, dict[Job, int]] = defaultdict(dict)
    for v, row in enumerate(options.streams):
        for job, share in sorted(
            held for option in row for held in held_shares(v, option)
        ):
            whole = share.units % per_gpu == 0
            packing = options.classes[share.class_idx].packing
            if packing is Packing.PLACES and not whole:
                rank = ranks[share.class_idx]
                found[job, share] = rank.setdefault(job, len(rank))
    return found


def first_fit(
    shares: Sequence[Share], units_per_gpu: int, memory: float, gpus: int
) -> list[int] | None:
    """Return the GPU of each share by first-fit decreasing; ``None`` if one is left.

    Parameters
    ----------
    shares
        What the jobs hold; those with most units come first, then with most memory.
    units_per_gpu, memory
        What each GPU has.
    gpus
        Number of GPUs.
    """
    units_left, memory_left = [units_per_gpu] * gpus, [memory] * gpus
    placed = [0] * len(shares)
    order = sorted(range(len(shares)), key=lambda idx: shares[idx][1:], reverse=True)
    for idx in order:
        _, units, needed = shares[idx]
        fitting = (
            g
            for g in range(gpus)
            if units_left[g] >= units and memory_left[g] >= needed
        )
        placed[idx] = next(fitting, -1)
        if placed[idx] < 0:
            return None
        units_left[placed[idx]] -= units
        memory_left[placed[idx]] -= needed
    return placed


def least_schedule(options: PlacementOptions) -> tuple[float, PlacedSchedule] | None:
    """Return the schedule of the options with the fewest units, with its objective.

    ``None`` if they are not packed by first-fit decreasing. Where there is no floor it
    is the one in which nothing runs; either way no claim of infeasibility holds then.
    """
    if not all(options.streams):
        return None
    chosen = [
        min(
            range(len(row)),
            key=lambda o: (sum(share.units for share in row[o].shares), -row[o].value),
        )
        for row in options.streams
    ]
    schedule = placed_schedule(options, chosen)
    return None if schedule is None else (options.objective(chosen), schedule)


def placed_schedule(
    options: PlacementOptions,
    chosen: Sequence[int],
    parts: Mapping[int, Sequence[Part]] | None = None,
    places: Mapping[Job, int] | None = None,
) -> PlacedSchedule | None:
    """Return the schedule of one option a stream; ``None`` if it is not packed.

    Jobs on whole GPUs take the last GPUs of their class, the others the first ones.

    Parameters
    ----------
    options, chosen
        The streams' options, and the index of each stream's one.
    parts
        For a class of GPUs, how its GPUs are cut. In a class that is not there,
        first-fit decreasing tries (and succeeds in one of ``Packing.UNITS`` if the
        units suffice).
    places
        The GPU in its class of each job in a class of ``Packing.PLACES``; without,
        first-fit decreasing tries there, too.
    """
    gpus: dict[Job, tuple[str, ...]] = {}
    for c, one in enumerate(options.classes):
        per_gpu = options.placement.units_per_gpu
        names = one.names
        partial = []
        for job, share in jobs_on(options, chosen, c):
            if share.units % per_gpu:
                partial.append((job, share))
                continue
            taken = share.units // per_gpu
            if taken > len(names):
                return None
            gpus[job] = names[len(names) - taken :]
            names = names[: len(names) - taken]
        shares = [share for _, share in partial]
        if one.packing is Packing.PLACES and places is not None:
            where: list[int] | None = [places[job] for job, _ in partial]
        elif parts is not None and c in parts:
            where = _in_parts([share.units for share in shares], parts[c])
        else:
            where = first_fit(shares, per_gpu, one.memory, len(names))
        if where is None:
            return None
        gpus |= {job: (names[g],) for (job, _), g in zip(partial, where, strict=True)}
    return PlacedSchedule(
        streams=tuple(
            _plan(
                options.placement.streams[v].name,
                row[o],
                gpus.get(Job(v, False), ()),
                gpus.get(Job(v, True), ()),
            )
            for v, (row, o) in enumerate(zip(options.streams, chosen, strict=True))
        )
    )


def _in_parts(sizes: Sequence[int], parts: Sequence[Part]) -> list[int] | None:
    """Return the GPU of each size, the largest one in the largest part and so on."""
    cut = sorted(((-part, g) for g, each in enumerate(parts) for part in each))
    order = sorted(range(len(sizes)), key=lambda idx: -sizes[idx])
    where = [0] * len(sizes)
    for idx, (negated, g) in zip(order, cut, strict=False):
        if sizes[idx] > -negated:
            return None
        where[idx] = g
    return where if len(cut) >= len(sizes) else None


def _plan(
    stream: str,
    option: Option,
    inference_gpus: tuple[str, ...],
    training_gpus: tuple[str, ...],
) -> PlacedPlan:
    segment = Segment(
        start_seconds=0,
        inference=option.inference,
        inference_units=0 if option.serving is None else option.serving.units,
        training_units=0 if option.training is None else option.training.units,
    )
    return PlacedPlan(
        stream=stream,
        retraining=option.retraining,
        segments=(segment,),
        inference_gpus=inference_gpus,
        training_gpus=training_gpus,
    )
