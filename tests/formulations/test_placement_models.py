"""The models of placements: their options, cuts, sizes and what they decode to."""

from collections import Counter
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import placement_cp, placement_milp
from formulations.evaluate_placement import evaluate_placement
from formulations.placed_schedule import PlacedSchedule
from formulations.placement_classes import Packing, Share, menu_of
from formulations.placement_cuts import cuts_of
from formulations.placement_feasibility import is_infeasible
from formulations.placement_options import placement_options
from formulations.placement_packing import first_fit, placed_schedule
from instances import InstanceTooLarge
from instances.generators.memory_tight import memory_tight
from instances.placement import Gpu, Placement, Shares
from solvers import solve
from tests.placed import gpus, placement, placements
from tests.small import retraining, serving, stream


@pytest.mark.parametrize(
    ("shares", "menu"),
    [
        (Shares.INVERSE, (1, 2, 3, 4, 6, 12)),
        (Shares.POWERS_OF_TWO, (3, 6, 12)),
        (Shares.UNITS, tuple(range(1, 13))),
    ],
)
def test_menus(shares: Shares, menu: tuple[int, ...]) -> None:
    """12 units have six divisors, three of which are 12 by a power of two."""
    assert menu_of(placement(stream(), shares=shares, units_per_gpu=12)) == menu


def test_options_of_one_stream_on_paper() -> None:
    """Half a GPU serves fully, and a training of 40 GPU-seconds pays on half a GPU.

    Inverse shares of ten units are 1, 2, 5 and 10. Without inference a stream is worth
    0, so the undominated sizes are (5), (5, 5) with 0.8 · 0.5 + 0.2 · 1 = 0.6 and
    (10, 5) with 0.4 · 0.5 + 0.6 = 0.8, beyond which two whole GPUs give (20, 5) 0.9.
    """
    problem = placement(stream(retraining=(retraining(40, 1),)), whole_gpus=False)
    (row,) = placement_options(problem).streams
    assert _summary(row) == [
        (0.8, (5, 10)),
        (0.6, (5, 5)),
        (0.5, (5,)),
        (0.0, ()),
    ]
    whole = placement(stream(retraining=(retraining(40, 1),)))
    (row,) = placement_options(whole).streams
    assert _summary(row)[0] == (0.9, (5, 20))


def test_classes_are_gpus_of_equal_speed_and_memory() -> None:
    """Memory binds only where the jobs of a GPU, two of 3 GB, could exceed it.

    Where it does not, sizes count on two GPUs, and units alone on a single one.
    """
    light = serving(0.5, 1, "l")
    heavy = type(light)(name="h", gpus=0.5, relative_accuracy=1, memory_gb=3)
    problem = placement(
        stream("A", inference=(heavy,)),
        stream("B", inference=(heavy,)),
        gpus=(
            Gpu(name="a", memory_gb=6),
            Gpu(name="b", speed=2),
            Gpu(name="c", memory_gb=6),
            Gpu(name="d", memory_gb=5.999),
            Gpu(name="e", memory_gb=5),
            Gpu(name="f", memory_gb=5),
        ),
    )
    classes = placement_options(problem).classes
    assert [gpus.names for gpus in classes] == [
        ("a", "c"),
        ("b",),
        ("d",),
        ("e", "f"),
    ]
    assert [gpus.packing for gpus in classes] == [
        Packing.SIZES,
        Packing.UNITS,
        Packing.ALONE,
        Packing.PLACES,
    ]


def test_too_many_shares_are_refused() -> None:
    """A thousand sizes of a job are beyond the models; the error names a way out."""
    problem = placement(stream(), shares="units", units_per_gpu=1000)
    with pytest.raises(InstanceTooLarge, match="1001 shares to choose from"):
        placement_options(problem)
    assert not is_infeasible(problem)


@pytest.mark.parametrize("per_gpu", [4, 6, 12])
@pytest.mark.parametrize("shares", list(Shares))
def test_cuts_are_all_ways_to_cut_a_gpu(per_gpu: int, shares: Shares) -> None:
    """The paths of the graph are the partitions of a GPU, each with its own arcs."""
    menu = menu_of(placement(stream(), shares=shares, units_per_gpu=per_gpu))
    cuts = cuts_of(menu)
    expected = {
        parts
        for count in range(2, per_gpu + 1)
        for parts in combinations_with_replacement(sorted(menu), count)
        if sum(parts) == per_gpu
    }
    assert {tuple(sorted(path)) for path in _paths(cuts)} == expected


@given(st.data())
def test_flow_is_cut_into_its_paths(data: st.DataObject) -> None:
    """The flow of any GPUs along paths comes apart into as many GPUs' parts."""
    cuts = cuts_of((1, 2, 3, 4, 6, 12))
    every = _paths(cuts)
    chosen = data.draw(st.lists(st.sampled_from(every), max_size=5))
    flow = Counter[tuple[int, int]]()
    for path in chosen:
        node = 0
        for part in path:
            flow[node, node + part] += 1
            node += part
    found = cuts.paths([flow[arc] for arc in cuts.arcs])
    assert sum(map(sum, found)) == 12 * len(chosen)
    assert [sum(parts) for parts in found] == [12] * len(chosen)
    joint = Counter(part for path in chosen for part in path)
    assert Counter(part for path in found for part in path) == joint


@given(
    st.sampled_from([(1, 2, 4, 8, 16), (3, 6, 12), (1, 5, 10)]),
    st.integers(1, 4),
    st.data(),
)
def test_first_fit_decreasing_packs_divisible_sizes(
    menu: tuple[int, ...], count: int, data: st.DataObject
) -> None:
    """Where sizes divide one another, all that fits in the sum of units is packed."""
    sizes = data.draw(st.lists(st.sampled_from(menu), max_size=20))
    total = menu[-1] * count
    shares = [Share(0, size, 0) for size in sizes]
    where = first_fit(shares, menu[-1], float("inf"), count)
    assert (where is not None) == (sum(sizes) <= total)


def test_first_fit_minds_memory() -> None:
    """Two jobs of half a GPU and 3 of 5 MB of memory need a GPU each."""
    shares = [Share(0, 5, 3), Share(0, 5, 3)]
    assert first_fit(shares, 10, 6, 2) == [0, 0]
    assert first_fit(shares, 10, 5, 2) == [0, 1]
    assert first_fit(shares, 10, 5, 1) is None


@settings(max_examples=150)
@given(placements())
def test_each_option_is_worth_what_the_referee_says(drawn: Placement) -> None:
    """Alone on the GPUs, every option of every stream is placed and worth its value."""
    options = placement_options(drawn)
    for v, row in enumerate(options.streams):
        alone = type(drawn)(
            **{
                name: getattr(drawn, name)
                for name in drawn.__slots__
                if name != "streams"
            },
            streams=(drawn.streams[v],),
        )
        single = placement_options(alone)
        for o, option in enumerate(single.streams[0]):
            schedule = placed_schedule(single, [o])
            if schedule is None:
                # The jobs of one stream can be too large together.
                assert len(option.shares) == 2
                continue
            verdict = evaluate_placement(alone, schedule)
            assert verdict.violations == ()
            assert verdict.objective == pytest.approx(option.value, abs=1e-12)
        assert max((option.value for option in row), default=-1) == pytest.approx(
            max((option.value for option in single.streams[0]), default=-1)
        )


@settings(max_examples=100)
@given(placements(), st.sampled_from(["milp", "round-and-pack"]))
def test_schedules_are_solutions_of_the_models(drawn: Placement, solver: str) -> None:
    """A feasible schedule maps onto columns that keep every row and are no worse."""
    found = solve(drawn, solver)
    if found.schedule is None or found.objective is None:
        return
    milp = placement_milp.build(drawn)
    columns = milp.encode(found.schedule)
    assert columns is not None
    assert milp.objective(columns) >= found.objective - 1e-9
    value = {x: columns.get(j, 0) for j, x in enumerate(milp.columns)}
    for row in milp.problem.constraints():
        total = sum(factor * value[x] for x, factor in row.expr.items())
        assert row.getLb() is None or total >= row.getLb() - 1e-9, row.name
        assert row.getUb() is None or total <= row.getUb() + 1e-9, row.name
    verdict = evaluate_placement(drawn, milp.decode(columns))
    assert verdict.violations == ()
    assert verdict.objective == pytest.approx(milp.objective(columns), abs=1e-9)
    cp = placement_cp.build(drawn)
    hint = cp.encode(found.schedule)
    assert hint == [columns.get(j, 0) for j in range(len(cp.columns))]


def test_models_are_small_where_gpus_are_alike() -> None:
    """With powers of two the program has one row a stream and one for the units."""
    problem = placement(
        *(stream(name, retraining=(retraining(40, 1),)) for name in "ABC"),
        shares="powers-of-two",
        units_per_gpu=8,
    )
    milp = placement_milp.build(problem)
    assert milp.problem.numConstraints() == 4
    assert milp.problem.numVariables() == sum(map(len, milp.take))
    cp = placement_cp.build(problem).problem.proto
    assert (len(cp.variables), len(cp.constraints)) == (len(milp.columns), 4)


@pytest.mark.parametrize("module", [placement_milp, placement_cp])
def test_equal_gpus_are_ordered_where_memory_binds(module: Any) -> None:
    """The first job may only be on the first GPU of its class, the second on two."""
    heavy = type(serving(0, 1))(name="h", gpus=0.5, relative_accuracy=1, memory_gb=3)
    problem = placement(
        *(stream(name, inference=(heavy,)) for name in "ABC"),
        gpus=gpus(1, 1, 1, memory_gb=4),
    )
    model = module.build(problem)
    where = {(job.stream_idx, g) for job, _, g in model.put}
    assert where == {(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)}


def test_models_are_written_to_files(tmp_path: Path) -> None:
    """PuLP writes the program as LP and MPS, CP-SAT its own; names are legal."""
    problem = memory_tight(3, 5, 0, heterogeneous=True)
    milp = placement_milp.build(problem).problem
    milp.writeLP(str(tmp_path / "model.lp"))
    milp.writeMPS(str(tmp_path / "model.mps"))
    text = (tmp_path / "model.lp").read_text()
    assert "memory_class0_gpu1:" in text
    assert "memory_class2:" in text
    names = [row.name for row in milp.constraints()]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 100
    cp = placement_cp.build(problem).problem
    assert cp.export_to_file(str(tmp_path / "model.pb"))
    assert cp.validate() == ""


def test_a_floor_without_units_is_infeasible() -> None:
    """Three streams that need half a GPU each do not fit in one, but in two."""
    streams = [stream(name, min_accuracy=0.5) for name in "ABC"]
    assert is_infeasible(placement(*streams, gpus=gpus(1)))
    assert not is_infeasible(placement(*streams))
    never = stream("A", 0.4, min_accuracy=0.5)
    assert is_infeasible(placement(never))


def _summary(row: Any) -> list[tuple[float, tuple[int, ...]]]:
    return [
        (round(option.value, 9), tuple(share.units for share in option.shares))
        for option in row
    ]


def _paths(cuts: Any, node: int = 0) -> list[list[int]]:
    """Return every path from a node to the end, as its parts."""
    if node == cuts.units_per_gpu:
        return [[]]
    return [
        [end - start, *rest]
        for start, end in cuts.arcs
        if start == node
        for rest in _paths(cuts, end)
    ]


def test_a_schedule_needs_all_jobs_packed() -> None:
    """What does not fit is no schedule: two options of two whole GPUs on two."""
    problem = placement(stream("A", retraining=(retraining(90, 1),)), stream("B"))
    options = placement_options(problem)
    largest = options.streams[0].index(
        max(options.streams[0], key=lambda option: sum(s.units for s in option.shares))
    )
    least = [
        min(range(len(row)), key=lambda o: sum(s.units for s in row[o].shares))
        for row in options.streams
    ]
    assert placed_schedule(options, [largest, least[1]]) is None
    assert isinstance(placed_schedule(options, least), PlacedSchedule)
