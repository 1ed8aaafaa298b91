"""Local search in the Thief's neighbourhood against the neighbourhood written out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels import steals
from formulations.kernels.device import simulated
from formulations.kernels.steal_partners_cpu import (
    GIVES,
    NUM_PARTNERS,
    find_partners,
)
from formulations.kernels.steals import climb_all
from formulations.kernels.steals_cpu import PAIRS, climb
from formulations.kernels.steals_numpy import pairs_of_steals
from formulations.kernels.steals_numpy import steals as single_steals
from formulations.kernels.tabled_picks import TabledPicks
from instances import Instance
from tests.small import serving, stream, window
from tests.strategies import instances

EXAMPLES = 3 if simulated() else 200
hoods = st.sampled_from(["one-step", "all-amounts", "pairs"])
steps = st.sampled_from([1, 1, 2])


@st.composite
def starts(draw: st.DrawFn, most_starts: int = 3) -> tuple[TabledPicks, Any]:
    """Draw an instance's picks and some splits of its units."""
    instance = draw(instances(max_streams=3, max_units=6))
    seed = draw(st.integers(0, 2**32 - 1))
    return TabledPicks(instance, "penalised"), splits(
        instance, draw(st.integers(1, most_starts)), seed
    )


def splits(instance: Instance, count: int, seed: int) -> Any:
    """Return random splits of the total, shape (count, V, 2)."""
    rng = np.random.default_rng(seed)
    shape = count, 2 * len(instance.streams) - 1
    cuts = np.sort(rng.integers(0, instance.total_units + 1, shape), axis=1)
    units = np.diff(cuts, axis=1, prepend=0, append=instance.total_units)
    return units.reshape(count, -1, 2)


def climbed(picks: TabledPicks, start: Any, *rule: Any, **own: Any) -> tuple[Any, Any]:
    """Return where the starts lead, and how it went; the starts stay as they are."""
    units = start.copy()
    told = climb_all(picks.gains, units, *rule, **own)
    return units, told


def objective(picks: TabledPicks, units: Any) -> float:
    """Return the mean accuracy of an allocation."""
    return picks.objective([(int(i), int(r)) for i, r in units])


def best_of(picks: TabledPicks, neighbours: Any) -> float:
    """Return the best mean accuracy of some allocations."""
    return max((objective(picks, each) for each in neighbours), default=-np.inf)


@settings(max_examples=EXAMPLES)
@given(starts(1), hoods, steps)
def test_a_local_optimum_has_no_better_neighbour(
    drawn: tuple[TabledPicks, Any], hood: Any, step: int
) -> None:
    """No allocation that one steal, or any two steals, lead to is better.

    Two steals are listed whether or not they share a stream, so that this is also the
    argument that other pairs need no look.
    """
    picks, start = drawn
    ((end,), _) = climbed(picks, start, step, hood, device="cpu")
    assert end.sum() == start.sum()
    assert end.min() >= 0
    assert objective(picks, end) >= objective(picks, start[0]) - 1e-12
    neighbours = {
        "one-step": lambda: single_steals(end, step, most_amount=1),
        "all-amounts": lambda: single_steals(end, step),
        "pairs": lambda: pairs_of_steals(end, step),
    }[hood]()
    assert best_of(picks, neighbours) <= objective(picks, end) + 2e-12


@settings(max_examples=EXAMPLES)
@given(starts(1), steps)
def test_each_move_is_the_best_there_is(
    drawn: tuple[TabledPicks, Any], step: int
) -> None:
    """One move from anywhere is the best steal; where there is none, the best pair."""
    picks, (units,) = drawn
    for _ in range(5):
        before = objective(picks, units)
        expected = best_of(picks, single_steals(units, step))
        if expected <= before + 1e-12:
            expected = best_of(picks, pairs_of_steals(units, step))
        counts = np.zeros(2, dtype=np.int64)
        ended = climb(picks.gains, units, step, PAIRS, 10**9, 1, counts)
        if ended:
            assert expected <= before + 2e-12
            return
        assert objective(picks, units) == pytest.approx(expected, abs=1e-11)
        assert counts[0] == 1


def test_every_device_ends_at_the_same_allocations(device: str) -> None:
    """From several starts, in each neighbourhood, with coarse pairs or all."""

    @settings(max_examples=2 if simulated() else 25)
    @given(starts(), hoods, steps, st.sampled_from([40, 10**6]))
    def check(drawn: tuple[TabledPicks, Any], hood: Any, step: int, work: int) -> None:
        picks, start = drawn
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(steals, "PAIR_WORK", work)
            found, told = climbed(picks, start, step, hood, device=device)
            here, told_here = climbed(picks, start, step, hood, device="cpu")
        assert (found == here).all()
        assert (told.moves == told_here.moves).all()
        assert told.pair_stride == told_here.pair_stride

    check()


@settings(max_examples=20 if not simulated() else 2)
@given(starts(5), hoods, st.sampled_from([2, 3]))
def test_any_number_of_workers_ends_at_the_same(
    drawn: tuple[TabledPicks, Any], hood: Any, workers: int
) -> None:
    """Move by move, on several threads, or to the end on one."""
    picks, start = drawn
    alone, told = climbed(picks, start, 1, hood, device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steals, "LOOKUPS_AT_ONCE", 1)
        together, told_too = climbed(
            picks, start, 1, hood, device="cpu", workers=workers
        )
    assert (alone == together).all()
    assert (told.moves == told_too.moves).all()


def test_two_victims_are_robbed_at_once(device: str) -> None:
    """A camera needs three units; each of three holds one, and none is served.

    A single steal of what anyone has leads nowhere, two from two cameras to one served.
    """
    cameras = [stream(n, 0.9, inference=(serving(0.3, 1),)) for n in "ABC"]
    instance = window(*cameras, gpus=0.3)
    picks = TabledPicks(instance, "penalised")
    start = np.array([[[1, 0], [1, 0], [1, 0]]])
    alone, _ = climbed(picks, start, 1, "all-amounts", device=device)
    assert (alone == start).all()
    found, told = climbed(picks, start, 1, "pairs", device=device)
    assert found.tolist() == [[[3, 0], [0, 0], [0, 0]]]
    assert told.moves.tolist() == [1]


@pytest.mark.parametrize(
    ("levels", "accuracy", "start", "end"),
    [
        # A's training gives two units to its inference, B's inference the third.
        ((0.3, 9, 9), (0.2, 0, 0), [[0, 2], [1, 1], [1, 0]], [[3, 0], [0, 1], [1, 0]]),
        # Both of C's jobs give all to B's inference, more than any job could alone.
        ((9, 0.4, 9), (0, 0.2, 0), [[0, 0], [1, 0], [1, 2]], [[0, 0], [4, 0], [0, 0]]),
    ],
)
def test_a_pair_may_move_more_than_any_job_has(
    levels: Any, accuracy: Any, start: Any, end: Any
) -> None:
    """Two steals through one stream reach what needs more than the largest job."""
    cameras = [
        stream(name, held, inference=(serving(gpus, 1),))
        for name, gpus, held in zip("ABC", levels, accuracy, strict=True)
    ]
    picks = TabledPicks(window(*cameras, gpus=0.5), "penalised")
    found, _ = climbed(picks, np.array([start]), 1, "pairs", device="cpu")
    assert found.tolist() == [end]


def test_partners_are_of_different_streams() -> None:
    """Both jobs of one stream make the best offer; the three places name three."""
    levels = (serving(0.1, 0.5), serving(0.2, 1))
    cameras = [stream(n, 0.5, inference=levels) for n in "ABCD"]
    picks = TabledPicks(window(*cameras, gpus=1.6), "penalised")
    units = np.array([[2, 2], [2, 2], [2, 2], [2, 2]])
    changes = np.empty((2, 3, NUM_PARTNERS))
    jobs = np.empty((2, 3, NUM_PARTNERS), dtype=np.int64)
    find_partners(picks.gains, units, 1, GIVES, 1, changes, jobs)
    assert jobs[GIVES, 1].tolist() == [1, 3, 5]
    assert changes[GIVES, 1].tolist() == [0, 0, 0]
