"""Every analysis takes a table as it comes: put together, of any types, from CSV."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from ekya_opt import (
    anytime_curve,
    contradictions,
    gap_table,
    gaps,
    mean_times,
    performance_profile,
    primal_integrals,
    proof_counts,
)
from tests.ekya_opt.analysis.run_strategies import tables
from tests.ekya_opt.runs import runs_by_hand

ANALYSES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "gaps": gaps,
    "gap_table": gap_table,
    "proof_counts": proof_counts,
    "contradictions": contradictions,
    "mean_times": mean_times,
    "intersection": lambda runs: mean_times(runs, mode="intersection", max_gap=0.1),
    "profile": performance_profile,
    "gap_profile": lambda runs: performance_profile(runs, "gap_to_bound"),
    "primal_integrals": primal_integrals,
    "anytime_curve": anytime_curve,
}


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES.keys())
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(first=tables(), second=tables())
def test_tables_put_together_keep_their_indices(
    analysis: Callable[[pd.DataFrame], pd.DataFrame],
    first: pd.DataFrame,
    second: pd.DataFrame,
) -> None:
    """An index that tells several rows changes nothing."""
    runs = pd.concat([first, second])
    expected = analysis(runs.reset_index(drop=True))
    found = analysis(runs)
    if len(found) == len(runs):
        found, expected = (each.reset_index(drop=True) for each in (found, expected))
    pd.testing.assert_frame_equal(found, expected)


def test_columns_may_be_of_objects() -> None:
    """A run above another's bound is found all the same."""
    runs = runs_by_hand({"objective": 0.9}, {"objective": 0.5, "bound": 0.6})
    found = contradictions(runs.astype(object))
    assert found["excess"].tolist() == pytest.approx([0.3])


def test_traces_may_come_from_csv() -> None:
    """Then they are JSON text: nothing for 1 s, half for 2 s, all for 1 s."""
    trace = [(1.0, 0.4, None), (3.0, 0.8, 1.0)]
    run = {"objective": 0.8, "seconds": 4.0, "time_limit": 4.0}
    runs = runs_by_hand({**run, "trace": json.dumps(trace)})
    assert primal_integrals(runs)["primal_integral"].tolist() == pytest.approx([2.0])


def test_means_of_no_runs_are_numbers() -> None:
    """The columns have the types of any other table."""
    runs = runs_by_hand({"status": "optimal"})
    assert mean_times(runs.head(0)).dtypes.equals(mean_times(runs).dtypes)
