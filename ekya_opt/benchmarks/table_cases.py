"""Benchmarks of the tables of one window, and of what looks them up."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ekya_opt.benchmarks.cases import (
    Case,
    Resident,
    Sizes,
    largest_difference,
    unequal,
)
from formulations.kernels import operations
from formulations.kernels.batches import evaluate_batch
from formulations.kernels.batches_numpy import evaluate
from formulations.kernels.profiles import Profiles, profiles_of
from formulations.kernels.shares import Gains, ShareTable, share_table
from formulations.kernels.shares_numpy import stream_shares
from formulations.kernels.tables import column_table
from formulations.kernels.tables_numpy import numpy_table
from instances.columns import Columns
from instances.generators import generate_columns

MODES = ("never", "stream")
UNITS_PER_GPU = 10
AGREEMENT = 1e-12
"""What the value and the share table state."""

SPLITS = 65_536
"""Distinct allocations that a batch consists of."""

REFERENCE_LOOKUPS = 10_000_000
"""Look-ups that the NumPy reference does, as it takes 16 bytes for each."""


def table_cases(sizes: Sizes) -> Iterator[Case]:
    """Return value tables, share tables and batches, one after the other."""
    for mode in MODES:
        for shape in sizes.windows:
            yield value_case(window_of(*shape, mode))
    for mode in MODES:
        for shape in sizes.shared:
            yield share_case(window_of(*shape, mode))
    for shape in sizes.shared:
        for single in (False, True):
            yield batch_case(window_of(*shape, "never"), sizes.lookups, single)


def window_of(num_streams: int, units: int, mode: str) -> Columns:
    """Return a window with the statistics of recorded ones, seed 0."""
    gpus = units / UNITS_PER_GPU
    own: dict[str, Any] = {"units_per_gpu": UNITS_PER_GPU, "reallocation": mode}
    return generate_columns("fleet", num_streams, gpus, 0, **own)


def value_case(columns: Columns) -> Case:
    """Return the case of a whole value table."""
    profiles = profiles_of(columns)
    values = column_table(columns, device="cpu").values
    everywhere = np.ones(values.shape, dtype=np.bool_)

    def resident() -> Resident:
        from formulations.kernels import tables_cuda
        from formulations.kernels.cuda import cuda, launch, on_device, to_host
        from formulations.kernels.rows import BEST, work_width

        count, there = len(values), on_device(profiles)
        work = cuda.device_array((count, BEST, work_width(profiles, 0)), np.float64)
        shapes = [cuda.device_array(count, np.int64) for _ in range(2)]
        kinds = (np.float64, np.int32, np.int32)
        results = [cuda.device_array(values.shape, kind) for kind in kinds]

        def fill() -> None:
            launch(tables_cuda.prepare_kernel, count, there, work, *shapes)
            cells = there, work, *shapes, *results[:2]
            launch(tables_cuda.split_kernel, values.size, *cells)
            launch(tables_cuda.accumulate_kernel, count, *results)

        return Resident(fill, lambda: to_host(results[0]))

    return Case(
        kernel="value table",
        size=named(columns),
        item="cell",
        items=values.size,
        bytes_moved=profile_bytes(profiles) + 16 * values.size,
        operations=operations.table_operations(profiles, values),
        device_operations=operations.split_operations(profiles, everywhere),
        reference=lambda: numpy_table(columns).values,
        reference_items=values.size,
        on_cpu=lambda workers: (
            column_table(columns, device="cpu", workers=workers).values
        ),
        on_device=lambda: column_table(columns, device="cuda").values,
        resident=resident,
        difference=largest_difference,
        tolerance=AGREEMENT,
    )


def share_case(columns: Columns) -> Case:
    """Return the case of a share table."""
    profiles = profiles_of(columns)
    table = share_table(profiles, device="cpu")

    def resident() -> Resident:
        from formulations.kernels import shares_cuda
        from formulations.kernels.cuda import cuda, launch, on_device, to_host
        from formulations.kernels.shares_cpu import NEVER_SERVED_IS

        values = cuda.device_array(table.values.shape, table.values.dtype)
        picks = cuda.device_array(table.picks.shape, table.picks.dtype)
        layout = cuda.to_device(table.offsets), cuda.to_device(table.top_training)
        arguments = on_device(profiles), *layout, NEVER_SERVED_IS, values, picks
        fill = partial(launch, shares_cuda.share_kernel, table.values.size, *arguments)
        return Resident(
            fill,
            lambda: table._replace(values=to_host(values), picks=to_host(picks)),
        )

    cell = table.values.itemsize + table.picks.itemsize
    return Case(
        kernel="share table",
        size=named(columns),
        item="cell",
        items=table.values.size,
        bytes_moved=profile_bytes(profiles) + cell * table.values.size,
        operations=operations.share_operations(profiles, table),
        device_operations=operations.share_operations(profiles, table, "cuda"),
        reference=lambda: numpy_shares(profiles, table),
        reference_items=table.values.size,
        on_cpu=lambda workers: share_table(profiles, device="cpu", workers=workers),
        on_device=lambda: share_table(profiles, device="cuda"),
        resident=resident,
        difference=share_difference,
        tolerance=AGREEMENT,
    )


def batch_case(columns: Columns, lookups: int, single: bool) -> Case:
    """Return the case of many allocations that are looked up in a share table."""
    profiles = profiles_of(columns)
    table = share_table(profiles, "unserved", device="cpu")
    gains = table.gains(profiles.weight, single=single)
    exact = table.gains(profiles.weight)
    count = lookups // columns.num_streams
    codes = drawn_codes(gains, columns.total_units, count)
    offsets, checked = gains.offsets, codes[: REFERENCE_LOOKUPS // columns.num_streams]
    expected = evaluate(exact.values, offsets, checked)

    def resident() -> Resident:
        from formulations.kernels import batches_cuda
        from formulations.kernels.cuda import cuda, launch, to_host

        there = batches_cuda.on_device(gains)
        listed = batches_cuda.codes_on_device(codes)
        objectives = cuda.device_array(count, gains.values.dtype)
        arguments = there.values, there.offsets, listed, objectives
        look = partial(launch, batches_cuda.evaluate_kernel, count, *arguments)
        return Resident(look, lambda: to_host(objectives))

    # Two sums in double precision, in different orders, or one in single precision.
    unit = 2.0**-24 if single else 2 * 2.0**-53
    tolerance = (columns.num_streams + 2) * unit * most_gained(exact)
    itemsize = gains.values.itemsize
    return Case(
        kernel="batched evaluation" + (", single precision" if single else ""),
        size=named(columns),
        item="candidate",
        items=count,
        bytes_moved=codes.nbytes + itemsize * (count + gains.values.size),
        operations=count * (columns.num_streams - 1),
        device_operations=count * (columns.num_streams - 1),
        single=single,
        reference=lambda: evaluate(gains.values, offsets, checked),
        reference_items=len(checked),
        on_cpu=lambda workers: evaluate_batch(
            gains, codes, device="cpu", workers=workers
        ),
        on_device=lambda: evaluate_batch(gains, codes, device="cuda"),
        resident=resident,
        difference=lambda _, found: largest_difference(
            expected, found[: len(expected)]
        ),
        tolerance=tolerance,
    )


def named(columns: Columns) -> str:
    """Return a window's size for people."""
    size = f"{columns.num_streams:,} streams, {columns.total_units:,} units"
    return f"{size}, {columns.reallocation}"


def profile_bytes(profiles: Profiles) -> int:
    """Return the bytes of all that the kernels read of an instance."""
    return sum(part.nbytes for part in profiles if isinstance(part, np.ndarray))


def most_gained(gains: Gains) -> float:
    """Return the most that the absolute gains of a candidate can add up to."""
    largest = np.maximum.reduceat(np.abs(gains.values), gains.offsets[:-1])
    return float(largest.sum())


def random_splits(num_streams: int, units: int, count: int, seed: int) -> Any:
    """Return random allocations of all units, shape ``(count, V, 2)``."""
    rng = np.random.default_rng(seed)
    cuts = rng.integers(0, units + 1, (count, 2 * num_streams - 1))
    cuts.sort(axis=1)
    return np.diff(cuts, axis=1, prepend=0, append=units).reshape(count, -1, 2)


def drawn_codes(gains: Gains, units: int, count: int) -> Any:
    """Return the codes of random allocations of all units, shape ``(count, V)``."""
    splits = random_splits(gains.num_streams, units, min(count, SPLITS), 0)
    codes = gains.codes(splits[..., 0], splits[..., 1])
    return codes[np.random.default_rng(1).integers(0, len(codes), count)]


def numpy_shares(profiles: Profiles, table: ShareTable) -> list[tuple[Any, Any]]:
    """Return values and picks of every stream by the NumPy reference."""
    found = []
    for v, (top, trained) in enumerate(
        zip(table.top.tolist(), table.top_training.tolist(), strict=True)
    ):
        values, _, picks = stream_shares(profiles, v, top)
        found.append((values[:, : trained + 1], picks[:, : trained + 1]))
    return found


def share_difference(expected: list[tuple[Any, Any]], table: ShareTable) -> float:
    """Return the largest difference of values; the picks must be the same.

    Only shares within the capacity count.
    """
    apart = 0.0
    for v, (values, picks) in enumerate(expected):
        cells = slice(table.offsets[v], table.offsets[v + 1])
        used = np.add.outer(*map(np.arange, values.shape))
        fits = (used < table.width).ravel() & np.isfinite(values).ravel()
        here = values.ravel()[fits], picks.ravel()[fits]
        there = table.values[cells][fits], table.picks[cells][fits]
        apart = max(apart, largest_difference(here[0], there[0]))
        apart = max(apart, unequal(here[1], there[1]))
    return apart
