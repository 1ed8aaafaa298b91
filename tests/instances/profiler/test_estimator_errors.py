"""Errors of estimators and rank correlation, on paper."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from instances import Estimate, InvalidOption
from instances.profiler.estimator_errors import (
    estimator_errors,
    estimator_frame,
    rank_correlation,
)
from instances.profiler.observations import Candidate, Key, Observation

VALUES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12
)


def seen(window: int, config: str, validation: float, test: float) -> Observation:
    """Return an observation of stream A, estimated right before."""
    return Observation(
        candidate=Candidate(
            stream="A",
            window=window,
            config=config,
            start_accuracy=0.5,
            recorded=Estimate(gpu_seconds=5.0, accuracy=0.5),
        ),
        gpu_seconds=10.0,
        validation_accuracy=validation,
        accuracy=test,
    )


TABLE = [
    seen(1, "x", 0.6, 0.5),
    seen(1, "y", 0.8, 0.4),
    seen(1, "z", 0.7, 0.6),
    seen(2, "x", 0.5, 0.5),
    seen(2, "y", 0.9, 0.5),
]
SAID: dict[Key, Estimate] = {
    each.candidate.key: Estimate(gpu_seconds=seconds, accuracy=accuracy)
    for each, seconds, accuracy in zip(
        TABLE, (10, 12, 5, 20, 10), (0.6, 0.7, 0.8, 0.9, 0.5), strict=True
    )
}


def test_errors_on_paper() -> None:
    """Errors against validation: 0, -.1, .1, .4, -.4; against the test .1 to .4."""
    found = estimator_errors(TABLE, SAID)
    assert found.configs == 5
    assert found.validation.median == pytest.approx(0.1)
    assert found.validation.mean == pytest.approx(0.2)
    assert found.validation.p90 == pytest.approx(0.4)
    assert found.validation.bias == pytest.approx(0.0)
    # .1, .3, .2, .4 and 0.
    assert found.test.median == pytest.approx(0.2)
    assert found.test.bias == pytest.approx(0.2)
    # Relative errors of time: 0, .2, -.5, 1 and 0.
    assert found.time_median == pytest.approx(0.2)
    assert found.time_bias == pytest.approx(0.0)


def test_ranks_count_where_they_are_defined() -> None:
    """Validation: 1/2 and -1. The second window's test accuracies are all equal."""
    found = estimator_errors(TABLE, SAID)
    assert found.validation.rank_correlation == pytest.approx(-0.25)
    assert (found.validation.windows, found.validation.unranked_windows) == (2, 0)
    # Ranks 1 2 3 against 2 1 3: 1 - 6 (1 + 1) / (3 · 8) = 1/2.
    assert found.test.rank_correlation == pytest.approx(0.5)
    assert (found.test.windows, found.test.unranked_windows) == (2, 1)


def test_a_constant_estimator_has_no_rank_correlation() -> None:
    """All windows are counted out and said to be."""
    flat = {key: Estimate(gpu_seconds=1, accuracy=0.5) for key in SAID}
    found = estimator_errors(TABLE, flat).validation
    assert found.rank_correlation is None
    assert found.unranked_windows == found.windows == 2


@given(VALUES)
def test_rank_correlation_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    """SciPy says the same, ties included; a constant has none."""
    first, second = [list(values) for values in zip(*pairs, strict=True)]
    found = rank_correlation(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(first, second).statistic)


def test_nothing_and_the_unestimated_are_refused() -> None:
    """Both name what is missing."""
    with pytest.raises(InvalidOption, match="at least one"):
        estimator_errors([], {})
    with pytest.raises(InvalidOption, match="x of stream A, window 1 has no estimate"):
        estimator_errors(TABLE, {})


def test_the_frame_has_a_row_for_each_estimator_and_time_rule() -> None:
    """The recorded estimates are all 0.5 and 5 s: half the cost, no ranking."""
    frame = estimator_frame(TABLE, ("recorded", "history"), ("linear", "history"))
    assert frame["estimator"].tolist() == ["recorded"] * 2 + ["history"] * 2
    assert frame["time"].tolist() == ["linear", "history"] * 2
    first = frame.iloc[0]
    assert first["time_median"] == pytest.approx(0.5)
    assert first["time_bias"] == pytest.approx(-0.5)
    assert first["validation_mean"] == pytest.approx(0.2)
    assert math.isnan(first["validation_rank_correlation"])
    assert first["validation_unranked_windows"] == 2


def test_the_first_window_can_be_left_out() -> None:
    """Window 2 alone: gains of 0.1 for x and 0.3 for y, measured 0 and 0.4."""
    frame = estimator_frame(TABLE, ("history",), first_window=False)
    assert frame["configs"].tolist() == [2]
    assert frame["validation_median"].tolist() == pytest.approx([0.1])
    with pytest.raises(InvalidOption, match="at least one"):
        estimator_frame(TABLE[:3], ("history",), first_window=False)


def test_what_takes_no_time_has_no_error_of_time() -> None:
    """A cost of 0 has no relative error; the others count, or there is none."""
    free = [replace(each, gpu_seconds=0.0) for each in TABLE]
    assert estimator_errors([free[0], TABLE[2]], SAID).time_median == 0.5
    assert estimator_errors(free, SAID).time_median is None
    assert math.isnan(estimator_frame(free, ("recorded",)).iloc[0]["time_bias"])
