"""Orders of training: a compact form of a server's schedules, in batches.

See :mod:`formulations.kernels.training_orders_cpu` for how an order is carried out.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.candidates import Candidates
from formulations.kernels import training_orders_cpu as kernels
from formulations.kernels.chunks import run_chunks
from formulations.kernels.server_arrays import server_arrays
from formulations.schedule import Schedule, StreamPlan
from formulations.server_plan import Cell, ServerPlan, cells_of
from formulations.server_window import ServerWindow
from formulations.stream_model import training_speed
from instances.columns import Columns

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SLOTS_A_MILLISECOND = 20_000


class Orders(NamedTuple):
    """Training orders of a server's window, C of them.

    Parameters
    ----------
    model
        Shape ``(C, V)``: the model that each stream trains, or the one held.
    order
        Shape ``(C, V)``: the streams by falling priority.
    cap
        Shape ``(C, V)``: most units that a stream trains on.
    budget
        Shape ``(C, T)``: most units that all train on together in a slot.
    """

    model: Whole
    order: Whole
    cap: Whole
    budget: Whole

    @property
    def num_orders(self) -> int:
        """Number of orders C."""
        return len(self.model)

    def take(self, rows: Whole) -> "Orders":
        """Return copies of the orders at some places."""
        return Orders(*(np.ascontiguousarray(part[rows]) for part in self))


class Decoded(NamedTuple):
    """What orders make of a window.

    Parameters
    ----------
    training, level
        Shape ``(C, V, T)``: training units, and places in ``OrderArrays.level_kept``
        or -1 where no level keeps the floor.
    serves
        Shape ``(C, V)``: slots from which new models serve; T if never.
    """

    training: NDArray[np.int32]
    level: NDArray[np.int32]
    serves: Whole


class OrderArrays(NamedTuple):
    """A server's window as the kernels of training orders read it.

    The fields that :class:`formulations.kernels.server_arrays.ServerArrays` has are as
    there; ``level_kept`` and ``level_row`` are each level's relative accuracy and its
    place among the window's, ``edge_from`` the units at which a step begins.
    """

    slots: int
    capacity: int
    model_offsets: Whole
    stream: Whole
    level_offsets: Whole
    level_units: Whole
    level_value: Floats
    level_kept: Floats
    level_row: Whole
    edge_model: Whole
    edge_units: Whole
    edge_from: Whole
    work: Floats
    release: Whole
    share: Floats
    first: Whole


class TrainingOrders:
    """Decodes and changes training orders of one window.

    Parameters
    ----------
    window, columns
        The window, as such and as columns.
    workers
        Threads.
    check_time
        Called now and then; may raise to stop the work.
    """

    def __init__(
        self,
        window: ServerWindow,
        columns: Columns,
        workers: int = 1,
        check_time: Callable[[], None] = lambda: None,
    ) -> None:
        self._window = window
        self._workers = workers
        self._check_time = check_time
        self.arrays = _order_arrays(window)
        self.most = window.most_training
        throughput = window.instance.training_throughput
        per_gpu = window.instance.units_per_gpu
        self._speeds = np.array(
            [training_speed(throughput, u / per_gpu) for u in range(self.most + 1)]
        )
        self._gains = np.ascontiguousarray(window.gains[: self.most + 1])
        self._entries = np.full(len(self.arrays.stream), -1, dtype=np.int64)
        for v, options in enumerate(window.options):
            first = int(self.arrays.model_offsets[v]) + 1
            for idx, option in enumerate(options):
                entry = columns.retraining_offsets[v] + option.config_idx
                self._entries[first + idx] = entry

    @property
    def num_streams(self) -> int:
        """Number of streams V."""
        return len(self.arrays.model_offsets) - 1

    def of_schedule(self, schedule: Schedule) -> Orders:
        """Return a feasible schedule's order, as a batch of one.

        The retrainings that it ends come by their completions, with the units that
        they have together.
        """
        cells = cells_of(self._window, schedule)
        plans = {plan.stream: plan for plan in schedule.streams}
        held = self.arrays.model_offsets[:-1]
        model, cap = held.copy(), np.full(self.num_streams, self.most)
        ends = np.full(self.num_streams, self.arrays.slots + 1)
        budget = np.zeros(self.arrays.slots, dtype=np.int64)
        for v, (option, slot) in enumerate(cells):
            if option is None:
                continue
            model[v], ends[v] = held[v] + 1 + option, slot
            units = _training_units(
                self._window, plans[self._window.instance.streams[v].name]
            )[:slot]
            budget[:slot] += units
            if not self._window.is_linear:
                cap[v] = max(1, units.max(initial=0))
        order = np.argsort(ends, kind="stable")
        return Orders(*(part[None] for part in (model, order, cap, budget)))

    def decode(self, orders: Orders) -> Decoded:
        """Return what orders make of the window."""
        shape = (orders.num_orders, self.num_streams, self.arrays.slots)
        decoded = Decoded(
            training=np.empty(shape, dtype=np.int32),
            level=np.empty(shape, dtype=np.int32),
            serves=np.empty(shape[:2], dtype=np.int64),
        )

        def work(start: int, stop: int) -> None:
            kernels.decode_range(
                self.arrays, self._gains, *orders, *decoded, start, stop
            )

        self._run(work, orders.num_orders)
        return decoded

    def candidates(self, orders: Orders, decoded: Decoded) -> Candidates:
        """Return decoded orders as candidates for the simulation."""
        shape = decoded.serves.shape
        counts = np.empty(shape, dtype=np.int64)
        parts = decoded.training, decoded.level
        self._run(lambda a, b: kernels.count_range(*parts, counts, a, b), shape[0])
        offsets = np.concatenate(([0], np.cumsum(counts)))
        size = int(offsets[-1])
        seconds, kept, speed = np.empty((3, size))
        units = np.empty(size, dtype=np.int64)
        slot = self._window.slot_seconds

        def work(start: int, stop: int) -> None:
            kernels.segment_range(
                self.arrays,
                *parts,
                self._speeds,
                slot,
                offsets,
                seconds,
                kept,
                speed,
                units,
                start,
                stop,
            )

        self._run(work, shape[0])
        return Candidates(
            retraining=self._entries[orders.model],
            offsets=offsets,
            start_seconds=seconds,
            kept=kept,
            speed=speed,
            units=units,
        )

    def change(self, orders: Orders, serves: Whole, chances: Floats) -> None:
        """Change orders in place at random.

        Parameters
        ----------
        orders
            The orders.
        serves
            Shape ``(C, V)``: as their parents were decoded.
        chances
            Shape ``(C, N, 8)``, uniform in [0, 1): room for up to N changes each.
        """

        def work(start: int, stop: int) -> None:
            kernels.change_range(
                self.arrays, *orders, serves, chances, self.most, start, stop
            )

        self._run(work, orders.num_orders)

    def plan(self, orders: Orders, idx: int) -> ServerPlan:
        """Return the plan that one of some orders is; it must keep the floors."""
        chosen = orders.take(np.array([idx]))
        decoded = self.decode(chosen)
        held = self.arrays.model_offsets[:-1]
        cells: list[Cell] = []
        training = decoded.training[0].copy()
        for v, slot in enumerate(decoded.serves[0].tolist()):
            if slot < self.arrays.slots:
                cells.append((int(chosen.model[0, v] - held[v]) - 1, slot))
            else:
                cells.append((None, 0))
                training[v] = 0
        return ServerPlan(
            cells=tuple(cells),
            levels=tuple(map(tuple, self.arrays.level_row[decoded.level[0]].tolist())),
            training=tuple(map(tuple, training.tolist())),
        )

    def _run(self, work: Callable[[int, int], None], count: int) -> None:
        size = self.num_streams * self.arrays.slots
        run_chunks(
            work,
            count,
            self._workers,
            at_least=max(1, SLOTS_A_MILLISECOND // size),
            between=self._check_time,
        )


def _training_units(window: ServerWindow, plan: StreamPlan) -> Whole:
    """Return a plan's training units in each slot, shape ``(T,)``."""
    units = np.zeros(window.slots, dtype=np.int64)
    for segment in plan.segments:
        first = round(segment.start_seconds / window.slot_seconds)
        units[first:] = segment.training_units
    return units


def _order_arrays(window: ServerWindow) -> OrderArrays:
    """Return a window's arrays."""
    base = server_arrays(window)
    kept: list[float] = []
    rows: list[int] = []
    for v, options in enumerate(window.options):
        at = {level.units: idx for idx, level in enumerate(window.levels[v])}
        for accuracy in [window.accuracy(v, None), *(o.accuracy for o in options)]:
            for level in window.serving(v, accuracy):
                kept.append(level.kept)
                rows.append(at[level.units])
    held = [
        int(base.level_units[first]) if first < last else 0
        for first, last in zip(
            base.level_offsets[:-1], base.level_offsets[1:], strict=True
        )
    ]
    begins: list[int] = []
    for model, units in zip(
        base.edge_model.tolist(), base.edge_units.tolist(), strict=True
    ):
        begins.append(held[model])
        held[model] += units
    own = {name: getattr(base, name) for name in base._fields if name in _SHARED}
    return OrderArrays(
        **own,
        level_kept=np.array(kept),
        level_row=np.array(rows, dtype=np.int64),
        edge_from=np.array(begins, dtype=np.int64),
    )


_SHARED = set(OrderArrays._fields)
