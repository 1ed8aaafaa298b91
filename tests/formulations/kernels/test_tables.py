"""Value tables from columns: compiled, CUDA and NumPy against the scalar model."""

import numpy as np
import pytest
from hypothesis import given, settings

from formulations.kernels.tables import column_table
from formulations.kernels.tables_numpy import numpy_table
from formulations.value_tables import ValueTable, value_table
from instances import Instance, InstanceTooLarge, SolverUnavailable
from instances.columns import columns_of
from instances.generators import generate
from tests.small import serving, stream, window
from tests.strategies import instances


def assert_same_table(found: ValueTable, instance: Instance) -> None:
    """Check the values against the scalar table, and the splits by their values."""
    expected = value_table(instance)
    served = np.isfinite(expected.values)
    assert np.array_equal(served, np.isfinite(found.values))
    assert np.allclose(found.values[served], expected.values[served], 0, 1e-12)
    assert np.array_equal(found.weights, expected.weights)
    rows, units = np.nonzero(served)
    inference = found.inference_units[rows, units]
    training = found.training_units[rows, units]
    assert (inference + training <= units).all()
    assert np.array_equal(
        found.values[rows, units], found.values[rows, inference + training]
    )
    assert (found.values[rows, inference + training] > -np.inf).all()


@given(instance=instances(max_streams=3, max_units=8))
def test_numpy_and_compiled_tables_equal_that_of_objects(instance: Instance) -> None:
    """All modes, floors, curves, empty lists, streams of different lengths."""
    columns = columns_of(instance)
    assert_same_table(numpy_table(columns), instance)
    assert_same_table(column_table(columns, device="cpu"), instance)


@settings(max_examples=60, deadline=None)
@given(instance=instances(max_streams=2, max_units=5))
def test_tables_agree_on_each_device(device: str, instance: Instance) -> None:
    """The kernel of the device finds the same values."""
    assert_same_table(column_table(columns_of(instance), device=device), instance)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_number_of_threads_changes_no_bit(workers: int) -> None:
    """Rows are the same bits whatever thread makes them."""
    columns = columns_of(generate("recorded-like", 60, 60, seed=3, units_per_gpu=20))
    alone = column_table(columns, device="cpu")
    shared = column_table(columns, device="cpu", workers=workers)
    assert np.array_equal(alone.values, shared.values)
    assert np.array_equal(alone.inference_units, shared.inference_units)


def test_rows_can_end_before_the_capacity() -> None:
    """With ``most_units`` the rows are the first columns of the whole table."""
    columns = columns_of(generate("recorded-like", 4, 3, seed=1))
    whole, short = column_table(columns), column_table(columns, 7)
    assert short.values.shape == (4, 8)
    assert np.array_equal(short.values, whole.values[:, :8])
    assert np.allclose(numpy_table(columns, 7).values, short.values, 0, 1e-12)


def test_a_stream_that_no_units_serve_has_no_value() -> None:
    """Below the floor with every number of units, a row is minus infinity."""
    low = stream("low", 0.3, min_accuracy=0.5, inference=(serving(0.2, 1.0),))
    table = column_table(columns_of(window(low, stream("high"))))
    assert (table.values[0] == -np.inf).all()
    assert (table.inference_units[0] == 0).all()
    assert table.values[1, -1] == pytest.approx(0.5)


def test_what_has_no_table_is_refused() -> None:
    """Server mode is not static, and a table may be too large."""
    instance = window(stream(), reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        column_table(columns_of(instance))
    large = columns_of(window(stream(), gpus=10_000, units_per_gpu=10_000))
    with pytest.raises(InstanceTooLarge, match="coarser units"):
        column_table(large)
