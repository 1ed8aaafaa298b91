"""What all families share: the server's options, and the instance around streams."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, TypedDict

import numpy as np

from instances.checks import shown
from instances.columns import PLACEHOLDER
from instances.errors import InvalidOption
from instances.instance import Instance, Reallocation, Stream

GENERATOR_VERSION = 1
MOST_STREAMS = 100_000
LARGEST_SEED = 2**31 - 1

MakeStream = Callable[[int, np.random.Generator, Instance], Stream]
"""Makes stream v from its own generator, for an instance still without streams."""


class ServerOptions(TypedDict, total=False):
    """Keyword options of every family: fields of the instance, see ``Instance``.

    Unless a family says otherwise: units of 1/10 of a GPU, a window of 200 s,
    reallocation ``never`` and the instance's own defaults for the rest.
    """

    units_per_gpu: int
    window_seconds: float
    reallocation: Reallocation | str
    slot_seconds: float | None
    min_accuracy: float
    training_throughput: Sequence[Sequence[float]] | None


def assemble(
    family: str,
    num_streams: int,
    gpus: float,
    seed: int,
    make_stream: MakeStream,
    options: Mapping[str, Any],
    server: ServerOptions,
) -> Instance:
    """Return the instance of a family around the streams that it makes.

    Stream v draws from a generator seeded by (seed, v), so that the streams of a
    smaller instance are the first ones of a larger one with the same options. The
    metadata hold all that :func:`instances.generators.regenerate` needs.

    Raises
    ------
    InvalidOption
        If num_streams is not from 1 to 100,000, seed not from 0 to 2**31 - 1, or an
        option is unknown.
    InvalidInstance
        If a field of the instance lies outside its domain.
    """
    check_integer("num_streams", num_streams, 1, MOST_STREAMS)
    frame = make_frame(family, num_streams, gpus, seed, options, server)
    streams = tuple(
        make_stream(v, stream_rng(seed, v), frame) for v in range(num_streams)
    )
    return replace(frame, streams=streams)


def make_frame(
    family: str,
    num_streams: int,
    gpus: float,
    seed: int,
    options: Mapping[str, Any],
    server: ServerOptions,
) -> Instance:
    """Return an instance of a family with a placeholder in the place of its streams.

    Its name and its metadata are those of the family. Raises as :func:`assemble`.
    """
    check_integer("seed", seed, 0, LARGEST_SEED)
    for name in server:
        if name not in ServerOptions.__annotations__:
            known = ", ".join([*options, *ServerOptions.__annotations__])
            message = f"family {family} has no option {shown(name)}; it has: {known}"
            raise InvalidOption(message)
    fields: dict[str, Any] = {"units_per_gpu": 10, "window_seconds": 200.0, **server}
    frame = Instance(name=family, gpus=gpus, streams=(PLACEHOLDER,), **fields)
    metadata = {
        "family": family,
        "num_streams": int(num_streams),
        "gpus": frame.gpus,
        "seed": int(seed),
        "options": {**options, **fields},
        "generator_version": GENERATOR_VERSION,
    }
    name = f"{family}-n{num_streams}-g{frame.gpus:g}-s{seed}"
    return replace(frame, name=name, metadata=metadata)


def stream_rng(seed: int, v: int) -> np.random.Generator:
    """Return the generator of random numbers of stream v."""
    return np.random.default_rng([seed, v])


def rounded(values: Any) -> Any:
    """Return a number, or the numbers of an array as a list, with 6 decimals."""
    return np.round(values, 6).tolist()


def check_integer(name: str, value: Any, low: int, high: int) -> None:
    """Raise ``InvalidOption`` unless the option is an integer in [low, high]."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        message = f"{name} is {shown(value)}, expected an integer from {low} to {high}"
        raise InvalidOption(message)


def check_number(name: str, value: Any, low: float, high: float) -> None:
    """Raise ``InvalidOption`` unless the option is a number in [low, high]."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not low <= value <= high:
        expected = f"expected a number from {low:g} to {high:g}"
        raise InvalidOption(f"{name} is {shown(value)}, {expected}")
