"""Batched evaluation on every device: sums of looked-up gains."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels import batches
from formulations.kernels.batches import best_of, evaluate_batch
from formulations.kernels.batches_numpy import evaluate
from formulations.kernels.device import simulated
from formulations.kernels.profiles import profiles_of
from formulations.kernels.shares import Gains, share_table
from formulations.pick_configs import PickConfigs
from instances import Instance
from instances.columns import columns_of
from tests.strategies import instances

EXAMPLES = 3 if simulated() else 40
MOST = 9 if simulated() else 50


def gains_of(instance: Instance, **own: Any) -> Gains:
    """Return the penalised gains of an instance."""
    profiles = profiles_of(columns_of(instance))
    return share_table(profiles, "penalised", device="cpu").gains(
        profiles.weight, **own
    )


def splits(instance: Instance, count: int, seed: int) -> tuple[Any, Any]:
    """Return random splits of the total: inference and training units, (N, V) each."""
    rng = np.random.default_rng(seed)
    num_streams, total = len(instance.streams), instance.total_units
    cuts = np.sort(rng.integers(0, total + 1, (count, 2 * num_streams - 1)), axis=1)
    units = np.diff(cuts, axis=1, prepend=0, append=total)
    return units[:, ::2], units[:, 1::2]


def drawn_splits() -> Any:
    """Draw an instance, a number of candidates and a seed."""
    return st.tuples(
        instances(max_streams=4), st.integers(1, MOST), st.integers(0, 2**32 - 1)
    )


def test_candidates_are_worth_what_pick_configs_says(device: str) -> None:
    """Every device, NumPy and PickConfigs agree to 1e-12; the CPU with itself."""

    @settings(max_examples=EXAMPLES)
    @given(drawn_splits())
    def check(drawn: tuple[Instance, int, int]) -> None:
        instance, count, seed = drawn
        gains = gains_of(instance)
        inference, training = splits(instance, count, seed)
        codes = gains.codes(inference, training)
        found = evaluate_batch(gains, codes, device=device)
        assert found == pytest.approx(
            evaluate(gains.values, gains.offsets, codes), abs=1e-12
        )
        picks = PickConfigs(instance, "penalised")
        for n in range(count):
            shares = list(zip(inference[n].tolist(), training[n].tolist(), strict=True))
            assert found[n] == pytest.approx(picks.objective(shares), abs=1e-12)
        here = evaluate_batch(gains, codes, device="cpu")
        assert (found == here).all()
        best, objective = best_of(gains, codes, device=device)
        assert (best, objective) == (int(here.argmax()), here.max())

    check()


@settings(max_examples=EXAMPLES)
@given(drawn_splits(), st.sampled_from([2, 5]))
def test_any_number_of_workers_gives_the_same_bits(
    drawn: tuple[Instance, int, int], workers: int
) -> None:
    """Chunks of four candidates or of less, on several threads or on one."""
    instance, count, seed = drawn
    gains = gains_of(instance)
    codes = gains.codes(*splits(instance, count, seed))
    alone = evaluate_batch(gains, codes, device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LOOKUPS_A_MILLISECOND", 1)
        together = evaluate_batch(gains, codes, device="cpu", workers=workers)
    assert (alone == together).all()


def test_single_precision_keeps_its_bound(device: str) -> None:
    """The stated error holds for random gains of either sign, and is not idle.

    Of 300 streams' gains, some are large, some small, all of one sign or of both.
    """
    rng = np.random.default_rng(0)
    count, num_streams = 20 if simulated() else 2000, 300
    gains = rng.random((num_streams, 8)) ** 3
    gains[::2] *= rng.choice([1, -1])
    offsets = np.arange(num_streams + 1) * 8
    top = np.zeros(num_streams, dtype=np.int64)
    double = Gains(gains.ravel(), offsets, top, top + 7, 8)
    single = double._replace(values=double.values.astype(np.float32))
    codes = rng.integers(0, 8, (count, num_streams)).astype(np.uint16)
    exact = evaluate_batch(double, codes, device=device)
    found = evaluate_batch(single, codes, device=device)
    assert found.dtype == np.float32
    sizes = np.abs(gains[np.arange(num_streams), codes]).sum(axis=1)
    errors = np.abs(found.astype(np.float64) - exact)
    assert (errors <= (num_streams + 2) * 2.0**-24 * sizes).all()
    assert errors.max() > 2.0**-24 * sizes.min() / 10


def test_of_equal_candidates_the_first_wins(device: str) -> None:
    """Three candidates, of which the last two are equal and better."""
    top = np.array([0])
    gains = Gains(np.array([0.25, 0.5]), np.array([0, 2]), top, top + 1, 2)
    codes = np.array([[0], [1], [1]], dtype=np.uint16)
    assert best_of(gains, codes, device=device) == (1, 0.5)


def test_codes_hold_every_share_and_clip_inference() -> None:
    """Beyond the tops a share's code is that of the top; large tables need 32 bits."""
    top = np.array([2])
    small = Gains(np.zeros(12), np.array([0, 12]), top, np.array([3]), 9)
    codes = small.codes(np.array([[0], [2], [7]]), np.array([[3], [6], [1]]))
    assert codes.tolist() == [[3], [11], [9]]
    assert codes.dtype == np.uint16
    large = Gains(np.zeros(0), np.array([0, 0]), top, np.array([2**15 - 1]), 2**15)
    assert large.codes(np.array([[2]]), np.array([[5]])).tolist() == [[2**16 + 5]]
