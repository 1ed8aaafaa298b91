"""Where kernels run, and what is said when they cannot."""

import ast
from pathlib import Path

import pytest

import formulations.kernels.device as device_module
from formulations.kernels.device import chosen_device, missing_for_cuda, simulated
from instances import InvalidOption, SolverUnavailable

ROOT = Path(device_module.__file__).resolve().parents[2]
FLOORS = ("instances", "formulations", "solvers", "ekya_opt")


def imports_numba_cuda(source: str) -> bool:
    """Return whether a file imports ``numba.cuda`` in any form."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            if any(alias.name.startswith("numba.cuda") for alias in node.names):
                return True
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            module = node.module or ""
            if module.startswith("numba.cuda") or (
                module == "numba" and "cuda" in names
            ):
                return True
    return False


def test_numba_cuda_is_imported_in_exactly_one_file() -> None:
    """Only ``formulations/kernels/cuda.py`` knows numba's CUDA side."""
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    found = [
        path.relative_to(ROOT).as_posix()
        for path in files
        if imports_numba_cuda(path.read_text(encoding="utf-8"))
    ]
    assert found == ["formulations/kernels/cuda.py"]


def test_the_check_sees_every_form_of_import() -> None:
    """The check itself finds all ways to import it."""
    for line in (
        "from numba import cuda",
        "import numba.cuda",
        "from numba.cuda import jit",
    ):
        assert imports_numba_cuda(line)
    assert not imports_numba_cuda("import numba")


def test_unknown_devices_are_refused() -> None:
    """A device has one of three names."""
    with pytest.raises(InvalidOption, match="expected one of auto, cpu, cuda"):
        chosen_device("tpu")


def test_auto_takes_the_cpu_for_little_work() -> None:
    """Below what pays, and in the simulator, auto means the CPU."""
    assert chosen_device("auto", items=10, worth=11) == "cpu"
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize(
    "reason",
    [
        "the package numba-cuda is missing (pip install 'ekya-opt[cuda]')",
        "the driver cannot be used (CUDA driver library cannot be found)",
        "there is no device",
    ],
)
def test_asking_for_cuda_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """Package, driver or device: the message names it, and auto goes on without."""
    monkeypatch.setattr(device_module, "missing_for_cuda", lambda: reason)
    with pytest.raises(SolverUnavailable) as caught:
        chosen_device("cuda")
    assert reason in str(caught.value)
    assert chosen_device("auto", items=10**9) == "cpu"


def test_a_missing_package_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numba-cuda the reason is the package."""
    monkeypatch.setattr(device_module, "find_spec", lambda _: None)
    missing_for_cuda.cache_clear()
    try:
        missing = missing_for_cuda()
        assert missing is not None
        assert "package numba-cuda is missing" in missing
    finally:
        missing_for_cuda.cache_clear()


def test_without_a_device_or_driver_one_of_them_is_named() -> None:
    """What the machine at hand lacks is said, unless it has all."""
    missing = missing_for_cuda()
    if missing is not None:
        assert not simulated()
        named = [word for word in ("package", "driver", "device") if word in missing]
        assert named
