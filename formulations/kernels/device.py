"""Where a kernel runs: on the CPU, or on a CUDA device if there is one."""

import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Literal

from formulations.kernels.profiles import Profiles
from instances import InvalidOption, SolverUnavailable
from instances.checks import shown

Device = Literal["auto", "cpu", "cuda"]
DEVICES = ("auto", "cpu", "cuda")


def chosen_device(
    device: str, items: int = 0, worth: int = 0
) -> Literal["cpu", "cuda"]:
    """Return the device to run on.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, or ``auto``: CUDA where there is a device and the work
        pays.
    items, worth
        Items of work, and from how many on a device pays; for ``auto`` only.

    Raises
    ------
    InvalidOption
        If the device has another name.
    SolverUnavailable
        If ``cuda`` is asked for and there is none; the message says whether the
        package, the driver or the device is missing.
    """
    if device not in DEVICES:
        expected = ", ".join(DEVICES)
        raise InvalidOption(f"device is {shown(device)}, expected one of {expected}")
    if device == "cpu":
        return "cpu"
    missing = missing_for_cuda()
    if device == "cuda":
        if missing is not None:
            raise SolverUnavailable(f"device cuda is not available: {missing}")
        return "cuda"
    return "cuda" if missing is None and items >= worth and not simulated() else "cpu"


@cache
def missing_for_cuda() -> str | None:
    """Return what CUDA kernels lack here, as a sentence; ``None`` if nothing."""
    if find_spec("numba_cuda") is None:
        return "the package numba-cuda is missing (pip install 'ekya-opt[cuda]')"
    return str(reason) if (reason := cuda().why_unavailable()) else None


def simulated() -> bool:
    """Return whether numba's CUDA simulator stands in for a device."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def cuda() -> ModuleType:
    """Return the module of CUDA kernels, which takes about a second to load."""
    return import_module("formulations.kernels.cuda")


def resident_profiles(
    profiles: Profiles, device: str, items: int = 0, worth: int = 0
) -> Profiles | None:
    """Return the profiles in the CUDA device's memory; ``None`` to run on the CPU.

    The device is chosen as by :func:`chosen_device`.
    """
    if chosen_device(device, items, worth) == "cpu":
        return None
    resident: Profiles = cuda().on_device(profiles)
    return resident
