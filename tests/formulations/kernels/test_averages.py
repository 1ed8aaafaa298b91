"""Averaged tables against plain means over every choice and every scenario."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.candidates import candidates_of_columns
from formulations.evaluate import evaluate
from formulations.kernels.averages import Averages
from formulations.kernels.averages_numpy import averaged_values
from formulations.kernels.simulation import nominal, simulate
from formulations.value_tables import value_table
from instances import Instance, InstanceTooLarge, SolverUnavailable
from instances.columns import columns_of
from instances.generators import generate
from instances.scenarios import ErrorModel, Scenarios, draw_scenarios
from tests.small import retraining, serving, stream, window
from tests.strategies import accuracies, instances

costs = st.sampled_from([0, 0.5, 1, 2, 3, 5, 6, 12, 30, 90])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Instance, Scenarios, Any]:
    """Draw a static window with scenarios of any numbers, and weights for them."""
    instance = draw(instances())
    configs = len(columns_of(instance).gpu_seconds)
    count = draw(st.integers(1, 4))
    numbers = [
        draw(st.lists(kind, min_size=count * configs, max_size=count * configs))
        for kind in (costs, accuracies)
    ]
    cost, accuracy = np.array(numbers, dtype=float).reshape(2, count, configs)
    weights = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    shares = np.array(weights, dtype=float) + (0 if any(weights) else 1)
    scenarios = Scenarios(gpu_seconds=cost, accuracy=accuracy)
    return instance, scenarios, shares / shares.sum()


@settings(max_examples=150)
@given(problems(), st.sampled_from([1, 2]))
def test_a_row_is_the_best_mean_of_every_number_of_units(
    problem: tuple[Instance, Scenarios, Any], workers: int
) -> None:
    """The compiled rows are those of the plain means over all choices."""
    instance, scenarios, weights = problem
    averages = Averages(columns_of(instance), scenarios)
    table = averages.table(weights, workers=workers)
    expected = averaged_values(instance, scenarios, weights)
    np.testing.assert_allclose(table.values.values, expected, rtol=0, atol=1e-12)


@settings(max_examples=150)
@given(problems(), st.randoms(use_true_random=False))
def test_a_plan_is_worth_what_the_table_says(
    problem: tuple[Instance, Scenarios, Any], random: Any
) -> None:
    """Simulated, a plan of any units has the table's mean, and it keeps every rule."""
    instance, scenarios, weights = problem
    columns = columns_of(instance)
    table = Averages(columns, scenarios).table(weights)
    best = table.values
    fewest = np.isneginf(best.values).sum(axis=1)
    assume((fewest <= best.total_units).all())
    units = [random.randint(int(least), best.total_units) for least in fewest]
    plan = table.plan(units)
    assert (plan.inference_units + plan.training_units <= units).all()
    found = simulate(columns, candidates_of_columns(columns, [plan]), scenarios)
    mean = float(found.objective[0] @ weights)
    assert best.objective(units) == pytest.approx(mean, abs=1e-12)
    verdict = evaluate(instance, plan.schedule(instance))
    assert not [text for text in verdict.violations if text.startswith("Stream")]


@settings(max_examples=100)
@given(instances())
def test_without_errors_the_average_is_the_value_table(instance: Instance) -> None:
    """One scenario that is the instance itself gives the nominal table."""
    columns = columns_of(instance)
    table = Averages(columns, nominal(columns)).table()
    expected = value_table(instance).values
    np.testing.assert_allclose(table.values.values, expected, rtol=0, atol=1e-12)


def test_a_safer_config_wins_the_mean() -> None:
    """On paper: 40 GPU-seconds on half a GPU end at 80 s, or at 120 s, too late.

    Nominally the dear config yields 0.8 · 0.5 + 0.2 · 1 = 0.6 and the cheap one, done
    at 20 s, 0.2 · 0.5 + 0.8 · 0.58 = 0.564. If the dear one takes 60 in every second
    scenario its mean is (0.6 + 0.5) / 2 = 0.55.
    """
    configs = (retraining(40, 1.0, name="dear"), retraining(10, 0.58, name="cheap"))
    columns = columns_of(window(stream(retraining=configs)))
    assert Averages(columns, nominal(columns)).table().retraining[0, 10] == 0
    scenarios = Scenarios(
        gpu_seconds=np.array([[40.0, 10.0], [60.0, 10.0]]),
        accuracy=np.array([[1.0, 0.58], [1.0, 0.58]]),
    )
    table = Averages(columns, scenarios).table()
    assert table.retraining[0, 10] == 1
    assert table.values.values[0, 10] == pytest.approx(0.564)


def test_fewer_training_units_can_have_the_better_mean() -> None:
    """A faster retraining only adds the scenario in which it ruins the model.

    On paper, with 5 or 20 GPU-seconds: one unit ends at 50 s or never, worth 0.7 and
    0.5; two at 25 s or with the window, 0.8 and 0.5; three at 16.7 s or 66.7 s, 0.8333
    and 0.3333; four at 12.5 s or 50 s, 0.85 and 0.25.
    """
    config = retraining(5, 0.9)
    camera = stream(inference=(serving(0, 1, "free"),), retraining=(config,))
    columns = columns_of(window(camera, gpus=0.4))
    scenarios = Scenarios(
        gpu_seconds=np.array([[5.0], [20.0]]), accuracy=np.array([[0.9], [0.0]])
    )
    table = Averages(columns, scenarios).table()
    expected = [0.5, 0.6, 0.65, 0.65, 0.65]
    assert table.values.values[0].tolist() == pytest.approx(expected)
    assert table.values.training_units[0].tolist() == [0, 1, 2, 2, 2]


def test_threads_and_interruptions() -> None:
    """Threads change no bit, and the caller can stop the work between its parts."""
    columns = columns_of(generate("recorded-like", 30, 8, 0))
    drawn = draw_scenarios(columns, ErrorModel(), 20, np.random.default_rng(0))
    averages = Averages(columns, drawn)
    one, three = averages.table(), averages.table(workers=3)
    np.testing.assert_array_equal(one.values.values, three.values.values)
    np.testing.assert_array_equal(one.retraining, three.retraining)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        averages.table(between=stop)


def test_what_has_no_table_is_refused() -> None:
    """Mode server and tables beyond memory are errors."""
    columns = columns_of(window(stream()))
    server = columns.changed(reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        Averages(server, nominal(server))
    large = columns.changed(gpus=1e6, units_per_gpu=1000)
    with pytest.raises(InstanceTooLarge, match="50000000 cells"):
        Averages(large, nominal(large))
