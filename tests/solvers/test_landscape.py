"""Landscapes small enough to draw: ends, levels, plateaus."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels.steals_numpy import pairs_of_steals, steals
from formulations.kernels.tabled_picks import TabledPicks
from instances import Instance
from solvers.allocations import random_splits
from solvers.landscape import Landscape, random_steals, survey_landscape
from tests.small import serving, stream, window
from tests.strategies import instances


def surveyed(instance: Instance, starts: Any, hood: Any, step: int = 1) -> Landscape:
    """Return the landscape that some starts see."""
    picks = TabledPicks(instance, "penalised")
    rng = np.random.default_rng(0)
    return survey_landscape(picks, np.array(starts), step, hood, rng)


def test_a_flat_step_holds_up_climbs_of_one_step() -> None:
    """A camera needs both of two units: (1, 1) leads to (2, 0), (0, 2) nowhere.

    The one neighbour of (0, 2), (1, 1), is worth as little; that of (2, 0) is not.
    """
    instance = window(stream("A", 0.5, inference=(serving(0.2, 1),)), gpus=0.2)
    starts = [[[2, 0]], [[1, 1]], [[0, 2]], [[0, 2]]]
    found = surveyed(instance, starts, "one-step")
    assert (found.starts, found.local_optima, found.levels) == (4, 2, 2)
    assert found.reach_best == 0.5
    assert (found.best, found.mean, found.worst) == (0.5, 0.25, 0)
    assert found.neutral == 0.5
    assert found.moves == 0.25
    found = surveyed(instance, starts, "all-amounts")
    assert (found.local_optima, found.levels, found.reach_best) == (1, 1, 1)
    assert (found.worst, found.neutral, found.moves) == (0.5, 0, 0.75)


def test_ends_below_the_floor_are_told() -> None:
    """In steps of two, (1, 3) becomes (3, 1) and serves; steps of four are none."""
    camera = stream("A", 0.5, inference=(serving(0.3, 1),), min_accuracy=0.5)
    instance = window(camera, gpus=0.4)
    found = surveyed(instance, [[[1, 3]], [[4, 0]]], "one-step", 2)
    assert (found.feasible, found.best, found.worst) == (1, 0.5, 0.5)
    found = surveyed(instance, [[[1, 3]], [[4, 0]]], "one-step", 4)
    assert (found.feasible, found.reach_best) == (0.5, 0.5)
    assert (found.best, found.mean, found.worst) == (0.5, 0.5, 0.5)
    nobody = surveyed(instance, [[[1, 3]]], "pairs", 4)
    assert (nobody.feasible, nobody.reach_best, nobody.best) == (0, 0, None)
    assert nobody.neutral is None


@settings(max_examples=30)
@given(instances(max_units=5), st.sampled_from([1, 2]), st.integers(0, 2**32 - 1))
def test_random_steals_are_all_steals_alike(
    instance: Instance, step: int, seed: int
) -> None:
    """Of 4,000 draws each steal has its share, up to five standard deviations."""
    rng = np.random.default_rng(seed)
    (units,) = random_splits(instance, 1, rng)
    listed = steals(units, step)
    if not len(listed):
        return
    here = np.repeat(units[None], 4000, axis=0)
    moved, streams = random_steals(here, step, None, rng)
    kinds, counts = np.unique(moved, axis=0, return_counts=True)
    assert (kinds == np.unique(listed, axis=0)).all()
    share = 1 / len(listed)
    spread = 5 * np.sqrt(4000 * share * (1 - share)) + 1
    assert (abs(counts - 4000 * share) <= spread).all()
    changed = (moved != here).any(axis=2)
    for row, pair in zip(changed, streams, strict=True):
        assert set(np.flatnonzero(row)) <= set(pair)


def test_second_steals_stay_near_the_first() -> None:
    """Each of them touches a stream of the first, and two steals lead there."""
    cameras = [stream(name) for name in "ABC"]
    rng = np.random.default_rng(1)
    (units,) = random_splits(window(*cameras, gpus=0.5), 1, rng)
    here = np.repeat(units[None], 500, axis=0)
    once, streams = random_steals(here, 1, None, rng)
    twice, then = random_steals(once, 1, None, rng, streams)
    assert (then[:, :, None] == streams[:, None, :]).any(axis=(1, 2)).all()
    reached = {each.tobytes() for each in pairs_of_steals(units, 1)}
    reached.add(units.tobytes())
    assert {each.tobytes() for each in twice} <= reached
    assert len(np.unique(twice, axis=0)) > 50


@pytest.mark.parametrize("step", [1, 3])
def test_random_splits_use_all_units(step: int) -> None:
    """In multiples of the step; what remains goes to the first inference."""
    instance = window(*(stream(name) for name in "AB"))
    units = random_splits(instance, 50, np.random.default_rng(0), step)
    assert units.shape == (50, 2, 2)
    assert (units.sum(axis=(1, 2)) == 10).all()
    units[:, 0, 0] -= 10 % step
    assert units.min() >= 0
    assert (units % step == 0).all()
