"""The time-indexed models of horizons: what each family allows and forbids."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from formulations import horizon_server_cp, horizon_server_milp
from formulations.evaluate_horizon import evaluate_horizon
from formulations.horizon_slots import HorizonSlots
from formulations.warm_memory import memory_parts
from instances import Reallocation
from instances.horizon import Horizon
from tests.broken_rows import broken_rows
from tests.horizon_examples import day_and_night
from tests.horizons import camera, config, horizon, plan, windows
from tests.small import segment

BUILDERS: list[Callable[..., Any]] = [
    horizon_server_milp.build,
    horizon_server_cp.build,
]
both = pytest.mark.parametrize("build", BUILDERS, ids=["milp", "cp"])

REUSED = windows(plan(), plan("night", kept=("initial",)), plan(reuse="initial"))
"""The night's model is trained, and the day's is used again."""


def in_slots(**values: Any) -> Horizon:
    """Return day, night and day with one kept model, in slots of 10 s."""
    defaults = {"reallocation": "server", "slot_seconds": 10, "cached_models": 1}
    return horizon(day_and_night(), **(defaults | values))


def values_in(model: Any, schedule: Any) -> dict[Any, float]:
    """Return the values of all variables in a schedule."""
    told = model.encode(schedule)
    assert told is not None
    return {x: told.get(x, 0) for x in model.columns}


@both
def test_a_reuse_is_allowed(build: Callable[..., Any]) -> None:
    """Nothing is broken, and decoding gives the schedule's worth back.

    (0.8 + 0.5 + 0.2 · 0.3 + 0.8 · 0.8) / 3 = 2 / 3, as the referee finds too.
    """
    problem = in_slots()
    model = build(problem)
    values = values_in(model, REUSED)
    assert broken_rows(model.problem, values) == set()
    objective, schedule = model.decode(lambda x: values[x])
    assert objective == pytest.approx(2 / 3)
    verdict = evaluate_horizon(problem, schedule)
    assert verdict.feasible
    assert verdict.objective == pytest.approx(2 / 3)


@both
@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("window2_held_service", {("held", (1, 0, 0)): 0}),
        ("window2_one_held", {("held", (1, 0, 0)): 0}),
        ("window3_new_model", {("held", (2, 0, 0)): 1, ("held", (2, 0, 1)): 0}),
        ("window3_kept_or_held", {("held", (2, 0, 0)): 1}),
        ("window3_cache", {("kept", (2, 0, 1)): 1}),
        ("window2_kept_or_held", {("kept", (1, 0, 0)): 1}),
        ("window3_reuse", {("kept", (2, 0, 0)): 0}),
    ],
)
def test_each_family_forbids(
    build: Callable[..., Any], family: str, changes: dict[Any, int]
) -> None:
    """A changed schedule breaks the family.

    No model, or another than the one trained, is held; one is held and kept, two are
    kept in a cache of one, or none is and is used again.
    """
    model = build(in_slots())
    values = values_in(model, REUSED)
    assert family not in broken_rows(model.problem, values)
    for (kind, key), value in changes.items():
        values[{"held": model.held, "kept": model.kept}[kind][key]] = value
    assert family in broken_rows(model.problem, values)


@both
def test_what_is_used_again_is_held(build: Callable[..., Any]) -> None:
    """After a reuse in the second window the model used again is held in the third."""
    day = config(25, 0.7, "day")
    stream = replace(
        day_and_night(),
        windows=camera((day,), (), ()).windows,
        later_accuracy=(0.9, 0.9),
    )
    problem = horizon(stream, reallocation="server", slot_seconds=10, cached_models=1)
    model = build(problem)
    schedule = windows(
        plan("day", kept=("initial",)), plan(reuse="initial", kept=()), plan()
    )
    values = values_in(model, schedule)
    assert broken_rows(model.problem, values) == set()
    assert values[model.held[2, 0, 0]] == 1
    values[model.held[2, 0, 0]], values[model.held[2, 0, 1]] = 0, 1
    broken = broken_rows(model.problem, values)
    assert "window3_used_again" in broken
    assert "window3_old_model" not in broken


@both
def test_what_was_lost_stays_lost(build: Callable[..., Any]) -> None:
    """A model neither held nor kept in window 2 is neither in window 3."""
    first = config(25, 0.9, "first")
    stream = replace(day_and_night(), windows=camera((first,), (), ()).windows)
    problem = horizon(stream, reallocation="server", slot_seconds=10, cached_models=1)
    model = build(problem)
    values = values_in(model, windows(plan("first"), plan(), plan()))
    assert broken_rows(model.problem, values) == set()
    values[model.kept[2, 0, 0]] = 1
    assert broken_rows(model.problem, values) == {"window3_kept_model"}
    values[model.kept[2, 0, 0]] = 0
    values[model.held[2, 0, 0]], values[model.held[2, 0, 1]] = 1, 0
    assert "window3_old_model" in broken_rows(model.problem, values)


@both
def test_work_of_worse_models_is_not_hidden(build: Callable[..., Any]) -> None:
    """The first unit does 1.4 unit-slots and each other one 1, in this order.

    Work of 2.4 is done by two units in a slot. Two of the second piece would count as
    2, and the model, worse than the one held, could wait although it is done.
    """
    worse = camera((config(2.4, 0.4, later_accuracy=(0.9,)),), ())
    problem = horizon(
        worse,
        reallocation="server",
        slot_seconds=10,
        training_throughput=((0.1, 0.14),),
    )
    model = build(problem)
    first = model.windows[0]
    assert [piece.units for piece in first.cells.pieces] == [1, 9]
    schedule = windows(
        plan("train", segment(0, "full", 5), segment(90, "full", 5, 2)), plan()
    )
    values = values_in(model, schedule)
    assert broken_rows(model.problem, values) == set()
    assert model.decode(values.__getitem__)[0] == pytest.approx(0.7)
    early = windows(
        plan("train", segment(0, "full", 5, 2), segment(10, "full", 5)), plan()
    )
    values = values_in(model, early)
    assert broken_rows(model.problem, values) == set()
    values[first.train[0, 0, 0, 0]], values[first.train[0, 0, 1, 0]] = 0, 2
    assert "window1_before_steeper" in broken_rows(model.problem, values)
    values[first.full[0, 0, 1, 0]] = 0
    assert "window1_steeper" in broken_rows(model.problem, values)


@both
def test_warm_models_fit_the_memory(build: Callable[..., Any]) -> None:
    """Two streams use 1 GB each at once: 2 GB allow it, 1.5 GB do not."""
    other = day_and_night("B")
    warm = plan(reuse="initial", warm=True)
    night = plan("night", kept=("initial",))

    def both_streams(each: Any) -> Any:
        return each, replace(each, stream="B")

    schedule = windows(*map(both_streams, (plan(), night, warm)))
    for memory, expected in ((2, set()), (1.5, {"window3_memory"})):
        problem = in_slots(gpus=2, warm_gb=memory)
        problem = replace(problem, streams=(day_and_night(), other))
        model = build(problem)
        assert broken_rows(model.problem, values_in(model, schedule)) == expected
        found = model.decode(values_in(model, schedule).__getitem__)
        assert (found is None) == bool(expected)


def test_memory_is_counted_in_common_parts() -> None:
    """Quarters of a GB are exact; without a common part the memory is rounded up."""
    problem = in_slots(warm_gb=1.25)
    assert memory_parts(problem) == ([4], 5)
    odd = replace(problem, warm_gb=2**0.5)
    (need,), most = memory_parts(odd)
    assert need == 10**6
    assert most >= 2**0.5 * 10**6


def test_options_worth_nothing_are_left_out() -> None:
    """A config is left out if another is no worse in any window, nor dearer.

    The cheap one is beaten by none; the slow one by the cheap one. The one that lasts
    is better later. The free one is the best now and later, but it cannot end late,
    which a worse model than the one held should.
    """
    configs = (
        config(10, 0.7, "cheap", later_accuracy=(0.6,)),
        config(20, 0.7, "slow", later_accuracy=(0.6,)),
        config(20, 0.5, "lasting", later_accuracy=(0.9,)),
        config(0, 0.8, "free", later_accuracy=(0.9,)),
        config(0, 0.8, "free again", later_accuracy=(0.8,)),
    )
    problem = horizon(camera(configs, ()), reallocation="server", slot_seconds=10)
    slots = HorizonSlots(problem, 0, [["initial"]])
    names = [slots.config_name(0, idx) for idx in range(len(slots.options[0]))]
    assert names == ["cheap", "lasting", "free"]
    curved = replace(problem, training_throughput=((0.5, 0.4),))
    assert len(HorizonSlots(curved, 0, [["initial"]]).options[0]) == 5


def test_models_have_one_index_in_all_windows() -> None:
    """A window's new models come behind the older ones; reuses add none."""
    model = horizon_server_milp.build(in_slots(warm_gb=2))
    assert [model.names(w, 0) for w in range(3)] == [
        ["initial"],
        ["initial"],
        ["initial", "2/night"],
    ]
    last = model.windows[2].cells
    slots = last.window
    assert isinstance(slots, HorizonSlots)
    names = [slots.config_name(0, t.option_idx) for t in last.streams[0].trainings]
    assert names == [
        "reuse initial",
        "warm initial",
        "reuse 2/night",
        "warm 2/night",
    ]
    static = replace(in_slots(), reallocation=Reallocation.SERVER, cached_models=0)
    alone = horizon_server_milp.build(static)
    assert alone.kept == {}
