"""How scalar functions become machine code: numba, cached on disk.

One plain function serves three times: compiled for the CPU, called from the CUDA
kernels (numba-cuda compiles it again for the device), and as plain Python where numba
is told not to compile (``NUMBA_DISABLE_JIT=1``, which the CUDA simulator needs).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a scalar function on its first call; it runs without the GIL.

    No fast-math: the same input gives the same bits in every build of the function.
    """
    return cast(Function, numba.njit(cache=True, nogil=True)(function))


def scalar(function: Function) -> Function:
    """Compile a function that makes no arrays, for one item of a larger work.

    It counts no references to the arrays that it is given (``_nrt``): in a function
    that is not inlined, an atomic count for every array of the profiles takes longer
    than most of the arithmetic, and threads wait for each other's counts.
    """
    options = {"cache": True, "nogil": True, "_nrt": False}
    return cast(Function, numba.njit(**options)(function))
