"""Gaps of runs to what is proven, found and known, and runs that contradict."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ekya_opt
from ekya_opt import InvalidData, InvalidOption
from ekya_opt.analysis.gaps import contradictions, gap_table, gaps, proof_counts
from instances.best_known import BestKnown
from solvers.result import relative_gap
from tests.ekya_opt.analysis.run_strategies import tables
from tests.ekya_opt.runs import runs_by_hand, runs_of


def known(**objectives: float) -> dict[str, BestKnown]:
    """Return a record of instances that are their own hashes."""
    return {
        name: BestKnown(
            instance=name,
            hash=name,
            objective=objective,
            bound=None,
            engines=("dp",),
            versions="numpy 2",
            date="2026-01-01",
        )
        for name, objective in objectives.items()
    }


def one_and_two() -> pd.DataFrame:
    """Return runs on two instances, of which only the first is proven."""
    return runs_by_hand(
        {"label": "dp", "objective": 0.8, "bound": 0.8, "status": "optimal"},
        {"label": "milp", "objective": 0.4, "bound": 1.0},
        {"label": "thief", "objective": 0.6},
        {"instance": "two", "label": "milp", "objective": 0.3, "bound": 0.5},
        {"instance": "two", "label": "thief", "objective": 0.2},
        {"instance": "two", "label": "uniform", "status": "no_solution"},
    )


def test_gaps_on_paper() -> None:
    """Each reference is the best of the instance, and each gap a share of it."""
    table = gaps(one_and_two(), known(one=0.75))
    assert table["best_bound"].tolist() == [0.8] * 3 + [0.5] * 3
    assert table["best_found"].tolist() == [0.8] * 3 + [0.3] * 3
    assert table["proven"].tolist() == [True] * 3 + [False] * 3
    nan = math.nan
    expected = {
        "best_known": [0.75] * 3 + [nan] * 3,
        "gap_to_bound": [0, 0.5, 0.25, 0.4, 0.6, nan],
        "gap_to_best_found": [0, 0.5, 0.25, 0, 1 / 3, nan],
        "gap_to_best_known": [-1 / 15, 7 / 15, 0.2, nan, nan, nan],
    }
    for column, values in expected.items():
        assert table[column].tolist() == pytest.approx(values, nan_ok=True), column


def test_a_reference_of_0() -> None:
    """Nothing is lost where nothing can be had; more than a record of 0 is beyond."""
    runs = runs_by_hand(
        {"objective": 0.0, "bound": 0.0}, {"instance": "two", "objective": 0.5}
    )
    table = gaps(runs, known(one=0.0, two=0.0))
    assert table["gap_to_bound"].tolist()[0] == 0
    assert table["gap_to_best_known"].tolist() == [0, -math.inf]


def test_the_shipped_record_is_the_default() -> None:
    """A shipped instance has its best known objective, which dp reaches."""
    table = gaps(runs_of("shipped:paper/window1", "dp,inference-only"))
    optimum = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
    assert table["best_known"].tolist() == pytest.approx([optimum] * 2)
    assert table["gap_to_best_known"].tolist()[0] == pytest.approx(0, abs=1e-9)
    assert table["gap_to_best_known"].tolist()[1] > 0.01


@settings(max_examples=30)
@given(tables(), st.randoms())
def test_gaps_by_definition_in_any_order(runs: pd.DataFrame, random: Any) -> None:
    """Row by row the definition holds, however the rows lie."""
    order = list(range(len(runs)))
    random.shuffle(order)
    table = gaps(runs.iloc[order], {})
    assert table.index.tolist() == order
    rows = runs.to_dict("records")
    for idx, row in table.iterrows():
        same = [each for each in rows if each["instance"] == row["instance"]]
        for name, reference in (("bound", min), ("objective", max)):
            values = [each[name] for each in same if not math.isnan(each[name])]
            gap = row["gap_to_bound" if name == "bound" else "gap_to_best_found"]
            objective = rows[idx]["objective"]
            if not values or math.isnan(objective):
                assert math.isnan(gap)
            else:
                assert gap == pytest.approx(relative_gap(reference(values), objective))
                assert gap >= 0
    pd.testing.assert_frame_equal(table.sort_index(), gaps(runs, {}))


def test_a_table_of_gaps_on_paper() -> None:
    """A cell is the statistic of a solver's gaps where the column has its value."""
    runs = one_and_two().assign(streams_per_gpu=[1.0] * 3 + [2.0] * 3)
    table = gap_table(runs)
    assert table.index.tolist() == ["dp", "milp", "thief", "uniform"]
    assert table.columns.tolist() == [1.0, 2.0]
    assert table[1.0].tolist() == pytest.approx([0, 0.5, 0.25, math.nan], nan_ok=True)
    nan = math.nan
    assert table[2.0].tolist() == pytest.approx([nan, 0.4, 0.6, nan], nan_ok=True)
    share = gap_table(runs, statistic="share")
    assert share[2.0].tolist()[1:] == [1, 1, 0]
    over_all = gap_table(runs, by="study")["by hand"]
    assert over_all.tolist()[:3] == pytest.approx([0, 0.45, 0.425])
    worst = gap_table(runs, by="study", statistic=max)["by hand"]
    assert worst.tolist()[:3] == pytest.approx([0, 0.5, 0.6])


def test_chosen_rows_keep_their_references() -> None:
    """Some rows of a table with gaps are not measured again by themselves."""
    table = gaps(one_and_two(), {})
    alone = gap_table(table[table["label"] == "thief"], by=["instance", "kind"])
    assert alone.loc["thief", ("one", "window")] == pytest.approx(0.25)


def test_proofs_are_counted() -> None:
    """An instance is proven by a bound that is reached, or by a proof of none."""
    runs = runs_by_hand(
        {"objective": 0.8, "bound": 0.8 + 5e-7},
        {"objective": 0.8, "label": "thief"},
        {"instance": "two", "objective": 0.8, "bound": 0.81},
        {"instance": "three", "status": "infeasible"},
        {"instance": "three", "status": "no_solution", "label": "thief"},
        {"instance": "four", "objective": 0.5, "streams_per_gpu": 9.0},
        # A proof that another run belies proves nothing.
        {"instance": "four", "status": "infeasible", "streams_per_gpu": 9.0},
    )
    counts = proof_counts(runs)
    assert counts.loc[2.0].to_dict() == {"instances": 3, "proven": 2, "bounded": 3}
    assert counts.loc[9.0].to_dict() == {"instances": 1, "proven": 0, "bounded": 0}


def test_contradictions_are_found() -> None:
    """A bound below another's objective and a denied schedule are told in pairs."""
    runs = runs_by_hand(
        {"label": "dp", "objective": 0.8, "bound": 0.8},
        {"label": "milp", "objective": 0.9, "bound": 0.9},
        {"label": "cp-sat", "status": "infeasible"},
        {"label": "near", "objective": 0.8 + 9e-7},
        {"instance": "two", "label": "thief", "objective": 1.0},
    )
    found = contradictions(runs)
    pairs = list(zip(found["label"], found["other_label"], strict=True))
    against = [("dp", "cp-sat"), ("milp", "cp-sat"), ("milp", "dp"), ("near", "cp-sat")]
    assert pairs == against
    assert found["excess"].tolist() == pytest.approx(
        [math.nan, math.nan, 0.1, math.nan], nan_ok=True
    )


@settings(max_examples=30)
@given(tables())
def test_what_is_true_does_not_contradict(runs: pd.DataFrame) -> None:
    """Objectives and bounds on their sides of the optimum are no contradictions."""
    assert contradictions(runs).empty


@settings(max_examples=30)
@given(tables(), st.integers(0, 20))
def test_a_false_bound_is_found(runs: pd.DataFrame, place: int) -> None:
    """A bound below the best objective of its instance contradicts that run."""
    best = runs["objective"].groupby(runs["instance"]).transform("max")
    rows = np.flatnonzero((best > 0.01).fillna(False))
    if len(rows):
        row = rows[place % len(rows)]
        bound = float(best.iloc[row]) - 0.005
        false = runs.assign(
            bound=[bound if i == row else b for i, b in enumerate(runs["bound"])]
        )
        found = contradictions(false)
        assert (found["other_key"] == runs["key"].iloc[row]).all()
        assert found["excess"].max() == pytest.approx(0.005)


def test_what_is_wrong_is_named() -> None:
    """A missing column and an unknown statistic are clear errors; no rows are none."""
    runs = one_and_two()
    with pytest.raises(InvalidData, match="runs: has no column 'bound'"):
        gaps(runs.drop(columns="bound"))
    with pytest.raises(InvalidData, match="runs: has no column 'colour'"):
        gap_table(runs, by="colour")
    with pytest.raises(InvalidOption, match="statistic is 'mode', expected one of"):
        gap_table(runs, statistic="mode")
    nothing = runs.iloc[:0]
    assert ekya_opt.gaps(nothing).empty
    assert ekya_opt.gap_table(nothing).empty
    assert ekya_opt.proof_counts(nothing).empty
    assert ekya_opt.contradictions(nothing).empty
