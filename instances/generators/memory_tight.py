"""Family memory-tight: placements where the memory of the GPUs binds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Unpack

import numpy as np

from instances.errors import InvalidOption
from instances.generators.assembly import (
    ServerOptions,
    assemble,
    check_number,
    rounded,
)
from instances.generators.recorded_like import recorded_stream
from instances.instance import Instance, Stream
from instances.placement import Gpu, Placement, Shares, placement_of

SERVING_GB = (1.0, 6.0)
TRAINING_GB = (4.0, 14.0)
MEMORY_SIZES = (16.0, 24.0, 40.0)
SPEEDS = (1.0, 0.7, 0.5)


def memory_tight(
    num_streams: int,
    gpus: int,
    seed: int = 0,
    *,
    heterogeneous: bool = False,
    shares: Literal["inverse", "powers-of-two", "units"] = "inverse",
    memory_gb: float = 16.0,
    whole_gpus: bool = True,
    **server: Unpack[ServerOptions],
) -> Placement:
    """Return streams like the recorded ones on GPUs that their models fill.

    A stream's model takes U(1, 6) GB to serve, half a GB less for each of the sparser
    half of the inference configs but no less than 1, and each of its 6 hyper-parameter
    settings takes U(4, 14) GB to train. See
    :func:`instances.generators.recorded_like.recorded_stream` for the rest.

    Parameters
    ----------
    num_streams, seed, server
        See :func:`instances.generators.assembly.assemble`; reallocation is ``never``.
    gpus
        Number of physical GPUs.
    heterogeneous
        Whether the GPUs take turns at speed 1 and 40 GB, 0.7 and 24 GB, 0.5 and 16 GB,
        instead of speed 1 and ``memory_gb``.
    shares, whole_gpus
        See :class:`instances.placement.Placement`.
    memory_gb
        Memory of each GPU, unless they are heterogeneous.
    """
    check_number("memory_gb", memory_gb, 1, 1e6)
    options = {
        "heterogeneous": heterogeneous,
        "shares": str(shares),
        "memory_gb": memory_gb,
        "whole_gpus": whole_gpus,
    }
    for name in ("heterogeneous", "whole_gpus"):
        if not isinstance(options[name], bool):
            message = f"{name} is {options[name]!r}, expected true or false"
            raise InvalidOption(message)
    if options["shares"] not in list(Shares):
        message = f"shares is {shares!r}, expected one of {', '.join(Shares)}"
        raise InvalidOption(message)
    if server.get("reallocation", "never") != "never":
        message = f"reallocation is {server['reallocation']!r}, expected 'never'"
        raise InvalidOption(f"{message} in a placement")

    def make_stream(v: int, rng: np.random.Generator, _: Instance) -> Stream:
        return _with_memory(recorded_stream(f"camera-{v}", rng), rng)

    window = assemble(
        "memory-tight", num_streams, gpus, seed, make_stream, options, server
    )
    if window.gpus != round(window.gpus):
        message = f"gpus is {gpus!r}, expected a whole number of physical GPUs"
        raise InvalidOption(message)
    return placement_of(
        window,
        shares,
        gpus=_gpus(round(window.gpus), heterogeneous, memory_gb),
        whole_gpus=whole_gpus,
    )


def _gpus(count: int, heterogeneous: bool, memory_gb: float) -> tuple[Gpu, ...]:
    kinds: Sequence[tuple[float, float]] = [(1.0, memory_gb)]
    if heterogeneous:
        kinds = list(zip(SPEEDS, reversed(MEMORY_SIZES), strict=True))
    return tuple(
        Gpu(name=f"gpu-{g}", speed=kind[0], memory_gb=kind[1])
        for g in range(count)
        for kind in [kinds[g % len(kinds)]]
    )


def _with_memory(stream: Stream, rng: np.random.Generator) -> Stream:
    serving = rounded(rng.uniform(*SERVING_GB))
    settings = sorted({config.name.split("-")[0] for config in stream.retraining})
    training = {name: rounded(rng.uniform(*TRAINING_GB)) for name in settings}
    half = len(stream.inference) // 2
    return replace(
        stream,
        retraining=tuple(
            replace(config, memory_gb=training[config.name.split("-")[0]])
            for config in stream.retraining
        ),
        inference=tuple(
            replace(
                config,
                memory_gb=rounded(max(1.0, serving - 0.5 * max(0, idx - half + 1))),
            )
            for idx, config in enumerate(stream.inference)
        ),
    )
