"""Who plays Ekya, the baselines and the optimum, and what they reach."""

import pytest

from ekya_opt.paper import fig_4
from ekya_opt.paper.finding import Scale
from ekya_opt.paper.measuring import by_policy, largest_gap, measure
from ekya_opt.paper.policies import (
    OPTIMUM,
    drift,
    fixed_configs,
    play,
    uniform_baselines,
    with_only,
)
from ekya_opt.paper.tasks import mapped
from formulations.evaluate_horizon import evaluate_horizon
from solvers import Options, solve

TINY = Scale(quick=True, seeds=(0, 1))


def square(value: int) -> int:
    """Return the square of a number."""
    return value * value


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_come_back_in_order(workers: int) -> None:
    """One process or two, the values are those of the parts in their order."""
    scale = Scale(quick=True, seeds=(0,), workers=workers)
    assert mapped(square, range(4), scale) == [0, 1, 4, 9]


def test_windows_are_played_as_the_solver_of_horizons_does() -> None:
    """Window by window is what solver dp of horizons is, and the referee agrees."""
    horizon = drift(3, 1, 5, windows=3, reallocation="stream")
    played = play(horizon, "dp")
    assert played.objective == pytest.approx(solve(horizon, "dp").objective)
    assert played.schedule is not None
    verdict = evaluate_horizon(horizon, played.schedule)
    assert verdict.feasible
    assert verdict.objective == pytest.approx(played.objective)
    assert [w.objective for w in verdict.windows] == pytest.approx(played.windows)
    thief = solve(horizon, "myopic", Options(settings={"window": "thief"}))
    assert play(horizon, "thief").objective == pytest.approx(thief.objective)


def test_configs_of_uniform_are_on_the_front_of_streams_held_out() -> None:
    """No config is cheaper and better, Config 1 is the best, Config 2 gains half."""
    dear, cheap = fixed_configs()
    points: dict[str, list[tuple[float, float]]] = {}
    for stream in drift(2, 1, 2**31 - 1, windows=8).streams:
        for window in stream.windows:
            for config in window.retraining:
                pair = config.gpu_seconds, config.accuracy
                points.setdefault(config.name, []).append(pair)
    cost = {name: sum(p[0] for p in each) / 16 for name, each in points.items()}
    gain = {name: sum(p[1] for p in each) / 16 for name, each in points.items()}
    assert gain[dear] == max(gain.values())
    assert cost[cheap] < cost[dear]
    cheapest = gain[min(cost, key=lambda name: cost[name])]
    half = (cheapest + gain[dear]) / 2
    assert gain[cheap] >= half
    assert all(gain[name] < half for name in cost if cost[name] < cost[cheap])
    specs = uniform_baselines()
    assert list(specs) == list(fig_4_names())
    assert specs["uniform (2, 90 %)"] == f"uniform:config={cheap}:inference_share=0.9"
    assert specs["uniform (1, 50 %)"] == f"uniform:config={dear}:inference_share=0.5"


def fig_4_names() -> tuple[str, ...]:
    """Return the paper's names of the uniform baselines."""
    return tuple(
        f"uniform ({c}, {p} %)" for c, p in ((1, 50), (2, 90), (2, 50), (2, 30))
    )


def test_one_config_is_left() -> None:
    """Every stream keeps that config in each window, and nothing else changes."""
    horizon = drift(2, 1, 0, windows=2)
    left = with_only(horizon, "hp1-e15")
    for stream in left.streams:
        for window in stream.windows:
            assert [config.name for config in window.retraining] == ["hp1-e15"]
    full, fixed = play(horizon, OPTIMUM), play(left, OPTIMUM)
    assert fixed.objective < full.objective


def test_measurements_are_the_same_again() -> None:
    """Seeds decide the numbers; the optimum is above, within the gap it proves."""
    policies = {"optimum": OPTIMUM, "Ekya": "thief"}
    first = measure([(2, 1), (3, 1)], policies, TINY, windows=2)
    again = measure([(2, 1), (3, 1)], policies, TINY, windows=2)
    assert first.equals(again)
    assert len(first) == 8
    table = by_policy(first, "streams")
    assert list(table.index) == [2, 3]
    assert (table["optimum"] > table["Ekya"]).all()
    by_hand = play(drift(3, 1, 0, windows=2), "thief").objective
    by_hand += play(drift(3, 1, 1, windows=2), "thief").objective
    assert table.loc[3, "Ekya"] == pytest.approx(by_hand / 2)
    assert 0 <= largest_gap(first) <= 0.01


def test_uniform_of_the_example_on_paper() -> None:
    """Half of 1.5 GPUs a job, no slots: A ends at 85 / 0.75 s, B at 80 / 0.75 s.

    Models wait for slots of 5 s: A's for 115 s, B's for 110 s in window 1; in window 2
    A's 90 / 0.75 s are the window, and B's wait for 110 s again.
    """
    horizon = fig_4._floored(fig_4.example(5.0), fig_4.UNIFORM)
    played = play(horizon, fig_4.POLICIES[fig_4.UNIFORM])
    a_first = (115 * 0.65 * 0.75 + 5 * 0.75) / 120
    b_first = (110 * 0.5 * 0.75 + 10 * 0.9) / 120
    a_second = 0.75 * 0.75
    b_second = (110 * 0.9 * 0.75 + 10 * 0.98) / 120
    assert played.windows == pytest.approx(
        ((a_first + b_first) / 2, (a_second + b_second) / 2)
    )
