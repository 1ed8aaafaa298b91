"""Batched evaluation: the mean accuracy of many candidate allocations at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.batches_cpu import evaluate_range
from formulations.kernels.chunks import run_chunks
from formulations.kernels.device import chosen_device
from formulations.kernels.shares import Gains

LOOKUPS_A_MILLISECOND = 1_000_000
WORTH_A_DEVICE = 50_000_000


def evaluate_batch(
    gains: Gains,
    codes: NDArray[Any],
    *,
    device: str = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> NDArray[Any]:
    """Return the mean accuracy of each candidate, shape ``(N,)``.

    The streams' gains are added in their order, in the gains' precision: the same
    bits on every device, for any number of workers.

    In single precision the result differs from that in double precision by at most
    (V + 2) · 2⁻²⁴ · Σ|g_v| for up to 4,000 streams (and 2⁻¹⁵⁰ for each gain below
    2⁻¹²⁶). Proof: a gain is rounded once and takes part in at most V - 1 sums, so the
    error is within γ Σ|g_v| with γ = V u / (1 - V u), u = 2⁻²⁴ (Higham, 2002, §3.1),
    which is at most (V + 1) u for V <= 4,000; the double sum's own is below u Σ|g_v|.

    Parameters
    ----------
    gains
        What each share adds, of :meth:`ShareTable.gains`.
    codes
        Shape ``(N, V)``, uint16 or uint32, of :meth:`Gains.codes`: a share for every
        stream of every candidate.
    device, workers
        ``auto``, ``cpu`` or ``cuda``; threads on the CPU.
    between
        Called now and then; may raise to stop the work.

    Raises
    ------
    SolverUnavailable
        If the device is not there.
    """
    count = len(codes)
    if chosen_device(device, codes.size, WORTH_A_DEVICE) == "cuda":
        from formulations.kernels import batches_cuda

        return batches_cuda.evaluate(gains, codes)
    objectives = np.empty(count, dtype=gains.values.dtype)
    run_chunks(
        lambda start, stop: evaluate_range(gains, codes, objectives, start, stop),
        count,
        workers,
        at_least=max(1, LOOKUPS_A_MILLISECOND // gains.num_streams),
        between=between,
    )
    return objectives


def best_of(
    gains: Gains,
    codes: NDArray[Any],
    *,
    device: str = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> tuple[int, float]:
    """Return the first of the best candidates and its mean accuracy.

    As :func:`evaluate_batch`, for at least one candidate; a device returns the winner
    only.
    """
    if chosen_device(device, codes.size, WORTH_A_DEVICE) == "cuda":
        from formulations.kernels import batches_cuda

        return batches_cuda.best_of(gains, codes)
    objectives = evaluate_batch(
        gains, codes, device="cpu", workers=workers, between=between
    )
    best = int(objectives.argmax())
    return best, float(objectives[best])
