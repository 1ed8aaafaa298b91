"""What is decided for a server's window, slot by slot, and its schedule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.server_window import ROUNDING, Option, ServerWindow

Cell = tuple[int | None, int]
"""A stream's option, or none, and the slot from which its model serves."""

Units = list[list[int]]
"""Units of each stream in each slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """Cells, serving levels and training units of all streams.

    Parameters
    ----------
    cells
        One a stream.
    levels
        For each stream the index of its serving level in each slot.
    training
        For each stream its training units in each slot.
    """

    cells: tuple[Cell, ...]
    levels: tuple[tuple[int, ...], ...]
    training: tuple[tuple[int, ...], ...]

    def objective(self, window: ServerWindow) -> float:
        """Return the weighted mean accuracy."""
        return math.fsum(
            float(window.weights[v])
            * _model(window, v, cell, t)
            * window.levels[v][level].kept
            for v, (cell, levels) in enumerate(
                zip(self.cells, self.levels, strict=True)
            )
            for t, level in enumerate(levels)
        )

    def keeps_floors(self, window: ServerWindow) -> bool:
        """Return whether every stream is served at its floor in every slot."""
        return all(
            window.levels[v][level]
            in window.serving(v, _model(window, v, self.cells[v], t))
            for v, levels in enumerate(self.levels)
            for t, level in enumerate(levels)
        )

    def schedule(self, window: ServerWindow) -> Schedule:
        """Return the schedule, with slots that do not differ in one segment."""
        plans = []
        for v, stream in enumerate(window.instance.streams):
            option, _ = self.cells[v]
            segments: list[Segment] = []
            for t in range(window.slots):
                level = window.levels[v][self.levels[v][t]]
                idx = level.config_idx
                segment = Segment(
                    start_seconds=t * window.slot_seconds if segments else 0.0,
                    inference=None if idx is None else stream.inference[idx].name,
                    inference_units=level.units,
                    training_units=self.training[v][t],
                )
                if not segments or _shares(segments[-1]) != _shares(segment):
                    segments.append(segment)
            retraining = None
            if option is not None:
                config = window.options[v][option].config_idx
                retraining = stream.retraining[config].name
            plans.append(
                StreamPlan(
                    stream=stream.name, retraining=retraining, segments=tuple(segments)
                )
            )
        return Schedule(streams=tuple(plans))


def plan_of_levels(
    window: ServerWindow, cells: Sequence[Cell], levels: Sequence[Sequence[int]]
) -> ServerPlan | None:
    """Return the plan that trains in what serving leaves, by earliest deadline first.

    ``None`` if a training does not end in time. Among whole units and slots the order
    of the deadlines fails only if every order does (Horn, 1974).
    """
    free = [
        window.total_units
        - sum(window.levels[v][row[t]].units for v, row in enumerate(levels))
        for t in range(window.slots)
    ]
    training = train_by_deadline(window, cells, free)
    if training is None:
        return None
    return ServerPlan(
        cells=tuple(
            _ended(window, v, cell, row)
            for v, (cell, row) in enumerate(zip(cells, training, strict=True))
        ),
        levels=tuple(tuple(row) for row in levels),
        training=tuple(tuple(row) for row in training),
    )


def _ended(
    window: ServerWindow, stream_idx: int, cell: Cell, training: Sequence[int]
) -> Cell:
    """Return the cell with the slot from which its model serves, trained so."""
    option_idx, _ = cell
    if option_idx is None or window.options[stream_idx][option_idx].work == 0:
        return cell
    end = window.end(stream_idx, option_idx, training)
    assert end is not None
    return option_idx, end


def train_by_deadline(
    window: ServerWindow, cells: Sequence[Cell], free: Sequence[int]
) -> Units | None:
    """Return training units in each slot within the free ones, if they are found."""
    training = [[0] * window.slots for _ in cells]
    jobs = [
        (slot, v, window.options[v][option])
        for v, (option, slot) in enumerate(cells)
        if option is not None and window.options[v][option].work > 0
    ]
    left = {v: option.work * (1 - ROUNDING) for _, v, option in jobs}
    for slot, v, option in sorted(jobs, key=lambda job: job[:2]):
        # Of less work than the referee forgives a model may serve while it trains.
        for t in range(
            option.release, min(max(slot, option.release + 1), window.slots)
        ):
            if left[v] <= 0:
                break
            room = free[t] - sum(row[t] for row in training)
            units, gain = _units_for(window, option, t, left[v], room)
            training[v][t] = units
            left[v] -= gain
        if left[v] > 0:
            return None
    return training


def cells_of(window: ServerWindow, schedule: Schedule) -> list[Cell]:
    """Return the cells of a feasible schedule; an option as good stands for a config.

    A config without such an option counts as none.
    """
    plans = {plan.stream: plan for plan in schedule.streams}
    cells: list[Cell] = []
    for v, stream in enumerate(window.instance.streams):
        plan = plans[stream.name]
        cell: Cell = (None, 0)
        if plan.retraining is not None:
            names = [config.name for config in stream.retraining]
            idx = _as_good(window, v, names.index(plan.retraining))
            if idx is not None:
                slot = _end(window, v, idx, plan)
                cell = (None, 0) if slot is None else (idx, slot)
        cells.append(cell)
    return cells


def _as_good(window: ServerWindow, stream_idx: int, config_idx: int) -> int | None:
    """Return the option that is a config or dominates it."""
    configs = window.instance.streams[stream_idx].retraining
    wanted = configs[config_idx]
    for idx, option in enumerate(window.options[stream_idx]):
        config = configs[option.config_idx]
        if (
            option.accuracy >= wanted.accuracy
            and config.gpu_seconds <= wanted.gpu_seconds
            and config.delay_seconds <= wanted.delay_seconds
        ):
            return idx
    return None


def _end(
    window: ServerWindow, stream_idx: int, option_idx: int, plan: StreamPlan
) -> int | None:
    """Return the slot from which an option serves that trains as a plan does."""
    training = [
        _segment_at(window, plan, t).training_units for t in range(window.slots)
    ]
    option = window.options[stream_idx][option_idx]
    slot = window.end(stream_idx, option_idx, training)
    return None if slot is None or slot > option.last else max(slot, option.first)


def _segment_at(window: ServerWindow, plan: StreamPlan, slot: int) -> Segment:
    seconds = (slot + 0.5) * window.slot_seconds
    return [part for part in plan.segments if part.start_seconds <= seconds][-1]


def _units_for(
    window: ServerWindow, option: Option, slot: int, left: float, room: int
) -> tuple[int, float]:
    """Return the fewest units that do the work left in a slot, or do most; the work."""
    share = option.release_share if slot == option.release else 1.0
    gains = window.gains[: room + 1] * share
    units = int(np.searchsorted(gains, min(left, float(gains[-1]))))
    return units, float(gains[units])


def _model(window: ServerWindow, stream_idx: int, cell: Cell, slot: int) -> float:
    """Return the accuracy of the model that serves in a slot."""
    option, first = cell
    return window.accuracy(stream_idx, option if slot >= first else None)


def _shares(segment: Segment) -> tuple[str | None, int, int]:
    return segment.inference, segment.inference_units, segment.training_units
