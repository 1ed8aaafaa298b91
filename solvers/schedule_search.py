"""Local search over a server's schedules, thousands at a time in the simulation."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from formulations.schedule import Schedule
from formulations.server_window import ServerWindow
from instances import Instance, InvalidOption
from instances.columns import columns_of
from solvers.compiled_work import in_time
from solvers.dp import solve_dp
from solvers.rerun import PartSearch
from solvers.search import Answer, Search
from solvers.thief import solve_thief

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

WALKERS = 32
MOST_CHANGES = 4
"""Changes that lead from one order to the next, as a rule one or two."""

WARMEST, COLDEST = 0.01, 1e-5
"""Losses of a stream's accuracy that are taken with probability 1 / e."""

RETURN_ROUNDS = 25
"""Rounds after which the worst half of the walkers goes on from the best."""

MOST_CELLS = 5_000_000
"""Streams times slots of one batch."""


def solve_schedule_search(
    instance: Instance,
    search: Search,
    *,
    iterations: int = 200,
    candidates: int = 1024,
    device: Literal["auto", "cpu", "cuda"] = "auto",
) -> Answer:
    """Annealing over orders of training, thousands of schedules at a time.

    A schedule of a server's window is told by its retrainings, their order, the most
    units of each, and the units that all train on together in each slot; serving gets
    the rest. Walkers start from the re-run DP and Thief and from the initial schedule;
    in each round every walker looks at some changes of its order (a swap, another
    model, a stretch of slots with more or fewer units, units moved from one stretch to
    the next) and takes the best of them, a worse one while it is warm. All are scored
    by the batched simulation.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    search
        The run's options, clock and incumbents.
    iterations
        Rounds, at least 0.
    candidates
        Schedules that are simulated in a round, at least 1; a walker for each up to 32.
    device
        Where to simulate: ``auto`` takes CUDA where there is a device and it pays.
    """
    for name, value, least in (
        ("iterations", iterations, 0),
        ("candidates", candidates, 1),
    ):
        if value < least:
            message = f"schedule-search: {name} is {value}, expected at least {least}"
            raise InvalidOption(message)
    window = ServerWindow(instance, search.check_time)
    if window.infeasible:
        return Answer(infeasible=True)
    cells = len(instance.streams) * window.slots
    size = max(1, min(candidates, MOST_CELLS // cells))
    starts = _starts(instance, search)
    flock = in_time(search, lambda _: _Flock(window, search, device))
    flock.begin(starts, min(size, WALKERS))
    for done in range(iterations):
        search.check_time()
        warmth = WARMEST * (COLDEST / WARMEST) ** (done / iterations)
        flock.step(size, warmth / len(instance.streams))
        if done % RETURN_ROUNDS == RETURN_ROUNDS - 1:
            flock.gather()
    return Answer(
        schedule=search.schedule,
        objective=search.objective,
        metadata={"starts": len(starts), "simulated": flock.simulated},
    )


def _starts(instance: Instance, search: Search) -> list[Schedule]:
    """Return the schedules to begin with, which are incumbents, too."""
    found = []
    if isinstance(search.options.initial_schedule, Schedule):
        found.append(search.options.initial_schedule)
    rules: list[Callable[..., Answer]] = [solve_dp, solve_thief]
    for rule in rules:
        for plan_as in ("stream", "never"):
            search.check_time()
            part = PartSearch(search, with_initial=False)
            answer = rule(instance, part, plan_as=plan_as, adopt="better")
            schedule = answer.schedule
            if schedule is not None and answer.objective is not None:
                search.report(answer.objective, partial(_same, schedule))
                found.append(schedule)
    return found


def _same(schedule: Schedule) -> Schedule:
    return schedule


class _Flock:
    """Walkers over training orders.

    Parameters
    ----------
    window, search, device
        As in :func:`solve_schedule_search`.

    Attributes
    ----------
    simulated
        Schedules simulated so far.
    """

    def __init__(self, window: ServerWindow, search: Search, device: str) -> None:
        from formulations.kernels import simulation
        from formulations.training_orders import Orders, TrainingOrders

        self._window = window
        self._search = search
        self._columns = columns_of(window.instance)
        workers = search.options.workers
        self._orders = TrainingOrders(window, self._columns, workers, search.check_time)
        self._simulate = simulation.simulate
        self._nominal = simulation.nominal(self._columns)
        self._where: Any = {"device": device, "workers": workers}
        self.simulated = 0
        arrays, most = self._orders.arrays, self._orders.most
        streams = self._orders.num_streams
        self._at = Orders(
            model=arrays.model_offsets[None, :-1].copy(),
            order=np.arange(streams)[None],
            cap=np.full((1, streams), most),
            budget=np.full((1, arrays.slots), most),
        )
        self._values, self._serves = self._worth(self._at)
        # Made and thrown away: this compiles what is not on disk yet.
        nothing = np.zeros((1, 1, 8))
        self._orders.change(self._at.take(np.zeros(1, int)), self._serves, nothing)

    def begin(self, starts: list[Schedule], walkers: int) -> None:
        """Place the walkers on the starts in turn, and on no training at all."""
        each = [*map(self._orders.of_schedule, starts), self._at]
        joined = type(self._at)(*map(np.concatenate, zip(*each, strict=True)))
        self._at = joined.take(np.arange(walkers) % joined.num_orders)
        self._values, self._serves = self._look(self._at)

    def step(self, size: int, warmth: float) -> None:
        """Let every walker look at its share of so many changes, and go on."""
        each = max(1, size // len(self._values))
        rows = np.repeat(np.arange(len(self._values)), each)
        trial = self._at.take(rows)
        self._changed(trial, self._serves[rows])
        values, serves = self._look(trial)
        best = values.reshape(-1, each).argmax(axis=1) + each * np.arange(
            len(self._values)
        )
        luck = self._search.rng.exponential(size=len(best))
        with np.errstate(invalid="ignore"):
            goes = values[best] >= self._values - warmth * luck
        self._move(np.flatnonzero(goes), trial.take(best[goes]), values[best[goes]])
        self._serves[goes] = serves[best[goes]]

    def gather(self) -> None:
        """Let the worse half of the walkers go on from where the better half is."""
        order = np.argsort(-self._values, kind="stable")
        half = len(order) // 2
        worse, better = order[-half:], order[:half]
        self._move(worse, self._at.take(better), self._values[better])
        self._serves[worse] = self._serves[better]

    def _move(self, walkers: Whole, to: Any, values: Floats) -> None:
        for part, new in zip(self._at, to, strict=True):
            part[walkers] = new
        self._values[walkers] = values

    def _changed(self, orders: Any, serves: Whole) -> None:
        chances = self._search.rng.random((orders.num_orders, MOST_CHANGES, 8))
        self._orders.change(orders, serves, chances)

    def _look(self, orders: Any) -> tuple[Floats, Whole]:
        """Return the orders' values and new models' slots; report the best order."""
        values, serves = self._worth(orders)
        self.simulated += orders.num_orders
        best = int(values.argmax())
        known = self._search.objective
        if values[best] > -np.inf and (known is None or values[best] > known):
            plan = self._orders.plan(orders, best)
            self._search.report(
                float(values[best]), lambda: plan.schedule(self._window)
            )
        return values, serves

    def _worth(self, orders: Any) -> tuple[Floats, Whole]:
        """Return the orders' values, -inf below a floor, and new models' slots."""
        decoded = self._orders.decode(orders)
        simulation = self._simulate(
            self._columns,
            self._orders.candidates(orders, decoded),
            self._nominal,
            **self._where,
        )
        broken = (simulation.below_floor[:, 0] > 0) | simulation.over_capacity
        values: Floats = np.where(broken, -np.inf, simulation.objective[:, 0])
        return values, decoded.serves
