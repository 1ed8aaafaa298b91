"""Scenarios: drawn as the error model says, the same for the same seed."""

from typing import Any

import numpy as np
import pytest

from instances import Estimate, InstanceTooLarge, InvalidOption, RetrainingConfig
from instances.columns import columns_of
from instances.generators import generate
from instances.scenarios import ErrorModel, Scenarios, draw_scenarios
from tests.small import retraining, stream, window

COLUMNS = columns_of(generate("recorded-like", 5, 2, 0))


def drawn(count: int, seed: int = 0, **model: Any) -> Scenarios:
    """Draw scenarios of five generated streams."""
    rng = np.random.default_rng(seed)
    return draw_scenarios(COLUMNS, ErrorModel(**model), count, rng)


def test_errors_have_the_deviations_asked_for() -> None:
    """Gaussian on accuracy where nothing is cut off, lognormal factors on cost."""
    scenarios = drawn(4000, accuracy_error=0.02, cost_error=0.3)
    inside = (COLUMNS.retrained_accuracy > 0.2) & (COLUMNS.retrained_accuracy < 0.85)
    errors = (scenarios.accuracy - COLUMNS.retrained_accuracy)[:, inside]
    factors = np.log(scenarios.gpu_seconds / COLUMNS.gpu_seconds)
    for sample, deviation in ((errors, 0.02), (factors, 0.3)):
        assert abs(sample.mean()) < deviation / 50
        assert sample.std() == pytest.approx(deviation, rel=0.02)
    both = np.corrcoef(errors.ravel(), factors[:, inside].ravel())[0, 1]
    assert abs(both) < 0.02


def test_accuracies_stay_in_their_domain() -> None:
    """Errors far beyond 1 end at 0 or 1; without errors nothing changes."""
    wide = drawn(50, accuracy_error=5, cost_error=10)
    assert wide.accuracy.min() == 0
    assert wide.accuracy.max() == 1
    assert np.isfinite(wide.gpu_seconds).all()
    for s in (0, 49):
        assert wide.columns(COLUMNS, s).instance().streams
    exact = drawn(2, accuracy_error=0, cost_error=0)
    np.testing.assert_array_equal(exact.accuracy[1], COLUMNS.retrained_accuracy)
    np.testing.assert_array_equal(exact.gpu_seconds[1], COLUMNS.gpu_seconds)


def test_a_scenario_is_an_instance_with_other_numbers() -> None:
    """Its columns differ from the instance's in the two perturbed fields only."""
    scenarios = drawn(3)
    perturbed = scenarios.columns(COLUMNS, 2)
    np.testing.assert_array_equal(perturbed.gpu_seconds, scenarios.gpu_seconds[2])
    np.testing.assert_array_equal(perturbed.retrained_accuracy, scenarios.accuracy[2])
    back = perturbed.changed(
        gpu_seconds=COLUMNS.gpu_seconds, retrained_accuracy=COLUMNS.retrained_accuracy
    )
    assert back.instance() == COLUMNS.instance()


def test_paired_errors_are_opposite() -> None:
    """Each pair cancels where nothing is cut off, and an odd count ends in a half."""
    rng = np.random.default_rng(0)
    model = ErrorModel(accuracy_error=0.001, cost_error=0.3)
    found = draw_scenarios(COLUMNS, model, 5, rng, paired=True)
    middle = (found.accuracy[0:4:2] + found.accuracy[1:4:2]) / 2
    np.testing.assert_allclose(middle[0], COLUMNS.retrained_accuracy)
    np.testing.assert_allclose(middle[1], COLUMNS.retrained_accuracy)
    squares = found.gpu_seconds[2] * found.gpu_seconds[3]
    np.testing.assert_allclose(squares, COLUMNS.gpu_seconds**2)
    assert found.count == 5
    assert not np.array_equal(found.accuracy[0], found.accuracy[2])


@pytest.mark.parametrize("from_estimates", [False, True])
def test_a_larger_count_begins_with_the_same_scenarios(from_estimates: bool) -> None:
    """The same seed gives the same numbers, and more of them go on from there."""
    few, many = (drawn(n, from_estimates=from_estimates) for n in (10, 3000))
    np.testing.assert_array_equal(few.accuracy, many.accuracy[:10])
    np.testing.assert_array_equal(few.gpu_seconds, many.gpu_seconds[:10])
    other = drawn(10, seed=1, from_estimates=from_estimates)
    assert not np.array_equal(few.accuracy, other.accuracy)


def test_errors_of_the_estimates_are_drawn_as_pairs() -> None:
    """Two estimates: 0.1 too low with half the cost, and 0.2 too high with twice it.

    Each config of a scenario has the one error in both numbers, or the other.
    """
    guesses = [(10, 0.6, 5, 0.5), (10, 0.6, 20, 0.8)]
    configs = [
        RetrainingConfig(
            name=f"g{idx}",
            gpu_seconds=cost,
            accuracy=accuracy,
            estimate=Estimate(gpu_seconds=seconds, accuracy=level),
        )
        for idx, (cost, accuracy, seconds, level) in enumerate(guesses)
    ]
    free = retraining(0, 0.5, name="cached")
    columns = columns_of(window(stream(retraining=(*configs, free))))
    rng = np.random.default_rng(0)
    found = draw_scenarios(columns, ErrorModel(from_estimates=True), 200, rng)
    low = np.isclose(found.accuracy, columns.retrained_accuracy + 0.1)
    high = np.isclose(found.accuracy, columns.retrained_accuracy - 0.2)
    assert (low ^ high).all()
    assert low.mean() == pytest.approx(0.5, abs=0.1)
    assert np.allclose(found.gpu_seconds[:, :2][low[:, :2]], 20)
    assert np.allclose(found.gpu_seconds[:, :2][high[:, :2]], 5)
    assert not found.gpu_seconds[:, 2].any()


def test_what_cannot_be_drawn_is_told() -> None:
    """Deviations and counts outside their domain, no estimates, too many numbers."""
    bad: list[dict[str, Any]] = [{"accuracy_error": -0.1}, {"cost_error": np.nan}]
    for values in bad:
        with pytest.raises(InvalidOption, match=next(iter(values))):
            ErrorModel(**values)
    with pytest.raises(InvalidOption, match="scenarios is 0"):
        drawn(0)
    with pytest.raises(InstanceTooLarge, match="30000000 numbers"):
        drawn(1_000_000, accuracy_error=0)
    plain = columns_of(window(stream(retraining=(retraining(5, 0.9),))))
    with pytest.raises(InvalidOption, match="no retraining config has an estimate"):
        draw_scenarios(
            plain, ErrorModel(from_estimates=True), 5, np.random.default_rng(0)
        )
