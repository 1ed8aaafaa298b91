"""One stream of the window problem: what each choice of units and configs yields.

This is the scalar form of the value table, and Algorithm 2 of Ekya (PickConfigs).
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from formulations.schedule import Segment, StreamPlan
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation, SolverUnavailable, Stream

if TYPE_CHECKING:
    from instances.columns import Columns

NO_RETRAINING = -1
"""Index of "no retraining", γ = ∅, among a stream's retraining configs."""

NEVER_SERVED = -math.inf
"""Value of a choice that breaks the stream's accuracy floor."""


def training_speed(
    throughput: Sequence[tuple[float, float]] | None, gpus: float
) -> float:
    """Return the GPU-seconds that a retraining gains a second on ``gpus`` GPUs."""
    if throughput is None:
        return gpus
    previous_gpus, previous_speed = 0.0, 0.0
    for point_gpus, point_speed in throughput:
        if gpus <= point_gpus:
            part = (gpus - previous_gpus) / (point_gpus - previous_gpus)
            return previous_speed + part * (point_speed - previous_speed)
        previous_gpus, previous_speed = point_gpus, point_speed
    return previous_speed + gpus - previous_gpus


def units_needed(gpus: float, units_per_gpu: int) -> int:
    """Return the units that a demand of ``gpus`` GPUs takes, ⌈gpus · units_per_gpu⌉.

    A billionth is forgiven, so that 0.07 GPUs are 7 units of 1/100.
    """
    units = gpus * units_per_gpu
    return math.ceil(units - 1e-9 * max(1.0, units))


def check_static(instance: "Instance | Columns") -> None:
    """Raise ``SolverUnavailable`` unless streams are coupled by one capacity only."""
    if instance.reallocation is Reallocation.SERVER:
        message = "reallocation server is not a static window; expected never or stream"
        raise SolverUnavailable(message)


class StreamModel:
    """One stream's choices, valued in accuracy averaged over the window.

    A choice is a retraining config (or none), inference units I and training units R,
    held from the start of the window. Under ``never`` they stay; under ``stream`` the
    training units join the inference at the stream's own completion. In every stretch
    the most accurate inference config that fits is used: with the model given, it is
    the best one (Ekya, Algorithm 2).

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    stream
        One of its streams.
    """

    def __init__(self, instance: Instance, stream: Stream) -> None:
        check_static(instance)
        self.stream = stream
        self._window = instance.window_seconds
        self._floor = instance.floor(stream) - ACCURACY_TOLERANCE
        self._joins = instance.reallocation is Reallocation.STREAM
        self._total = instance.total_units
        self._throughput = instance.training_throughput
        self._units_per_gpu = instance.units_per_gpu
        self._speeds: dict[int, float] = {}
        self._levels = serving_levels(stream, instance.units_per_gpu)

    def inference_idx(self, units: int) -> int | None:
        """Return the most accurate inference config that fits in the units."""
        best = None
        for needed, idx in self._levels:
            if needed > units:
                break
            best = idx
        return best

    def relative_accuracy(self, units: int) -> float:
        """Return what the best fitting inference config keeps; 0 if none fits."""
        idx = self.inference_idx(units)
        return 0.0 if idx is None else self.stream.inference[idx].relative_accuracy

    @property
    def serving_units(self) -> list[int]:
        """Numbers of inference units at which a more accurate config fits."""
        return [needed for needed, _ in self._levels]

    def completion_seconds(self, retraining_idx: int, training_units: int) -> float:
        """Return when the retraining finishes; infinite if not inside the window."""
        config = self.stream.retraining[retraining_idx]
        seconds = config.delay_seconds
        if config.gpu_seconds > 0:
            speed = self._speed(training_units)
            if speed == 0:
                return math.inf
            seconds += config.gpu_seconds / speed
        return seconds if seconds <= self._window else math.inf

    def finishing(self, retraining_idx: int, training_units: int) -> int:
        """Return the retraining config, or none if it does not finish in the window."""
        if retraining_idx == NO_RETRAINING:
            return NO_RETRAINING
        seconds = self.completion_seconds(retraining_idx, training_units)
        return NO_RETRAINING if seconds == math.inf else retraining_idx

    def value(
        self, retraining_idx: int, inference_units: int, training_units: int
    ) -> float:
        """Return A_T(v, γ, λ, R, I) of Eq. 1; ``NEVER_SERVED`` below the floor.

        With t the completion and ``r(I)`` the relative accuracy: (a · t · r(I) +
        a_γ · (T - t) · r(I')) / T, where I' = I under ``never``, I + R under
        ``stream``. The value of an unfinished retraining is ``NEVER_SERVED`` too.
        """
        before = self.stream.accuracy * self.relative_accuracy(inference_units)
        if retraining_idx == NO_RETRAINING:
            return before if before >= self._floor else NEVER_SERVED
        seconds = self.completion_seconds(retraining_idx, training_units)
        if seconds == math.inf:
            return NEVER_SERVED
        freed = training_units if self._joins else 0
        after = self.stream.retraining[retraining_idx].accuracy
        after *= self.relative_accuracy(inference_units + freed)
        share = seconds / self._window
        if share > TIME_TOLERANCE and before < self._floor:
            return NEVER_SERVED
        if share < 1 - TIME_TOLERANCE and after < self._floor:
            return NEVER_SERVED
        return share * before + (1 - share) * after

    def fewest_units(self) -> int | None:
        """Return the fewest units that keep the stream at its floor.

        ``None`` if no number of units does. A retraining helps only if it is there
        from the first instant.
        """
        fewest = []
        for accuracy, training in self._first_models():
            serving = self.fewest_serving(accuracy)
            if serving is not None:
                joined = max(serving, training)
                fewest.append(joined if self._joins else serving + training)
        return min(fewest, default=None)

    def fewest_serving(self, accuracy: float) -> int | None:
        """Return the fewest inference units that keep a model at the floor, if any."""
        for units in [0, *self.serving_units]:
            if accuracy * self.relative_accuracy(units) >= self._floor:
                return units
        return None

    def _first_models(self) -> list[tuple[float, int]]:
        """Return the models that may serve first, with the units that they train on."""
        models = [(self.stream.accuracy, 0)]
        instant = TIME_TOLERANCE * self._window
        for idx, config in enumerate(self.stream.retraining):
            ends = partial(self._ends_by, instant, idx)
            if ends(self._total):
                training = bisect_left(range(self._total), True, key=ends)
                models.append((config.accuracy, training))
        return models

    def _ends_by(self, seconds: float, retraining_idx: int, units: int) -> bool:
        """Return whether a retraining ends by then; it does with more units, too."""
        return self.completion_seconds(retraining_idx, units) <= seconds

    def pick(self, inference_units: int, training_units: int) -> tuple[float, int]:
        """Return the best value and its retraining config (Ekya, Algorithm 2).

        The first of equals, with "no retraining" before all configs.
        """
        best = self.value(NO_RETRAINING, inference_units, training_units)
        best_idx = NO_RETRAINING
        for idx in range(len(self.stream.retraining)):
            value = self.value(idx, inference_units, training_units)
            if value > best:
                best, best_idx = value, idx
        return best, best_idx

    def plan(
        self, retraining_idx: int, inference_units: int, training_units: int
    ) -> StreamPlan:
        """Return the plan that carries out a choice; it must finish in the window."""
        segments = [self._segment(0.0, inference_units, training_units)]
        retraining = None
        if retraining_idx != NO_RETRAINING:
            retraining = self.stream.retraining[retraining_idx].name
            seconds = self.completion_seconds(retraining_idx, training_units)
            inside = seconds < self._window * (1 - 2 * TIME_TOLERANCE)
            if self._joins and training_units and inside:
                joined = self._segment(seconds, inference_units + training_units, 0)
                segments = [joined] if seconds == 0 else [*segments, joined]
        return StreamPlan(
            stream=self.stream.name, retraining=retraining, segments=tuple(segments)
        )

    def _segment(
        self, start_seconds: float, inference_units: int, training_units: int
    ) -> Segment:
        idx = self.inference_idx(inference_units)
        return Segment(
            start_seconds=start_seconds,
            inference=None if idx is None else self.stream.inference[idx].name,
            inference_units=inference_units,
            training_units=training_units,
        )

    def _speed(self, training_units: int) -> float:
        speed = self._speeds.get(training_units)
        if speed is None:
            gpus = training_units / self._units_per_gpu
            speed = self._speeds[training_units] = training_speed(
                self._throughput, gpus
            )
        return speed


def serving_levels(stream: Stream, units_per_gpu: int) -> list[tuple[int, int]]:
    """Return (units, config) by units, each more accurate than all before it."""
    needs = [
        (units_needed(config.gpus, units_per_gpu), -config.relative_accuracy, idx)
        for idx, config in enumerate(stream.inference)
    ]
    levels: list[tuple[int, int]] = []
    best = -1.0
    for needed, negated, idx in sorted(needs):
        if -negated > best:
            levels.append((needed, idx))
            best = -negated
    return levels
