"""Optimus' curve: recovered where it is the truth, tame where it is not."""

import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from instances import EkyaOptError, InvalidOption
from instances.profiler.optimus import Curve, fit

ACCURACIES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_a_curve_on_paper() -> None:
    """With slope 1, offset 1 and floor 0.1 the losses are 1/2 and 1/5, plus 0.1."""
    curve = Curve(slope=1.0, offset=1.0, floor=0.1)
    assert curve.at(1) == pytest.approx(0.4)
    assert curve.at(4) == pytest.approx(0.7)
    assert curve.at(0) == 0.0


def test_a_denominator_of_nothing_is_no_accuracy() -> None:
    """Without offset the curve starts at minus infinity, which counts as 0."""
    assert Curve(slope=1.0, offset=0.0, floor=0.0).at(0) == 0.0


@settings(deadline=None, max_examples=50)
@given(
    slope=st.floats(0.05, 5),
    offset=st.floats(1.2, 5),
    step=st.integers(0, 60),
    scale=st.sampled_from([1, 80]),
)
def test_the_true_curve_is_found(
    slope: float, offset: float, step: int, scale: int
) -> None:
    """Points of a curve whose floor lies on the grid give the curve back.

    With g the floor's share of the smallest loss L + b2, b2 = L g / (1 - g), where L
    is 1 / (5 b0 + b1); x may be epochs or samples.
    """
    share = step / 100
    floor = share / (1 - share) / (5 * slope + offset)
    true = Curve(slope=slope / scale, offset=offset, floor=floor)
    epochs = [scale * epoch for epoch in range(1, 6)]
    accuracies = [1 - (1 / (slope * x + offset) + floor) for x in range(1, 6)]
    assume(accuracies[0] >= 0 and accuracies[-1] <= 0.99)
    found = fit(epochs, accuracies)
    for x in (1, 5, 15, 30):
        assert found.at(scale * x) == pytest.approx(true.at(scale * x), abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(ACCURACIES)
def test_any_fit_rises_within_bounds(accuracies: list[float]) -> None:
    """Whatever was measured, the curve never falls and stays in [0, 1]."""
    curve = fit(range(1, len(accuracies) + 1), accuracies)
    values = [curve.at(x) for x in (0, 1, 2, 5, 15, 30, 1000)]
    assert values == sorted(values)
    assert values[0] >= 0
    assert values[-1] <= 1


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 0.99), st.integers(1, 6))
def test_flat_accuracies_stay_flat(accuracy: float, count: int) -> None:
    """Equal accuracies are foreseen for ever."""
    curve = fit(range(1, count + 1), [accuracy] * count)
    assert curve.at(1) == pytest.approx(accuracy, abs=1e-6)
    assert curve.at(300) == pytest.approx(accuracy, abs=1e-6)


def test_falling_accuracies_give_a_flat_curve_between_them() -> None:
    """A curve cannot fall: it is flat, between the best and the worst."""
    curve = fit([1, 2, 3], [0.8, 0.7, 0.6])
    assert curve.slope == 0
    assert 0.6 < curve.at(30) < 0.8


def test_perfect_accuracies_are_almost_perfect() -> None:
    """Losses count as 0.001 at least."""
    assert fit([1, 2, 3], [1.0, 1.0, 1.0]).at(30) == pytest.approx(0.999)
    assert fit([1], [1.0]).at(30) == pytest.approx(0.999)


@pytest.mark.parametrize(
    ("epochs", "accuracies", "message"),
    [
        ([], [], "0 epochs and 0 accuracies"),
        ([1, 2], [0.5], "2 epochs and 1 accuracies"),
        ([1, 1], [0.5, 0.5], r"epochs\[1\] is 1, expected a number above 1"),
        ([0], [0.5], r"epochs\[0\] is 0"),
        ([1], [1.5], r"accuracies\[0\] is 1.5"),
        ([1], [float("nan")], r"accuracies\[0\] is nan"),
    ],
)
def test_what_is_no_measurement_is_refused(
    epochs: list[float], accuracies: list[float], message: str
) -> None:
    """Lengths, order and ranges are checked."""
    with pytest.raises(InvalidOption, match=message):
        fit(epochs, accuracies)


def test_without_scipy_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A missing SciPy is an error of the toolkit."""
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(EkyaOptError, match=r"pip install 'ekya-opt\[profile\]'"):
        fit([1, 2], [0.5, 0.6])
