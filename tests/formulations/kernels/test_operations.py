"""Operations are counted right: on paper, and by numbers that count."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from formulations.candidates import candidates_of_shares
from formulations.kernels import operations, scalars
from formulations.kernels.device import simulated
from formulations.kernels.profiles import Profiles, profiles_of
from formulations.kernels.rows import (
    WORK_ROWS,
    best_split,
    fill_row,
    find_choices,
    find_levels,
    work_width,
)
from formulations.kernels.shares import share_table
from formulations.kernels.shares_cpu import NEVER_SERVED_IS, share_value
from formulations.kernels.simulation import simulate
from formulations.kernels.simulation_cpu import simulate_range
from formulations.kernels.tables import column_table
from formulations.kernels.yardsticks_cpu import OPERATIONS, ground
from instances.columns import columns_of
from instances.generators import generate
from instances.scenarios import ErrorModel, draw_scenarios
from tests.small import retraining, serving, stream, window

plainly = pytest.mark.skipif(
    not simulated(), reason="compiled code takes no numbers that count"
)
modes = pytest.mark.parametrize("mode", ["never", "stream"])
FIRST, SECOND = retraining(50, 0.9), retraining(20, 0.8, name="cheap")


class Counted(float):
    """A number that counts the arithmetic done with it."""

    done = 0


def _counting(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def operator(self: Counted, other: float) -> Counted:
        Counted.done += 1
        return Counted(plain(float(self), float(other)))

    return operator


for _name in ("add", "sub", "mul", "truediv"):
    for _side in ("", "r"):
        setattr(Counted, f"__{_side}{_name}__", _counting(f"__{_side}{_name}__"))


def counted(array: Any) -> Any:
    """Return an array of numbers that count."""
    return np.array([Counted(x) for x in np.ravel(array)], dtype=object).reshape(
        np.shape(array)
    )


def counting(p: Profiles) -> Profiles:
    """Return profiles that count, but for levels, whose units are found once."""
    plain = ("floor", "retraining_offsets", "inference_offsets", "demand_gpus")
    parts: dict[str, Any] = {
        name: counted(part)
        for name, part in p._asdict().items()
        if isinstance(part, np.ndarray) and name not in plain
    }
    return p._replace(**parts, window=Counted(p.window))


def drawn(mode: str) -> Any:
    """Return the columns of a window whose streams have many configs."""
    return columns_of(generate("recorded-like", 3, 1, 5, reallocation=mode))


def test_a_row_on_paper() -> None:
    """One level of 5 units, two configs, 10 units in all.

    Never: each of two choices takes 2 operations for 0 to 10 units, 44 in all, and
    the level one for 5 to 10 units, 6; of level 0, 11 more. Stream: 6 for each choice,
    and 6 + 11 numbers of units.
    """
    instance = window(stream(retraining=(FIRST, SECOND)))
    p = profiles_of(columns_of(instance))
    assert operations.row_operations(p, np.array([10])) == 44 + 6 + 11
    joins = p._replace(mode=1)
    assert operations.row_operations(joins, np.array([10])) == 6 * 2 * 17


def test_splits_on_paper() -> None:
    """At 4 units only level 0 is looked at, at 5 both; 1 + 7 · 2 operations each."""
    instance = window(stream(retraining=(FIRST, SECOND)))
    p = profiles_of(columns_of(instance))
    split = np.zeros((1, 11), dtype=bool)
    split[0, [4, 5]] = True
    assert operations.split_operations(p, split) == 3 * 15


def test_shares_on_paper() -> None:
    """A level of 2 units, 3 in all of 0.2 GPUs, 60 GPU-seconds to train in 100 s.

    On the CPU 3 for each of three completions and 4 for 3 · 4 cells. With CUDA, in
    each of three rows, 2 for three completions, and 7 for the one inside the window.
    """
    instance = window(
        stream(retraining=(retraining(60, 0.9),), inference=(serving(0.3, 1.0),)),
        gpus=0.6,
        units_per_gpu=5,
    )
    p = profiles_of(columns_of(instance))
    table = share_table(p, device="cpu")
    assert operations.share_operations(p, table) == 3 * 3 + 4 * 12
    assert operations.share_operations(p, table, "cuda") == 3 * (2 * 3 + 7)


@plainly
@modes
def test_rows_take_as_many_operations_when_simulated(mode: str) -> None:
    """Numbers that count go through each stream's row, up to different caps.

    What is done once for a choice or a level is not among the operations.
    """
    p = profiles_of(drawn(mode))
    caps = np.array([4, 7, 10])
    levels, choices = operations.shapes_of(p)
    per_choice = 5 if mode == "never" else 0
    once = per_choice * choices.sum() + (levels < operations.NO_LEVEL).sum()
    width, counts = work_width(p, p.total_units), counting(p)
    found = 0
    for v, cap in enumerate(caps.tolist()):
        work = counted(np.zeros((WORK_ROWS, width)))
        rows = find_levels(counts, v, work)
        configs = find_choices(counts, v, work)
        work = counted(work)
        Counted.done = 0
        fill_row(counts, v, cap, rows, configs, work)
        found += Counted.done
    assert operations.row_operations(p, caps) == found - once


@plainly
@modes
def test_splits_take_as_many_operations_when_simulated(mode: str) -> None:
    """Numbers that count go through a split of each number of units."""
    p = profiles_of(drawn(mode))
    width, counts = work_width(p, p.total_units), counting(p)
    found = 0
    for v in range(p.num_streams):
        work = counted(np.zeros((WORK_ROWS, width)))
        rows = find_levels(counts, v, work)
        configs = find_choices(counts, v, work)
        work = counted(work)
        Counted.done = 0
        for units in range(p.total_units + 1):
            best_split(counts, v, units, rows, configs, work)
        found += Counted.done
    everywhere = np.ones((p.num_streams, p.total_units + 1), dtype=bool)
    assert operations.split_operations(p, everywhere) == found


def test_a_table_splits_where_its_rows_rise() -> None:
    """The count of a table is that of its rows and of the splits at its options."""
    columns = drawn("stream")
    p, table = profiles_of(columns), column_table(columns, device="cpu")
    rises = np.zeros(table.values.shape, dtype=bool)
    for v in range(p.num_streams):
        rises[v, table.options(v)[0]] = True
    caps = np.full(p.num_streams, p.total_units)
    expected = operations.row_operations(p, caps)
    expected += operations.split_operations(p, rises)
    assert operations.table_operations(p, table.values) == expected


@plainly
@modes
def test_cells_with_cuda_take_as_many_operations_when_simulated(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Numbers that count go through each cell; one each is for serving only."""
    # So that they go on counting where the code says what a number is.
    monkeypatch.setattr(scalars, "float", lambda number: number, raising=False)
    p = profiles_of(drawn(mode))
    table = share_table(p, device="cpu")
    counts, cells, found = counting(p), 0, 0
    for v in range(p.num_streams):
        for inference in range(table.top[v] + 1):
            for training in range(table.width):
                Counted.done = 0
                share_value(counts, v, inference, training, NEVER_SERVED_IS)
                found += Counted.done
                cells += 1
    assert operations.share_operations(p, table, "cuda") == found - cells


@plainly
@modes
def test_simulations_take_as_many_operations_when_simulated(mode: str) -> None:
    """Numbers that count go through 8 plans in 5 scenarios, misses among them."""
    columns = drawn(mode)
    rng = np.random.default_rng(1)
    shape = 8, columns.num_streams
    plans = candidates_of_shares(
        columns,
        rng.integers(-1, 18, shape),
        rng.integers(0, 3, shape),
        rng.integers(0, 4, shape),
    )
    scenarios = draw_scenarios(columns, ErrorModel(), 5, rng)
    told = simulate(columns, plans, scenarios, device="cpu")
    planned, missed = int((plans.retraining >= 0).sum()) * 5, int(told.misses.sum())
    assert 0 < missed < planned
    untrained = (plans.speed[plans.offsets[:-1]] == 0) & (plans.retraining >= 0).ravel()
    counts = counting(profiles_of(columns))
    parts = {name: counted(getattr(plans, name)) for name in ("kept", "speed")}
    results = np.empty(40), np.empty(40, dtype=int), np.empty(40, dtype=int)
    Counted.done = 0
    simulate_range(
        counts,
        plans._replace(**parts),
        counted(scenarios.gpu_seconds.T),
        counted(scenarios.accuracy.T),
        0,
        40,
        *results,
    )
    expected = operations.simulation_operations(40 * 3, planned, missed)
    # Without a training unit nothing is divided: the count has two too many.
    assert Counted.done == expected - 2 * 5 * int(untrained.sum())


@plainly
def test_the_yardstick_takes_as_many_operations_when_simulated() -> None:
    """One number takes 3 + 4 · 16 + 3."""
    Counted.done = 0
    ground(Counted(0.5))
    assert Counted.done == OPERATIONS == 70
