"""The share table: PickConfigs for all shares at once, on every device."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels import shares
from formulations.kernels.device import simulated
from formulations.kernels.profiles import Profiles, profiles_of
from formulations.kernels.shares import BELOW_FLOOR, ShareTable, share_table
from formulations.kernels.shares_numpy import stream_shares
from formulations.pick_configs import PickConfigs
from instances import Instance, InstanceTooLarge, Reallocation, SolverUnavailable
from instances.columns import columns_of
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

EXAMPLES = 4 if simulated() else 60
NEVER_SERVED = -np.inf


def profiles(instance: Instance) -> Profiles:
    """Return what the kernels read of an instance."""
    return profiles_of(columns_of(instance))


def grid(table: ShareTable, v: int) -> tuple[Any, Any]:
    """Return values and picks of a stream, both of the shape (I + 1, K + 1)."""
    cells = slice(table.offsets[v], table.offsets[v + 1])
    shape = -1, table.top_training[v] + 1
    columns = np.minimum(np.arange(table.width), table.top_training[v])
    values, picks = table.values[cells].reshape(shape), table.picks[cells]
    return values[:, columns], picks.reshape(shape)[:, columns]


@settings(max_examples=EXAMPLES)
@given(instances(max_units=5), st.sampled_from(["penalised", "unserved"]))
def test_every_share_is_worth_what_pick_configs_says(
    instance: Instance, below: Any
) -> None:
    """On the CPU value and pick are PickConfigs' bit for bit, also beyond the top."""
    table = share_table(profiles(instance), below, device="cpu")
    for v, camera in enumerate(instance.streams):
        alone = replace(instance, streams=(replace(camera, weight=1),))
        picks = PickConfigs(alone, below)
        values, picked = grid(table, v)
        for inference, training in np.ndindex(table.width, table.width):
            if inference + training >= table.width:
                continue
            value, idx = picks.pick(0, (inference, training))
            at = min(inference, table.top[v]), training
            assert values[at] == picks.gain(0, (inference, training))
            assert picked[at] == (BELOW_FLOOR if value == NEVER_SERVED else idx)


def test_every_device_makes_the_reference_table(device: str) -> None:
    """CPU and CUDA agree with NumPy to 1e-12, below the floor as well."""

    @settings(max_examples=EXAMPLES)
    @given(instances(max_units=4))
    def check(instance: Instance) -> None:
        p = profiles(instance)
        served = share_table(p, device=device)
        penalised = share_table(p, "penalised", device=device)
        for v in range(p.num_streams):
            values, picks = grid(served, v)
            floored, unfloored, picked = stream_shares(p, v, int(served.top[v]))
            fits = np.add.outer(np.arange(len(values)), np.arange(served.width))
            fits = fits < served.width
            below = floored == NEVER_SERVED
            picked[below] = BELOW_FLOOR
            assert values[fits] == pytest.approx(floored[fits], abs=1e-12)
            assert picks[fits].tolist() == picked[fits].tolist()
            expected = np.where(below, unfloored - 1, floored)[fits]
            assert grid(penalised, v)[0][fits] == pytest.approx(expected, abs=1e-12)

    check()


def test_a_table_on_paper(device: str) -> None:
    """One camera that serves half on 1 unit, all on 2, and may retrain in 15 GPU-s.

    Of 4 units of a tenth GPU, 100 s: 2 train in 75 s, 3 in 50 s, 4 in 37.5 s.
    """
    levels = serving(0.1, 0.5), serving(0.2, 1), serving(0.9, 1)
    camera = stream(inference=levels, retraining=(retraining(15, 0.9),))
    instance = window(camera, gpus=0.4)
    table = share_table(profiles(instance), device=device)
    assert table.top.tolist() == [2]
    values, picks = grid(table, 0)
    full = [0.5, 0.5, 0.75 * 0.5 + 0.25 * 0.9, 0.5 * 0.5 + 0.5 * 0.9, 0.75]
    assert values[2] == pytest.approx(full)
    assert values[1] == pytest.approx([x / 2 for x in full])
    assert values[0].tolist() == [0] * 5
    assert picks[2].tolist() == [-1, -1, 0, 0, 0]
    joined = share_table(
        profiles(replace(instance, reallocation=Reallocation.STREAM)), device=device
    )
    # One unit serves half until 75 s; then all three serve fully.
    assert grid(joined, 0)[0][1, 2] == pytest.approx(0.75 * 0.25 + 0.25 * 0.9)


@settings(max_examples=EXAMPLES)
@given(instances(max_streams=5, max_units=4), st.sampled_from([2, 3]))
def test_any_number_of_workers_makes_the_same_table(
    instance: Instance, workers: int
) -> None:
    """Streams are filled one by one, wherever the chunks begin."""
    p = profiles(instance)
    alone = share_table(p, "penalised", device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shares, "CELLS_A_MILLISECOND", 1)
        together = share_table(p, "penalised", device="cpu", workers=workers)
    assert (alone.values == together.values).all()
    assert (alone.picks == together.picks).all()


def test_what_has_no_share_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reallocation server couples slots, and a table must fit in memory."""
    moving = window(stream(), reallocation="server", slot_seconds=50)
    with pytest.raises(SolverUnavailable, match="never or stream"):
        share_table(profiles(moving))
    monkeypatch.setattr(shares, "MOST_CELLS", 10)
    camera = stream(retraining=(retraining(5, 0.9),))
    with pytest.raises(InstanceTooLarge, match="66 cells"):
        share_table(profiles(window(camera)))
