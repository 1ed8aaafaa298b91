"""Classes of equal GPUs, and the shares of them that jobs may hold.

GPUs of equal speed and memory are a class: a job is told its class first, and the
packing of a class is another matter (``placement_packing.py``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from instances import InstanceTooLarge
from instances.placement import Placement, Shares

MOST_SHARES = 400


class Packing(StrEnum):
    """How jobs of one class of GPUs may be packed, from the easiest to the hardest.

    ``UNITS``: memory never binds, and there is one GPU or every size divides the next
    larger one, so that first-fit decreasing packs whatever fits in the sum of units.
    ``ALONE``: the class is one GPU, so that the sums of units and of memory count.
    ``SIZES``: memory never binds, only the sizes count. ``PLACES``: memory may bind.
    """

    UNITS = "units"
    ALONE = "alone"
    SIZES = "sizes"
    PLACES = "places"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuClass:
    """GPUs of equal speed and memory.

    Parameters
    ----------
    names
        Their names, in the placement's order.
    speed
        Their speed.
    memory
        Memory of each in MB; infinite without a limit.
    packing
        How its jobs may be packed.
    """

    names: tuple[str, ...]
    speed: float
    memory: float
    packing: Packing


class Share(NamedTuple):
    """What a job holds: units of a class of GPUs, and MB on each of its GPUs."""

    class_idx: int
    units: int
    memory: int


def all_sizes(
    placement: Placement, menu: Sequence[int], classes: Sequence[GpuClass]
) -> list[tuple[int, ...]]:
    """Return the sizes of a job on each class.

    Raises
    ------
    InstanceTooLarge
        If there are more than ``MOST_SHARES`` in all.
    """
    sizes = [sizes_on(placement, menu, one) for one in classes]
    if sum(map(len, sizes)) > MOST_SHARES:
        message = f"{placement.name}: a job has {sum(map(len, sizes))} shares to choose"
        message += f" from, more than {MOST_SHARES}; use coarser units or other shares"
        raise InstanceTooLarge(message)
    return sizes


def menu_of(placement: Placement) -> tuple[int, ...]:
    """Return the sizes that a job on one GPU may have, in units, increasing."""
    per_gpu = placement.units_per_gpu
    if placement.shares is Shares.UNITS:
        return tuple(range(1, per_gpu + 1))
    divisors = [units for units in range(1, per_gpu + 1) if per_gpu % units == 0]
    if placement.shares is Shares.INVERSE:
        return tuple(divisors)
    return tuple(u for u in divisors if ((per_gpu // u) & (per_gpu // u - 1)) == 0)


def sizes_on(
    placement: Placement, menu: Sequence[int], gpus: GpuClass
) -> tuple[int, ...]:
    """Return all sizes of a job on a class: the menu, and several whole GPUs."""
    most = len(gpus.names) if placement.whole_gpus else 1
    return (*menu, *(k * placement.units_per_gpu for k in range(2, most + 1)))


def gpu_classes(placement: Placement, menu: Sequence[int]) -> tuple[GpuClass, ...]:
    """Return the classes of GPUs, in the order of their first GPU."""
    names: dict[tuple[float, float], list[str]] = {}
    for gpu in placement.gpus:
        memory = math.inf
        if gpu.memory_gb is not None:
            memory = megabytes(gpu.memory_gb)
        names.setdefault((gpu.speed, memory), []).append(gpu.name)
    needs = _largest_needs(placement, menu[0])
    divisible = all(large % small == 0 for small, large in pairwise(menu))
    return tuple(
        GpuClass(
            names=tuple(members),
            speed=speed,
            memory=memory,
            packing=_packing(len(members), divisible, needs > memory),
        )
        for (speed, memory), members in names.items()
    )


def memory_may_bind(placement: Placement) -> bool:
    """Return whether some GPU may lack the memory for jobs that fit otherwise."""
    return any(
        gpus.packing in (Packing.ALONE, Packing.PLACES)
        for gpus in gpu_classes(placement, menu_of(placement))
    )


def _packing(gpus: int, divisible: bool, memory_binds: bool) -> Packing:
    if memory_binds:
        return Packing.ALONE if gpus == 1 else Packing.PLACES
    return Packing.UNITS if divisible or gpus == 1 else Packing.SIZES


def _largest_needs(placement: Placement, smallest: int) -> int:
    """Return memory that the jobs on one GPU can never exceed."""
    needs = [
        max((megabytes(config.memory_gb) for config in configs), default=0)
        for stream in placement.streams
        for configs in (stream.inference, stream.retraining)
    ]
    return sum(sorted(needs, reverse=True)[: placement.units_per_gpu // smallest])


def megabytes(memory_gb: float) -> int:
    """Return memory in whole MB."""
    return round(memory_gb / 1e-3)
