"""Hulls and the linear relaxation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations import value_table
from formulations.hull import concave_hull, hull_increments
from instances import Instance
from solvers import Status, solve
from solvers.core import relax
from solvers.greedy import greedy_units
from tests.small import serving, stream, window


def test_a_hull_on_paper() -> None:
    """(0, 0), (1, 1), (2, 4), (3, 5), (4, 5.5): the point (1, 1) lies below."""
    units = np.array([0, 1, 2, 3, 4])
    assert concave_hull(units, np.array([0, 1, 4, 5, 5.5])).tolist() == [0, 2, 3, 4]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_a_hull_bounds_its_points(rises: list[int]) -> None:
    """The hull passes above or through every point and its slopes fall."""
    worth = np.cumsum(np.array([0, *rises], dtype=float))
    units = np.arange(len(worth))
    hull = concave_hull(units, worth)
    assert (np.interp(units, units[hull], worth[hull]) >= worth - 1e-9).all()
    slopes = np.diff(worth[hull]) / np.diff(units[hull])
    assert (np.diff(slopes) < 0).all()


def test_the_relaxation_and_the_greedy_on_paper() -> None:
    """Two steps of 4 units and gains 0.8 and 0.6 on 6 units: 0.8 + half of 0.6.

    Streams with one config each that needs 4 units; weights 1/2. The relaxation takes
    A whole and half of B: (0.8 + 0.3) / 2; the greedy takes A alone: 0.8 / 2.
    """
    a = stream("A", 0.8, inference=(serving(0.4, 1),))
    b = stream("B", 0.6, inference=(serving(0.4, 1),))
    table = value_table(window(a, b, gpus=0.6))
    increments = hull_increments(table)
    assert increments is not None
    relaxed = relax(increments, 6)
    assert relaxed.bound == pytest.approx(0.55)
    assert relaxed.price == pytest.approx(0.3 / 4)
    assert greedy_units(increments, 6) == [4, 0]


def near_lines(seed: int) -> Instance:
    """Return streams whose curves are straight up to rounding, with odd weights."""
    rng = np.random.default_rng(seed)
    cameras = []
    for name in "ABC":
        base, slope = rng.uniform(0.01, 0.1), rng.choice([0.01, 0.02, 0.05, 0.09])
        levels = tuple(
            serving(units / 10, float(base + slope * units)) for units in range(1, 8)
        )
        cameras.append(
            stream(name, 0.9, inference=levels, weight=float(rng.uniform(0.1, 3)))
        )
    return window(*cameras, gpus=float(rng.integers(3, 12)) / 10)


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_steps_of_nearly_straight_curves_keep_their_order(start: int) -> None:
    """Each stream's steps rise, and greedy and core hold on to the capacity."""
    for seed in range(start, start + 50):
        instance = near_lines(seed)
        increments = hull_increments(value_table(instance))
        assert increments is not None
        for v in range(3):
            assert (np.diff(increments.units[increments.stream_idx == v]) > 0).all()
        best = solve(instance, "dp").objective
        assert solve(instance, "core").objective == pytest.approx(best, abs=1e-9)
        assert solve(instance, "greedy").status is Status.FEASIBLE
