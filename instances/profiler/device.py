"""The device that is profiled, and what must hold for two runs to agree on it."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from instances.errors import EkyaOptError, InvalidOption

DeviceName = Literal["cpu", "cuda"]
DEVICES: tuple[DeviceName, ...] = ("cpu", "cuda")
CPU_INFO = Path("/proc/cpuinfo")
NEEDED = {"torch": "PyTorch", "sklearn": "scikit-learn", "PIL": "Pillow"}


class ProfilerUnavailable(EkyaOptError):
    """A package or the device that the profiler needs is missing."""


def check_packages() -> None:
    """Raise ``ProfilerUnavailable`` if a package of the extra is missing."""
    for module, name in NEEDED.items():
        if find_spec(module) is None:
            message = f'the profiler needs {name}: pip install "ekya-opt[profile]"'
            raise ProfilerUnavailable(message)


def check_device(name: str) -> None:
    """Check that models can be trained on the device of this name.

    Raises
    ------
    InvalidOption
        If the name is neither ``cpu`` nor ``cuda``.
    ProfilerUnavailable
        If PyTorch is missing or sees no CUDA device.
    """
    if name not in DEVICES:
        raise InvalidOption(f"device is {name!r}, expected cpu or cuda")
    check_packages()
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise ProfilerUnavailable("device cuda is not available to PyTorch here")


@contextmanager
def reproducible() -> Iterator[None]:
    """Let the same seed give the same accuracies while the block runs.

    One thread, since sums over two threads differ in their last bits, and the
    deterministic kernels of PyTorch. What was set before is restored.
    """
    import torch

    # cuBLAS reads this when it starts and has no deterministic workspace without it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    tuned = torch.backends.cudnn.benchmark
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=warns)
        torch.backends.cudnn.benchmark = tuned


def device_record(name: str) -> dict[str, Any]:
    """Return the device, the threads and the versions that accuracies depend on."""
    import torch

    label = torch.cuda.get_device_name() if name == "cuda" else _processor_name()
    return {
        "device": name,
        "device_name": label,
        "threads": 1,
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "scikit-learn": version("scikit-learn"),
        "numpy": version("numpy"),
    }


def load_average() -> float | None:
    """Return the machine's load of the last minute; ``None`` where none is told."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor_name() -> str:
    """Return the processor's own name, or its family where only that is told."""
    try:
        for line in CPU_INFO.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
