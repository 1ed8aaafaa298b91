"""Herding and the memory of earlier windows."""

import numpy as np

from instances.profiler.exemplars import Memory, herd, remembered
from instances.profiler.network import new_network
from instances.profiler.windows import WindowData


def test_herding_on_paper() -> None:
    """Of 0, 1, 2 and 9 with mean 3: 2 first, then 1 brings the mean to 1.5, 9 to 5.5.

    The second is 1 at a distance of 1.5, not 9 at 2.5; the third is 9, whose mean of 4
    is nearer than the 1 of 0.
    """
    assert herd([[0.0], [1.0], [2.0], [9.0]], 3) == [2, 1, 3]


def test_herding_is_greedy_for_the_mean() -> None:
    """Each exemplar is the one that brings their mean nearest to the class mean."""
    points = np.random.default_rng(0).normal(size=(30, 4))
    chosen = herd(points, 8)
    for size in range(1, 9):
        free = [idx for idx in range(30) if idx not in chosen[: size - 1]]
        reached = {
            idx: np.linalg.norm(
                points.mean(axis=0) - points[[*chosen[: size - 1], idx]].mean(axis=0)
            )
            for idx in free
        }
        assert reached[chosen[size - 1]] == min(reached.values())


def test_ties_and_shortage() -> None:
    """The first of equal points is taken, and no point twice."""
    assert herd([[1.0], [1.0], [1.0]], 2) == [0, 1]
    assert sorted(herd([[1.0], [4.0]], 5)) == [0, 1]


def test_each_class_keeps_an_equal_share() -> None:
    """Six places: three for each of two classes, then two for each of three."""
    network = new_network(2, (1, 8, 8), 3, np.random.default_rng(0))
    rng = np.random.default_rng(1)

    def window(labels: list[int]) -> WindowData:
        num = len(labels)
        return WindowData(
            images=rng.uniform(size=(num, 1, 8, 8)).astype(np.float32),
            labels=np.array(labels),
            tracks=np.arange(num),
        )

    first = remembered(None, window([0] * 9 + [1] * 4), network, 6, "cpu")
    assert sorted(first.labels.tolist()) == [0, 0, 0, 1, 1, 1]
    second = remembered(first, window([2] * 5), network, 6, "cpu")
    assert sorted(second.labels.tolist()) == [0, 0, 1, 1, 2, 2]
    old = {image.tobytes() for image in first.images}
    kept = [image.tobytes() in old for image in second.images]
    assert kept == [label < 2 for label in second.labels]


def test_a_memory_smaller_than_the_classes_keeps_one_of_each() -> None:
    """One place for three classes holds three frames."""
    network = new_network(2, (1, 8, 8), 3, np.random.default_rng(0))
    images = np.zeros((3, 1, 8, 8), dtype=np.float32)
    data = WindowData(images=images, labels=np.arange(3), tracks=np.arange(3))
    found = remembered(None, data, network, 1, "cpu")
    assert isinstance(found, Memory)
    assert found.labels.tolist() == [0, 1, 2]
