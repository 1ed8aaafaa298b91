"""Family ties: few types of streams, many copies of each."""

from dataclasses import replace
from functools import cache
from typing import Unpack

import numpy as np

from instances.generators.assembly import (
    MOST_STREAMS,
    ServerOptions,
    assemble,
    check_integer,
    stream_rng,
)
from instances.generators.recorded_like import recorded_stream
from instances.instance import Instance, Stream


def ties(
    num_streams: int,
    gpus: float,
    seed: int,
    *,
    num_types: int = 3,
    **server: Unpack[ServerOptions],
) -> Instance:
    """Return streams that differ in their names only, but for a few types.

    Copies can be swapped in every schedule, so that optima are many and methods that
    branch on streams or cut by reduced cost see nothing but ties.

    Parameters
    ----------
    num_streams, gpus, seed, server
        See :func:`instances.generators.assembly.assemble`.
    num_types
        Types of streams, from 1 to 100,000; stream v is of type v modulo num_types. A
        type is a draw of
        :func:`instances.generators.recorded_like.recorded_stream`.
    """
    check_integer("num_types", num_types, 1, MOST_STREAMS)

    @cache
    def kind(number: int) -> Stream:
        return recorded_stream("type", stream_rng(seed, number))

    def make_stream(v: int, _: np.random.Generator, __: Instance) -> Stream:
        return replace(kind(v % num_types), name=f"camera-{v}")

    options = {"num_types": num_types}
    return assemble("ties", num_streams, gpus, seed, make_stream, options, server)
