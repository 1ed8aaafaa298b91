"""Bounds of server windows proven again: against enumeration, kernels and paper."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.certificate import Certificate, Reproof
from formulations.kernels.server_arrays import server_arrays
from formulations.kernels.server_prices_cpu import price_cells
from formulations.reproof import reprove
from formulations.server_window import ServerWindow
from instances import Instance, InstanceTooLarge, Reallocation
from instances.generators import generate
from solvers import Options, Result, solve
from tests.small import retraining, serving, stream, window
from tests.strategies import instances

drawn = st.sampled_from([12, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=2, max_units=4, reallocation="server", slot_seconds=slot
    )
)
some_prices = st.lists(
    st.lists(st.floats(0, 0.2), min_size=5, max_size=5), min_size=1, max_size=3
)


def certificate(instance: Instance, rows: list[list[float]]) -> Certificate:
    """Return a certificate with as many prices as there are slots."""
    slots = round(instance.window_seconds / (instance.slot_seconds or 1))
    return Certificate(prices=tuple(tuple(row[:slots]) for row in rows))


def told(result: Result) -> Certificate:
    """Return the certificate that a result carries."""
    content: dict[str, Any] = result.metadata["certificate"]
    rows = tuple(tuple(row) for row in content["prices"])
    return Certificate(prices=rows, bound=content["bound"])


def proven(result: Result, instance: Instance) -> Reproof:
    """Return what a result's own certificate proves."""
    return reprove(instance, told(result), result.bound, result.objective)


def two_slots() -> Instance:
    """Return a stream that serves on 5 of 10 units, with 10 GPU-seconds of training.

    In two slots of 10 s a slot of ten units does just these. Trained in the first slot
    while nothing is served: (0 + 0.9) / 2. Never trained: 0.5.
    """
    one = stream(retraining=(retraining(10, 0.9),))
    return window(one, window_seconds=20, reallocation="server", slot_seconds=10)


@pytest.mark.parametrize(
    ("prices", "bound"),
    [
        # Free units: trained and served as well, (0.5 + 0.9) / 2.
        ([0, 0], 0.7),
        # 10·0.02 for the units, and 0.7 less 5·0.02 for serving and 10·0.02 for
        # training, which just equals what never training is worth.
        ([0.02, 0], 0.6),
        # At 0.05 serving in the first slot costs what it is worth, 0.25: ten units are
        # 0.5, never training is worth 0.25, and training 0.45 less 0.5.
        ([0.05, 0], 0.75),
    ],
)
def test_bounds_on_paper(prices: list[float], bound: float) -> None:
    """L(p) of one stream, computed by hand."""
    instance = two_slots()
    proof = reprove(instance, certificate(instance, [prices]), 1.0)
    assert proof.lagrangian_bound == pytest.approx(bound)
    assert proof.holds


def test_what_a_row_leaves_out_lowers_the_next() -> None:
    """Free units promise 0.7; that training leaves nothing to serve shows in between.

    Nine units or more of training in the first slot leave at most one to serve, and
    cost 0.25 less 0.09 for the one: 0.55 is then out of reach. Without the training
    0.5 is left.
    """
    instance = two_slots()
    assert not reprove(instance, certificate(instance, [[0.05, 0]]), 0.4).holds
    proof = reprove(instance, certificate(instance, [[0, 0]]), 0.55)
    assert proof.holds
    assert proof.lagrangian_bound == pytest.approx(0.7)
    assert proof.proven_bound == pytest.approx(0.55)


@settings(max_examples=60)
@given(drawn, some_prices, st.floats(-0.05, 0.05))
def test_nothing_false_is_proven(
    instance: Instance, rows: list[list[float]], more: float
) -> None:
    """Whatever prices and claim are, a proof that holds bounds the optimum."""
    try:
        options = Options(settings={"most_plans": 20_000})
        best = solve(instance, "brute-force", options)
    except InstanceTooLarge:
        assume(False)
        raise
    claim = max(0.0, (best.objective or 0.0) + more)
    proof = reprove(instance, certificate(instance, rows), claim)
    if best.objective is None:
        assert proof.proven_bound >= -np.inf
        return
    assert proof.lagrangian_bound >= best.objective - 1e-12
    assert proof.proven_bound >= best.objective - 1e-6
    if proof.holds:
        assert claim >= best.objective - 1e-6


@settings(max_examples=60)
@given(drawn, some_prices)
def test_kernels_and_proof_find_the_same_bound(
    instance: Instance, rows: list[list[float]]
) -> None:
    """L(p) by compiled code and in whole numbers."""
    slots = ServerWindow(instance)
    assume(not slots.infeasible)
    arrays = server_arrays(slots)
    own = certificate(instance, rows)
    assert own.prices is not None
    models = len(arrays.stream)
    bound = price_cells(
        arrays,
        np.array(own.prices[0]),
        np.full(arrays.slots, arrays.piece_units.sum()),
        arrays.first,
        arrays.last,
        np.full((models, arrays.slots), -np.inf),
        np.zeros(len(slots.options), dtype=np.int64),
        np.zeros(len(slots.options), dtype=np.int64),
        np.zeros(len(slots.options)),
    )
    proof = reprove(instance, own, None)
    assert proof.holds
    assert proof.lagrangian_bound == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize(("streams", "gpus"), [(10, 2), (10, 4), (20, 8)])
def test_the_decompositions_bound_is_proven_again(streams: int, gpus: int) -> None:
    """The certificate proves the claimed bound, and none that is lower."""
    instance = generate(
        "recorded-like", streams, gpus, 0, reallocation="server", slot_seconds=5
    )
    found = solve(instance, "decomposition")
    assert found.bound is not None
    assert found.objective is not None
    proof = proven(found, instance)
    assert proof.holds
    assert proof.proven_bound <= found.bound + 1e-9
    low = reprove(instance, told(found), found.objective - 2e-6, found.objective)
    assert not low.holds


def test_what_rests_on_branching_is_said() -> None:
    """The prices prove the bound from which branching began, and no more is told."""
    instance = generate("recorded-like", 3, 1, 0, reallocation="server", slot_seconds=5)
    found = solve(instance, "decomposition")
    assert found.metadata["nodes"] > 1
    assert found.bound is not None
    proof = proven(found, instance)
    assert proof.holds
    assert proof.proven_bound > found.bound
    assert "rests on branch and bound" in proof.explanation


def test_recorded_windows_are_proven_again(recorded: tuple[int, Instance]) -> None:
    """The authors' windows, in slots of 5 s."""
    _, static = recorded
    instance = replace(static, reallocation=Reallocation.SERVER, slot_seconds=5)
    found = solve(instance, "decomposition", Options(settings={"gap": 0.003}))
    proof = proven(found, instance)
    assert proof.holds
    assert found.objective is not None
    assert found.objective <= proof.proven_bound <= 1.003 * found.objective + 1e-6


def test_prices_that_do_not_fit_prove_nothing() -> None:
    """Each row needs a price for each slot, and the mode must be the server's."""
    instance = two_slots()
    proof = reprove(instance, Certificate(prices=((0.1,),)), 1.0)
    assert not proof.holds
    assert "has 1 prices, the window 2 slots" in proof.explanation
    static = replace(instance, reallocation=Reallocation.NEVER, slot_seconds=None)
    assert not reprove(static, Certificate(prices=((0.1, 0.1),)), 1.0).holds
    assert not reprove(instance, Certificate(price=0.1), 1.0).holds


def test_no_plan_at_all_is_proven() -> None:
    """A floor that the model held cannot keep leaves no schedule."""
    one = stream(min_accuracy=0.9, inference=(serving(0.1, 1),))
    instance = window(one, reallocation="server", slot_seconds=50)
    proof = reprove(instance, Certificate(prices=((0.0, 0.0),)), 0.5)
    assert proof.holds
    assert proof.proven_bound == -np.inf
