"""The window in which the whole server may reallocate: what each stream can do.

Only the retraining config and the slot from which its model serves are decisions of a
stream's own; with them fixed, what remains is which units train and which serve in
each slot. A pair of them is called a cell here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from formulations.stream_model import serving_levels, training_speed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import (
    Instance,
    InstanceTooLarge,
    Reallocation,
    RetrainingConfig,
    SolverUnavailable,
    Stream,
)

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

MOST_CELLS = 20_000_000
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A retraining config worth thinking of.

    Parameters
    ----------
    config_idx
        Its place among the stream's retraining configs.
    accuracy
        Of the retrained model.
    work
        Unit-slots that it takes: GPU-seconds in units of one unit for one slot.
    least_work
        The same less what the referee's tolerance on instants may forgive, for bounds.
    release
        First slot in which it can train.
    release_share
        Part of that slot that is left for training, in (0, 1].
    first, last
        Earliest and latest slot from which its model may serve; first > last if it
        cannot finish in time.
    """

    config_idx: int
    accuracy: float
    work: float
    least_work: float
    release: int
    release_share: float
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A number of inference units at which a more accurate config fits.

    Parameters
    ----------
    units
        Inference units.
    kept
        Relative accuracy of the config, 0 without one.
    config_idx
        Its place among the stream's inference configs; ``None`` without one.
    """

    units: int
    kept: float
    config_idx: int | None


class ServerWindow:
    """An instance with reallocation ``server``, with everything derived once.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    check_time
        Called for each stream; may raise to stop the work.

    Attributes
    ----------
    instance
        As given.
    slots
        Number of slots in the window.
    total_units
        Units of all GPUs together.
    weights
        Shape ``(V,)``: what a slot at accuracy 1 adds to the objective.
    gains
        Shape ``(K + 1,)``: work that 0 to K units do in a slot, in unit-slots.
    levels, options
        Of each stream; levels by units, options by accuracy.
    infeasible
        Whether the floors cannot all be kept in the first slot, and so never.
    most_training
        Units that are ever free for training in a slot.
    floors
        Of each stream, less the tolerance.

    Raises
    ------
    SolverUnavailable
        If the instance has another reallocation.
    InstanceTooLarge
        If slots and configs make more than ``MOST_CELLS`` cells.
    """

    def __init__(
        self, instance: Instance, check_time: Callable[[], None] = lambda: None
    ) -> None:
        check_server(instance)
        assert instance.slot_seconds is not None
        self.instance = instance
        self.slot_seconds = instance.slot_seconds
        self.slots = round(instance.window_seconds / instance.slot_seconds)
        self.total_units = instance.total_units
        configs = sum(len(stream.retraining) + 1 for stream in instance.streams)
        if configs * self.slots > MOST_CELLS:
            message = f"{instance.name}: {configs} configs in {self.slots} slots are"
            raise InstanceTooLarge(f"{message} beyond {MOST_CELLS} cells")
        weights = np.array([stream.weight for stream in instance.streams])
        self.weights: Floats = weights / weights.sum() / self.slots
        self.gains = _gains(instance)
        self.floors = [
            instance.floor(stream) - ACCURACY_TOLERANCE for stream in instance.streams
        ]
        self.levels = [_levels(instance, stream) for stream in instance.streams]
        self.infeasible = self._fewest(within=0) > self.total_units
        fewest = self._fewest(within=self.slots - 1)
        self.most_training = int(max(0, self.total_units - fewest))
        self.options: list[list[Option]] = []
        for stream in instance.streams:
            check_time()
            self.options.append(self._options(stream))

    @cached_property
    def is_linear(self) -> bool:
        """Whether each training unit does one unit-slot of work in a slot."""
        return bool(np.array_equal(self.gains, np.arange(self.total_units + 1)))

    @cached_property
    def is_integral(self) -> bool:
        """Whether trainings take whole units in whole slots.

        Then a dynamic program bounds the best schedule of given cells.
        """
        return self.is_linear and all(
            option.release_share == 1 and option.work == option.least_work
            for option in self._trained
        )

    @cached_property
    def is_whole(self) -> bool:
        """Whether trainings take whole units in whole slots from one release on.

        Then the order of the deadlines decides which trainings fit together, and the
        dynamic program finds the best schedule of given cells.
        """
        releases = {option.release for option in self._trained}
        return self.is_integral and len(releases) <= 1

    @property
    def _trained(self) -> list[Option]:
        return [option for row in self.options for option in row if option.work]

    def accuracy(self, stream_idx: int, option_idx: int | None) -> float:
        """Return the accuracy of a stream's model: the one held, or an option's."""
        if option_idx is None:
            return self.instance.streams[stream_idx].accuracy
        return self.options[stream_idx][option_idx].accuracy

    def serving(self, stream_idx: int, accuracy: float) -> list[Level]:
        """Return the levels that keep a model of a stream at its floor, by units."""
        floor = self.floors[stream_idx]
        return [
            level for level in self.levels[stream_idx] if accuracy * level.kept >= floor
        ]

    def end(
        self, stream_idx: int, option_idx: int, training: Sequence[int]
    ) -> int | None:
        """Return the slot from which an option's model serves, as the referee has it.

        ``training`` are its units in each slot. ``None`` if it does not end in the
        window.
        """
        option = self.options[stream_idx][option_idx]
        if option.work == 0:
            return option.first
        stream = self.instance.streams[stream_idx]
        left = self._work(stream.retraining[option.config_idx]) * (1 - ROUNDING)
        same = TIME_TOLERANCE * self.slots
        for t in range(option.release, self.slots):
            share = option.release_share if t == option.release else 1.0
            gain = float(self.gains[training[t]])
            if gain and left <= gain * (share + same):
                return t if 1 - share + left / gain <= same else t + 1
            left -= gain * share
        return None

    def _fewest(self, within: int) -> float:
        """Return the fewest units that keep all streams at their floors in a slot.

        With models that may serve from slot ``within`` or before; infinite if a stream
        has none that keeps its floor. In slot 0 with what trains there as well.
        """
        total = 0.0
        for v, stream in enumerate(self.instance.streams):
            models = [(stream.accuracy, 0)]
            models += [
                (c.accuracy, 0 if within else self._at_once(c))
                for c in stream.retraining
                if self._first(c) <= within
            ]
            needed = [
                levels[0].units + units
                for accuracy, units in models
                if (levels := self.serving(v, accuracy))
            ]
            total += min(needed, default=math.inf)
        return total

    def _at_once(self, config: RetrainingConfig) -> int:
        """Return the fewest units whose training the referee forgives whole."""
        forgiven = TIME_TOLERANCE * self.slots * self.gains
        return int(np.searchsorted(forgiven, self._work(config)))

    def _first(self, config: RetrainingConfig) -> int:
        """Return the earliest slot from which a config's model may serve, alone."""
        if config.gpu_seconds == 0:
            same = TIME_TOLERANCE * self.instance.window_seconds
            return max(0, math.ceil((config.delay_seconds - same) / self.slot_seconds))
        release, share = self._release(config)
        at_once = self._work(config) <= self._forgiven(float(self.gains.max()))
        is_whole = 1 - share <= TIME_TOLERANCE * self.slots
        return release if is_whole and at_once else release + 1

    def _work(self, config: RetrainingConfig) -> float:
        return config.gpu_seconds * self.instance.units_per_gpu / self.slot_seconds

    def _forgiven(self, gain: float) -> float:
        """Return the unit-slots that the referee forgives at a gain in the last slot.

        A retraining may end a billionth of the window after the slot's end.
        """
        return TIME_TOLERANCE * self.slots * gain

    def _release(self, config: RetrainingConfig) -> tuple[int, float]:
        """Return the first slot with time to train, and the part of it left."""
        slot, passed = divmod(config.delay_seconds / self.slot_seconds, 1.0)
        if 1 - passed < ROUNDING * self.slots:
            slot, passed = slot + 1, 0.0
        elif passed < ROUNDING * self.slots:
            passed = 0.0
        return int(min(slot, self.slots)), 1 - passed

    def _options(self, stream: Stream) -> list[Option]:
        """Return the undominated options of a stream, by rising accuracy."""
        found: list[Option] = []
        best: list[tuple[float, float]] = []
        order = sorted(
            range(len(stream.retraining)),
            key=lambda idx: (
                -stream.retraining[idx].accuracy,
                stream.retraining[idx].gpu_seconds,
                stream.retraining[idx].delay_seconds,
            ),
        )
        for idx in order:
            config = stream.retraining[idx]
            cost = config.gpu_seconds, config.delay_seconds
            if config.accuracy <= stream.accuracy or any(
                other[0] <= cost[0] and other[1] <= cost[1] for other in best
            ):
                continue
            option = self._option(idx, config)
            if option.first <= option.last:
                best.append(cost)
                found.append(option)
        return found[::-1]

    def _option(self, config_idx: int, config: RetrainingConfig) -> Option:
        release, share, work, least = 0, 1.0, 0.0, 0.0
        first = last = self._first(config)
        if config.gpu_seconds > 0:
            release, share = self._release(config)
            most = float(self.gains[: self.most_training + 1].max())
            work = self._work(config)
            least = max(0.0, work - self._forgiven(most))
            if self.is_linear and share == 1:
                # Units are whole: what is left of the last one is lost.
                work = max(1.0, math.ceil(work - 0.9 * self._forgiven(1)))
                least = float(math.ceil(least * (1 - ROUNDING)))
            if most == 0:
                first = self.slots
            elif least > 0:
                first = _first_end(least, most, release, share)
            last = self.slots - 1
        return Option(
            config_idx=config_idx,
            accuracy=config.accuracy,
            work=work,
            least_work=least,
            release=release,
            release_share=share,
            first=first,
            last=min(last, self.slots - 1),
        )


def check_server(instance: Instance) -> None:
    """Raise ``SolverUnavailable`` unless the whole server may reallocate."""
    if instance.reallocation is not Reallocation.SERVER:
        message = f"reallocation {instance.reallocation} has no slots; expected server"
        raise SolverUnavailable(message)


def _gains(instance: Instance) -> Floats:
    """Return the work of 0 to K units in a slot, in unit-slots."""
    units = range(instance.total_units + 1)
    throughput = instance.training_throughput
    if throughput is None:
        return np.arange(instance.total_units + 1.0)
    per_gpu = instance.units_per_gpu
    gains = np.array([training_speed(throughput, u / per_gpu) * per_gpu for u in units])
    return gains.round() if np.allclose(gains, units, rtol=ROUNDING) else gains


def _levels(instance: Instance, stream: Stream) -> list[Level]:
    """Return the serving levels within the total, from 0 units on."""
    levels = [
        Level(
            units=units,
            kept=stream.inference[idx].relative_accuracy,
            config_idx=idx,
        )
        for units, idx in serving_levels(stream, instance.units_per_gpu)
        if units <= instance.total_units
    ]
    if not levels or levels[0].units > 0:
        levels.insert(0, Level(units=0, kept=0.0, config_idx=None))
    return [
        level
        for idx, level in enumerate(levels)
        if idx == 0 or level.kept > levels[idx - 1].kept
    ]


def _first_end(work: float, most: float, release: int, share: float) -> int:
    """Return the earliest end of a training that has the whole server from release."""
    left = work * (1 - ROUNDING) - share * most
    return release + 1 + max(0, math.ceil(left / most))
