"""The CUDA side of the kernels; no other file imports ``numba.cuda``."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda

from formulations.kernels.device import simulated
from formulations.kernels.profiles import Profiles

__all__ = [
    "cuda",
    "kernel",
    "launch",
    "on_device",
    "to_host",
    "why_unavailable",
    "with_speeds",
]

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


def kernel(function: Callable[..., None]) -> Any:
    """Compile a kernel on its first launch."""
    return cuda.jit(function)


def launch(compiled: Any, count: int, *arguments: Any) -> None:
    """Run a kernel with one thread for each of ``count`` items."""
    if count:
        compiled[-(-count // THREADS), THREADS](*arguments)


def on_device(profiles: Profiles) -> Profiles:
    """Return profiles whose arrays lie in the device's memory."""
    moved: dict[str, Any] = {
        name: cuda.to_device(part) if isinstance(part, np.ndarray) else part
        for name, part in profiles._asdict().items()
    }
    return Profiles(**moved)


def with_speeds(resident: Profiles, profiles: Profiles) -> Profiles:
    """Return profiles on the device with the training speeds of others."""
    return resident._replace(
        speed=cuda.to_device(profiles.speed),
        inverse_speed=cuda.to_device(profiles.inverse_speed),
    )


def to_host(array: Any) -> Any:
    """Return a device array's content as a NumPy array."""
    return array.copy_to_host()
