"""Prices of slots bound every schedule, whatever the prices are."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.kernels.server_arrays import ServerArrays, server_arrays
from formulations.kernels.server_cells_cpu import evaluate_cells
from formulations.kernels.server_descent_cpu import cap_training, tighten
from formulations.kernels.server_leaf_cpu import best_of_cells, polish, serve_slot
from formulations.kernels.server_prices_cpu import (
    price_cells,
    price_training,
    use_slots,
)
from formulations.server_plan import cells_of
from formulations.server_window import ServerWindow
from instances import Instance, InstanceTooLarge
from solvers import Options, Result, solve
from tests.small import retraining, stream, window
from tests.strategies import instances

drawn = st.sampled_from([12, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=2, max_units=4, reallocation="server", slot_seconds=slot
    )
)
some_prices = st.lists(st.floats(0, 0.2), min_size=5, max_size=5)


def best_of(instance: Instance) -> Result:
    """Return the optimum by enumeration; give up an infeasible or large example."""
    try:
        options = Options(settings={"most_plans": 20_000})
        best = solve(instance, "brute-force", options)
    except InstanceTooLarge:
        assume(False)
        raise
    assume(best.schedule is not None)
    return best


class Priced:
    """All cells of a window at prices."""

    def __init__(self, arrays: ServerArrays, prices: list[float]) -> None:
        models, streams = len(arrays.stream), len(arrays.model_offsets) - 1
        self.arrays = arrays
        self.prices = np.array(prices[: arrays.slots])
        self.room = np.full(arrays.slots, arrays.piece_units.sum())
        self.low, self.high = arrays.first.copy(), arrays.last.copy()
        self.cells = np.full((models, arrays.slots), -np.inf)
        self.model = np.zeros(streams, dtype=np.int64)
        self.slot = np.zeros(streams, dtype=np.int64)
        self.best = np.zeros(streams)
        self.bound = price_cells(
            arrays,
            self.prices,
            self.room,
            self.low,
            self.high,
            self.cells,
            self.model,
            self.slot,
            self.best,
        )


@settings(max_examples=50)
@given(drawn, some_prices)
def test_any_prices_bound_the_optimum(instance: Instance, prices: list[float]) -> None:
    """The Lagrangian bound holds at every vector of prices."""
    optimum = best_of(instance).objective
    assert optimum is not None
    priced = Priced(server_arrays(ServerWindow(instance)), prices)
    assert priced.bound >= optimum - 1e-12


@settings(max_examples=50)
@given(drawn, some_prices, st.floats(0, 0.02))
def test_what_is_left_out_is_no_better_than_the_cutoff(
    instance: Instance, prices: list[float], share: float
) -> None:
    """The optimum's cell and units stay, unless it is no better than the cutoff."""
    best = best_of(instance)
    assert best.schedule is not None
    assert best.objective is not None
    slots = ServerWindow(instance)
    priced = Priced(server_arrays(slots), prices)
    cutoff = best.objective - share
    assume(priced.bound > cutoff)
    ends = priced.low, priced.high
    caps = cap_training(
        priced.arrays, priced.prices, *ends, priced.bound, cutoff, priced.room
    )
    closed = tighten(
        priced.arrays, priced.bound, cutoff, priced.cells, priced.best, *ends
    )
    assert max(caps, closed) <= cutoff + 1e-12
    if share < 1e-9:
        return
    offsets = priced.arrays.model_offsets
    for v, (option, slot) in enumerate(cells_of(slots, best.schedule)):
        if option is not None:
            model = offsets[v] + 1 + option
            assert priced.low[model] <= slot <= priced.high[model]
    for t in range(slots.slots):
        seconds = (t + 0.5) * slots.slot_seconds
        units = 0
        for plan in best.schedule.streams:
            parts = [p for p in plan.segments if p.start_seconds <= seconds]
            units += parts[-1].training_units
        assert units <= priced.room[t]


@settings(max_examples=50)
@given(drawn, some_prices)
def test_the_units_used_are_a_subgradient(
    instance: Instance, prices: list[float]
) -> None:
    """At other prices the bound is at least what the use of slots says.

    L(q) ≥ L(p) + Σ_t (q_t - p_t)·(K - used_t), for L is convex.
    """
    arrays = server_arrays(ServerWindow(instance))
    here = Priced(arrays, prices)
    assume(here.bound > -np.inf)
    used = np.empty(arrays.slots)
    use_slots(arrays, here.prices, here.room, here.model, here.slot, used)
    for other in ([0.0] * 5, prices[::-1], [2 * price for price in prices]):
        there = Priced(arrays, other)
        slope = (there.prices - here.prices) @ (arrays.capacity - used)
        assert there.bound >= here.bound + slope - 1e-9


def test_training_takes_the_cheapest_slots() -> None:
    """25 unit-slots at ten a slot: two slots in full and half of the third.

    Of prices 5, 1, 4, 2 the first three slots cost (1 + 4)·10 + 5·5 and all four
    (1 + 2)·10 + 4·5; two slots are too few. With room for 8 units a slot the third
    slot is not enough either.
    """
    one = stream(retraining=(retraining(62.5, 0.9),))
    instance = window(one, reallocation="server", slot_seconds=25)
    arrays = server_arrays(ServerWindow(instance))
    costs, kept = np.empty(5), np.empty((5, 4))
    prices = np.array([5.0, 1.0, 4.0, 2.0])
    price_training(arrays, prices, np.full(4, 10.0), 1, 4, costs, kept)
    assert costs.tolist() == [np.inf, np.inf, np.inf, 75, 50]
    price_training(arrays, prices, np.full(4, 8.0), 1, 4, costs, kept)
    assert costs.tolist() == [np.inf, np.inf, np.inf, np.inf, 8 * 7 + 1 * 5]


@settings(max_examples=40)
@given(drawn, st.data())
def test_the_best_of_cells_is_no_worse_than_what_annealing_sees(
    instance: Instance, data: st.DataObject
) -> None:
    """The dynamic program reaches at least the greedy value of the same cells."""
    slots = ServerWindow(instance)
    assume(not slots.infeasible)
    arrays = server_arrays(slots)
    offsets = arrays.model_offsets
    model, slot = offsets[:-1].copy(), np.zeros(len(offsets) - 1, dtype=np.int64)
    for v in range(len(model)):
        new = data.draw(st.integers(int(offsets[v]), int(offsets[v + 1]) - 1))
        if new > offsets[v]:
            model[v] = new
            slot[v] = data.draw(
                st.integers(int(arrays.first[new]), int(arrays.last[new]))
            )
    models, size = len(arrays.stream), len(model) ** 2
    greedy = evaluate_cells(
        arrays,
        model,
        slot,
        np.empty(models, dtype=np.int64),
        np.empty(models, dtype=np.int64),
        np.empty(arrays.slots, dtype=np.int64),
        np.empty((size, 2), dtype=np.int64),
        np.empty(size, dtype=np.int64),
        np.empty(2 * len(model) + 2, dtype=np.int64),
    )
    levels = np.zeros((len(model), arrays.slots), dtype=np.int64)
    best = best_of_cells(arrays, model, slot, False, levels)
    assert best >= greedy - 1e-12


@settings(max_examples=30)
@given(drawn, st.integers(0, 10))
def test_polish_never_loses(instance: Instance, seed: int) -> None:
    """The value that it tells is that of its cells, and no less than before."""
    slots = ServerWindow(instance)
    assume(not slots.infeasible)
    arrays = server_arrays(slots)
    model = arrays.model_offsets[:-1].copy()
    slot = np.zeros(len(model), dtype=np.int64)
    levels = np.zeros((len(model), arrays.slots), dtype=np.int64)
    before = best_of_cells(arrays, model, slot, False, levels)
    told = polish(arrays, arrays.first, arrays.last, model, slot, 50, seed)
    assert told >= before
    assert told == best_of_cells(arrays, model, slot, False, levels)


@settings(max_examples=40)
@given(drawn)
def test_a_slot_is_served_best(instance: Instance) -> None:
    """The dynamic program over levels agrees with all combinations of them."""
    slots = ServerWindow(instance)
    arrays = server_arrays(slots)
    serving = arrays.model_offsets[:-1]
    capacity = slots.total_units
    values = np.empty(capacity + 1)
    picked = np.empty((len(serving), capacity + 1), dtype=np.int64)
    serve_slot(arrays, serving, capacity, values, picked)
    rows = [
        range(arrays.level_offsets[model], arrays.level_offsets[model + 1])
        for model in serving
    ]
    for units in range(capacity + 1):
        best = max(
            (
                float(arrays.level_value[list(levels)].sum())
                for levels in product(*rows)
                if arrays.level_units[list(levels)].sum() <= units
            ),
            default=-np.inf,
        )
        assert values[units] == pytest.approx(best)
