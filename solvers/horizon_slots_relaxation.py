"""The Lagrangian relaxation of a server's horizon: a price for each slot's units."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from formulations.horizon_plans import horizon_plan
from formulations.horizon_schedule import HorizonSchedule, WindowPlans
from formulations.lineage import Lineage
from formulations.lineage_moves import STAY
from formulations.lineage_plans import held_after, label_of
from formulations.lineage_slots import SlotLineage
from formulations.schedule import StreamPlan
from formulations.tolerances import MEMORY_TOLERANCE
from instances.horizon import Held, Horizon
from solvers.horizon_relaxation import Floats, Point, Whole
from solvers.options import Options
from solvers.search import Search
from solvers.solving import solve


class HorizonSlotsRelaxation:
    """The longest paths of all streams, at prices of slots.

    Making one and using it loads and compiles code.

    Parameters
    ----------
    horizon, streams
        The problem and what each stream may do.
    """

    def __init__(self, horizon: Horizon, streams: Sequence[SlotLineage]) -> None:
        from formulations.kernels import lineage_paths_cpu, lineage_slots_cpu

        self.horizon = horizon
        self.streams = streams
        self.slots = streams[0].windows[0].slots
        self._paths, self._slots = lineage_paths_cpu, lineage_slots_cpu

    @property
    def num_prices(self) -> int:
        """Number of prices of units, one for each slot of each window."""
        return self.horizon.num_windows * self.slots

    def at(self, prices: Floats, memory_prices: Floats) -> Point:
        """Return the relaxation's bound at prices of at least 0."""
        horizon = self.horizon
        bound = float(prices.sum()) * horizon.total_units
        bound += float(memory_prices.sum()) * horizon.warm_gb
        slots = prices.reshape(-1, self.slots)
        units, memory = np.zeros_like(slots), np.zeros(len(slots))
        for v, stream in enumerate(self.streams):
            arrays = stream.lineage.arrays
            change_slot, togo, best = self._ways(v, slots, memory_prices)
            bound += float(togo[0])
            if bound == -np.inf:
                break
            node = 0
            for w, window in enumerate(stream.windows):
                move = best[node]
                row = arrays.row[move]
                own = row - arrays.row_offsets[w]
                self._slots.use_slots_of(
                    window, slots[w], own, change_slot[row], units[w]
                )
                memory[w] += arrays.memory[move]
                node = arrays.target[move]
        return Point(
            prices=prices,
            memory_prices=memory_prices,
            bound=bound,
            units=units.reshape(-1),
            memory=memory,
        )

    def _ways(
        self, v: int, slots: Floats, memory_prices: Floats
    ) -> tuple[Whole, Floats, Whole]:
        """Return the rows' changes, the nodes' longest ways and their moves."""
        stream = self.streams[v]
        arrays = stream.lineage.arrays
        top = np.empty(len(arrays.rows))
        change_slot = np.empty(len(top), dtype=np.int64)
        for w, window in enumerate(stream.windows):
            own = slice(*arrays.row_offsets[w : w + 2])
            self._slots.price_rows(window, slots[w], top[own], change_slot[own])
        togo = np.empty(arrays.num_nodes)
        best = np.empty(arrays.num_nodes, dtype=np.int64)
        self._paths.longest_to_end(arrays, memory_prices, top, togo, best)
        return change_slot, togo, best

    def rolled(
        self, point: Point, search: Search
    ) -> tuple[float, Callable[[], HorizonSchedule]] | None:
        """Return what rolling forward by the prices is worth, and its schedule.

        In each window every stream may run only what its longest path runs; the
        window's decomposition decides who gets which units when. ``None`` where it
        leads to a window without a schedule.
        """
        slots = point.prices.reshape(-1, self.slots)
        best = [
            self._ways(v, slots, point.memory_prices)[2]
            for v in range(len(self.streams))
        ]
        nodes = [0] * len(self.streams)
        had = [Held()] * len(self.streams)
        windows = []
        objective = 0.0
        for w in range(self.horizon.num_windows):
            search.check_time()
            moves = self._within_memory([int(best[v][n]) for v, n in enumerate(nodes)])
            solved = self._solved(w, had, moves, search)
            if solved is None:
                return None
            value, plans = solved
            objective += value / self.horizon.num_windows
            own = []
            for v, (stream, plan) in enumerate(zip(self.streams, plans, strict=True)):
                move = moves[v]
                if plan.retraining is None:
                    move = _change_to(stream.lineage, move, STAY)
                had[v] = held_after(stream.lineage, had[v], move)
                nodes[v] = int(stream.lineage.arrays.target[move])
                own.append(horizon_plan(plan, had[v].kept))
            windows.append(WindowPlans(streams=tuple(own)))
        schedule = HorizonSchedule(windows=tuple(windows))
        return objective, lambda: schedule

    def _within_memory(self, moves: list[int]) -> list[int]:
        """Return the moves with warm models made cold where there is no more memory."""
        left = self.horizon.warm_gb * (1 + MEMORY_TOLERANCE)
        allowed = []
        for stream, move in zip(self.streams, moves, strict=True):
            memory = float(stream.lineage.arrays.memory[move])
            if memory > left:
                cold = int(stream.lineage.change[move]) - 1
                move = _change_to(stream.lineage, move, cold)
                memory = 0.0
            left -= memory
            allowed.append(move)
        return allowed

    def _solved(
        self, w: int, had: Sequence[Held], moves: Sequence[int], search: Search
    ) -> tuple[float, list[StreamPlan]] | None:
        """Return the window's objective and plans if streams may run only the moves."""
        instance = self.horizon.window(w, had)
        streams = []
        for stream, entering, held, move in zip(
            self.streams, instance.streams, had, moves, strict=True
        ):
            label = label_of(stream.lineage, held, move)
            only = tuple(each for each in entering.retraining if each.name == label)
            streams.append(replace(entering, retraining=only))
        limit = None
        if search.options.time_limit is not None:
            share = search.remaining / (self.horizon.num_windows - w)
            limit = max(share, 1e-3)
        options = Options(time_limit=limit, seed=search.options.seed)
        window = replace(instance, streams=tuple(streams))
        result = solve(window, "decomposition", options)
        if result.schedule is None or result.objective is None:
            return None
        plans = {plan.stream: plan for plan in result.schedule.streams}
        return result.objective, [plans[stream.name] for stream in streams]


def _change_to(lineage: Lineage, move: int, change: int) -> int:
    """Return a move from the same node with another change, to a like state."""
    arrays, w = lineage.arrays, lineage.window_of(move)
    first, last = arrays.move_offsets[w : w + 2].tolist()
    others = first + np.flatnonzero(
        (arrays.source[first:last] == arrays.source[move])
        & (lineage.change[first:last] == change)
    )
    same = others[arrays.target[others] == arrays.target[move]]
    return int(same[0] if len(same) else others[0])
