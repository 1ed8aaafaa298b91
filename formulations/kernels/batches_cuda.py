"""Batched evaluation with CUDA: one thread for each candidate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.batches_cpu import mean_accuracy
from formulations.kernels.cuda import cuda, kernel, launch, to_host
from formulations.kernels.shares import Gains

MOST_PARTS = 8192


@kernel
def evaluate_kernel(values: Any, offsets: Any, codes: Any, objectives: Any) -> None:
    """Write one candidate's mean accuracy."""
    n = cuda.grid(1)
    if n < len(objectives):
        objectives[n] = mean_accuracy(values, offsets, codes, n)


@kernel
def best_kernel(objectives: Any, winners: Any, best: Any) -> None:
    """Write the first of the best candidates of one part of them, and its accuracy."""
    part = cuda.grid(1)
    if part < len(best):
        size = (len(objectives) + len(best) - 1) // len(best)
        first = min(part * size, len(objectives) - 1)
        found = first
        for n in range(first + 1, min(first + size, len(objectives))):
            if objectives[n] > objectives[found]:
                found = n
        winners[part] = found
        best[part] = objectives[found]


def on_device(gains: Gains) -> Gains:
    """Return gains whose arrays lie in the device's memory."""
    arrays = map(cuda.to_device, gains[:-1])
    return Gains._make((*arrays, gains.width))


def codes_on_device(codes: NDArray[Any]) -> Any:
    """Return codes in the device's memory, stream by stream: neighbours in one read."""
    return cuda.to_device(np.asfortranarray(codes))


def evaluate_there(gains: Gains, codes: Any) -> Any:
    """Return the mean accuracies in the device's memory, given all else there."""
    objectives = cuda.device_array(codes.shape[0], gains.values.dtype)
    launch(evaluate_kernel, codes.shape[0], *gains[:2], codes, objectives)
    return objectives


def evaluate(gains: Gains, codes: NDArray[Any]) -> NDArray[Any]:
    """Return the mean accuracies."""
    there = evaluate_there(on_device(gains), codes_on_device(codes))
    objectives: NDArray[Any] = to_host(there)
    return objectives


def best_of(gains: Gains, codes: NDArray[Any]) -> tuple[int, float]:
    """Return the first of the best candidates and its mean accuracy.

    Each part's winner is found on the device, the best of them here.
    """
    there = evaluate_there(on_device(gains), codes_on_device(codes))
    parts = min(MOST_PARTS, len(codes))
    winners = cuda.device_array(parts, np.int64)
    best = cuda.device_array(parts, gains.values.dtype)
    launch(best_kernel, parts, there, winners, best)
    objectives = to_host(best)
    part = int(objectives.argmax())
    return int(to_host(winners)[part]), float(objectives[part])
