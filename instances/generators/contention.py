"""Family contention: recorded-like streams on ever fewer GPUs."""

from typing import Unpack

import numpy as np

from instances.generators.assembly import ServerOptions, assemble
from instances.generators.recorded_like import recorded_stream
from instances.instance import Instance, Stream

MOST_STREAMS_PER_GPU = 10


def contention(
    num_streams: int, gpus: float, seed: int, **server: Unpack[ServerOptions]
) -> Instance:
    """Return recorded-like streams; how many there are per GPU is what matters.

    The streams are those of
    :func:`instances.generators.recorded_like.recorded_stream`; see
    :func:`instances.generators.assembly.assemble` for the parameters.
    """

    def make_stream(v: int, rng: np.random.Generator, _: Instance) -> Stream:
        return recorded_stream(f"camera-{v}", rng)

    return assemble("contention", num_streams, gpus, seed, make_stream, {}, server)


def contention_sweep(
    seed: int, gpus: int = 2, **server: Unpack[ServerOptions]
) -> list[Instance]:
    """Return ten instances with 1, 2, … 10 streams per GPU.

    The server stays and the streams grow in number, as in Ekya, Fig. 6, so that the
    units stay whole. Each instance holds all the streams of the one before.
    """
    return [
        contention(ratio * gpus, gpus, seed, **server)
        for ratio in range(1, MOST_STREAMS_PER_GPU + 1)
    ]
