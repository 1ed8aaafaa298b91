"""The devices that kernels are tested on."""

import pytest

from formulations.kernels.device import DEVICES, missing_for_cuda


@pytest.fixture(scope="session", params=[name for name in DEVICES if name != "auto"])
def device(request: pytest.FixtureRequest) -> str:
    """Each device in turn; CUDA where there is one, or numba's simulator of one.

    The simulator: ``NUMBA_ENABLE_CUDASIM=1 NUMBA_DISABLE_JIT=1 pytest …``.
    """
    name = str(request.param)
    if name == "cuda" and (missing := missing_for_cuda()) is not None:
        pytest.skip(missing)
    return name
