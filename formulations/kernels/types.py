"""Types of streams: streams that differ in nothing but their names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.chunks import run_chunks
from formulations.kernels.compiling import compiled
from instances.columns import Columns

Whole = NDArray[np.int64]

SAMPLE = 4096
DISTINCT_SHARE = 0.9
"""Share of distinct streams in a sample from which on types are not worth a look."""

WORTH_A_THREAD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """The types of a fleet's streams.

    Parameters
    ----------
    example
        Shape ``(T,)``: the first stream of each type.
    type_of
        Shape ``(V,)``: the type of every stream.
    """

    example: Whole
    type_of: Whole


def find_types(
    columns: Columns,
    rng: np.random.Generator,
    *,
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Types | None:
    """Return the streams' types; ``None`` if a sample has few streams alike.

    Streams of one type have equal numbers in the same order: accuracy, weight, floor
    and both lists of configs.
    """
    bits = _bits(columns)
    count = columns.num_streams
    sample = np.unique(rng.integers(0, count, SAMPLE))
    hashes = np.empty(len(sample), dtype=np.uint64)
    hash_range(bits, sample, 0, len(sample), hashes)
    if len(np.unique(hashes)) >= DISTINCT_SHARE * len(sample):
        return None
    everyone = np.arange(count)
    hashes = np.empty(count, dtype=np.uint64)
    run_chunks(
        lambda start, stop: hash_range(bits, everyone, start, stop, hashes),
        count,
        workers,
        at_least=WORTH_A_THREAD,
        between=between,
    )
    _, example, type_of = np.unique(hashes, return_index=True, return_inverse=True)
    alike = np.empty(count, dtype=np.bool_)
    first = example[type_of]
    run_chunks(
        lambda start, stop: compare_range(bits, first, start, stop, alike),
        count,
        workers,
        at_least=WORTH_A_THREAD,
        between=between,
    )
    # Two types with one hash would be a marvel; then all streams are distinct.
    return Types(example=example, type_of=type_of) if alike.all() else None


Bits = tuple[Whole, ...]


def _bits(columns: Columns) -> Bits:
    """Return the streams' columns as integers: per stream, retraining, inference."""
    per_stream = (columns.accuracy, columns.weight, columns.floors)
    retraining = (
        columns.gpu_seconds,
        columns.retrained_accuracy,
        columns.delay_seconds,
    )
    inference = (columns.demand_gpus, columns.relative_accuracy)
    return (
        columns.retraining_offsets,
        columns.inference_offsets,
        *(np.asarray(part).view(np.int64) for part in per_stream),
        *(np.asarray(part).view(np.int64) for part in retraining),
        *(np.asarray(part).view(np.int64) for part in inference),
    )


@compiled
def mixed(state: Any, value: Any) -> Any:
    """Return a hash's state after one more word, its high bits folded down."""
    state = (state ^ np.uint64(value)) * np.uint64(0x9E3779B97F4A7C15)
    return state ^ (state >> np.uint64(29))


@compiled
def hash_range(
    bits: Bits, streams: np.ndarray, start: int, stop: int, hashes: np.ndarray
) -> None:
    """Write the hashes of the streams listed from start to stop."""
    first_config, first_serving, accuracy, weight, floor = bits[:5]
    cost, retrained, delay, demand, kept = bits[5:]
    for i in range(start, stop):
        v = streams[i]
        state: Any = np.uint64(first_config[v + 1] - first_config[v])
        state = mixed(state, accuracy[v])
        state = mixed(state, weight[v])
        state = mixed(state, floor[v])
        for entry in range(first_config[v], first_config[v + 1]):
            state = mixed(state, cost[entry])
            state = mixed(state, retrained[entry])
            state = mixed(state, delay[entry])
        for entry in range(first_serving[v], first_serving[v + 1]):
            state = mixed(state, demand[entry])
            state = mixed(state, kept[entry])
        hashes[i] = state


@compiled
def compare_range(
    bits: Bits, first: np.ndarray, start: int, stop: int, alike: np.ndarray
) -> None:
    """Write whether the streams from start to stop equal their types' examples."""
    first_config, first_serving, accuracy, weight, floor = bits[:5]
    cost, retrained, delay, demand, kept = bits[5:]
    for v in range(start, stop):
        u = first[v]
        at, like = first_config[v], first_config[u]
        serving, serving_like = first_serving[v], first_serving[u]
        equal = (
            accuracy[v] == accuracy[u]
            and weight[v] == weight[u]
            and floor[v] == floor[u]
            and first_config[v + 1] - at == first_config[u + 1] - like
            and first_serving[v + 1] - serving == first_serving[u + 1] - serving_like
        )
        if equal:
            for idx in range(first_config[v + 1] - at):
                equal = (
                    equal
                    and cost[at + idx] == cost[like + idx]
                    and retrained[at + idx] == retrained[like + idx]
                    and delay[at + idx] == delay[like + idx]
                )
            for idx in range(first_serving[v + 1] - serving):
                equal = (
                    equal
                    and demand[serving + idx] == demand[serving_like + idx]
                    and kept[serving + idx] == kept[serving_like + idx]
                )
        alike[v] = equal
