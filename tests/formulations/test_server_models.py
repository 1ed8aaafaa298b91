"""The time-indexed models: what each family of constraints allows and forbids."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import server_cp, server_milp
from formulations.evaluate import evaluate
from formulations.server_cells import Key, ServerCells
from formulations.server_decoding import plan_of, plan_of_schedule, values_of
from formulations.server_plan import ServerPlan
from formulations.server_window import ServerWindow
from instances import Instance, SolverUnavailable
from solvers import Options, TimeUp, solve
from tests.broken_rows import broken_rows
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances

BUILDERS: list[Callable[..., Any]] = [server_milp.build, server_cp.build]
Values = dict[tuple[str, Key], int]
both = pytest.mark.parametrize("build", BUILDERS, ids=["milp", "cp"])

drawn = st.sampled_from([10, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=2, reallocation="server", slot_seconds=slot, max_units=5
    )
)


def server(*streams: Any, **values: Any) -> Instance:
    """Return 100 s of one GPU in ten units and in ten slots."""
    return window(*streams, reallocation="server", **({"slot_seconds": 10} | values))


def one_training(**values: Any) -> Instance:
    """Return a stream whose training takes ten unit-slots, of which five are free."""
    return server(stream(retraining=(retraining(10, 0.9),)), **values)


def plan(cell: tuple[int | None, int], *units: int, level: int = 1) -> ServerPlan:
    """Return a plan of one stream at one level, with training units from slot 0 on."""
    return ServerPlan(
        cells=(cell,),
        levels=((level,) * 10,),
        training=((*units, *[0] * (10 - len(units))),),
    )


def values_in(model: Any, given: ServerPlan) -> Values:
    """Return a plan's values in a model, by family and key."""
    told = values_of(model.cells, given)
    assert told is not None
    return {(name, key): n for name, row in told.items() for key, n in row.items()}


def broken(model: Any, values: Mapping[tuple[str, Key], int]) -> set[str]:
    """Return the families of constraints that values break; variables left out are 0.

    Where one variable stands for two, both must have been told.
    """
    of: dict[Any, int] = {}
    for name, row in model.families.items():
        for key, x in row.items():
            of[x] = of.get(x, 0) or values.get((name, key), 0)
    return broken_rows(model.problem, of)


def objective(model: Any, values: Values) -> float:
    """Return the weighted mean of a model's values."""
    serve = [key for name, key in values if name == "serve" and values[name, key]]
    return math.fsum(model.cells.worth(v, m, level) for v, m, level, _ in serve)


@both
def test_a_plan_is_allowed(build: Callable[..., Any]) -> None:
    """Five units serve and five train in two slots: no constraint is broken.

    The model serves from slot 2: (2 · 0.5 + 8 · 0.9) / 10 = 0.82.
    """
    model = build(one_training())
    values = values_in(model, plan((0, 2), 5, 5))
    assert broken(model, values) == set()
    assert objective(model, values) == pytest.approx(0.82)


WRONG: dict[str, Values] = {
    "one_level": {("level", (0, 0, 0)): 1},
    "models_of_level": {("serve", (0, 0, 1, 5)): 1},
    "ready_model": {("serve", (0, 1, 1, 1)): 1, ("serve", (0, 0, 1, 1)): 0},
    "capacity": {
        ("train", (0, 0, 0, 0)): 6,
        ("train", (0, 0, 0, 1)): 4,
        ("done", (0, 0, 1)): 6,
    },
    "training_time": {("train", (0, 0, 0, 8)): 1, ("done", (0, 0, 9)): 11},
    "progress": {("done", (0, 0, 9)): 11},
    "work": {("train", (0, 0, 0, 1)): 4}
    | {("done", (0, 0, t)): 9 for t in range(2, 10)},
}
"""What is wrong with a changed plan, by the one family of constraints that tells.

Two levels at once; two models at once; a model that serves before it is ready; six
units of training beside five that serve; training after the model is ready; work that
nobody did; one unit too little.
"""


@both
@pytest.mark.parametrize("family", WRONG)
def test_each_family_forbids(build: Callable[..., Any], family: str) -> None:
    """A changed plan is forbidden by one family alone."""
    model = build(one_training())
    values = values_in(model, plan((0, 2), 5, 5)) | WRONG[family]
    assert broken(model, values) == {family}


@both
def test_ready_models_stay_ready(build: Callable[..., Any]) -> None:
    """A model that serves from slot 2 is not unready in slot 5."""
    model = build(one_training())
    values = values_in(model, plan((0, 2), 5, 5))
    values["ready", (0, 0, 5)] = 0
    assert "readiness" in broken(model, values)


@both
def test_one_training_at_most(build: Callable[..., Any]) -> None:
    """Of two configs one is allowed, and both are forbidden."""
    configs = (retraining(10, 0.8, name="small"), retraining(20, 0.9, name="large"))
    model = build(server(stream(retraining=configs)))
    values = values_in(model, plan((0, 2), 5, 5))
    assert broken(model, values) == set()
    values["ready", (0, 1, 9)] = 1
    assert "one_training" in broken(model, values)


@both
def test_a_stream_that_may_not_stay_trains(build: Callable[..., Any]) -> None:
    """Where no cell without a training is left, a training is chosen."""
    cells = ServerCells(ServerWindow(one_training()), [[(0, -1), (2, 9)]])
    model = build(one_training(), cells=cells)
    assert broken(model, values_in(model, plan((0, 2), 5, 5))) == set()
    nothing: Values = {("level", (0, 1, t)): 1 for t in range(10)}
    nothing |= {("serve", (0, 0, 1, t)): 1 for t in range(9)}
    assert "one_training" in broken(model, nothing)


@both
def test_steeper_pieces_wait_for_those_before(build: Callable[..., Any]) -> None:
    """Half a GPU does little work, each unit beyond it does three times as much.

    Five units gain 2.5 and ten 10, of a work of ten: that is one slot of all units.
    The units of the second piece alone would gain 7.5 without the first.
    """
    curve = {"training_throughput": ((0.5, 0.25), (1, 1))}
    model = build(one_training(**curve))
    assert [piece.units for piece in model.cells.pieces] == [5, 5]
    assert model.cells.scale == 2
    free: Values = {("level", (0, 1, 0)): 0, ("level", (0, 0, 0)): 1}
    free |= {("serve", (0, 0, 1, 0)): 0, ("serve", (0, 0, 0, 0)): 1}
    values = values_in(model, plan((0, 1), 10)) | free
    assert values["full", (0, 0, 1, 0)] == 1
    assert broken(model, values) == set()
    fewer: Values = values | {("train", (0, 0, 0, 0)): 0}
    fewer |= {("done", (0, 0, t)): 15 for t in range(1, 10)}
    assert broken(model, fewer) == {"before_steeper", "work"}
    empty = values | {("full", (0, 0, 1, 0)): 0}
    assert broken(model, empty) == {"steeper"}


@both
def test_flatter_pieces_behind_a_steeper_one_wait_too(
    build: Callable[..., Any],
) -> None:
    """Slopes 0.4, 2.2 and 1: the third piece needs the first to be full as well.

    Two units at 0.4 each, three more at 2.2, and one for one beyond half a GPU. In
    two slots five units gain 2 · 7.4, enough for ten.
    """
    curve = {"training_throughput": ((0.2, 0.08), (0.5, 0.74))}
    model = build(one_training(**curve))
    assert [(p.units, p.steeper) for p in model.cells.pieces] == [
        (2, 0),
        (3, 1),
        (5, 1),
    ]
    values = values_in(model, plan((0, 2), 5, 5))
    assert broken(model, values) == set()
    moved: Values = {("train", (0, 0, 1, 0)): 0, ("train", (0, 0, 2, 0)): 3}
    skipped = values | moved | {("full", (0, 0, 1, 0)): 0}
    assert broken(model, skipped) == {"steeper", "progress"}
    assert broken(model, values | moved) == {"progress"}


@both
def test_levels_keep_the_floor(build: Callable[..., Any]) -> None:
    """Of accuracy 0.5 nine tenths are kept: a floor of 0.45 allows it, 0.5 does not.

    The model of accuracy 0.9 is allowed both levels, and no service none.
    """
    slow, full = serving(0.2, 0.9, "slow"), serving(0.5, 1.0, "full")
    for floor, known in ((0.45, {1, 2}), (0.5, {2})):
        held = stream(
            min_accuracy=floor,
            inference=(full, slow),
            retraining=(retraining(10, 0.9),),
        )
        model = build(server(held))
        levels = {(m, level) for _, m, level, _ in model.serve}
        assert {level for m, level in levels if m == 0} == known
        assert {level for m, level in levels if m == 1} == {1, 2}


@both
def test_training_must_end_inside(build: Callable[..., Any]) -> None:
    """A delay of 80 s leaves slot 8 to train and slot 9 to serve.

    Ten unit-slots of work fit; of eleven the model is ready when nothing is left.
    """
    for gpu_seconds, slots in ((10, [9]), (11, [])):
        late = stream(retraining=(retraining(gpu_seconds, 0.9, 80),))
        model = build(server(late))
        assert [t for _, _, t in model.ready] == slots


@both
def test_a_part_of_a_slot_gains_a_part(build: Callable[..., Any]) -> None:
    """A delay of 15 s leaves half of slot 1: four units gain two unit-slots there."""
    late = stream(retraining=(retraining(6, 0.9, 15),))
    model = build(server(late))
    assert model.cells.scale == 2
    values = values_in(model, plan((0, 3), 0, 4, 4))
    assert broken(model, values) == set()
    assert values["done", (0, 0, 2)] == 2 * 2
    less = values | {("train", (0, 0, 0, 1)): 3}
    less |= {("done", (0, 0, t)): 11 if t > 2 else 3 for t in range(2, 10)}
    assert broken(model, less) == {"work"}


def test_the_work_needed_looks_ahead() -> None:
    """25 unit-slots at ten a slot: before slot c, less what the slots to it can do.

    A model that serves from slot 3 needs 25 before slot 3, 15 before slot 2 and 5
    before slot 1; one that serves from slot 4 needs 5 before slot 2, and nothing
    before slot 1.
    """
    cells = ServerCells(ServerWindow(server(stream(retraining=(retraining(25, 0.9),)))))
    training = cells.streams[0].trainings[0]
    assert (training.low, training.high, training.work) == (3, 9, 25)
    assert training.needed(1) == [(3, 5)]
    assert training.needed(2) == [(3, 10), (4, 5)]
    assert training.needed(3) == [(3, 10), (4, 10), (5, 5)]
    assert training.needed(9) == [(9, 25)]


def test_irrational_works_are_relaxed() -> None:
    """Without a common part of a unit-slot each unit gains a part too much at most."""
    curve = {"training_throughput": ((0.3, 0.1234567), (1, 1))}
    cells = ServerCells(ServerWindow(one_training(**curve)))
    assert cells.scale == 10**4
    training = cells.streams[0].trainings[0]
    assert training.work <= 10 * 10**4
    gains = [
        sum(
            min(max(units - before, 0), piece.units) * training.gains[j]
            for j, (piece, before) in enumerate(
                zip(cells.pieces, [0, cells.pieces[0].units], strict=False)
            )
        )
        for units in range(6)
    ]
    exact = cells.window.gains[:6] * 10**4
    assert all(0 <= gain - true < 10 for gain, true in zip(gains, exact, strict=True))


@settings(max_examples=60)
@given(drawn)
def test_encoding_a_schedule_is_allowed_and_no_worse(instance: Instance) -> None:
    """A feasible schedule maps onto values that all constraints allow, and back."""
    alone = Options(settings={"presolve": "none"})
    best = solve(instance, "cp-sat", alone)
    if best.schedule is None or best.objective is None:
        return
    server_window = ServerWindow(instance)
    found = plan_of_schedule(server_window, best.schedule)
    assert found is not None
    assert found.objective(server_window) >= best.objective - 1e-9
    assert evaluate(instance, found.schedule(server_window)).feasible
    for build in BUILDERS:
        model = build(instance)
        values = values_in(model, found)
        assert broken(model, values) == set()
        assert objective(model, values) == pytest.approx(found.objective(server_window))
    back = plan_of(
        model.cells,
        *(
            lambda key, name=name: values.get((name, key), 0)
            for name in ("ready", "level", "train")
        ),
    )
    assert back is not None
    assert back.objective(server_window) >= found.objective(server_window) - 1e-9


@both
def test_rounding_is_within_the_stated_error(build: Callable[..., Any]) -> None:
    """A stream in ten slots: ten coefficients, each off by 0.5 / SCALE at most."""
    model = build(one_training())
    if isinstance(model, server_milp.ServerMilp):
        assert model.scale == 1000
        return
    assert model.rounding_error == pytest.approx(10 * 0.5 / 2e9)
    coefficients = {abs(n) for n in model.problem.proto.objective.coeffs}
    assert coefficients <= {0, 10**8, 18 * 10**7}


@both
def test_building_looks_at_the_clock(build: Callable[..., Any]) -> None:
    """The clock may stop the building of any model."""

    def time_up() -> None:
        raise TimeUp

    with pytest.raises(TimeUp):
        build(one_training(), time_up)


@both
def test_static_windows_are_refused(build: Callable[..., Any]) -> None:
    """These models are of the server's window only."""
    with pytest.raises(SolverUnavailable, match="expected server"):
        build(window(stream()))


def test_a_longer_plan_needs_its_own_slots() -> None:
    """A plan whose cell was left out does not map onto the model."""
    cells = ServerCells(ServerWindow(one_training()), [[(0, 0), (3, 9)]])
    assert values_of(cells, plan((0, 2), 5, 5)) is None
    assert values_of(cells, plan((0, 3), 5, 0, 5)) is not None
    assert values_of(cells, plan((None, 0))) is not None


def test_a_schedule_of_segments_becomes_a_plan() -> None:
    """Units beyond a level's are dropped, and a training takes the slots it needs."""
    given_schedule = schedule(
        A=(
            "retrain",
            [segment(0, "full", 5, 5), segment(20, "full", 7), segment(50, "full", 5)],
        )
    )
    found = plan_of_schedule(ServerWindow(one_training()), given_schedule)
    assert found == plan((0, 2), 5, 5)
