"""Figures of gaps, of runs whose gaps are written by hand."""

from typing import Any

import pandas as pd
import pytest

from ekya_opt import EkyaOptError, gaps, plot_gaps, plot_gaps_by
from ekya_opt.plots.solver_looks import solver_looks
from tests.ekya_opt.plots.drawn import legend, lines, texts, ticks, unnamed
from tests.ekya_opt.runs import runs_by_hand


def run(label: str, instance: str, objective: float | None, **values: Any) -> Any:
    """Return a run on an instance whose optimum is 0.8, which dp proves."""
    bound = 0.8 if label == "dp" else None
    status = "no_solution" if objective is None else "feasible"
    return {
        "label": label,
        "instance": instance,
        "objective": objective,
        "bound": bound,
        "status": status,
        **values,
    }


@pytest.fixture
def runs() -> pd.DataFrame:
    """Return dp with gaps of 0, the thief with 10, 0, 5 % and one run without."""
    return runs_by_hand(
        run("thief", "a", 0.72, streams_per_gpu=1),
        run("thief", "b", 0.8, streams_per_gpu=1),
        run("thief", "c", 0.76, streams_per_gpu=4),
        run("thief", "d", None, streams_per_gpu=4),
        *(run("dp", name, 0.8, streams_per_gpu=1) for name in "ab"),
        *(run("dp", name, 0.8, streams_per_gpu=4) for name in "cd"),
    )


def test_every_run_is_a_point_of_its_solvers_row(runs: pd.DataFrame) -> None:
    """The best solver comes first; zero gaps and runs without one are counted."""
    axes = plot_gaps(runs)
    first, second = unnamed(axes, "_points")
    assert [x for x, _ in first] == pytest.approx([0, 0, 0, 0])
    assert [x for x, _ in second] == pytest.approx([10, 0, 5])
    assert all(abs(y) < 0.3 for _, y in first)
    assert all(abs(y - 1) < 0.3 for _, y in second)
    assert ticks(axes, "y") == ["dp", "thief"]
    assert texts(axes) == ["4/4", "1/3, 1 none", "at 0"]
    assert axes.get_xlabel() == "gap to bound, %"


def test_the_scale_has_a_place_for_zero(runs: pd.DataFrame) -> None:
    """Gaps of 5 and 10 % lie on a logarithm, and zero has a tick of its own."""
    axes = plot_gaps(runs)
    assert axes.get_xscale() == "symlog"
    assert ticks(axes, "x") == ["0", "1", "10"]
    low, high = axes.get_xlim()
    assert low < 0
    assert high > 10


def test_boxes_are_quartiles_and_whiskers_reach_all() -> None:
    """Of gaps 0, 10, 20, 30, 40 %: 10, 20 and 30; a single run has no box."""
    names = "abcde"
    table = runs_by_hand(
        *(run("dp", name, 0.8) for name in names[:1]),
        *(
            run("thief", name, 0.8 - 0.08 * i, bound=0.8)
            for i, name in enumerate(names)
        ),
    )
    axes = plot_gaps(table)
    parts = [line for line in axes.get_lines() if line.get_label() != "_points"]
    assert {round(float(y)) for line in parts[:6] for y in line.get_ydata()} == {1}
    box, low, high, _, _, median = (sorted(set(line.get_xdata())) for line in parts[:6])
    assert box == pytest.approx([10, 30])
    assert low == pytest.approx([0, 10])
    assert high == pytest.approx([30, 40])
    assert median == pytest.approx([20])
    assert len(parts) == 7


def test_the_distribution_counts_runs_without_a_schedule(runs: pd.DataFrame) -> None:
    """A quarter of the thief's runs have no gap, so that its line ends at 75 %."""
    axes = plot_gaps(runs, kind="ecdf")
    found = lines(axes)
    assert found["thief"][1:4] == [
        (0, 25),
        (pytest.approx(5), 50),
        (pytest.approx(10), 75),
    ]
    assert found["thief"][-1][1] == 75
    assert found["dp"][-1] == (pytest.approx(10), 100)
    assert legend(axes) == ["dp", "thief"]


def test_gaps_that_are_all_zero_are_drawn() -> None:
    """On a linear axis, as there is nothing to take a logarithm of."""
    axes = plot_gaps(runs_by_hand(run("dp", "a", 0.8)))
    assert axes.get_xscale() == "linear"
    assert unnamed(axes, "_points")[0][0][0] == 0
    low, high = axes.get_xlim()
    assert low < 0 < high


def test_a_better_run_than_the_best_known_is_seen() -> None:
    """Its gap is negative, and lies inside the axes."""
    table = runs_by_hand(run("dp", "a", 0.8), run("dp", "b", 0.8))
    table = gaps(table).assign(gap_to_best_known=[-0.05, 0.1])
    axes = plot_gaps(table, value="gap_to_best_known")
    assert axes.get_xlim()[0] < -5
    assert "-1" in ticks(axes, "x")
    assert texts(axes)[-1] == "≤ 0"


def test_without_any_bound_there_is_no_gap(runs: pd.DataFrame) -> None:
    """One line says so; and so it does of a gap that does not exist."""
    unproven = runs[runs["label"] == "thief"]
    for plot in (plot_gaps, plot_gaps_by):
        with pytest.raises(EkyaOptError, match="no row with a number") as caught:
            plot(unproven)
        assert "\n" not in str(caught.value)
        with pytest.raises(EkyaOptError, match="no column 'gap_to_moon'"):
            plot(runs, value="gap_to_moon")
        with pytest.raises(EkyaOptError):
            plot(runs[:0])


def test_lines_are_mean_gaps_with_quartiles(runs: pd.DataFrame) -> None:
    """The thief loses 5 % on average at 1 stream a GPU, between 2.5 and 7.5 %."""
    axes = plot_gaps_by(runs)
    assert lines(axes) == {
        "dp": [(1, 0), (4, 0)],
        "thief": [(1, pytest.approx(5)), (4, pytest.approx(5))],
    }
    bands = [area.get_datalim(axes.transData) for area in axes.collections]
    assert sorted((box.y0, box.y1) for box in bands) == [
        (0, 0),
        (pytest.approx(2.5), pytest.approx(7.5)),
    ]
    assert legend(axes) == ["thief", "dp"]
    assert axes.get_xlabel() == "streams per GPU"
    assert axes.get_ylabel() == "mean gap to bound, %"


def test_numbers_that_double_stand_at_equal_distances() -> None:
    """1, 2, 4, 8 and 16 have a tick each; 1, 2, 3 and 4 are an ordinary axis."""
    counts = (16, 1, 8, 2, 4)
    table = runs_by_hand(
        *(run("dp", f"at {n}", 0.5, bound=0.5, streams_per_gpu=n) for n in counts)
    )
    axes = plot_gaps_by(table)
    assert ticks(axes, "x") == ["1", "2", "4", "8", "16"]
    assert lines(axes)["dp"] == [(place, 0) for place in range(5)]
    even = plot_gaps_by(table.assign(streams_per_gpu=[1.0, 2.0, 3.0, 4.0, 4.0]))
    assert lines(even)["dp"] == [(place, 0) for place in range(1, 5)]


def test_the_spread_of_many_solvers_is_bars() -> None:
    """Areas would lie over each other; a bar a point stands beside its line."""
    table = runs_by_hand(
        *(
            run(label, name, 0.8 - 0.01 * i - 0.1 * (name == "b"), streams_per_gpu=2)
            for i, label in enumerate(("dp", *"uvwxyz"))
            for name in "ab"
        )
    )
    table = gaps(table.assign(bound=0.8))
    axes = plot_gaps_by(table)
    assert len(axes.collections) == 7
    segments = [bars.get_segments()[0] for bars in axes.collections]
    places = [segment[0][0] for segment in segments]
    assert places == sorted(set(places))
    spans = [segment[:, 1].tolist() for segment in segments]
    # The quartiles of two gaps lie a quarter of their distance, 12.5 %, inside.
    assert spans[0] == [pytest.approx(3.125), pytest.approx(9.375)]


def test_words_have_places_in_the_order_of_the_table(runs: pd.DataFrame) -> None:
    """For instance the names of the instances; the logarithm keeps a place for zero."""
    axes = plot_gaps_by(runs, by="instance", log=True)
    assert ticks(axes, "x") == ["a", "b", "c", "d"]
    found = lines(axes)["thief"]
    assert found == [(0, pytest.approx(10)), (1, 0), (2, pytest.approx(5))]
    assert axes.get_yscale() == "symlog"
    assert axes.get_ylim()[0] < 0


def test_solvers_are_drawn_in_their_looks(runs: pd.DataFrame) -> None:
    """Colour, marker and dashes are those that the labels have everywhere."""
    for line in plot_gaps_by(runs).get_lines():
        look = solver_looks(["dp", "thief", "greedy"])[line.get_label()]
        assert line.get_color() == look.colour
        assert line.get_marker() == look.marker
        assert line.get_linestyle() == look.dashes
