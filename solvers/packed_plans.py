"""First-fit decreasing of jobs whose configs follow from where they land."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from formulations.placement_classes import gpu_classes, megabytes, menu_of, sizes_on
from formulations.schedule import Segment
from formulations.stream_model import training_speed, units_needed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances.placement import Placement

Units = tuple[int, int]
"""Units of a stream's inference and of its training."""

LEAST_EXTRA = 0.1
"""Units that a move counts for which takes none."""


class Choice(NamedTuple):
    """A config for a job.

    Parameters
    ----------
    worth, least
        Of an inference: the share of the model's accuracy that it keeps, twice. Of a
        training: the mean and the least accuracy of the models that serve.
    memory
        Memory that it takes, in MB.
    name
        Name of the config; ``None`` for none.
    """

    worth: float
    least: float
    memory: int
    name: str | None


class Landed(NamedTuple):
    """Where a job landed, and with what: no units and no GPUs if it did not."""

    choice: Choice
    units: int = 0
    gpus: tuple[int, ...] = ()


class Move(NamedTuple):
    """Other sizes of a stream's jobs: what they add a unit, and the units they add."""

    rate: float
    extra: int
    stream_idx: int
    units: Units


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedPlan:
    """What the jobs of all streams hold, once packed.

    Parameters
    ----------
    served, trained
        Each stream's two jobs.
    objective
        Weighted mean of the accuracies.
    worth
        The same, less 1 for each stream below its floor: what a better plan raises.
    below_floor
        Number of streams below their floors.
    schedule
        The schedule.
    """

    served: tuple[Landed, ...]
    trained: tuple[Landed, ...]
    objective: float
    worth: float
    below_floor: int
    schedule: PlacedSchedule

    @property
    def units(self) -> list[Units]:
        """Units that each stream's jobs hold."""
        pairs = zip(self.served, self.trained, strict=True)
        return [(one.units, other.units) for one, other in pairs]


class Packer:
    """Packs jobs on a placement's GPUs and picks their configs.

    Parameters
    ----------
    placement
        The problem.
    """

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        menu = menu_of(placement)
        classes = gpu_classes(placement, menu)
        self.sizes = sorted(
            {size for c in classes for size in sizes_on(placement, menu, c)}
        )
        index = {gpu.name: g for g, gpu in enumerate(placement.gpus)}
        by_speed = sorted(classes, key=lambda one: -one.speed)
        self._classes = [[index[name] for name in one.names] for one in by_speed]
        self._speeds = [gpu.speed for gpu in placement.gpus]
        self._memory = [
            math.inf if gpu.memory_gb is None else megabytes(gpu.memory_gb)
            for gpu in placement.gpus
        ]
        self._weights = [
            stream.weight / placement.total_weight for stream in placement.streams
        ]
        self._floors = [
            placement.floor(stream) - ACCURACY_TOLERANCE for stream in placement.streams
        ]
        # The same choices are asked for again and again.
        self._choices = cache(self._all_choices)
        self._without = cache(self._best_without)
        self._moves = cache(self._all_moves)

    def at_most(self, units: int) -> int:
        """Return the largest size of a job within a number of units; 0 if none."""
        return max((size for size in self.sizes if size <= units), default=0)

    def pack(self, units: Sequence[Units]) -> PackedPlan:
        """Return the plan of jobs of given sizes, the largest ones placed first.

        Of equals, inference comes before training. A job that finds no room, and a
        training that does not pay, holds nothing.
        """
        landed = [
            [Landed(self._without(v, is_training)) for v in range(len(units))]
            for is_training in (False, True)
        ]
        units_left = [self.placement.units_per_gpu] * len(self._speeds)
        memory_left = list(self._memory)
        jobs = sorted(
            (-held[is_training], is_training, v)
            for v, held in enumerate(units)
            for is_training in (False, True)
            if held[is_training]
        )
        for negated, is_training, v in jobs:
            for gpus in self._fitting(-negated, units_left):
                room = min(memory_left[g] for g in gpus)
                choice = self._best(v, is_training, -negated, gpus[0], room)
                if choice is not None:
                    landed[is_training][v] = Landed(choice, -negated, gpus)
                    for g in gpus:
                        units_left[g] -= -negated // len(gpus)
                        memory_left[g] -= choice.memory
                    break
        return self._plan(landed[False], landed[True])

    def moves(self, packed: PackedPlan, v: int) -> tuple[Move, ...]:
        """Return the other sizes of a stream's jobs that pay on GPUs of their own.

        They are what they would be on the GPUs where its jobs are, or on the fastest.
        """
        return self._moves(v, packed.served[v], packed.trained[v])

    def _all_moves(self, v: int, served: Landed, trained: Landed) -> tuple[Move, ...]:
        fastest = self._classes[0][:1]
        gpus = (served.gpus or fastest)[0], (trained.gpus or fastest)[0]
        sizes = (0, *self.sizes)
        choices = [
            {
                units: self._best(v, is_training, units, g, self._memory[g])
                or self._without(v, is_training)
                for units in sizes
            }
            for is_training, g in ((False, gpus[0]), (True, gpus[1]))
        ]
        before = self._worth(v, served.choice, trained.choice)
        found = []
        for inference, training in product(sizes, sizes):
            extra = inference + training - served.units - trained.units
            after = self._worth(v, choices[0][inference], choices[1][training])
            if after > before:
                rate = self._weights[v] * (after - before) / max(extra, LEAST_EXTRA)
                found.append(Move(rate, extra, v, (inference, training)))
        return tuple(found)

    def _fitting(self, units: int, left: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Yield the GPUs that have room for a job, the fastest first."""
        per_gpu = self.placement.units_per_gpu
        for members in self._classes:
            if units < per_gpu:
                yield from ((g,) for g in members if left[g] >= units)
            else:
                empty = [g for g in members if left[g] == per_gpu]
                if len(empty) >= units // per_gpu:
                    yield tuple(empty[: units // per_gpu])

    def _best(
        self, v: int, is_training: bool, units: int, gpu: int, room: float
    ) -> Choice | None:
        """Return the best config that beats doing without the job, if any fits."""
        for choice in self._choices(v, is_training, units, self._speeds[gpu]):
            if choice.memory <= room:
                return choice
        return None

    def _best_without(self, v: int, is_training: bool) -> Choice:
        """Return the best config that needs no units."""
        stream = self.placement.streams[v]
        if is_training:
            none = Choice(stream.accuracy, stream.accuracy, 0, None)
            found = self._trainings(v, 0, 1.0)
        else:
            none = Choice(0.0, 0.0, 0, None)
            found = self._servings(v, 0, 1.0)
        best = max([none, *found], key=lambda choice: (choice.worth, choice.least))
        return best._replace(memory=0)

    def _all_choices(
        self, v: int, is_training: bool, units: int, speed: float
    ) -> list[Choice]:
        """Return the configs that beat doing without the job, the best one first."""
        without = self._without(v, is_training)
        there = self._trainings if is_training else self._servings
        better = [
            choice
            for choice in (there(v, units, speed) if units else [])
            if choice.worth > without.worth
        ]
        return sorted(better, key=lambda choice: (-choice.worth, choice.memory))

    def _servings(self, v: int, units: int, speed: float) -> list[Choice]:
        per_gpu = self.placement.units_per_gpu
        return [
            Choice(
                config.relative_accuracy,
                config.relative_accuracy,
                megabytes(config.memory_gb),
                config.name,
            )
            for config in self.placement.streams[v].inference
            if units_needed(config.gpus / speed, per_gpu) <= units
        ]

    def _trainings(self, v: int, units: int, speed: float) -> list[Choice]:
        placement, stream = self.placement, self.placement.streams[v]
        gpus = units / placement.units_per_gpu
        rate = training_speed(placement.training_throughput, gpus) * speed
        choices = []
        for config in stream.retraining:
            seconds = config.delay_seconds
            if config.gpu_seconds > 0:
                seconds += config.gpu_seconds / rate if rate else math.inf
            if seconds <= placement.window_seconds:
                part = seconds / placement.window_seconds
                mean = part * stream.accuracy + (1 - part) * config.accuracy
                least = min(
                    stream.accuracy if part > TIME_TOLERANCE else math.inf,
                    config.accuracy if part < 1 - TIME_TOLERANCE else math.inf,
                )
                memory = megabytes(config.memory_gb)
                choices.append(Choice(mean, least, memory, config.name))
        return choices

    def _worth(self, v: int, serving: Choice, training: Choice) -> float:
        """Return a stream's accuracy, less 1 if it falls below its floor."""
        broken = serving.worth * training.least < self._floors[v]
        return serving.worth * training.worth - broken

    def _plan(self, served: list[Landed], trained: list[Landed]) -> PackedPlan:
        streams = list(enumerate(zip(served, trained, strict=True)))
        worths = [
            self._worth(v, one.choice, other.choice) for v, (one, other) in streams
        ]
        values = [one.choice.worth * other.choice.worth for _, (one, other) in streams]
        weights = self._weights
        return PackedPlan(
            served=tuple(served),
            trained=tuple(trained),
            objective=math.fsum(w * x for w, x in zip(weights, values, strict=True)),
            worth=math.fsum(w * x for w, x in zip(weights, worths, strict=True)),
            below_floor=sum(
                worth < value for worth, value in zip(worths, values, strict=True)
            ),
            schedule=PlacedSchedule(
                streams=tuple(
                    self._placed(v, one, other) for v, (one, other) in streams
                )
            ),
        )

    def _placed(self, v: int, served: Landed, trained: Landed) -> PlacedPlan:
        names = [gpu.name for gpu in self.placement.gpus]
        segment = Segment(
            start_seconds=0,
            inference=served.choice.name,
            inference_units=served.units,
            training_units=trained.units,
        )
        return PlacedPlan(
            stream=self.placement.streams[v].name,
            retraining=trained.choice.name,
            segments=(segment,),
            inference_gpus=tuple(names[g] for g in served.gpus),
            training_gpus=tuple(names[g] for g in trained.gpus),
        )
