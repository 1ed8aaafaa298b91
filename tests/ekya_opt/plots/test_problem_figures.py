"""Figures of what a problem offers, and of who holds what, checked on paper."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

import ekya_opt
from ekya_opt import (
    EkyaOptError,
    Estimate,
    Instance,
    accuracy_curve,
    plot_accuracy_by_streams,
    plot_accuracy_curve,
    plot_pareto,
    plot_shares,
    plot_value_curve,
)
from ekya_opt.plots.looks import IDLE, look_of
from tests.ekya_opt.plots.drawn import legend, lines, texts, unnamed
from tests.ekya_opt.runs import runs_by_hand
from tests.ekya_opt.test_plots import three_windows, two_gpus, two_streams
from tests.small import retraining, serving, stream, window


def small() -> Instance:
    """Return the first window of the paper's example: 3 GPUs in units of 1/20."""
    problem = ekya_opt.read("shipped:paper/window1")
    assert isinstance(problem, Instance)
    return problem


def test_the_curve_is_the_optimum_of_every_capacity() -> None:
    """As a solver finds it on the instance with so many GPUs, by other means."""
    instance = replace(small(), gpus=2)
    curve = dict(lines(plot_accuracy_curve(instance))["optimum, proven"])
    assert min(curve) > 0
    for gpus in (1.5, 1.75, 2):
        found = ekya_opt.solve(replace(instance, gpus=gpus), "core").objective
        assert curve[gpus] == pytest.approx(found)
    # Below, a stream cannot be kept at its floor.
    least = min(curve)
    short = replace(instance, gpus=least - 1 / instance.units_per_gpu)
    assert ekya_opt.solve(short, "core").status == "infeasible"


def test_heuristics_are_points_under_the_curve() -> None:
    """Those solved here, and the means of those in a table of runs."""
    given = runs_by_hand(
        {"label": "mine", "gpus": 2.0, "objective": 0.5},
        {"label": "mine", "gpus": 2.0, "objective": 0.4},
        {"label": "mine", "gpus": 3.0},
    )
    instance = small()
    axes = plot_accuracy_curve(instance, solvers="thief", at=[2, 3], runs=given)
    found = lines(axes)
    values = [
        ekya_opt.solve(replace(instance, gpus=gpus), "thief").objective
        for gpus in (2, 3)
    ]
    assert found["thief"] == [(2, values[0]), (3, values[1])]
    assert found["mine"] == [(2, pytest.approx(0.45))]
    assert legend(axes) == ["optimum, proven", "thief", "mine"]
    assert axes.get_xlabel() == "GPUs"
    assert axes.get_ylabel() == "mean inference accuracy"


def test_points_are_spread_over_the_capacities() -> None:
    """At most eight, each a number of whole units, the last all of them."""
    axes = plot_accuracy_curve("shipped:paper/window1", solvers=["greedy"], gpus=2)
    places = [gpus for gpus, _ in lines(axes)["greedy"]]
    assert len(places) <= 8
    assert places[-1] == 2
    assert all(20 * gpus == round(20 * gpus) for gpus in places)


def test_a_ready_curve_is_drawn_as_it_is() -> None:
    """But nothing can be solved for it."""
    table = accuracy_curve("shipped:paper/window1")
    found = lines(plot_accuracy_curve(table))
    assert found == lines(plot_accuracy_curve(small()))
    with pytest.raises(EkyaOptError, match="need the instance"):
        plot_accuracy_curve(table, solvers="thief")
    with pytest.raises(EkyaOptError, match="no row with a number"):
        plot_accuracy_curve(table[:3])


def test_lines_over_streams_are_means() -> None:
    """Of all runs with so many streams; the threshold is a line across."""
    runs = runs_by_hand(
        {"label": "dp", "streams": 2, "objective": 0.9},
        {"label": "dp", "streams": 2, "objective": 0.7},
        {"label": "dp", "streams": 8, "objective": 0.6},
        {"label": "thief", "streams": 8, "objective": 0.5},
        {"label": "thief", "streams": 2},
    )
    axes = plot_accuracy_by_streams(runs, threshold=0.75)
    assert lines(axes) == {
        "dp": [(2, pytest.approx(0.8)), (8, 0.6)],
        "thief": [(8, 0.5)],
    }
    (across,) = [
        line.get_ydata()
        for line in axes.get_lines()
        if line.get_label() not in ("dp", "thief")
    ]
    assert list(across) == [0.75, 0.75]
    assert axes.get_xlabel() == "streams"


def test_the_front_leaves_out_what_is_beaten() -> None:
    """Of costs 10, 20, 30, 40 the second and the last are beaten by cheaper ones."""
    estimate = Estimate(gpu_seconds=15, accuracy=0.55)
    configs = (
        retraining(30, 0.9, name="third"),
        replace(retraining(10, 0.6, name="first"), estimate=estimate),
        retraining(20, 0.6, name="second"),
        retraining(40, 0.8, name="fourth"),
    )
    axes = plot_pareto(stream("A", 0.5, retraining=configs))
    found = lines(axes)
    assert found["Pareto front"] == [(10, 0.6), (30, 0.9)]
    assert sorted(found["configs"]) == [(20, 0.6), (40, 0.8)]
    assert found["estimates"] == [(15, 0.55)]
    assert unnamed(axes, "_error") == [[(10, 0.6), (15, 0.55)]]
    assert found["model held"] == [(0, 0.5), (1, 0.5)]
    hollow = [line.get_markerfacecolor() for line in axes.get_lines()]
    assert hollow.count("none") == 1
    assert texts(axes) == ["first", "third"]
    assert axes.get_xlabel() == "cost of the retraining, GPU-seconds"


def test_a_model_that_costs_nothing_has_a_place() -> None:
    """Beside costs from 1 to 100 on a logarithm."""
    configs = [retraining(c, 0.6 + c / 400, name=f"c{c}") for c in (0, 1, 100)]
    axes = plot_pareto(stream("A", 0.5, retraining=tuple(configs)))
    assert axes.get_xscale() == "symlog"
    assert axes.get_xlim()[0] < 0


def test_a_stream_without_configs_has_no_front() -> None:
    """One line says so."""
    with pytest.raises(EkyaOptError, match="'A' has no retraining config"):
        plot_pareto(stream("A"))


def test_values_are_optima_of_the_stream_alone() -> None:
    """With k units for k of 1/10; 0.2 GPUs serve at half, 0.5 fully."""
    levels = (serving(0.2, 0.5), serving(0.5, 1.0))
    config = retraining(20, 0.9)
    one = window(stream("A", 0.6, inference=levels, retraining=(config,)), stream("B"))
    axes = plot_value_curve(one, "A")
    alone = replace(one, streams=one.streams[:1])
    curve = dict(lines(axes)["best accuracy"])
    for gpus, value in curve.items():
        at = replace(alone, gpus=gpus) if gpus else None
        found = ekya_opt.solve(at, "brute-force").objective if at else 0
        assert value == pytest.approx(found)
    assert curve[0.2] == pytest.approx(0.3)
    assert curve[0.5] == pytest.approx(0.6)
    # Half the units train from 0 to 40 s: 0.6 · 0.4 + 0.9 · 0.6.
    assert curve[1.0] == pytest.approx(0.78)
    hull = lines(axes)["concave hull"]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(hull) if b != a]
    assert slopes == sorted(slopes, reverse=True)
    assert {point for point in hull if point[0] in curve} <= set(curve.items())
    for gpus, value in curve.items():
        left = max(p for p in hull if p[0] <= gpus)
        right = min(p for p in hull if p[0] >= gpus)
        part = 0 if left == right else (gpus - left[0]) / (right[0] - left[0])
        assert left[1] + part * (right[1] - left[1]) >= value - 1e-12


def test_streams_are_found_by_name_index_and_themselves() -> None:
    """And what is none of them is told."""
    one = window(stream("A", 0.6), stream("B", 0.5))
    same = [lines(plot_value_curve(one, each)) for each in ("B", 1, one.streams[1])]
    assert same[0] == same[1] == same[2]
    with pytest.raises(EkyaOptError, match="no stream 'C'; it has A, B"):
        plot_value_curve(one, "C")
    nothing: Any = None
    with pytest.raises(EkyaOptError, match="no stream None; it has A, B"):
        plot_value_curve(one, nothing)
    with pytest.raises(EkyaOptError, match="index below 2"):
        plot_value_curve(one, 2)


def test_a_floor_out_of_reach_has_no_curve() -> None:
    """Nor has a server that moves units."""
    high = window(stream("A", 0.6, min_accuracy=0.7))
    with pytest.raises(EkyaOptError, match=r"cannot be kept at its floor of 0\.7"):
        plot_value_curve(high, 0)
    server = window(stream("A"), reallocation="server", slot_seconds=10)
    with pytest.raises(EkyaOptError):
        plot_value_curve(server, 0)


def bars(axes: Any) -> list[tuple[str, Any, Any]]:
    """Return colour, lower ends and heights of each stack of bars."""
    from matplotlib.colors import to_hex

    return [
        (
            to_hex(stack[0].get_facecolor()).upper(),
            [pytest.approx(bar.get_y()) for bar in stack],
            [pytest.approx(bar.get_height()) for bar in stack],
        )
        for stack in axes.containers
    ]


def test_a_window_is_one_bar_of_mean_shares() -> None:
    """A trains on 0.3 GPUs for half of the window, which idle for the other half."""
    axes = plot_shares(*two_streams())
    blue, orange = look_of(0), look_of(1)
    assert bars(axes) == [
        (blue.pale, [0], [0.5]),
        (orange.pale, [0.5], [0.2]),
        (blue.colour, [0.7], [0.15]),
        (IDLE, [0.85], [0.15]),
    ]
    assert legend(axes) == ["retraining", "inference", "held, idle", "A", "B"]


def test_each_window_of_a_horizon_has_a_bar() -> None:
    """A serves on 0.5 GPUs in three windows, and trains for 50 s of the first."""
    axes = plot_shares(*three_windows())
    blue = look_of(0)
    assert bars(axes) == [
        (blue.pale, [0, 0, 0], [0.5, 0.5, 0.5]),
        (blue.colour, [0.5, 0.5, 0.5], [0.25, 0, 0]),
        (IDLE, [0.75, 0.5, 0.5], [0.25, 0, 0]),
    ]
    assert list(axes.get_xticks()) == [1, 2, 3]


def test_a_placement_has_shares_of_all_gpus() -> None:
    """A trains on a whole GPU of speed 2 for 10 s of 100 s, then holds it idle."""
    axes = plot_shares(*two_gpus())
    heights = [stack[2][0] for stack in bars(axes)]
    assert heights == [0.5, 0.5, 0.1, 0.9]
