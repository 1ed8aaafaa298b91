"""The referee for fleets against the referee."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.evaluate import evaluate
from formulations.kernels import plan_check
from formulations.kernels.plan_check import verify_plan
from formulations.schedule_columns import ScheduleColumns
from instances import Instance, InvalidSchedule, SolverUnavailable
from instances.columns import columns_of
from tests.small import retraining, serving, stream, window
from tests.strategies import instances


def plan(*choices: tuple[int, int, int]) -> ScheduleColumns:
    """Return a schedule from (retraining, inference units, training units)."""
    columns: Any = np.array(choices, dtype=np.int64).reshape(-1, 3).T
    return ScheduleColumns(
        retraining=columns[0], inference_units=columns[1], training_units=columns[2]
    )


def own_rules(violations: tuple[str, ...]) -> int:
    """Return how many violations concern one stream, not the capacity."""
    return sum(text.startswith("Stream") for text in violations)


@st.composite
def instances_with_plans(draw: st.DrawFn) -> tuple[Instance, ScheduleColumns]:
    """Draw a window and a plan of any kind; many are infeasible."""
    instance = draw(instances())
    units = st.integers(0, max(1, instance.total_units // len(instance.streams)))
    choices = []
    for camera in instance.streams:
        idx = draw(st.integers(-1, len(camera.retraining) - 1))
        choices.append((idx, draw(units), draw(units)))
    return instance, plan(*choices)


@settings(max_examples=300)
@given(instances_with_plans(), st.sampled_from([1, 2]))
def test_the_verdict_is_the_referees(
    problem: tuple[Instance, ScheduleColumns], workers: int
) -> None:
    """Objective, accuracies and feasibility are those of the schedule as objects."""
    instance, columns = problem
    verdict = verify_plan(columns_of(instance), columns, workers=workers)
    expected = evaluate(instance, columns.schedule(instance))
    assert verdict.objective == pytest.approx(expected.objective, abs=1e-12)
    accuracies = [each.accuracy for each in expected.streams]
    assert verdict.accuracy.tolist() == pytest.approx(accuracies, abs=1e-12)
    assert verdict.feasible == expected.feasible
    assert own_rules(verdict.violations) == own_rules(expected.violations)


def test_drawn_plans_are_of_both_kinds() -> None:
    """The strategy reaches feasible plans with a retraining, and infeasible ones."""
    seen = set()

    @settings(max_examples=200, derandomize=True, database=None)
    @given(instances_with_plans())
    def look(problem: tuple[Instance, ScheduleColumns]) -> None:
        columns = columns_of(problem[0])
        feasible = verify_plan(columns, problem[1]).feasible
        seen.add((feasible, bool((problem[1].retraining >= 0).any())))

    look()
    assert len(seen) == 4


def test_each_rule_is_told_by_a_sentence() -> None:
    """One stream too late, one below its floor with either model, one unit too many.

    B serves at 0.5 until it ends at 10 / 0.2 = 50 s, then at 0.3 · 1, both below 0.6.
    """
    late = stream("A", retraining=(retraining(60, 0.9),))
    low = stream("B", min_accuracy=0.6, retraining=(retraining(10, 0.3),))
    columns = columns_of(window(late, low, gpus=1.2))
    verdict = verify_plan(columns, plan((0, 5, 1), (0, 5, 2)))
    assert verdict.accuracy.tolist() == pytest.approx([0.5, 0.4])
    assert verdict.objective == pytest.approx(0.45)
    assert verdict.violations == (
        "Stream 'A': the retraining does not finish in the window.",
        "Stream 'B' is served below its floor of 0.6 with the old model.",
        "Stream 'B' is served below its floor of 0.6 with the new model.",
        "13 units are in use, of 12.",
    )
    assert not verdict.feasible


def test_what_is_no_plan_for_the_instance_is_told() -> None:
    """An unknown config is a violation; a wrong length and mode server are errors."""
    columns = columns_of(window(stream()))
    verdict = verify_plan(columns, plan((0, 5, 0)))
    assert "no retraining config" in verdict.violations[0]
    with pytest.raises(InvalidSchedule, match="has 2 streams, expected 1"):
        verify_plan(columns, plan((-1, 5, 0), (-1, 5, 0)))
    server = columns.changed(reallocation="server", slot_seconds=10)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        verify_plan(server, plan((-1, 5, 0)))


def test_blocks_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand streams have one objective, and named violations have an end."""
    rng = np.random.default_rng(0)
    count = 10_000
    level = serving(0.1, 1.0)
    base = columns_of(window(stream(inference=(level,), weight=1)))
    columns = base.changed(
        gpus=count / 10,
        accuracy=rng.uniform(0, 1, count),
        weight=rng.uniform(0.5, 2, count),
        stream_min_accuracy=np.where(np.arange(count) < 300, 1.0, np.nan),
        retraining_offsets=np.zeros(count + 1, dtype=np.int64),
        inference_offsets=np.arange(count + 1),
        demand_gpus=np.full(count, 0.1),
        relative_accuracy=np.ones(count),
        stream_names=None,
        inference_names=None,
    )
    ones = np.ones(count, dtype=np.int64)
    everyone = ScheduleColumns(
        retraining=-ones, inference_units=ones, training_units=0 * ones
    )
    verdicts = [verify_plan(columns, everyone, workers=n) for n in (1, 2, 3)]
    assert len({verdict.objective for verdict in verdicts}) == 1
    assert columns.weight is not None
    expected = np.average(columns.accuracy, weights=columns.weight)
    assert verdicts[0].objective == pytest.approx(expected, abs=1e-12)
    assert len(verdicts[0].violations) == plan_check.MOST_NAMED + 1
    assert verdicts[0].violations[-1] == "200 more streams break a rule of their own."
