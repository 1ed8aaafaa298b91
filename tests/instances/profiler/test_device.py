"""The profiled device and what it needs."""

import contextlib
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from instances.errors import InvalidOption
from instances.profiler import device
from instances.profiler.device import (
    NEEDED,
    ProfilerUnavailable,
    check_device,
    check_packages,
    device_record,
    load_average,
    reproducible,
)


@pytest.mark.parametrize(("module", "name"), NEEDED.items())
def test_each_missing_package_is_named(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to install."""
    monkeypatch.setattr(
        device,
        "find_spec",
        lambda wanted: None if wanted == module else find_spec(wanted),
    )
    expected = f'the profiler needs {name}: pip install "ekya-opt[profile]"'
    with pytest.raises(ProfilerUnavailable) as caught:
        check_packages()
    assert str(caught.value) == expected


def test_an_unknown_device_is_refused() -> None:
    """Only the CPU and CUDA are known."""
    check_device("cpu")
    with pytest.raises(InvalidOption, match="device is 'tpu', expected cpu or cuda"):
        check_device("tpu")


def test_the_record_names_device_and_versions() -> None:
    """It is the same whenever it is asked for."""
    found = device_record("cpu")
    assert found["torch"] == torch.__version__
    assert found["threads"] == 1
    assert found["cpu_count"] == os.cpu_count()
    assert found["device_name"]
    assert device_record("cpu") == found


def test_the_processor_has_a_name_without_cpuinfo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model name if there is one, else the family of processors."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(device, "CPU_INFO", path)
    assert device_record("cpu")["device_name"]
    path.write_text("processor : 0\nmodel name\t: Best 7000 CPU\n")
    assert device_record("cpu")["device_name"] == "Best 7000 CPU"


def test_the_load_is_a_number_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems without a load average say nothing."""
    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 0, 0), raising=False)
    assert load_average() == 1.5
    monkeypatch.delattr(os, "getloadavg")
    assert load_average() is None


def test_reproducible_restores_what_was_set() -> None:
    """Also after an error."""
    torch.set_num_threads(2)
    try:
        seen = []
        with contextlib.suppress(KeyError), reproducible():
            seen = [
                torch.get_num_threads(),
                torch.are_deterministic_algorithms_enabled(),
            ]
            raise KeyError
        assert seen == [1, True]
        assert torch.get_num_threads() == 2
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(1)
