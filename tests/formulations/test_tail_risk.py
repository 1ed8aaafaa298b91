"""The mean of the worst scenarios, and the weights behind it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.tail_risk import TailRisk

numbers = st.lists(st.floats(-2, 2), min_size=1, max_size=8).map(np.array)
confidences = st.sampled_from([0, 0.1, 0.5, 0.75, 0.9, 0.99])


def test_a_scenario_may_count_in_part() -> None:
    """On paper: the worst 30 % of four are the worst and 0.2 of the next.

    (1 · 0.25 + 2 · 0.05) / 0.3 = 1.1667; the worst half are two, the worst 1 % one.
    """
    outcomes = np.array([4.0, 1.0, 3.0, 2.0])
    for confidence, expected in ((0.7, 7 / 6), (0.5, 1.5), (0.99, 1.0), (0, 2.5)):
        risk = TailRisk(confidence=confidence, count=4)
        assert risk.value(outcomes) == pytest.approx(expected)
    weights = TailRisk(confidence=0.7, count=4).worst_weights(outcomes)
    assert weights.tolist() == pytest.approx([0, 5 / 6, 0, 1 / 6])


@given(numbers, confidences, st.integers(0, 99))
def test_no_weights_of_the_envelope_make_a_lower_mean(
    outcomes: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    confidence: float,
    seed: int,
) -> None:
    """The CVaR is the least weighted mean over the envelope, at the worst weights."""
    risk = TailRisk(confidence=confidence, count=len(outcomes))
    worst = risk.worst_weights(outcomes)
    value = float(risk.value(outcomes))
    assert worst @ outcomes == pytest.approx(value, abs=1e-12)
    point = np.random.default_rng(seed).normal(size=len(outcomes))
    for weights in (worst, risk.nearest_weights(point)):
        assert weights.sum() == pytest.approx(1)
        assert weights.min() >= 0
        assert weights.max() <= risk.most + 1e-12
        assert weights @ outcomes >= value - 1e-9
    assert value <= outcomes.mean() + 1e-12


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=5), confidences)
def test_the_nearest_weights_are_the_projection(
    point: list[float], confidence: float
) -> None:
    """A point q is nearest to x if and only if (x - q) · (z - q) <= 0 for all z.

    It is enough to look at the z that are largest along x - q.
    """
    risk = TailRisk(confidence=confidence, count=len(point))
    away = np.array(point) - (nearest := risk.nearest_weights(np.array(point)))
    farthest = risk.worst_weights(-away)
    assert away @ (farthest - nearest) <= 1e-9
