"""Lagrangian sweeps: compiled and CUDA against NumPy on whole rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels.device import resident_profiles
from formulations.kernels.profiles import profiles_of
from formulations.kernels.sweeps import Prices, list_candidates, survey_streams
from formulations.kernels.sweeps_numpy import numpy_candidates, numpy_survey
from formulations.kernels.tables import column_table
from instances import Instance
from instances.columns import columns_of
from instances.generators import generate
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

FAR = 1e-9
"""Distance from any slope at which two ways to compute it cannot disagree."""


@st.composite
def price_ranges(draw: st.DrawFn) -> Prices:
    """Draw prices that no slope of a drawn instance's hull meets."""
    first, second = sorted(draw(st.tuples(_odd_prices, _odd_prices)))
    slack = draw(st.sampled_from([0.0, 0.0123, 0.31, 2.01]))
    return Prices(low=first, high=second, slack=slack)


_odd_prices = st.floats(0.001, 0.7).map(lambda value: value + np.pi * 1e-7)


def assert_same_sweep(instance: Instance, prices: Prices, device: str) -> None:
    """Compare a survey and its candidates with those from whole rows."""
    columns = columns_of(instance)
    profiles = profiles_of(columns)
    table = column_table(columns, device="cpu")
    streams = np.arange(columns.num_streams)
    where: Any = {"resident": resident_profiles(profiles, device)}
    found = survey_streams(profiles, streams, prices, **where)
    expected = numpy_survey(table, prices)
    if _is_delicate(instance, prices):
        return
    assert np.array_equal(found.fewest, expected.fewest)
    assert np.allclose(found.worth, expected.worth, 0, 1e-12)
    assert np.array_equal(found.largest, expected.largest)
    assert np.array_equal(found.count > 0, expected.count > 0)
    assert (found.useful >= np.minimum(found.largest, 1)).all()
    listed = list_candidates(profiles, streams, found.count, prices, **where)
    options = numpy_candidates(table, prices)
    for v in range(columns.num_streams):
        mine = slice(listed.offsets[v], listed.offsets[v + 1])
        theirs = slice(options.offsets[v], options.offsets[v + 1])
        assert listed.units[mine].tolist() == options.units[theirs].tolist()
        assert listed.on_hull[mine].tolist() == options.on_hull[theirs].tolist()
        assert np.allclose(listed.worth[mine], options.worth[theirs], 0, 1e-12)


def _is_delicate(instance: Instance, prices: Prices) -> bool:
    """Return whether rounding may decide a price or a loss against its limit."""
    table = column_table(columns_of(instance), device="cpu")
    for move in (-FAR, FAR):
        nudged = Prices(
            low=prices.low + move,
            high=prices.high + move,
            slack=max(0.0, prices.slack + move),
        )
        one, other = numpy_survey(table, prices), numpy_survey(table, nudged)
        if not np.array_equal(one.count, other.count):
            return True
        if not np.array_equal(one.fewest, other.fewest):
            return True
        if not np.array_equal(one.largest, other.largest):
            return True
    return False


@given(instance=instances(max_streams=3, max_units=8), prices=price_ranges())
def test_compiled_sweeps_equal_numpy(instance: Instance, prices: Prices) -> None:
    """Units, worth, candidates and hulls of every stream at any prices."""
    assert_same_sweep(instance, prices, "cpu")


@settings(max_examples=40, deadline=None)
@given(instance=instances(max_streams=2, max_units=5), prices=price_ranges())
def test_sweeps_agree_on_each_device(
    device: str, instance: Instance, prices: Prices
) -> None:
    """The kernels of the device find the same units and candidates."""
    assert_same_sweep(instance, prices, device)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_threads_changes_no_bit(workers: int) -> None:
    """A survey's bits do not depend on who does the work."""
    profiles = profiles_of(columns_of(generate("recorded-like", 3000, 900, seed=1)))
    streams, prices = np.arange(3000), Prices(low=1e-6, high=3e-5, slack=1e-6)
    alone = survey_streams(profiles, streams, prices)
    shared = survey_streams(profiles, streams, prices, workers=workers)
    assert np.array_equal(alone.fewest, shared.fewest)
    assert np.array_equal(alone.worth, shared.worth)
    assert np.array_equal(alone.count, shared.count)


def test_a_hull_on_paper() -> None:
    """One stream, units of a tenth: 2 units serve at 0.5, each further one trains.

    100 s, 10 GPU-seconds: with r training units the new model comes after 100/r s, so
    that with 2 + r units the value is 0.4 + 0.2 (1 - 1/r): 0.4, 0.4, 0.5, 0.5333, ….
    From 2 units on the hull's slopes are 0.05 (to 4), 0.0333 (to 5), 0.01667 (to 6).
    """
    one = stream(
        accuracy=0.4,
        inference=(serving(0.2, 1.0),),
        retraining=(retraining(10, 0.6),),
    )
    profiles = profiles_of(columns_of(window(one)))
    only = np.array([0])
    survey = survey_streams(profiles, only, Prices(low=0.02, high=0.04))
    assert (survey.fewest[0], survey.largest[0], survey.count[0]) == (4, 5, 2)
    assert survey.worth[0] == pytest.approx(0.5)
    prices = Prices(low=0.02, high=0.1, slack=0.001)
    counts = survey_streams(profiles, only, prices).count
    candidates = list_candidates(profiles, only, counts, prices)
    assert candidates.units.tolist() == [2, 4, 5]
    assert candidates.on_hull.all()
    wide = Prices(low=0.02, high=0.1, slack=0.2001)
    counts = survey_streams(profiles, only, wide).count
    candidates = list_candidates(profiles, only, counts, wide)
    assert candidates.units.tolist()[:4] == [0, 2, 4, 5]
