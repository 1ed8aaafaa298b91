"""Figures of what solvers reach in which time, of runs written by hand."""

import pandas as pd
import pytest

from ekya_opt import (
    EkyaOptError,
    anytime_curve,
    performance_profile,
    plot_anytime,
    plot_paid,
    plot_performance_profile,
)
from tests.ekya_opt.plots.drawn import legend, lines, unnamed
from tests.ekya_opt.runs import runs_by_hand


@pytest.fixture
def runs() -> pd.DataFrame:
    """Return dp, which solves both instances, and milp, as fast on one of them."""
    proof = {"status": "optimal", "objective": 0.8, "bound": 0.8}
    return runs_by_hand(
        {"label": "dp", "instance": "a", "seconds": 1.0, **proof},
        {"label": "dp", "instance": "b", "seconds": 1.0, **proof},
        {"label": "milp", "instance": "a", "seconds": 4.0, **proof},
        {"label": "milp", "instance": "b", "status": "no_solution", "seconds": 9.0},
    )


def test_profiles_rise_with_the_ratio(runs: pd.DataFrame) -> None:
    """Dp is the fastest on both; milp takes 4 times as long on one of two."""
    axes = plot_performance_profile(runs)
    found = lines(axes)
    assert found["dp"] == [(1, 0), (1, 100), (4, 100), (4, 100)]
    assert found["milp"] == [(1, 0), (1, 0), (4, 50), (4, 50)]
    assert all(line.get_drawstyle() == "steps-post" for line in axes.get_lines())
    assert legend(axes) == ["dp", "milp"]
    assert axes.get_xlim()[1] >= 4
    assert axes.get_ylabel() == "instances, %"


@pytest.mark.parametrize("measure", ["objective", "gap_to_bound"])
def test_a_ready_profile_looks_the_same(runs: pd.DataFrame, measure: str) -> None:
    """Whether the table is made before or within."""
    table = performance_profile(runs, measure)
    ready = plot_performance_profile(table, measure=measure)
    assert lines(ready) == lines(plot_performance_profile(runs, measure=measure))


def test_far_ratios_are_logarithmic() -> None:
    """From ten on; nearer ones are not."""
    table = pd.DataFrame({"label": "dp", "tau": [1.0, 200.0], "share": [0.5, 1.0]})
    assert plot_performance_profile(table).get_xscale() == "log"
    near = table.assign(tau=[1.0, 2.0])
    assert plot_performance_profile(near).get_xscale() == "linear"


def test_incumbents_come_closer_over_time() -> None:
    """From 50 % at 1 s to 0 at 100 s, each until the next."""
    trace = ((1.0, 0.4, None), (10.0, 0.6, None), (100.0, 0.8, None))
    best = {"objective": 0.8, "seconds": 100.0, "trace": trace}
    axes = plot_anytime(anytime_curve(runs_by_hand(best), times=[1, 10, 100]))
    expected = [(1, pytest.approx(50)), (10, pytest.approx(25)), (100, 0)]
    assert lines(axes) == {"dp": expected}
    (line,) = axes.get_lines()
    assert line.get_drawstyle() == "steps-post"
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "symlog"
    assert axes.get_xlabel() == "time since the solve began, s"
    ready = plot_anytime(runs_by_hand(best))
    assert lines(ready)["dp"][0] == (1, pytest.approx(50))
    assert lines(ready)["dp"][-1] == (100, 0)


def test_what_a_decision_costs_is_drawn() -> None:
    """Means over the runs: the thief at 1 s falls by 0.1, the other runs count not."""
    table = pd.DataFrame(
        {
            "label": ["thief", "thief", "dp", "dp"],
            "decision_seconds": [0.5, 1.5, 100.0, None],
            "objective": [0.7, 0.9, 0.9, 0.1],
            "paid_accuracy": [0.6, 0.8, 0.5, None],
        }
    )
    axes = plot_paid(table)
    assert lines(axes) == {
        "thief": [(1, pytest.approx(0.7))],
        "dp": [(100, pytest.approx(0.5))],
    }
    assert unnamed(axes, "_free") == [
        [(1, pytest.approx(0.8))],
        [(100, pytest.approx(0.9))],
    ]
    assert legend(axes) == ["thief", "dp", "if it were free"]


def test_nothing_to_draw_is_one_line(runs: pd.DataFrame) -> None:
    """Tables without a row, or without the columns."""
    for plot in (plot_performance_profile, plot_anytime, plot_paid):
        for table in (runs[:0], pd.DataFrame({"label": ["dp"]})):
            with pytest.raises(EkyaOptError) as caught:
                plot(table)
            assert "\n" not in str(caught.value)
