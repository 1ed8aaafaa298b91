"""Performance profiles: ratios to the best on paper, and what must always hold."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekya_opt import InvalidOption, performance_profile
from tests.ekya_opt.analysis.run_strategies import tables
from tests.ekya_opt.runs import runs_by_hand

MEASURES = ("seconds", "objective", "gap", "gap_to_bound", "gap_to_best_found")


def steps(profile: pd.DataFrame, label: str) -> list[tuple[float, float]]:
    """Return (tau, share) of one label."""
    part = profile[profile["label"] == label]
    return list(zip(part["tau"], part["share"], strict=True))


def test_seconds_on_paper() -> None:
    """Ratios 1, 4 and never against 2, 1 and 1."""
    optimal = {"status": "optimal"}
    runs = runs_by_hand(
        {"instance": "a", "label": "x", "seconds": 1.0, **optimal},
        {"instance": "b", "label": "x", "seconds": 8.0, **optimal},
        {"instance": "c", "label": "x", "seconds": 0.1},
        {"instance": "a", "label": "y", "seconds": 2.0, **optimal},
        {"instance": "b", "label": "y", "seconds": 2.0, **optimal},
        {"instance": "c", "label": "y", "seconds": 9.0, **optimal},
    )
    profile = performance_profile(runs)
    assert steps(profile, "x") == [(1, 1 / 3), (4, 2 / 3)]
    assert steps(profile, "y") == [(1, 2 / 3), (2, 1), (4, 1)]
    told = performance_profile(runs, taus=[3, 1.5])
    assert steps(told, "x") == [(1.5, 1 / 3), (3, 1 / 3)]
    assert steps(told, "y") == [(1.5, 2 / 3), (3, 1)]


def test_objectives_on_paper() -> None:
    """Best over own; a rounding error is as good as the best, 0 never near it."""
    runs = runs_by_hand(
        {"instance": "a", "label": "x", "objective": 0.8},
        {"instance": "b", "label": "x", "objective": 0.3},
        {"instance": "c", "label": "x", "objective": 0.0},
        {"instance": "d", "label": "x", "objective": 0.0},
        {"instance": "a", "label": "y", "objective": 0.8 - 1e-7},
        {"instance": "b", "label": "y", "objective": 0.6},
        {"instance": "c", "label": "y", "objective": 0.5},
        {"instance": "d", "label": "y", "objective": 0.0},
    )
    profile = performance_profile(runs, "objective")
    assert steps(profile, "x") == [(1, 0.5), (2, 0.75)]
    assert steps(profile, "y") == [(1, 1), (2, 1)]


def test_gaps_on_paper() -> None:
    """An accuracy profile begins at a gap of 0 and needs no ratio."""
    runs = runs_by_hand(
        {"instance": "a", "label": "x", "objective": 0.5, "bound": 0.5},
        {"instance": "b", "label": "x", "objective": 0.5, "bound": 1.0},
        {"instance": "a", "label": "y", "objective": 0.375},
        {"instance": "b", "label": "y", "objective": 0.75},
    )
    profile = performance_profile(runs, "gap_to_bound")
    assert steps(profile, "x") == [(0, 0.5), (0.5, 1)]
    assert steps(profile, "y") == [(0, 0), (0.25, 1), (0.5, 1)]
    own = performance_profile(runs, "gap")
    assert steps(own, "y") == [(0, 0), (0.5, 0)]
    near = runs_by_hand({"label": "x", "objective": 0.5, "bound": 0.5 + 2e-7})
    assert steps(performance_profile(near, "gap"), "x") == [(0, 1)]


def test_several_seeds_are_one_measure() -> None:
    """Their mean; and a seed that did not solve makes it infinite."""
    runs = runs_by_hand(
        {"label": "x", "seed": 0, "seconds": 1.0, "status": "optimal"},
        {"label": "x", "seed": 1, "seconds": 5.0, "status": "optimal"},
        {"label": "y", "seconds": 1.0, "status": "optimal"},
    )
    assert steps(performance_profile(runs), "x") == [(1, 0), (3, 1)]
    failed = runs.assign(status=["optimal", "error", "optimal"])
    assert steps(performance_profile(failed), "x") == [(1, 0)]


@settings(max_examples=30)
@given(tables(), st.sampled_from(MEASURES), st.permutations(range(12)))
def test_profiles_are_shares_that_rise(
    runs: pd.DataFrame, measure: str, order: list[int]
) -> None:
    """In any order of rows: within [0, 1], rising, from the same tau to the same."""
    profile = performance_profile(runs, measure)
    places = [place for place in order if place < len(runs)]
    again = performance_profile(runs.iloc[places], measure)
    pd.testing.assert_frame_equal(profile, again)
    assert set(profile["label"]) == set(runs["label"])
    ends = set()
    for _, part in profile.groupby("label"):
        assert part["share"].between(0, 1).all()
        assert part["share"].is_monotonic_increasing
        assert part["tau"].is_monotonic_increasing
        ends.add((part["tau"].iloc[0], part["tau"].iloc[-1]))
    assert len(ends) <= 1


@settings(max_examples=30)
@given(tables(), st.sampled_from(["seconds", "objective"]))
def test_someone_is_the_best(runs: pd.DataFrame, measure: str) -> None:
    """Shares at tau = 1 add up to at least the share of instances with a measure."""
    profile = performance_profile(runs, measure, max_gap=1.0)
    first = profile[profile["tau"] == 1]["share"].sum()
    complete = 0
    for _, part in runs.groupby("instance"):
        bounded = part["bound"].notna().any()
        found = part["objective"].notna()
        solved = found & bounded if measure == "seconds" else found
        complete += bool(solved.any())
    if len(runs):
        assert first >= complete / runs["instance"].nunique() - 1e-12


def test_an_unknown_measure() -> None:
    """It is refused, and nothing in gives nothing out."""
    runs = runs_by_hand({"label": "x"})
    with pytest.raises(InvalidOption, match="measure is 'beauty', expected one of"):
        performance_profile(runs, "beauty")
    assert performance_profile(runs.iloc[:0]).empty
    assert steps(performance_profile(runs), "x") == [(1, 0)]
    assert not math.isinf(performance_profile(runs)["tau"].max())
