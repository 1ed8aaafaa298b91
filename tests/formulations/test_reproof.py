"""Certificates proven again: against value tables, the dynamic program and paper."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations import OBJECTIVE_TOLERANCE, reproof, value_table
from formulations.certificate import Certificate, Reproof
from formulations.evaluate import evaluate
from formulations.reproof import REFEREE_SLACK, reprove
from formulations.reproof_block import LESS, StreamBlock, Training
from formulations.reproof_exact import ExactRelaxation
from formulations.reproof_outward import OutwardRelaxation
from instances import Instance, Reallocation
from instances.columns import columns_of
from instances.generators import generate
from solvers import solve
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances

EXACT, OUTWARD = "exact rational", "outward rounding"
PRICES = st.just(0.0) | st.floats(0, 0.05) | st.floats(0, 1)


both_ways = pytest.mark.parametrize("method", [EXACT, OUTWARD])


def prove(
    method: str,
    instance: Instance,
    certificate: Certificate,
    bound: float | None,
    objective: float | None = None,
) -> Reproof:
    """Return the proof by one of the two ways, whatever the instance's size."""
    with pytest.MonkeyPatch.context() as patch:
        if method == OUTWARD:
            patch.setattr(reproof, "MOST_EXACT_OPTIONS", 0)
        return reprove(instance, certificate, bound, objective)


def tabled_bound(instance: Instance, price: float) -> float:
    """Return L(λ) by the value table, in plain floats."""
    table = value_table(instance)
    units = np.arange(table.total_units + 1)
    reduced = table.weights[:, None] * table.values - price * units
    return float(reduced.max(axis=1).sum() + price * table.total_units)


def two_streams() -> Instance:
    """Return two streams that each serve on 4 of 6 units, at 0.8 and at 0.6."""
    a = stream("A", 0.8, inference=(serving(0.4, 1),))
    b = stream("B", 0.6, inference=(serving(0.4, 1),))
    return window(a, b, gpus=0.6)


@both_ways
@pytest.mark.parametrize(("price", "bound"), [(0.075, 0.55), (0.1, 0.6), (0, 0.7)])
def test_bounds_on_paper(method: str, price: float, bound: float) -> None:
    """Steps of 4 units gain 0.4 and 0.3 of the mean; 6 units are there.

    At 0.3/4 a unit: 6·0.075 + (0.4 - 4·0.075) + 0 = 0.55, the linear relaxation. At
    0.1 neither step pays: 0.6. For nothing both are taken: 0.7.
    """
    proof = prove(
        method, two_streams(), Certificate(price=price, break_stream="B"), 0.7
    )
    assert proof.lagrangian_bound == pytest.approx(bound)
    assert proof.proven_bound == proof.lagrangian_bound
    assert proof.holds
    assert proof.method == method


@both_ways
@pytest.mark.parametrize("price", [0.075, 0.1, 0])
def test_a_core_on_paper(method: str, price: float) -> None:
    """Only one of the two steps fits, so that 0.4 is the optimum at any price."""
    certificate = Certificate(price=price)
    proof = prove(method, two_streams(), certificate, 0.4)
    assert proof.holds
    assert proof.proven_bound == pytest.approx(0.4, abs=1e-12)
    assert "no schedule of them beats" in proof.explanation
    false = prove(method, two_streams(), certificate, 0.399)
    assert not false.holds
    assert false.proven_bound == pytest.approx(0.4, abs=1e-12)
    assert "may be worth 0.4" in false.explanation
    known = prove(method, two_streams(), certificate, 0.399, objective=0.4)
    assert not known.holds
    assert "worth 0.4, more than is claimed" in known.explanation


def test_the_exact_bound_is_the_next_float() -> None:
    """0.1 · 0.7 as the rationals that these floats are, and no float in between."""
    instance = window(stream("A", 0.1, inference=(serving(0.1, 0.7),)))
    exact = Fraction(0.1) * Fraction(0.7)
    found = reprove(instance, Certificate(price=0), None).lagrangian_bound
    assert Fraction(found) >= exact > Fraction(math.nextafter(found, 0))


@settings(max_examples=200)
@given(instance=instances(max_streams=4, max_units=12), price=PRICES)
def test_every_price_bounds_the_optimum(instance: Instance, price: float) -> None:
    """L(λ) is the table's, at least the optimum; outwards it is hardly above."""
    exact = ExactRelaxation(instance, price).bound
    outward = OutwardRelaxation(columns_of(instance), price).bound
    assert float(exact) == pytest.approx(tabled_bound(instance, price), abs=1e-11)
    assert outward >= exact
    best = solve(instance, "dp").objective
    if exact == -math.inf:
        assert best is None
    else:
        assert outward <= float(exact) + 1e-12 * (1 + price * instance.total_units)
        assert best is None or exact >= best - 1e-12


@settings(max_examples=120)
@given(instance=instances(max_streams=3, max_units=10), price=PRICES)
def test_outward_rows_are_above_the_exact_ones(
    instance: Instance, price: float
) -> None:
    """For each number of units w·A(k) - λ·k is bounded from above, and tightly.

    A number of units that is worth no more than fewer ones may be left out.
    """
    columns, total = columns_of(instance), instance.total_units
    weight = sum(camera.weight for camera in instance.streams)
    block = StreamBlock(
        columns, Training(columns), 0, columns.num_streams, price * LESS, weight
    )
    outward = block.rows(total)
    for found, row in zip(outward, ExactRelaxation(instance, price).rows, strict=True):
        if row.best is None:
            assert (found == -np.inf).all()
            continue
        units, losses = row.options(Fraction(10**6), total + 1)
        for k, loss in zip(units, losses, strict=True):
            exact = row.best - loss
            within = Fraction(float(found[: k + 1].max()))
            assert within > exact - Fraction(1, 10**30)
            if found[k] > -np.inf:
                above = Fraction(float(found[k])) - exact
                assert -Fraction(1, 10**30) < above < Fraction(1, 10**12)


@both_ways
@settings(max_examples=120)
@given(instance=instances(max_streams=6, max_units=15))
def test_cores_certificates_hold_and_tampered_claims_do_not(
    method: str, instance: Instance
) -> None:
    """The optimum and the relaxation are proven at core's price, and no less."""
    result = solve(instance, "core")
    if result.bound is None:
        return
    certificate = Certificate(**result.metadata["certificate"])
    for bound in (result.bound, result.metadata["lp_bound"]):
        proof = prove(method, instance, certificate, bound)
        assert proof.holds
        assert result.objective is not None
        assert result.objective - 1e-12 <= proof.proven_bound
        assert proof.proven_bound <= bound + OBJECTIVE_TOLERANCE
        assert proof.method == method
    lower = result.bound - 2 * OBJECTIVE_TOLERANCE
    if lower >= 0:
        proof = prove(method, instance, certificate, lower)
        assert not proof.holds
        assert proof.proven_bound >= result.bound - 1e-12


@both_ways
@settings(max_examples=100)
@given(instance=instances(max_streams=3, max_units=8), price=st.floats(0, 1e12))
def test_a_bad_price_proves_nothing_false(
    method: str, instance: Instance, price: float
) -> None:
    """Whatever the price, what is proven is no lower than the optimum."""
    best = solve(instance, "dp").objective
    if best is None or best < 1e-3:
        return
    for bound in (best, best - 2 * OBJECTIVE_TOLERANCE):
        proof = prove(method, instance, Certificate(price=price), bound)
        assert proof.proven_bound >= best - 1e-12
        assert proof.holds <= (bound == best)


@both_ways
@pytest.mark.parametrize("mode", [Reallocation.NEVER, Reallocation.STREAM])
@pytest.mark.parametrize("curve", [None, ((0.25, 0.2), (1.0, 0.5))])
def test_both_ways_prove_a_server_in_fine_units(
    method: str, mode: Reallocation, curve: tuple[tuple[float, float], ...] | None
) -> None:
    """40 streams on 400 units: proven by the core, and not with 2e-6 less."""
    instance = replace(
        generate("recorded-like", 40, 4, 3),
        units_per_gpu=100,
        reallocation=mode,
        training_throughput=curve,
    )
    result = solve(instance, "core")
    assert result.bound is not None
    certificate = Certificate(**result.metadata["certificate"])
    assert prove(method, instance, certificate, result.bound).holds
    assert not prove(method, instance, certificate, result.bound - 2e-6).holds
    assert certificate.price is not None
    assert tabled_bound(instance, certificate.price) == pytest.approx(
        prove(method, instance, certificate, None).lagrangian_bound, abs=1e-11
    )


@pytest.mark.parametrize("price", [0.0, 1e-6, 1e-5, 1e-4, 1e-3])
def test_outward_bounds_do_not_depend_on_blocks(
    monkeypatch: pytest.MonkeyPatch, price: float
) -> None:
    """Seven streams at a time yield the same reduced worth as all at once."""
    columns = columns_of(generate("recorded-like", 40, 10, 5, reallocation="stream"))
    whole = OutwardRelaxation(columns, price).bound
    monkeypatch.setattr("formulations.reproof_outward.STREAMS_AT_ONCE", 7)
    assert OutwardRelaxation(columns, price).bound == pytest.approx(whole, abs=1e-15)


@both_ways
def test_many_equal_streams_are_proven(method: str) -> None:
    """100 streams step by 3 of 200 units each: 66 are served, and 2 units are idle.

    At 0.9/300 a unit the relaxation is worth 200/300 · 0.9 = 0.6, the optimum 0.594.
    """
    cameras = [stream(f"s{v}", 0.9, inference=(serving(0.3, 1),)) for v in range(100)]
    certificate = Certificate(price=0.003, break_stream=66)
    instance = window(*cameras, gpus=20)
    proof = prove(method, instance, certificate, 0.594)
    assert proof.holds
    assert proof.lagrangian_bound == pytest.approx(0.6)
    assert proof.proven_bound == pytest.approx(0.594)
    assert not prove(method, instance, certificate, 0.593).holds


@both_ways
def test_what_cannot_be_enumerated_is_not_proven(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Beyond the limits of the enumeration the Lagrangian bound is all there is."""
    monkeypatch.setattr("formulations.reproof_core.MOST_IN_ALL", 3)
    proof = prove(method, two_streams(), Certificate(price=0.075), 0.4)
    assert not proof.holds
    assert proof.proven_bound == proof.lagrangian_bound
    assert "too many schedules" in proof.explanation
    monkeypatch.setattr("formulations.reproof_outward.MOST_CELLS", 3)
    assert prove(method, two_streams(), Certificate(price=0.075), 0.4).holds is False


@both_ways
def test_floors_are_the_referees(method: str) -> None:
    """A floor within a billionth is kept; one beyond it leaves no schedule at all."""
    camera = stream("A", 0.5, min_accuracy=0.5 + 9e-10)
    proof = prove(method, window(camera), Certificate(price=0), 0.5)
    assert proof.holds
    assert proof.lagrangian_bound == pytest.approx(0.5)
    none = window(replace(camera, min_accuracy=0.5 + 2e-9))
    assert prove(method, none, Certificate(price=0), 0.0).lagrangian_bound == -math.inf


@both_ways
def test_a_new_model_from_the_start_need_not_hold_the_old_ones_floor(
    method: str,
) -> None:
    """A cached model of 0.9 without delay serves a floor that 0.5 cannot keep."""
    camera = stream("A", 0.5, retraining=(retraining(0, 0.9),), min_accuracy=0.8)
    proof = prove(method, window(camera), Certificate(price=0.01), 0.9)
    assert proof.holds
    assert proof.lagrangian_bound == pytest.approx(0.9 + 0.01 * (10 - 5))
    assert not prove(method, window(camera), Certificate(price=0.01), 0.89).holds


@both_ways
def test_the_referees_tolerance_on_instants_is_granted(method: str) -> None:
    """A change may come a billionth of the window early, and a short floor is none.

    The new model is there after 1.5e-9 of the window and may serve from 0.6e-9; what is
    before that is too short for its floor of 0.8 to be checked.
    """
    config = retraining(0, 0.9, delay_seconds=1.5e-7)
    instance = window(stream("A", 0.5, retraining=(config,), min_accuracy=0.8))
    early = schedule(A=("retrain", [segment(0, "full", 5), segment(0.6e-7, "full", 5)]))
    verdict = evaluate(instance, early)
    assert verdict.feasible
    proof = prove(method, instance, Certificate(price=0.1), 0.9)
    assert proof.holds
    assert proof.proven_bound >= verdict.objective - REFEREE_SLACK


def test_what_is_no_static_window_or_stream_is_not_proven() -> None:
    """A price says nothing of reallocation server; the break is one of the streams."""
    server = replace(two_streams(), reallocation=Reallocation.SERVER, slot_seconds=10)
    proof = reprove(server, Certificate(price=0.075), 1.0)
    assert not proof.holds
    assert proof.as_dict()["lagrangian_bound"] is None
    columns = columns_of(two_streams())
    for problem in (two_streams(), columns):
        for known in ("A", 1, None):
            certificate = Certificate(price=0.075, break_stream=known)
            assert reprove(problem, certificate, 0.55).holds
        for unknown in ("C", 2):
            certificate = Certificate(price=0.075, break_stream=unknown)
            assert not reprove(problem, certificate, 0.55).holds
