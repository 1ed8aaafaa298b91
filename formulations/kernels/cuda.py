"""The CUDA side of the kernels; no other file imports ``numba.cuda``."""

from typing import Any

import numpy as np
from numba import cuda

from formulations.kernels.device import simulated
from formulations.kernels.profiles import Profiles

__all__ = ["cuda", "launch", "on_device", "to_host", "why_unavailable"]

THREADS = 32 if simulated() else 128
"""Threads of a block; the simulator starts a Python thread for each."""


def why_unavailable() -> str | None:
    """Return why no kernel can run: the driver or the device; ``None`` if one can."""
    if simulated():
        return None
    try:
        found = len(cuda.gpus)
    except cuda.cudadrv.error.CudaSupportError as problem:
        text = " ".join(str(problem).split()).rstrip(" :")
        return f"the driver cannot be used ({text})"
    return None if found else "there is no device"


def launch(kernel: Any, count: int, *arguments: Any) -> None:
    """Run a kernel with one thread for each of ``count`` items."""
    if count:
        kernel[-(-count // THREADS), THREADS](*arguments)


def on_device(profiles: Profiles) -> Profiles:
    """Return profiles whose arrays lie in the device's memory."""
    moved: dict[str, Any] = {
        name: cuda.to_device(part) if isinstance(part, np.ndarray) else part
        for name, part in profiles._asdict().items()
    }
    return Profiles(**moved)


def to_host(array: Any) -> Any:
    """Return a device array's content as a NumPy array."""
    return array.copy_to_host()
