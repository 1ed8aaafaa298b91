"""Orders of training: what they make of a window, by hand and against the referee."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.evaluate import evaluate
from formulations.kernels.simulation import nominal, simulate
from formulations.server_plan import cells_of
from formulations.server_window import ServerWindow
from formulations.training_orders import Orders, TrainingOrders
from instances import Instance, Reallocation
from instances.columns import columns_of
from solvers import solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

TWO = (serving(0.1, 0.5, "half"), serving(0.3, 1, "full"))

server_instances = st.sampled_from([5, 7.5, 10, 20, 60]).flatmap(
    lambda slot: instances(reallocation=Reallocation.SERVER, slot_seconds=slot)
)


def orders_of(instance: Instance) -> tuple[ServerWindow, TrainingOrders]:
    """Return a window and its orders."""
    slots = ServerWindow(instance)
    return slots, TrainingOrders(slots, columns_of(instance))


def cameras(**values: Any) -> Instance:
    """Return A and B on ten units and slots of 10 s; both serve at two levels."""
    defaults: dict[str, Any] = {"reallocation": "server", "slot_seconds": 10}
    return window(
        stream("A", 0.8, inference=TWO, retraining=(retraining(6, 1.0),)),
        stream("B", 0.4, inference=TWO, retraining=(retraining(9, 0.8),)),
        **(defaults | values),
    )


def one_order(order: list[int], cap: list[int], budget: list[int]) -> Orders:
    """Return the order in which A and B both train."""
    model = np.array([[1, 3]])
    return Orders(model, np.array([order]), np.array([cap]), np.array([budget]))


def test_trainings_take_what_the_budget_leaves_them() -> None:
    """B comes first, on at most 4 of 6, 5 and 5 units; A has 2 and 1 beside it.

    In the third slot B takes the 1 that it lacks of 9, A the 3 that it lacks of 6.
    """
    _, orders = orders_of(cameras())
    order = one_order([1, 0], [9, 4], [6, 5, 5, *[0] * 7])
    decoded = orders.decode(order)
    assert decoded.training[0, :, :4].tolist() == [[2, 1, 3, 0], [4, 4, 1, 0]]
    assert decoded.serves.tolist() == [[3, 3]]


def test_serving_takes_the_rest_by_value_a_unit() -> None:
    """Half of A's model is worth 0.4 a slot for one unit, the rest 0.2 a unit.

    With 6 units training, 4 serve: A's 0.8 in full and B's 0.4 by half. From slot 3 on
    both serve in full, with their new models.
    """
    slots, orders = orders_of(cameras())
    order = one_order([1, 0], [9, 4], [6, 6, 4, *[0] * 7])
    plan = orders.plan(order, 0)
    units = [
        [slots.levels[v][level].units for level in row]
        for v, row in enumerate(plan.levels)
    ]
    assert units == [[3] * 10, [1, 1, *[3] * 8]]
    schedule = plan.schedule(slots)
    verdict = evaluate(slots.instance, schedule)
    assert verdict.feasible
    a = (2 * 0.8 + 0.8 + 7 * 1.0) / 10
    b = (2 * 0.2 + 0.4 + 7 * 0.8) / 10
    assert verdict.objective == pytest.approx((a + b) / 2)
    assert plan.objective(slots) == pytest.approx(verdict.objective)


def test_floors_come_before_trainings() -> None:
    """A floor of 0.4 takes one unit of A and three of B: at most six train."""
    _, orders = orders_of(cameras(min_accuracy=0.4))
    decoded = orders.decode(one_order([0, 1], [10, 10], [10] * 10))
    assert decoded.training[0, :, :3].tolist() == [[6, 0, 0], [0, 6, 3]]


@settings(max_examples=150)
@given(server_instances, st.integers(0, 2**31))
def test_what_orders_make_is_what_the_simulation_and_the_referee_say(
    instance: Instance, seed: int
) -> None:
    """Random orders, changed at random: units within the total, floors kept.

    Or the simulation says that they are not.
    """
    slots, orders = orders_of(instance)
    if slots.infeasible:
        return
    rng = np.random.default_rng(seed)
    arrays, count = orders.arrays, 6
    streams = orders.num_streams
    batch = Orders(
        model=np.tile(arrays.model_offsets[:-1], (count, 1)),
        order=np.tile(np.arange(streams), (count, 1)),
        cap=np.full((count, streams), orders.most),
        budget=np.full((count, arrays.slots), orders.most),
    )
    for _ in range(8):
        serves = orders.decode(batch).serves
        orders.change(batch, serves, rng.random((count, 4, 8)))
    assert (np.sort(batch.order, axis=1) == np.arange(streams)).all()
    decoded = orders.decode(batch)
    columns = columns_of(instance)
    candidates = orders.candidates(batch, decoded)
    found = simulate(columns, candidates, nominal(columns), device="cpu")
    for c in range(count):
        if found.below_floor[c, 0] or found.over_capacity[c]:
            continue
        plan = orders.plan(batch, c)
        verdict = evaluate(instance, plan.schedule(slots))
        assert verdict.feasible, verdict.violations
        assert verdict.objective == pytest.approx(found.objective[c, 0], abs=1e-8)
        assert plan.objective(slots) == pytest.approx(verdict.objective, abs=1e-8)


@settings(max_examples=80)
@given(server_instances)
def test_trained_in_their_order_no_training_ends_later(instance: Instance) -> None:
    """One after another by completion, with linear speeds and one common start."""
    slots, orders = orders_of(instance)
    schedule = None if slots.infeasible else solve(instance, "dp").schedule
    if schedule is None or not slots.is_whole:
        return
    serves = orders.decode(orders.of_schedule(schedule)).serves[0]
    for (option, slot), served in zip(cells_of(slots, schedule), serves, strict=True):
        if option is not None:
            assert served <= slot
