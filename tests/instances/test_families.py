"""The generated families: the distributions that their documentation declares."""

import math
from collections import Counter
from dataclasses import replace
from statistics import mean, median, stdev

import pytest

from instances import RetrainingConfig, Stream
from instances.generators import generate
from instances.generators.recorded_like import recorded_like
from solvers import Options, solve

SAMPLING = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20]


@pytest.fixture(scope="module")
def recorded_streams() -> list[Stream]:
    """Return 600 streams of 60 seeds."""
    return [
        stream for seed in range(60) for stream in recorded_like(10, 4, seed).streams
    ]


def _retrainings(streams: list[Stream]) -> list[tuple[Stream, RetrainingConfig]]:
    return [(stream, config) for stream in streams for config in stream.retraining]


def test_recorded_like_configs_have_their_names(
    recorded_streams: list[Stream],
) -> None:
    """A stream has 6 settings × 3 numbers of epochs and 12 sampling rates."""
    trained = [
        f"hp{setting}-e{epochs}" for setting in range(6) for epochs in (5, 15, 30)
    ]
    sampled = ["every-frame", *(f"every-{n}" for n in SAMPLING[1:])]
    for stream in recorded_streams:
        assert [config.name for config in stream.retraining] == trained
        assert [config.name for config in stream.inference] == sampled


def test_recorded_like_values_have_six_decimals(
    recorded_streams: list[Stream],
) -> None:
    """No number needs more than six decimals in a file."""
    for stream in recorded_streams[:50]:
        values = [stream.accuracy]
        values += [
            number for c in stream.retraining for number in (c.gpu_seconds, c.accuracy)
        ]
        values += [
            number for c in stream.inference for number in (c.gpus, c.relative_accuracy)
        ]
        assert values == [round(value, 6) for value in values]


def test_recorded_like_costs_spread_over_200(recorded_streams: list[Stream]) -> None:
    """The dearest config costs 200 times the cheapest, which costs 0.8 to 1.8 s."""
    for stream in recorded_streams:
        costs = [config.gpu_seconds for config in stream.retraining]
        assert max(costs) / min(costs) == pytest.approx(200, rel=1e-5)
        assert 0.8 <= min(costs) <= 1.8
        for few, some, many in zip(costs[::3], costs[1::3], costs[2::3], strict=True):
            assert some == pytest.approx(3 * few, rel=1e-5)
            assert many == pytest.approx(6 * few, rel=1e-5)


def test_recorded_like_starts(recorded_streams: list[Stream]) -> None:
    """Models start between 0.6 and 0.96, at 0.78 in the mean."""
    starts = [stream.accuracy for stream in recorded_streams]
    assert 0.6 <= min(starts) <= max(starts) <= 0.96
    assert mean(starts) == pytest.approx(0.78, abs=0.01)


def test_18_percent_of_recorded_like_configs_end_below_the_start(
    recorded_streams: list[Stream],
) -> None:
    """The share of configs that make the model worse is the recorded one."""
    below = [c.accuracy < s.accuracy for s, c in _retrainings(recorded_streams)]
    assert mean(below) == pytest.approx(0.18, abs=0.01)


def test_recorded_like_accuracy_is_concave_in_log_cost(
    recorded_streams: list[Stream],
) -> None:
    """Means over streams rise from the start by gain · (1 - (1 - x)²).

    The mean gain is 0.425 · 0.22 = 0.0935; the ceiling of 0.99 takes a little of it.
    hp0's e15 and e30 lie at x = ln 3 / ln 200 and ln 6 / ln 200.
    """
    gains = [
        mean(s.retraining[idx].accuracy - s.accuracy for s in recorded_streams)
        for idx in (0, 1, 2, 17)
    ]
    for gain, cost in zip(gains, (1, 3, 6, 200), strict=True):
        x = math.log(cost) / math.log(200)
        assert gain == pytest.approx(0.0935 * (1 - (1 - x) ** 2), abs=0.01)


def test_recorded_like_estimates_err_as_declared(
    recorded_streams: list[Stream],
) -> None:
    """Costs err by exp N(0, 0.1); accuracies by a median of 0.058."""
    costs, accuracies = [], []
    for _, config in _retrainings(recorded_streams):
        assert config.estimate is not None
        costs.append(math.log(config.estimate.gpu_seconds / config.gpu_seconds))
        accuracies.append(abs(config.estimate.accuracy - config.accuracy))
    assert mean(costs) == pytest.approx(0, abs=0.003)
    assert stdev(costs) == pytest.approx(0.1, abs=0.003)
    assert median(accuracies) == pytest.approx(0.058, abs=0.002)


def test_estimates_without_error_are_the_truth() -> None:
    """With both errors 0, a plan on estimates is a plan on the truth."""
    streams = recorded_like(5, 2, 0, cost_error=0, accuracy_error=0).streams
    for _, config in _retrainings(list(streams)):
        assert config.estimate is not None
        assert config.estimate.gpu_seconds == config.gpu_seconds
        assert config.estimate.accuracy == config.accuracy


def test_recorded_like_sampling_curves(recorded_streams: list[Stream]) -> None:
    """Every n-th frame needs 0.25/n GPUs and keeps less the larger n is.

    At n = 2 the curve is exp(-β) with β from 0.2 to 0.34: 0.764 in the mean.
    """
    for stream in recorded_streams:
        demands = [config.gpus for config in stream.inference]
        assert demands == [round(0.25 / n, 6) for n in SAMPLING]
        kept = [config.relative_accuracy for config in stream.inference]
        assert kept[0] == 1
        assert kept == sorted(kept, reverse=True)
    halves = [stream.inference[1].relative_accuracy for stream in recorded_streams]
    assert mean(halves) == pytest.approx(0.764, abs=0.01)
    curves = {stream.inference for stream in recorded_streams}
    assert len(curves) == len(recorded_streams)


def test_cloud_and_cached_models_cost_no_gpu_time() -> None:
    """The cloud serves stream after stream; cached models are worse than retraining."""
    instance = recorded_like(
        4, 2, 1, labelling_seconds=15, cached_models=2, cloud_seconds=54.5
    )
    for v, stream in enumerate(instance.streams):
        *trained, first, second, cloud = stream.retraining
        best = max(config.accuracy for config in trained)
        assert {config.delay_seconds for config in trained} == {15}
        assert cloud.name == "cloud"
        assert cloud.accuracy == best
        assert cloud.delay_seconds == 54.5 * (v + 1)
        for number, config in enumerate((first, second)):
            assert config.name == f"cached-{number}"
            assert best - 0.26 <= config.accuracy <= best - 0.02
            assert 2 <= config.delay_seconds <= 10
        assert {config.gpu_seconds for config in (first, second, cloud)} == {0}


def test_extras_leave_the_streams_as_they_are() -> None:
    """Extra models and weights do not change the 18 configs of a stream."""
    plain = recorded_like(30, 4, 1).streams
    extra = recorded_like(30, 4, 1, cached_models=1, weighted=True).streams
    assert [s.retraining for s in plain] == [s.retraining[:18] for s in extra]
    assert {stream.weight for stream in plain} == {1}
    assert {stream.weight for stream in extra} == {1, 2, 4}


@pytest.mark.parametrize(
    ("gpus", "units_per_gpu"),
    [(2, 10), (3, 10), (4, 10), (3, 20), (4, 20)],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_thief_walks_into_the_trap(
    gpus: int, units_per_gpu: int, seed: int
) -> None:
    """Stealing single units, the Thief ends 10 to 40 % below the optimum."""
    instance = generate("trap", 10, gpus, seed, units_per_gpu=units_per_gpu)
    optimum = solve(instance, "dp").objective
    assert optimum is not None
    options = Options(settings={"steal_units": 1})
    gap = solve(instance, "thief", options).gap_to(optimum)
    assert gap is not None
    assert 0.1 <= gap <= 0.4


def test_trap_thresholds_lie_beyond_the_fair_start() -> None:
    """With s = 40 / 20 = 2 units a job, full serving needs 3 to 5, training 4."""
    streams = generate("trap", 10, 4, 7).streams
    jumps = Counter[int]()
    for stream in streams:
        low, third, full = stream.inference
        assert low.gpus == 0.1
        assert third.gpus == 0.2
        assert 0.55 <= low.relative_accuracy <= 0.75
        assert third.relative_accuracy == pytest.approx(low.relative_accuracy + 0.03)
        assert full.relative_accuracy == 1
        jumps[round(full.gpus * 10) - 2] += 1
        quick, slow = stream.retraining
        assert 3 * 20 < quick.gpu_seconds < 4 * 20
        assert 1.2 <= slow.gpu_seconds / quick.gpu_seconds <= 1.6
        assert stream.accuracy < quick.accuracy < slow.accuracy
    assert set(jumps) == {1, 2, 3}


@pytest.mark.parametrize("num_types", [1, 3, 5])
def test_ties_have_few_types(num_types: int) -> None:
    """Streams are equal but for their names if their numbers agree modulo types."""
    streams = generate("ties", 30, 5, 4, num_types=num_types).streams
    nameless = [replace(stream, name="any") for stream in streams]
    assert Counter(nameless) == dict.fromkeys(nameless[:num_types], 30 // num_types)
    assert nameless == nameless[:num_types] * (30 // num_types)
    assert len({stream.name for stream in streams}) == 30


def test_hard_knapsack_values_are_units_plus_a_bonus_a_step() -> None:
    """With 100 units a stream, R = 50: worth is units + 5 a step, over 440."""
    for stream in generate("hard-knapsack", 20, 2, 3).streams:
        needed = [round(config.gpus * 1000) for config in stream.inference]
        steps = [
            after - before for before, after in zip([0, *needed], needed, strict=False)
        ]
        assert len(steps) == 8
        assert 25 <= min(steps) <= max(steps) <= 50
        assert [config.gpus for config in stream.inference] == [
            k / 1000 for k in needed
        ]
        worths = [config.relative_accuracy * 440 for config in stream.inference]
        bonuses = [worth - k for worth, k in zip(worths, needed, strict=True)]
        assert bonuses == pytest.approx([5 * step for step in range(1, 9)], abs=1e-3)


def test_hard_knapsack_optimum_is_the_knapsacks() -> None:
    """The dynamic program finds the best integer worth, by plain enumeration.

    5 streams on 100 units of 1/100: R = 10, worth = units + 1 a step, over 88.
    """
    instance = generate("hard-knapsack", 5, 1, 8, units_per_gpu=100)
    reachable = {0: 0}
    for stream in instance.streams:
        needed = [round(config.gpus * 100) for config in stream.inference]
        items = [(0, 0), *((k, k + idx) for idx, k in enumerate(needed, start=1))]
        grown: dict[int, int] = {}
        for used, worth in reachable.items():
            for units, gained in items:
                if used + units <= 100:
                    best = max(worth + gained, grown.get(used + units, 0))
                    grown[used + units] = best
        reachable = grown
    expected = 0.9 * max(reachable.values()) / 88 / 5
    assert solve(instance, "dp").objective == pytest.approx(expected, abs=1e-6)
