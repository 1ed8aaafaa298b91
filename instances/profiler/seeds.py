"""Random numbers that depend on what they are for, not on what ran before."""

from enum import IntEnum
from typing import Any
from zlib import crc32

import numpy as np


class Role(IntEnum):
    """What random numbers are drawn for."""

    POOLS = 0
    DRIFT = 1
    PRETRAINING_FRAMES = 2
    TRAINING_FRAMES = 3
    VALIDATION_FRAMES = 4
    TEST_FRAMES = 5
    SPLIT = 6
    PRETRAINING = 7
    RETRAINING = 8
    MICRO = 9
    SAMPLE = 10
    TEACHER = 11


def generator(
    seed: int, role: Role, *, stream: int = 0, window: int = 0, name: str = ""
) -> np.random.Generator:
    """Return the generator for one role in one stream's window.

    Parameters
    ----------
    seed
        Of the whole profile, at least 0.
    role
        What is drawn.
    stream, window
        Indices of the stream and the window, at least 0.
    name
        Tells recipes apart.
    """
    return np.random.default_rng([seed, stream, window, role, crc32(name.encode())])


def torch_generator(rng: np.random.Generator) -> Any:
    """Return a ``torch.Generator`` on the CPU, seeded from a generator of NumPy."""
    import torch

    return torch.Generator().manual_seed(int(rng.integers(2**63)))
