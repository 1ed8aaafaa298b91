"""Primal integrals and anytime curves."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekya_opt import InvalidOption, anytime_curve, primal_integral, primal_integrals
from ekya_opt.analysis.incumbents import primal_gap
from tests.ekya_opt.runs import runs_by_hand, runs_of

instants = st.integers(0, 20).map(lambda tick: tick / 2)
traces = st.lists(st.tuples(instants, st.sampled_from([None, 0.0, 0.2, 0.5, 0.8])))


def test_a_primal_gap_is_berthold_s() -> None:
    """1 without an incumbent or with another sign, 0 at the reference."""
    assert primal_gap(None, 0.5) == primal_gap(math.nan, 0.5) == 1
    assert primal_gap(0.0, 0.0) == primal_gap(0.5, 0.5) == 0
    assert primal_gap(0.4, 0.5) == pytest.approx(0.2)
    assert primal_gap(0.5, 0.4) == pytest.approx(0.2)
    assert primal_gap(-1, 1) == primal_gap(0, 1) == 1


def test_an_integral_on_paper() -> None:
    """2 s at 1, 3 s at a half, 5 s at a quarter."""
    trace = [(2.0, 0.4, 1.0), (5.0, 0.6, 0.9), (6.0, 0.6, 0.8), (11.0, 0.8, 0.8)]
    assert primal_integral(trace, 0.8, 10) == pytest.approx(2 + 3 / 2 + 5 / 4)
    assert primal_integral(trace, 0.8, 20) == pytest.approx(2 + 3 / 2 + 6 / 4)
    assert primal_integral([], 0.8, 10) == 10
    assert primal_integral([(3.0, None, 0.9)], 0.8, 10) == 10
    assert primal_integral([(0.0, 0.8)], 0.8, 10) == 0


@given(traces, st.sampled_from([0.5, 0.8]), instants, instants)
def test_integrals_by_summing_small_steps(
    trace: list[tuple[float, float | None]], best: float, start: float, length: float
) -> None:
    """Every trace and horizon on half seconds agrees with a sum over half seconds."""

    def level(instant: float) -> float:
        found = [x for t, x in trace if x is not None and t <= instant]
        return primal_gap(max(found, default=None), best)

    ticks = int(2 * start)
    slow = sum(level(tick / 2) / 2 for tick in range(ticks))
    assert primal_integral(trace, best, start) == pytest.approx(slow)
    # The integral is additive in the horizon, and so at most its length more.
    later = primal_integral(trace, best, start + length)
    more = sum(level(tick / 2) / 2 for tick in range(ticks, ticks + int(2 * length)))
    assert later - primal_integral(trace, best, start) == pytest.approx(more)


def two_runs() -> pd.DataFrame:
    """Return two solvers on one instance, one of them without a trace."""
    return runs_by_hand(
        {
            "label": "dp",
            "objective": 0.8,
            "seconds": 4.0,
            "time_limit": 8.0,
            "trace": ((1.0, 0.4, None), (4.0, 0.8, 0.8)),
        },
        {"label": "thief", "objective": 0.6, "seconds": 2.0},
        {"label": "uniform", "status": "no_solution", "seconds": 2.0},
        {"label": "dp", "instance": "none", "status": "infeasible"},
    )


def test_integrals_of_runs_on_paper() -> None:
    """References and horizons are the instance's; an objective counts from the end."""
    table = primal_integrals(two_runs())
    assert table["horizon"].tolist() == [8, 8, 8, 1]
    expected = [1 + 3 / 2, 2 + 6 / 4, 8, math.nan]
    assert table["primal_integral"].tolist() == pytest.approx(expected, nan_ok=True)
    shares = [value / 8 for value in expected]
    assert table["mean_primal_gap"].tolist() == pytest.approx(shares, nan_ok=True)
    short = primal_integrals(two_runs(), 3.0)["primal_integral"].tolist()
    assert short == pytest.approx([2, 2.25, 3, math.nan], nan_ok=True)
    bound = two_runs().assign(best=1.0)
    own = primal_integrals(bound, reference="best")["primal_integral"].tolist()
    assert own[0] == pytest.approx(1 + 3 * 0.6 + 4 * 0.2)


def test_a_trace_on_estimates_does_not_count() -> None:
    """It is in other numbers; what the plan is worth counts, when it is ready."""
    runs = two_runs().assign(plan_on="estimates")
    assert primal_integrals(runs)["primal_integral"][0] == pytest.approx(4)


def test_curves_on_paper() -> None:
    """The mean of the runs' primal gaps, at the instants asked for."""
    one = two_runs().iloc[:3]
    two = one.assign(instance_hash="two", trace=[()] * 3)
    runs = pd.concat([one, two])
    curve = anytime_curve(runs, [4.0, 0.0, 1.0])
    dp = curve[curve["label"] == "dp"]
    assert dp["seconds"].tolist() == [0, 1, 4]
    assert dp["primal_gap"].tolist() == pytest.approx([1, 0.75, 0])
    assert dp["found"].tolist() == [0, 0.5, 1]
    uniform = curve[curve["label"] == "uniform"]
    assert uniform["primal_gap"].tolist() == [1, 1, 1]


def test_curves_of_solved_instances_fall() -> None:
    """They fall to the solver's final gaps, from the first incumbent on."""
    runs = runs_of(["shipped:trap", "shipped:paper/window1"], "dp,thief,greedy")
    curve = anytime_curve(runs)
    final = primal_integrals(runs, 1.0)
    for label, part in curve.groupby("label"):
        assert part["primal_gap"].is_monotonic_decreasing
        assert part["found"].is_monotonic_increasing
        assert len(part) <= 200
        own = final[final["label"] == label]
        gaps = [
            primal_gap(objective, reference)
            for objective, reference in zip(
                own["objective"], own["reference"], strict=True
            )
        ]
        assert part["primal_gap"].iloc[-1] == pytest.approx(np.mean(gaps))
    assert curve["found"].min() < 1
    assert (curve["seconds"] > 0).all()


def test_what_is_not_possible() -> None:
    """A negative time or horizon is refused; no rows give no rows."""
    with pytest.raises(InvalidOption, match="horizon is -1"):
        primal_integral([], 0.5, -1)
    with pytest.raises(InvalidOption, match=r"times has -1\.0"):
        anytime_curve(two_runs(), [1, -1])
    assert anytime_curve(two_runs().iloc[:0]).empty
    assert anytime_curve(two_runs().iloc[3:]).empty
    assert primal_integrals(two_runs().iloc[:0]).empty
