"""The fleet solver: exact at every size, with ties, on objects and on columns."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import Schedule
from formulations.evaluate import evaluate
from formulations.kernels.tables import column_table
from formulations.stream_model import NO_RETRAINING
from instances import InstanceTooLarge, InvalidOption, Reallocation
from instances.columns import Columns, columns_of
from instances.generators import generate, generate_columns
from solvers import Options, Search, Status, StoppedBy, solve
from solvers.dp import best_units
from solvers.fleet import solve_fleet
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

CURVES = (None, ((0.25, 0.1), (0.5, 0.2), (1.0, 0.9)), ((0.3, 0.5), (2.0, 2.2)))


def optimum(columns: Columns) -> float | None:
    """Return the optimum by dynamic programming over all units; None if infeasible."""
    table = column_table(columns)
    units = best_units(table, Search(Options()))
    return None if units is None else table.objective(units)


@given(instance=instances(max_streams=4, max_units=8))
def test_fleet_equals_the_dynamic_program(instance: Any) -> None:
    """All modes, floors, curves, empty lists, ties, more units than any demand."""
    exact, found = solve(instance, "dp"), solve(instance, "fleet")
    assert found.status is exact.status
    if exact.objective is not None:
        assert found.objective == pytest.approx(exact.objective, abs=1e-9)
        assert found.bound == pytest.approx(found.objective, abs=1e-9)


@pytest.mark.parametrize("block", range(10))
def test_fleet_equals_the_dynamic_program_on_1000_windows(block: int) -> None:
    """100 windows a block, 5 to 500 streams, alike or not, from scarce to plenty."""
    for seed in range(100 * block, 100 * block + 100):
        columns = random_window(seed)
        answer = solve_fleet(columns, Search(Options()))
        expected = optimum(columns)
        if expected is None:
            assert answer.infeasible, seed
        else:
            assert answer.objective == pytest.approx(expected, abs=1e-10), seed


def random_window(seed: int) -> Columns:
    """Return a window of 5 to 500 streams with options that the seed decides."""
    rng = np.random.default_rng([seed, 2026])
    count = round(5 * 100 ** rng.uniform() ** 1.5)
    units = max(1, round(count * rng.choice([0.5, 1, 1, 2, 2, 4])))
    per_gpu = int(rng.choice([5, 10, 20]))
    return generate_columns(
        "fleet",
        count,
        units / per_gpu,
        seed=seed,
        num_types=[None, None, None, 1, 2, 5][rng.integers(6)],
        weighted=bool(rng.integers(2)),
        labelling_seconds=float(rng.choice([0, 0, 30])),
        units_per_gpu=per_gpu,
        reallocation=str(rng.choice(["never", "stream"])),
        min_accuracy=float(rng.choice([0, 0, 0, 0.1, 0.3])),
        training_throughput=CURVES[rng.choice([0, 0, 1, 2])],
    )


@pytest.mark.parametrize("mode", ["never", "stream"])
@pytest.mark.parametrize("num_types", [None, 1, 3])
def test_large_fleets_are_proven_on_columns(mode: str, num_types: int | None) -> None:
    """With a sampled price the result is optimal, certified and within its capacity."""
    columns = generate_columns(
        "fleet", 20_000, 6_000, seed=4, reallocation=mode, num_types=num_types
    )
    result = solve(columns, "fleet")
    assert result.status is Status.OPTIMAL
    assert result.schedule is None
    schedule = result.schedule_columns
    assert schedule is not None
    used = schedule.inference_units + schedule.training_units
    assert used.sum() <= columns.total_units
    assert result.objective is not None
    assert result.metadata["lp_bound"] >= result.objective - 1e-12
    assert result.metadata["lp_bound"] - result.objective < 1e-7


def test_the_answer_does_not_depend_on_threads_or_sample() -> None:
    """Whatever the seed and the number of threads, the optimum is the same bits."""
    columns = generate_columns("fleet", 12_000, 3_000, seed=1, reallocation="stream")
    found = {
        (seed, threads): solve_fleet(
            columns, Search(Options(seed=seed)), threads=threads
        )
        for seed, threads in ((0, 1), (0, 2), (1, 3))
    }
    first, second, third = found.values()
    assert first.objective == second.objective
    assert first.objective == pytest.approx(third.objective, abs=1e-12)
    assert first.schedule_columns is not None
    assert second.schedule_columns is not None
    for name in ("retraining", "inference_units", "training_units"):
        one = getattr(first.schedule_columns, name)
        assert np.array_equal(one, getattr(second.schedule_columns, name))


@pytest.mark.filterwarnings("ignore:overflow")
@settings(max_examples=25, deadline=None)
@given(instance=instances(max_streams=3, max_units=5))
def test_the_simulated_device_finds_the_same(instance: Any) -> None:
    """With CUDA, or its simulator, the sweeps lead to the same optimum."""
    from formulations.kernels.device import missing_for_cuda

    if (missing := missing_for_cuda()) is not None:
        pytest.skip(missing)
    columns = columns_of(instance)
    here = solve_fleet(columns, Search(Options()), device="cpu")
    there = solve_fleet(columns, Search(Options()), device="cuda")
    assert here.infeasible == there.infeasible
    if here.objective is not None:
        assert there.objective == pytest.approx(here.objective, abs=1e-12)


def test_an_answer_on_paper() -> None:
    """Three equal streams share 7 units: two serve fully, nobody can retrain.

    Serving needs 3 units and is all or nothing; the optimum is 2/3 of 0.9.
    """
    alike = [stream(name, 0.9, inference=(serving(0.3, 1.0),)) for name in "ABC"]
    result = solve(window(*alike, gpus=0.7), "fleet")
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(0.6)
    assert result.metadata["lp_bound"] == pytest.approx(0.9 * 7 / 9)


def test_the_core_closes_a_gap_that_the_relaxation_leaves() -> None:
    """A 4-unit stream worth 0.8 and two 3-unit ones worth 0.55 share 6 units.

    Slopes 0.2 and 0.183: the relaxation takes the dear one first, the optimum both
    others: 1.1 / 3.
    """
    dear = stream("A", 0.8, inference=(serving(0.4, 1.0),))
    others = [stream(name, 0.55, inference=(serving(0.3, 1.0),)) for name in "BC"]
    result = solve(window(dear, *others, gpus=0.6), "fleet")
    assert result.objective == pytest.approx(1.1 / 3)
    assert result.metadata["changed_streams"] >= 1


def columns_with(
    accuracy: float, levels: list[tuple[float, float]], **rest: Any
) -> Columns:
    """Return equal streams without retraining that serve at some levels."""
    inference = tuple(serving(gpus, kept) for gpus, kept in levels)
    count = rest.pop("count")
    streams = [stream(f"s{v}", accuracy, inference=inference) for v in range(count)]
    return columns_of(window(*streams, **rest))


def test_levels_beyond_the_first_rows_are_seen() -> None:
    """Serving that needs 300 units of 800 counts from the start: 2 of 3 streams."""
    columns = columns_with(
        0.9, [(3.0, 1.0), (0.1, 0.3)], count=3, gpus=8, units_per_gpu=100
    )
    result = solve(columns, "fleet")
    assert result.objective == pytest.approx((0.9 + 0.9 + 0.27) / 3)
    floored = solve(columns.changed(min_accuracy=0.5, gpus=9), "fleet")
    assert floored.objective == pytest.approx(0.9)


def test_equal_slopes_that_rounding_turns_around_keep_their_order() -> None:
    """Levels on a straight line: 0.042 on 6 units, 0.105 on 15; 15 units for all.

    Every unit is worth 0.82 · 0.007 / 6 of the mean, whoever gets it.
    """
    columns = columns_with(0.82, [(0.6, 0.042), (1.5, 0.105)], count=6, gpus=1.5)
    result = solve(columns, "fleet")
    assert result.objective == pytest.approx(0.82 * 0.105 / 6)
    three = columns_with(
        0.86, [(0.2, 0.0002), (0.7, 0.0007), (3.3, 0.0033)], count=3, gpus=5.8
    )
    assert solve(three, "fleet").objective == pytest.approx(optimum(three), abs=1e-12)


@given(data=st.data())
def test_straight_levels_are_no_trap(data: st.DataObject) -> None:
    """Levels in proportion to their demands, at every capacity, as by dp."""
    tenths = data.draw(st.lists(st.integers(1, 40), min_size=2, max_size=4))
    slope = data.draw(st.sampled_from([0.0007, 0.001, 0.007, 0.0123]))
    levels = [(each / 10, each * slope) for each in sorted(set(tenths))]
    columns = columns_with(
        data.draw(st.sampled_from([0.82, 0.86, 0.9])),
        levels,
        count=data.draw(st.integers(2, 6)),
        gpus=data.draw(st.integers(1, 120)) / 10,
    )
    expected = optimum(columns)
    assert expected is not None
    assert solve(columns, "fleet").objective == pytest.approx(expected, abs=1e-10)


def test_streams_that_only_an_instant_retraining_keeps_need_no_long_rows() -> None:
    """One of 200 streams starts below its floor; 20 million units are no obstacle."""
    free, dear = retraining(0, 0.9, name="free"), retraining(30, 0.95)
    serves = (serving(0.1, 1.0),)
    low = stream("low", 0.1, retraining=(free,), inference=serves, min_accuracy=0.3)
    rest = [
        stream(f"s{v}", 0.9, retraining=(dear,), inference=serves) for v in range(20)
    ]
    columns = columns_of(window(low, *rest, gpus=300, units_per_gpu=10))
    result = solve(columns, "fleet")
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(optimum(columns), abs=1e-10)
    hopeless = stream("hopeless", 0.1, inference=serves, min_accuracy=0.5)
    wide = window(hopeless, *rest, gpus=200_000, units_per_gpu=100)
    assert solve(columns_of(wide), "fleet").status is Status.INFEASIBLE


def test_an_interrupt_in_the_core_leaves_the_breaks_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after the relaxation, the run has its schedule and its bound."""
    from solvers import TimeUp, fleet_program

    def stop(*_: Any) -> None:
        raise TimeUp

    monkeypatch.setattr(fleet_program, "_core", stop)
    columns = generate_columns("fleet", 300, 77.7, seed=1, num_types=2)
    result = solve(columns, "fleet")
    assert result.status is Status.FEASIBLE
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.objective is not None
    best = optimum(columns)
    assert best is not None
    assert result.objective <= best + 1e-12
    assert result.bound is not None
    assert result.bound >= best - 1e-12


def test_floors_that_do_not_fit_are_infeasible() -> None:
    """Two streams that need 5 units each do not fit into 9, as objects and columns."""
    streams = [stream(name, 0.9, min_accuracy=0.5) for name in "AB"]
    instance = window(*streams, gpus=0.9)
    assert solve(instance, "fleet").status is Status.INFEASIBLE
    assert solve(columns_of(instance), "fleet").status is Status.INFEASIBLE
    hopeless = window(stream("A", 0.4, min_accuracy=0.5))
    assert solve(columns_of(hopeless), "fleet").status is Status.INFEASIBLE


def test_a_huge_capacity_is_no_obstacle() -> None:
    """Rows grow only as long as their units pay; 400,000 units for three streams."""
    config = retraining(50, 0.9)
    streams = [stream(name, 0.5, retraining=(config,)) for name in "ABC"]
    instance = window(*streams, gpus=400, units_per_gpu=1000)
    result = solve(instance, "fleet")
    assert result.status is Status.OPTIMAL
    # With 133,333 units each at least, training takes 0.376 s of 100 s.
    expected = 0.9 - 0.4 * 50 / (133.333 - 0.5) / 100
    assert result.objective == pytest.approx(expected, abs=1e-6)


def test_too_many_cells_are_refused() -> None:
    """Where the price of a unit is next to nothing for many streams, rows are long."""
    config = retraining(50, 0.9)
    streams = [stream(f"s{v}", 0.5, retraining=(config,)) for v in range(300)]
    instance = window(*streams, gpus=1e5, units_per_gpu=1000)
    with pytest.raises(InstanceTooLarge, match="coarser units"):
        solve(instance, "fleet")


@pytest.mark.parametrize("mode", ["never", "stream"])
def test_objects_and_columns_have_one_answer(mode: str) -> None:
    """The same window as objects and as columns gives the same schedule."""
    instance = generate("recorded-like", 12, 6, seed=2, reallocation=mode)
    one, other = solve(instance, "fleet"), solve(columns_of(instance), "fleet")
    assert one.objective == pytest.approx(other.objective, abs=1e-12)
    assert isinstance(one.schedule, Schedule)
    assert other.schedule_columns is not None
    assert other.schedule_columns.schedule(instance) == one.schedule
    assert evaluate(instance, one.schedule).feasible


def test_a_plan_on_estimates_is_scored_on_the_truth() -> None:
    """Retrainings that turn out too long give nothing; columns as objects."""
    instance = generate("recorded-like", 30, 9, seed=5, cost_error=0.8)
    options = Options(plan_on="estimates")
    columns = solve(columns_of(instance), "fleet", options)
    objects = solve(instance, "fleet", options)
    assert columns.status is Status.FEASIBLE
    assert columns.bound is None
    assert columns.objective == pytest.approx(objects.objective, abs=1e-12)
    planned = columns.metadata["planned_objective"]
    assert planned == pytest.approx(objects.metadata["planned_objective"], abs=1e-12)
    dropped = columns.schedule_columns
    assert dropped is not None
    assert (dropped.retraining == NO_RETRAINING).any()


def test_other_solvers_take_columns_as_objects() -> None:
    """A solver that does not work on columns gets the instance behind them."""
    instance = generate("recorded-like", 5, 2, seed=1)
    assert solve(columns_of(instance), "dp").objective == solve(instance).objective


def test_a_time_limit_ends_the_run() -> None:
    """A fleet that takes longer stops in time, without a schedule."""
    columns = generate_columns("fleet", 200_000, 50_000, seed=0)
    result = solve(columns, "fleet", Options(time_limit=0.001))
    assert result.status is Status.NO_SOLUTION
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.runtime < 1


def test_options_that_do_not_fit_are_refused() -> None:
    """A negative number of threads, and an initial schedule for columns."""
    instance = generate("recorded-like", 3, 1, seed=0)
    with pytest.raises(InvalidOption, match="threads is -1, expected 0 to 1024"):
        solve(instance, "fleet", Options(settings={"threads": -1}))
    start = solve(instance).schedule
    with pytest.raises(InvalidOption, match="no initial schedule"):
        solve(columns_of(instance), "fleet", Options(initial_schedule=start))


def test_server_mode_is_refused_by_name() -> None:
    """Fleets are static windows."""
    from instances import SolverUnavailable

    instance = window(stream(), reallocation=Reallocation.SERVER, slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        solve(columns_of(instance), "fleet")
