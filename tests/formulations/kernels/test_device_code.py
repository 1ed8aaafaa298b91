"""Every CUDA kernel becomes code for a device, also where there is none."""

import importlib
import pkgutil
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import formulations.kernels
from formulations.candidates import candidates_of_shares
from formulations.kernels import device
from formulations.kernels.device import simulated
from formulations.kernels.profiles import profiles_of
from formulations.kernels.steals import climb_all
from formulations.kernels.sweeps import Prices, list_candidates, survey_streams
from instances.columns import Columns, columns_of
from instances.generators import generate

CAPABILITY = (8, 0)


class Held(np.ndarray):
    """An array that stands for one in a device's memory."""

    def copy_to_host(self) -> Any:
        """Return the array."""
        return np.asarray(self)


def held(array: Any) -> Any:
    """Return a copy of an array, in its order, as one in a device's memory."""
    return np.array(array, order="K").view(Held)


class Stop(Exception):
    """Ends a search."""


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Compile what is launched instead of running it; return the code's lengths."""
    if simulated():
        pytest.skip("the simulator compiles nothing")
    pathfinder = pytest.importorskip("cuda.pathfinder")
    for library in ("nvvm", "nvrtc"):
        try:
            pathfinder.load_nvidia_dynamic_lib(library)
        except pathfinder.DynamicLibNotFoundError:
            pytest.skip(f"nvidia's library {library} is missing")
    from numba import typeof

    from formulations.kernels.cuda import cuda

    lengths: dict[str, int] = {}

    def launch(kernel: Any, count: int, *arguments: Any) -> None:
        types = tuple(map(typeof, arguments))
        text, _ = cuda.compile_ptx(kernel.py_func, types, cc=CAPABILITY)
        lengths[kernel.py_func.__name__] = len(text)

    imagined = SimpleNamespace(compute_capability=CAPABILITY)
    asked = "numba.cuda.dispatcher.get_current_device"
    monkeypatch.setattr(asked, lambda: imagined)
    monkeypatch.setattr(device, "missing_for_cuda", lambda: None)
    monkeypatch.setattr(cuda, "to_device", held)
    monkeypatch.setattr(cuda, "device_array", lambda *like: held(np.zeros(*like)))
    for module in cuda_modules():
        if hasattr(module, "launch"):
            monkeypatch.setattr(module, "launch", launch)
    return lengths


def cuda_modules() -> list[ModuleType]:
    """Return the modules that hold CUDA kernels."""
    names = [each.name for each in pkgutil.iter_modules(formulations.kernels.__path__)]
    return [
        importlib.import_module(f"formulations.kernels.{name}")
        for name in names
        if name.endswith("_cuda")
    ]


def all_kernels() -> set[str]:
    """Return the names of all kernels."""
    return {
        name
        for module in cuda_modules()
        for name, value in vars(module).items()
        if name.endswith("_kernel") and value.py_func.__module__ == module.__name__
    }


def run_all(columns: Columns) -> None:
    """Call whatever launches a kernel."""
    from formulations.kernels import yardsticks_cuda
    from formulations.kernels.batches import best_of, evaluate_batch
    from formulations.kernels.cuda import cuda, on_device
    from formulations.kernels.shares import share_table
    from formulations.kernels.simulation import nominal, simulate
    from formulations.kernels.tables import column_table

    column_table(columns, device="cuda")
    profiles = profiles_of(columns)
    share_table(profiles, device="cuda")
    table = share_table(profiles, "penalised", device="cpu")
    units = np.ones((2, 3, 2), dtype=np.int64)
    for single in (False, True):
        gains = table.gains(profiles.weight, single=single)
        codes = gains.codes(units[..., 0], units[..., 1])
        evaluate_batch(gains, codes, device="cuda")
        best_of(gains, codes, device="cuda")
    rounds = iter([1])

    def between() -> None:
        if next(rounds, None) is None:
            raise Stop

    # Without a device a search changes nothing and never ends.
    gains = table.gains(profiles.weight)
    with pytest.raises(Stop):
        climb_all(gains, units, 1, device="cuda", between=between)
    shares = np.ones((2, 3), dtype=np.int64)
    plans = candidates_of_shares(columns, shares, shares, shares)
    simulate(columns, plans, nominal(columns), device="cuda")
    streams, prices = np.arange(3), Prices(low=0.001, high=0.1)
    there: Any = {"resident": on_device(profiles)}
    survey_streams(profiles, streams, prices, **there)
    list_candidates(profiles, streams, np.ones(3, dtype=np.int64), prices, **there)
    launch = vars(yardsticks_cuda)["launch"]
    for kind in (np.float32, np.float64):
        numbers = cuda.to_device(np.ones(4, dtype=kind))
        launch(yardsticks_cuda.copy_kernel, 4, numbers, numbers)
        launch(yardsticks_cuda.grind_kernel, 4, numbers, numbers, 3, numbers)


def test_every_cuda_kernel_compiles_for_a_device(compiled: dict[str, int]) -> None:
    """Each with the arguments that it gets, for a device of some years ago."""
    run_all(columns_of(generate("recorded-like", 3, 1, 0, reallocation="stream")))
    assert set(compiled) == all_kernels()
    assert min(compiled.values()) > 1000
