"""The value table and its scalar form against the referee and against each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from formulations import Schedule, value_table
from formulations.evaluate import evaluate
from formulations.pick_configs import PickConfigs
from formulations.stream_model import (
    NEVER_SERVED,
    NO_RETRAINING,
    StreamModel,
    units_needed,
)
from instances import Instance, InstanceTooLarge, SolverUnavailable
from tests.small import retraining, serving, stream, window
from tests.strategies import instances


@given(instances(max_streams=1, max_units=5))
def test_a_choice_is_worth_what_the_referee_says(instance: Instance) -> None:
    """Every choice's value is the referee's accuracy of its plan, or it is refused."""
    model = StreamModel(instance, instance.streams[0])
    total = instance.total_units
    for inference in range(total + 1):
        for training in range(total + 1 - inference):
            for idx in range(NO_RETRAINING, len(instance.streams[0].retraining)):
                value = model.value(idx, inference, training)
                unfinished = idx != NO_RETRAINING and (
                    model.completion_seconds(idx, training) > instance.window_seconds
                )
                plan = model.plan(
                    NO_RETRAINING if unfinished else idx, inference, training
                )
                verdict = evaluate(instance, Schedule(streams=(plan,)))
                if value == NEVER_SERVED:
                    assert unfinished or not verdict.feasible
                else:
                    assert verdict.feasible
                    assert verdict.objective == pytest.approx(value, abs=1e-12)


@given(instances(max_streams=3, max_units=8))
def test_the_table_is_the_best_of_all_choices(instance: Instance) -> None:
    """Each cell is the best value over all I + R <= k, found by trying them all."""
    table = value_table(instance)
    picks = PickConfigs(instance)
    for v in range(len(instance.streams)):
        best = NEVER_SERVED
        for k in range(instance.total_units + 1):
            shares = [(inference, k - inference) for inference in range(k + 1)]
            best = max(best, *(picks.pick(v, share)[0] for share in shares))
            assert table.values[v, k] == pytest.approx(best, abs=1e-12)


@given(instances(max_streams=3, max_units=8))
def test_the_tables_choice_has_the_tables_value(instance: Instance) -> None:
    """The split in a cell fits in it and yields its value."""
    table = value_table(instance)
    picks = PickConfigs(instance)
    for v in range(len(instance.streams)):
        for k in range(instance.total_units + 1):
            share = int(table.inference_units[v, k]), int(table.training_units[v, k])
            assert sum(share) <= k
            if table.values[v, k] > NEVER_SERVED:
                value = picks.pick(v, share)[0]
                assert value == pytest.approx(table.values[v, k], abs=1e-12)


@given(instances(max_streams=3, max_units=8))
def test_options_are_the_steps_of_the_row(instance: Instance) -> None:
    """Options rise strictly, and the best one within k units is the cell's value."""
    table = value_table(instance)
    for v in range(len(instance.streams)):
        units, values = table.options(v)
        assert (np.diff(units) > 0).all()
        assert (np.diff(values) > 0).all()
        for k in range(instance.total_units + 1):
            reachable = values[units <= k]
            best = reachable[-1] if len(reachable) else NEVER_SERVED
            assert best == table.values[v, k]


def test_a_row_on_paper() -> None:
    """Half a GPU serves in full; 20 GPU-seconds end at 200 / R seconds of 100.

    With k = 5 the stream serves only: 0.5. With k = 7, R = 2 ends at the very end; with
    k = 9, R = 4 ends at 50 s: 0.5 · (0.5 + 0.9) = 0.7; k = 10: R = 5, 40 s, 0.74.
    """
    table = value_table(window(stream(retraining=(retraining(20, 0.9),))))
    expected = [0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5 + 0.4 / 3, 0.7, 0.74]
    assert table.values[0].tolist() == pytest.approx(expected)
    assert table.training_units[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5]


def test_freed_units_serve_under_stream() -> None:
    """With stream, 3 + 7 units serve 0.8 until 28.6 s, then all ten in full.

    That beats 0 + 10 units, which serve nothing until 20 s: 0.8 · 0.9 = 0.72.
    """
    two = (serving(0.3, 0.8), serving(1, 1))
    camera = stream(inference=two, retraining=(retraining(20, 0.9),))
    table = value_table(window(camera, reallocation="stream"))
    share = 20 / 0.7 / 100
    assert table.values[0, 10] == pytest.approx(share * 0.4 + (1 - share) * 0.9)
    assert (table.inference_units[0, 10], table.training_units[0, 10]) == (3, 7)


@given(instances(max_streams=6, max_units=6))
def test_building_in_parts_changes_nothing(instance: Instance) -> None:
    """A table built one stream at a time equals the one built at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("formulations.value_tables.CELLS_AT_ONCE", 1)
        parts = value_table(instance)
    whole = value_table(instance)
    assert (parts.values == whole.values).all()
    assert (parts.inference_units == whole.inference_units).all()


@given(instances(max_streams=2, max_units=6, floors=False))
def test_no_retraining_means_all_units_may_serve(instance: Instance) -> None:
    """Without retraining configs a row is the best fitting inference config."""
    cameras = tuple(replace(camera, retraining=()) for camera in instance.streams)
    instance = replace(instance, streams=cameras)
    table = value_table(instance)
    for v, camera in enumerate(instance.streams):
        for k in range(instance.total_units + 1):
            fitting = [
                config.relative_accuracy
                for config in camera.inference
                if units_needed(config.gpus, instance.units_per_gpu) <= k
            ]
            expected = camera.accuracy * max(fitting, default=0)
            assert table.values[v, k] == pytest.approx(expected)


def test_a_demand_of_whole_units_takes_no_more() -> None:
    """0.07 GPUs are 7 units of 1/100, and so are 0.14 of 1/50."""
    assert units_needed(0.07, 100) == units_needed(0.14, 50) == 7
    assert units_needed(0.0701, 100) == 8
    camera = stream(inference=(serving(0.07, 1),))
    row = value_table(window(camera, units_per_gpu=100)).values[0]
    assert row[6] == 0
    assert row[7] == 0.5


def test_what_a_table_cannot_hold_is_refused() -> None:
    """Reallocation server and tables beyond the memory limit are refused by name."""
    server = window(stream(), reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="server is not a static window"):
        value_table(server)
    huge = window(stream(), gpus=100, units_per_gpu=1_000_000)
    with pytest.raises(InstanceTooLarge, match="use coarser units"):
        value_table(huge)
