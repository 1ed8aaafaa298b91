"""Yardsticks do the work that they are said to do."""

from typing import Any

import numpy as np
import pytest

from formulations.kernels.device import simulated
from formulations.kernels.yardsticks import (
    copied_bytes_per_second,
    operations_per_second,
)
from formulations.kernels.yardsticks_cpu import copy_range, grind_range
from formulations.kernels.yardsticks_numpy import ground as ground_in_numpy


@pytest.mark.parametrize(("kind", "digits"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_the_arithmetic_is_done_in_its_own_precision(kind: Any, digits: float) -> None:
    """Four series of eight terms, as NumPy sums them up, in double and single."""
    numbers = np.linspace(0, 0.9, 24, dtype=kind).reshape(2, 12)
    results = np.empty_like(numbers)
    grind_range(numbers, results, 3, 0, 2)
    assert np.allclose(results, ground_in_numpy(numbers.astype(float)), 10 * digits, 0)
    # Were it done in double precision, no digit would be lost.
    exact = ground_in_numpy(numbers.astype(float)).astype(kind)
    assert (results != exact).any() or kind is np.float64


def test_a_range_is_copied() -> None:
    """Numbers from start to stop, and no others."""
    source, target = np.arange(1.0, 8.0), np.zeros(7)
    copy_range(source, target, 2, 5)
    assert target.tolist() == [0, 0, 3, 4, 5, 0, 0]


def test_yardsticks_measure_something_on_each_device(device: str) -> None:
    """Rates are positive and below what any machine of today reaches."""
    where = {"device": device, "count": 100}
    assert 0 < copied_bytes_per_second(**where) < 1e14  # type: ignore[arg-type]
    small = where | ({"blocks": 1, "rounds": 1} if simulated() else {})
    assert 0 < operations_per_second(**small) < 1e15  # type: ignore[arg-type]


def test_kernels_copy_and_grind(device: str) -> None:
    """On a device the same numbers come out as in NumPy."""
    if device != "cuda":
        pytest.skip("what runs on the CPU is tested above")
    from formulations.kernels.cuda import cuda, launch, to_host
    from formulations.kernels.yardsticks_cuda import copy_kernel, grind_kernel

    numbers, there = np.linspace(0, 0.9, 7), cuda.device_array(7, np.float64)
    launch(copy_kernel, 7, cuda.to_device(numbers), there)
    assert to_host(there).tolist() == numbers.tolist()
    back = cuda.to_device(np.array([0.25, 0.0078125]))
    launch(grind_kernel, 7, cuda.to_device(numbers), back, 2, there)
    expected = numbers
    for _ in range(2):
        expected = 0.25 + 0.0078125 * ground_in_numpy(expected)
    assert np.allclose(to_host(there), expected, 1e-13, 0)
