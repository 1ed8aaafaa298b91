"""Shifted geometric means, penalised or over what all solved."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekya_opt import InvalidOption, mean_times, shifted_geometric_mean
from tests.ekya_opt.analysis.run_strategies import tables
from tests.ekya_opt.runs import runs_by_hand

times = st.lists(st.sampled_from([0.0, 0.001, 0.5, 2.0, 60.0]), min_size=1)


def test_a_mean_on_paper() -> None:
    """√(2 · 8) = 4 without a shift, √(4 · 9) − 2 = 4 with one of 2."""
    assert shifted_geometric_mean([2, 8], 0) == pytest.approx(4)
    assert shifted_geometric_mean([2, 7], 2) == pytest.approx(4)
    assert shifted_geometric_mean([0, 5], 0) == 0
    assert shifted_geometric_mean([1, math.inf]) == math.inf
    assert math.isnan(shifted_geometric_mean([]))
    assert math.isnan(shifted_geometric_mean([1, math.nan]))


@given(times, st.sampled_from([0.0, 0.01, 1.0]), st.floats(1.1, 10))
def test_a_mean_lies_between(values: list[float], shift: float, factor: float) -> None:
    """It is within the values, at most their mean, and rises with the shift."""
    mean = shifted_geometric_mean(values, shift)
    near = 1e-9 * max(1.0, *values)
    assert min(values) - near <= mean <= np.mean(values) + near
    assert mean <= shifted_geometric_mean(values, shift * factor + 0.1) + near
    scaled = [factor * value for value in values]
    expected = factor * shifted_geometric_mean(values, shift / factor)
    assert shifted_geometric_mean(scaled, shift) == pytest.approx(expected, abs=near)


def two_solvers() -> pd.DataFrame:
    """Return runs of which the fast solver misses one instance of three."""
    optimal = {"status": "optimal", "time_limit": 5.0}
    return runs_by_hand(
        {"instance": "a", "label": "slow", "seconds": 4.0, **optimal},
        {"instance": "b", "label": "slow", "seconds": 9.0, **optimal},
        {"instance": "c", "label": "slow", "seconds": 1.0, **optimal},
        {"instance": "a", "label": "fast", "seconds": 1.0, **optimal},
        {"instance": "b", "label": "fast", "seconds": 2.0, "time_limit": 5.0},
        {"instance": "c", "label": "fast", "seconds": 0.25, **optimal},
    )


def test_penalised_and_intersection_on_paper() -> None:
    """The run that missed takes ten limits of 5 s, or its instance does not count."""
    penalised = mean_times(two_solvers(), shift=0)
    assert penalised.index.tolist() == ["fast", "slow"]
    assert penalised["seconds"].tolist() == pytest.approx(
        [(1 * 50 * 0.25) ** (1 / 3), 36 ** (1 / 3)]
    )
    assert penalised["solved"].tolist() == [2, 3]
    assert penalised["counted"].tolist() == [3, 3]
    assert penalised["ratio"].tolist() == pytest.approx([1, (36 / 12.5) ** (1 / 3)])
    shared = mean_times(two_solvers(), shift=0, mode="intersection")
    assert shared["seconds"].tolist() == pytest.approx([0.5, 2])
    assert shared["counted"].tolist() == [2, 2]


def test_what_counts_as_solved() -> None:
    """A gap to anyone's bound, or a proof that there is no schedule, can be enough."""
    runs = runs_by_hand(
        {"label": "dp", "objective": 0.8, "bound": 0.8, "status": "optimal"},
        {"label": "thief", "objective": 0.76},
        {"label": "dp", "instance": "none", "status": "infeasible"},
        {"label": "thief", "instance": "none", "status": "no_solution"},
    ).assign(time_limit=2.0)
    solved = [
        mean_times(runs, max_gap=gap)["solved"].loc[["dp", "thief"]].tolist()
        for gap in (None, 0.0, 0.049, 0.05)
    ]
    assert solved == [[2, 0], [2, 0], [2, 0], [2, 1]]


def test_no_penalty_is_less_than_the_time_taken() -> None:
    """A run of 8 s beyond a limit of 5 s takes 8 s if the penalty is once the limit."""
    runs = runs_by_hand({"seconds": 8.0, "time_limit": 5.0})
    assert mean_times(runs, penalty=1).loc["dp", "seconds"] == pytest.approx(8)


def test_an_instance_that_one_solver_was_not_run_on() -> None:
    """It is in no intersection; and of several seeds all must have solved."""
    runs = two_solvers()
    rest = runs[~((runs["label"] == "fast") & (runs["instance"] == "c"))]
    assert mean_times(rest, mode="intersection")["counted"].tolist() == [1, 1]
    again = rest.assign(status="feasible", seed=1)
    both = pd.concat([rest, again], ignore_index=True)
    assert mean_times(both, mode="intersection")["counted"].tolist() == [0, 0]


def test_without_a_limit_there_is_no_penalty() -> None:
    """The mean is not known then, unless a limit is given."""
    runs = two_solvers().assign(time_limit=math.nan)
    assert math.isnan(mean_times(runs).loc["fast", "seconds"])
    assert mean_times(runs).loc["slow", "seconds"] > 0
    given_one = mean_times(runs, limit=5.0)
    pd.testing.assert_frame_equal(given_one, mean_times(two_solvers()))


@settings(max_examples=30)
@given(tables(), st.permutations(range(12)), st.sampled_from([0.0, 0.01, 1.0]))
def test_penalties_only_add(runs: pd.DataFrame, order: list[int], shift: float) -> None:
    """In any order of rows: a penalty adds to the mean, and a higher one more."""
    places = [place for place in order if place < len(runs)]
    low = mean_times(runs, shift, penalty=1)
    high = mean_times(runs.iloc[places], shift, penalty=3)
    for label, row in low.iterrows():
        part = runs[runs["label"] == label]
        bare = shifted_geometric_mean(part["seconds"], shift)
        assert bare <= row["seconds"] * (1 + 1e-9) + 1e-12
        assert row["seconds"] <= high.loc[label, "seconds"] * (1 + 1e-9) + 1e-12


@settings(max_examples=30)
@given(tables(complete=True))
def test_the_modes_agree_where_all_is_solved(runs: pd.DataFrame) -> None:
    """Then nothing is penalised and nothing left out."""
    runs = runs.assign(status="optimal")
    penalised = mean_times(runs)
    shared = mean_times(runs, mode="intersection")
    pd.testing.assert_frame_equal(penalised, shared)


def test_options_outside_their_domains() -> None:
    """Each is one clear error."""
    with pytest.raises(InvalidOption, match="mode is 'mean'"):
        mean_times(two_solvers(), mode="mean")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="penalty is 0"):
        mean_times(two_solvers(), penalty=0)
    with pytest.raises(InvalidOption, match="max_gap is -1"):
        mean_times(two_solvers(), max_gap=-1)
    with pytest.raises(InvalidOption, match="shift is -1"):
        mean_times(two_solvers(), -1)
    with pytest.raises(InvalidOption, match=r"values has -2\.0"):
        shifted_geometric_mean([1, -2])
