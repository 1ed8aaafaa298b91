"""What a stream can do in a window in which the whole server may reallocate."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.evaluate import evaluate
from formulations.schedule import Schedule
from formulations.server_plan import cells_of, plan_of_levels
from formulations.server_window import Option, ServerWindow
from instances import Instance, InstanceTooLarge, SolverUnavailable
from solvers import Options, solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

drawn = st.sampled_from([12, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=2, max_units=4, reallocation="server", slot_seconds=slot
    )
)


def options_of(*configs: Any, **values: Any) -> list[Option]:
    """Return the options of a stream with some retraining configs, slots of 20 s."""
    one = stream(retraining=configs)
    return ServerWindow(
        window(one, **({"reallocation": "server", "slot_seconds": 20} | values))
    ).options[0]


def test_work_counts_in_unit_slots() -> None:
    """10 GPU-seconds are 100 unit-seconds, five units for a slot of 20 s."""
    (option,) = options_of(retraining(10, 0.9))
    assert (option.work, option.release, option.release_share) == (5, 0, 1)
    assert (option.first, option.last) == (1, 4)


def test_what_is_left_of_a_unit_is_lost() -> None:
    """10.1 GPU-seconds take a sixth unit; a hair more than 10 does not."""
    (option,) = options_of(retraining(10.1, 0.9))
    assert option.work == 6
    (option,) = options_of(retraining(10 + 1e-12, 0.9))
    assert option.work == 5


@pytest.mark.parametrize(
    ("gpu_seconds", "first"), [(20, 1), (20.1, 2), (40, 2), (41, 3), (80, 4)]
)
def test_the_earliest_end_has_the_whole_server(gpu_seconds: float, first: int) -> None:
    """One GPU trains 20 GPU-seconds a slot."""
    (option,) = options_of(retraining(gpu_seconds, 0.9))
    assert option.first == first


def test_what_does_not_end_before_the_last_slot_is_no_option() -> None:
    """A model that is ready only at the window's end never serves."""
    assert options_of(retraining(81, 0.9)) == []
    assert options_of(retraining(100, 0.9)) == []


@pytest.mark.parametrize(
    ("delay", "release", "share", "first"),
    [(20, 1, 1, 2), (30, 1, 0.5, 2), (35, 1, 0.25, 3), (80, 4, 1, 5)],
)
def test_a_delay_leaves_part_of_a_slot(
    delay: float, release: int, share: float, first: int
) -> None:
    """8 GPU-seconds need four tenths of a slot of one GPU."""
    found = options_of(retraining(8, 0.9, delay_seconds=delay))
    if first > 4:
        assert found == []
        return
    assert found[0].release == release
    assert found[0].release_share == pytest.approx(share)
    assert found[0].first == first


@pytest.mark.parametrize(("delay", "slot"), [(0, 0), (1, 1), (20, 1), (20.1, 2)])
def test_a_cached_model_serves_from_one_slot_on(delay: float, slot: int) -> None:
    """It needs no units: there is nothing to choose."""
    (option,) = options_of(retraining(0, 0.9, delay_seconds=delay))
    assert (option.work, option.first, option.last) == (0, slot, slot)


def test_dominated_configs_are_no_options() -> None:
    """Neither one that is no better than the model held, nor one that costs more."""
    found = options_of(
        retraining(10, 0.5, name="no better"),
        retraining(20, 0.8, name="costs more"),
        retraining(10, 0.8, name="good"),
        retraining(5, 0.7, delay_seconds=20, name="cheap"),
        retraining(10, 0.7, name="same cost, worse"),
    )
    assert [option.config_idx for option in found] == [3, 2]


def test_floors_of_others_are_no_room_for_training() -> None:
    """A stream that needs half the units leaves the other half."""
    kept = stream("A", min_accuracy=0.5, retraining=(retraining(20, 0.9),))
    slots = ServerWindow(window(kept, reallocation="server", slot_seconds=20))
    assert slots.most_training == 5
    assert slots.options[0][0].first == 2


def test_throughput_makes_the_work_of_units() -> None:
    """Half a GPU at speed 0.4, a whole one at 1: 2, 4 … 10 units do 1.6 … 10."""
    slots = ServerWindow(
        window(
            stream(),
            reallocation="server",
            slot_seconds=20,
            training_throughput=((0.5, 0.4), (1, 1)),
        )
    )
    assert slots.gains.tolist() == pytest.approx(
        [0, 0.8, 1.6, 2.4, 3.2, 4, 5.2, 6.4, 7.6, 8.8, 10]
    )
    assert not slots.is_linear


def test_static_windows_have_no_slots() -> None:
    """They are refused in one line."""
    with pytest.raises(SolverUnavailable, match="reallocation never has no slots"):
        ServerWindow(window(stream()))


def test_too_many_cells_are_refused() -> None:
    """Before any of them is made."""
    one = stream(retraining=(retraining(10, 0.9),))
    instance = window(one, reallocation="server", slot_seconds=100 / 2**24)
    with pytest.raises(InstanceTooLarge, match="are beyond 20000000 cells"):
        ServerWindow(instance)


def test_trainings_end_by_their_deadlines() -> None:
    """With five units free in each slot the earlier deadline trains first."""
    two = [stream(name, retraining=(retraining(10, 0.9),)) for name in "AB"]
    slots = ServerWindow(window(*two, reallocation="server", slot_seconds=20))
    levels = [[1] * 5, [0] * 5]
    plan = plan_of_levels(slots, [(0, 2), (0, 1)], levels)
    assert plan is not None
    assert plan.training == ((0, 5, 0, 0, 0), (5, 0, 0, 0, 0))
    assert plan_of_levels(slots, [(0, 1), (0, 1)], levels) is None


def test_a_training_that_ends_early_is_told() -> None:
    """The plan's cell is the slot from which the model really serves."""
    one = stream(retraining=(retraining(10, 0.9),))
    slots = ServerWindow(window(one, reallocation="server", slot_seconds=20))
    plan = plan_of_levels(slots, [(0, 3)], [[1] * 5])
    assert plan is not None
    assert plan.cells == ((0, 1),)
    verdict = evaluate(slots.instance, plan.schedule(slots))
    assert verdict.feasible
    assert plan.objective(slots) == pytest.approx(verdict.objective)
    assert verdict.objective == pytest.approx(0.2 * 0.5 + 0.8 * 0.9)


@settings(max_examples=40)
@given(drawn)
def test_a_schedule_comes_back_from_its_cells(instance: Instance) -> None:
    """The cells of the best schedule tell which models serve from when."""
    try:
        options = Options(settings={"most_plans": 20_000})
        best = solve(instance, "brute-force", options)
    except InstanceTooLarge:
        assume(False)
        raise
    assume(best.schedule is not None)
    assert isinstance(best.schedule, Schedule)
    slots = ServerWindow(instance)
    for v, (option, slot) in enumerate(cells_of(slots, best.schedule)):
        evaluation = evaluate(instance, best.schedule).streams[v]
        done = evaluation.completion_seconds
        if option is None:
            # What it trained is no better than the model held, or dominated in vain.
            continue
        assert done is not None
        assert slot <= -(-done // slots.slot_seconds) + 1e-6


def test_serving_levels_rise() -> None:
    """Configs that need more for less are left out; none is a level of its own."""
    one = stream(
        inference=(
            serving(0.3, 0.5, "worse"),
            serving(0.2, 0.6, "small"),
            serving(0.55, 1.0, "full"),
            serving(2, 1.0, "too large"),
        )
    )
    slots = ServerWindow(window(one, reallocation="server", slot_seconds=20))
    assert [(each.units, each.kept) for each in slots.levels[0]] == [
        (0, 0),
        (2, 0.6),
        (6, 1),
    ]
    floored = replace(one, min_accuracy=0.3)
    slots = ServerWindow(window(floored, reallocation="server", slot_seconds=20))
    assert [level.units for level in slots.serving(0, 0.5)] == [2, 6]
