"""Plans over scenarios: exact in the mean, bounded in the tail, against every plan."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.candidates import candidates_of, candidates_of_shares
from formulations.kernels.simulation import simulate
from formulations.stream_model import NEVER_SERVED, NO_RETRAINING, StreamModel
from formulations.tail_risk import TailRisk
from instances import Instance, InvalidOption, SolverUnavailable
from instances.columns import columns_of
from instances.generators import generate
from instances.scenarios import ErrorModel, Scenarios, draw_scenarios
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import retraining, stream, window
from tests.strategies import instances

COUNT = 12
ERRORS: dict[str, Any] = {"accuracy_error": 0.2, "cost_error": 0.3}


def scenarios_of(instance: Instance, seed: int = 0) -> Scenarios:
    """Return the scenarios that the solvers draw with the settings of these tests."""
    rng = np.random.default_rng(seed)
    model = ErrorModel(**ERRORS)
    return draw_scenarios(columns_of(instance), model, COUNT, rng, paired=True)


def run(instance: Instance, solver: str, **more: Any) -> Result:
    """Solve with the settings of these tests."""
    own = {"scenarios": COUNT, **ERRORS, **more}
    return solve(instance, solver, Options(settings=own))


def outcomes_of(instance: Instance, result: Result) -> Any:
    """Return what a result's schedule is worth in every scenario."""
    assert result.schedule is not None
    columns = columns_of(instance)
    candidates = candidates_of(columns, [result.schedule])
    return simulate(columns, candidates, scenarios_of(instance)).objective[0]


def every_outcome(instance: Instance) -> Any:
    """Return the outcomes of every plan that keeps the rules nominally, (C, S)."""
    total = instance.total_units
    choices = []
    for each in instance.streams:
        model = StreamModel(instance, each)
        choices.append(
            [
                (idx, inference, training)
                for idx in range(NO_RETRAINING, len(each.retraining))
                for inference in range(total + 1)
                for training in range(total + 1 - inference)
                if model.value(idx, inference, training) != NEVER_SERVED
            ]
        )
    plans = np.array(
        [
            plan
            for plan in itertools.product(*choices)
            if sum(inference + training for _, inference, training in plan) <= total
        ]
    )
    if not len(plans):
        return None
    columns = columns_of(instance)
    candidates = candidates_of_shares(columns, *np.moveaxis(plans, 2, 0))
    return simulate(columns, candidates, scenarios_of(instance)).objective


@settings(max_examples=40)
@given(instances(max_streams=2, max_units=4))
def test_expected_is_the_best_mean_of_all_plans(instance: Instance) -> None:
    """No plan has a higher mean, and the plan has the mean that is told."""
    result = run(instance, "expected")
    outcomes = every_outcome(instance)
    if outcomes is None:
        assert result.status is Status.INFEASIBLE
        return
    told = result.metadata["expected_objective"]
    assert told == pytest.approx(outcomes.mean(axis=1).max(), abs=1e-12)
    assert told == pytest.approx(outcomes_of(instance, result).mean(), abs=1e-12)
    assert result.metadata["expected_bound"] == told
    assert result.bound is None


@settings(max_examples=40)
@given(instances(max_streams=2, max_units=4), st.sampled_from([0, 0.5, 0.8, 0.99]))
def test_the_best_cvar_of_all_plans_lies_between(
    instance: Instance, confidence: float
) -> None:
    """The bound is no lower than the best of all plans, the plan's CVaR no higher.

    Nor is the plan's lower than that of dp's plan.
    """
    result = run(instance, "cvar", confidence=confidence, iterations=30)
    outcomes = every_outcome(instance)
    if outcomes is None:
        assert result.status is Status.INFEASIBLE
        return
    risk = TailRisk(confidence=confidence, count=COUNT)
    told, bound = result.metadata["cvar"], result.metadata["cvar_bound"]
    own = outcomes_of(instance, result)
    assert told == pytest.approx(risk.value(own), abs=1e-12)
    assert result.metadata["mean"] == pytest.approx(own.mean(), abs=1e-12)
    best = risk.value(outcomes).max()
    assert told <= best + 1e-12
    assert best <= bound + 1e-9
    nominal = risk.value(outcomes_of(instance, solve(instance, "dp")))
    assert told >= nominal - 1e-12


def test_cvar_finds_the_best_plan_where_it_is_proven() -> None:
    """On generated windows the gap is closed or small, whatever the threads."""
    for seed in range(2):
        instance = generate("recorded-like", 6, 3, seed)
        options = Options(settings={"scenarios": 50, "accuracy_error": 0.05})
        result = solve(instance, "cvar", options)
        assert 0 <= result.metadata["cvar_gap"] < 0.01
        again = Options(workers=2, settings=options.settings)
        assert solve(instance, "cvar", again).metadata == result.metadata


def test_with_confidence_0_the_tail_is_everything() -> None:
    """The mean of the worst 100 % is the mean, so the bound is reached."""
    instance = generate("recorded-like", 5, 2, 0)
    tail = run(instance, "cvar", confidence=0)
    mean = run(instance, "expected").metadata["expected_objective"]
    assert tail.metadata["cvar"] == pytest.approx(mean, abs=1e-12)
    assert tail.metadata["cvar_gap"] == pytest.approx(0, abs=1e-9)


def test_without_errors_expected_is_the_optimum() -> None:
    """If nothing is uncertain the best mean is the nominal optimum."""
    instance = generate("recorded-like", 8, 3, 0, reallocation="stream")
    settings = {"accuracy_error": 0, "cost_error": 0, "scenarios": 3}
    result = solve(instance, "expected", Options(settings=settings))
    best = solve(instance, "dp").objective
    assert result.metadata["expected_objective"] == pytest.approx(best, abs=1e-12)
    assert result.objective == pytest.approx(best, abs=1e-12)


def test_a_likely_miss_is_planned_around() -> None:
    """On paper: the dear config ends at 98 s of 100 and gains 0.02 · 0.5 = 0.01.

    The cheap one ends at 20 s and gains 0.8 · 0.005 = 0.004. With 1 % of error in the
    cost the dear one ends beyond 99.2 s in a tenth of the draws, and gains less there.
    """
    configs = (retraining(49, 1.0, name="dear"), retraining(10, 0.505, name="cheap"))
    instance = window(stream(retraining=configs))
    assert retrained(solve(instance, "dp")) == "dear"
    own = {"accuracy_error": 0, "cost_error": 0.01, "confidence": 0.9}
    assert retrained(solve(instance, "cvar", Options(settings=own))) == "cheap"


def retrained(result: Result) -> str | None:
    """Return the retraining config of a result's only stream."""
    assert result.schedule is not None
    config: str | None = result.schedule.streams[0].retraining
    return config


@pytest.mark.parametrize("solver", ["expected", "cvar"])
def test_the_seed_decides_and_other_things_do_not(solver: str) -> None:
    """The same seed gives the same metadata; another one draws other scenarios."""
    instance = generate("recorded-like", 5, 2, 0)
    own = {"scenarios": 20}
    one, two, other = (
        solve(instance, solver, Options(seed=seed, workers=workers, settings=own))
        for seed, workers in ((3, 1), (3, 2), (4, 1))
    )
    assert one.schedule == two.schedule
    assert one.metadata == two.metadata
    assert one.metadata != other.metadata


@pytest.mark.parametrize("solver", ["expected", "cvar"])
def test_errors_are_drawn_from_the_estimates_on_request(solver: str) -> None:
    """The instance's own errors make other scenarios; without estimates it is told."""
    instance = generate("recorded-like", 5, 2, 0)
    own = {"scenarios": 20, "from_estimates": True}
    result = solve(instance, solver, Options(settings=own))
    assert (
        result.metadata
        != solve(
            instance, solver, Options(settings=own | {"from_estimates": False})
        ).metadata
    )
    with pytest.raises(InvalidOption, match="no retraining config has an estimate"):
        solve(window(stream()), solver, Options(settings=own))


@pytest.mark.parametrize("solver", ["expected", "cvar"])
def test_what_does_not_fit_is_refused(solver: str) -> None:
    """Mode server, a schedule to start from and settings outside their domain."""
    instance = window(stream(retraining=(retraining(10, 0.9),)))
    server = window(stream(), reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        solve(server, solver)
    start = solve(instance, "dp").schedule
    with pytest.raises(InvalidOption, match="takes no initial schedule"):
        solve(instance, solver, Options(initial_schedule=start))
    bad: list[dict[str, Any]] = [{"scenarios": 0}, {"accuracy_error": -1}]
    if solver == "cvar":
        bad += [{"confidence": 1}, {"iterations": 0}, {"starts": 0}]
    for values in bad:
        with pytest.raises(InvalidOption, match=next(iter(values))):
            solve(instance, solver, Options(settings=values))


def test_an_interrupted_cvar_keeps_its_best_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C during the local search returns the best plan met, and the bound."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.tail_moves.improve", interrupted)
    result = solve(generate("recorded-like", 4, 2, 0), "cvar")
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert result.schedule is not None
    assert result.metadata["cvar"] <= result.metadata["cvar_bound"]
