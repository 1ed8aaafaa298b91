"""All capacities from one dynamic program, against brute force at each."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from instances import Instance
from solvers import Options, solve
from solvers.capacity_curve import capacity_curve
from solvers.search import Search, TimeUp
from tests.small import stream, window
from tests.strategies import instances


@settings(max_examples=40)
@given(instances(max_streams=2, max_units=4))
def test_brute_force_agrees_at_every_capacity(instance: Instance) -> None:
    """With k units the best of all schedules is worth the k-th number."""
    curve = capacity_curve(instance, Search(Options()))
    for units in range(1, instance.total_units + 1):
        smaller = replace(instance, gpus=units / instance.units_per_gpu)
        objective = solve(smaller, "brute-force").objective
        if objective is None:
            assert curve[units] == -np.inf
        else:
            assert curve[units] == pytest.approx(objective, abs=1e-9)


def test_without_units_nothing_is_served() -> None:
    """The first number is for no unit at all."""
    curve = capacity_curve(window(stream("A", 0.5)), Search(Options()))
    assert curve.tolist() == [0] * 5 + [0.5] * 6


def test_the_time_limit_holds() -> None:
    """A search whose time is up computes nothing."""
    search = Search(Options(time_limit=1e-9))
    with pytest.raises(TimeUp):
        capacity_curve(window(stream("A", 0.5)), search)
