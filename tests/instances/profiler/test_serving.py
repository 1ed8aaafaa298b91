"""Serving with sampled frames, on paper."""

import numpy as np
import pytest

from instances.profiler.clocks import ThreadClock
from instances.profiler.network import new_network
from instances.profiler.serving import (
    STRIDES,
    frame_seconds,
    held,
    relative_accuracies,
    sampled_frames,
)
from instances.profiler.windows import WindowData

SEEN = np.array([0, 1, 1, 2, 0, 0])


def test_predictions_are_held_to_the_next_analysed_frame() -> None:
    """Every second and every fourth of six frames."""
    assert held(SEEN, 1).tolist() == [0, 1, 1, 2, 0, 0]
    assert held(SEEN, 2).tolist() == [0, 0, 1, 1, 0, 0]
    assert held(SEEN, 4).tolist() == [0, 0, 0, 0, 0, 0]


def test_relative_accuracy_on_paper() -> None:
    """Labels 0 0 1 1 0 2: three of six are right, then five, three and three.

    Held predictions are 0 0 1 1 0 0 for 2, 0 0 0 2 2 2 for 3 and 0 throughout for more.
    """
    labels = np.array([0, 0, 1, 1, 0, 2])
    found = dict(relative_accuracies(SEEN, labels))
    assert list(found) == list(STRIDES)
    assert found[2] == pytest.approx(5 / 3)
    assert [found[stride] for stride in (1, 3, 5, 10, 20)] == [1.0] * 5


def test_nothing_right_is_worth_nothing() -> None:
    """Where every prediction is wrong only the first stride has a relative accuracy."""
    found = relative_accuracies(np.array([1, 1]), np.array([0, 0]))
    assert found == ((1, 1.0), *((stride, 0.0) for stride in STRIDES[1:]))


def test_demand_is_frames_times_seconds() -> None:
    """30 frames a second of 1/60 s take half the device, every second a quarter."""
    data = WindowData(
        images=np.zeros((6, 1, 4, 4), dtype=np.float32),
        labels=np.array([0, 1, 1, 2, 0, 0]),
        tracks=np.arange(6),
    )
    found = sampled_frames(SEEN, data, 1 / 60, 30.0)
    assert [each.gpus for each in found[:3]] == pytest.approx([1 / 2, 1 / 4, 1 / 6])
    assert found[0].relative_accuracy == 1.0


def test_a_frame_alone_takes_time() -> None:
    """A wider network takes longer for one frame."""
    images = np.zeros((2, 1, 16, 16), dtype=np.float32)
    small, large = (
        frame_seconds(
            new_network(width, (1, 16, 16), 2, np.random.default_rng(0)),
            images,
            "cpu",
            ThreadClock(),
        )
        for width in (2, 128)
    )
    assert 0 < small < large
