"""The columnar schedule: what it means, and what it refuses."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations import StreamModel
from formulations.evaluate import evaluate
from formulations.schedule import MOST_UNITS
from formulations.schedule_columns import ScheduleColumns
from formulations.stream_model import NO_RETRAINING
from instances import InvalidSchedule, SolverUnavailable
from instances.columns import columns_of
from tests.small import retraining, schedule, segment, serving, stream, window
from tests.strategies import instances


def make(**changes: Any) -> ScheduleColumns:
    """Return a schedule of two streams, the first of which retrains."""
    values: dict[str, Any] = {
        "retraining": [0, -1],
        "inference_units": [2, 5],
        "training_units": [3, 0],
    }
    return ScheduleColumns(**(values | changes))


def test_units_stay_or_join_at_the_completion() -> None:
    """15 GPU-seconds on 3 tenths of a GPU end at 50 s; then 3 units join the 2."""
    cameras = (
        stream(
            "A",
            retraining=(retraining(15, 0.9),),
            inference=(serving(0.2, 0.5, "half"), serving(0.5, 1, "full")),
        ),
        stream("B"),
    )
    still = segment(0, "full", 5)
    before = segment(0, "half", 2, 3)
    never = schedule(A=("retrain", [before]), B=(None, [still]))
    joined = [before, segment(50, "full", 5)]
    assert make().schedule(window(*cameras)) == never
    joining = window(*cameras, reallocation="stream")
    expected = schedule(A=("retrain", joined), B=(None, [still]))
    assert make().schedule(joining) == expected
    assert make().schedule(columns_of(joining)) == make(
        retraining=np.array([0, -1], dtype=np.int8)
    ).schedule(joining)


@given(instance=instances(), data=st.data())
def test_what_finishes_is_worth_what_the_model_says(
    instance: Any, data: st.DataObject
) -> None:
    """The referee's objective is the mean of the values, by stream and weight."""
    models = [StreamModel(instance, each) for each in instance.streams]
    values, choices = [], []
    for model in models:
        inference, training = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
        last = len(model.stream.retraining) - 1
        idx = model.finishing(data.draw(st.integers(NO_RETRAINING, last)), training)
        choices.append((idx, inference, training))
        values.append(model.value(idx, inference, training))
    columns = ScheduleColumns(
        **dict(
            zip(
                ("retraining", "inference_units", "training_units"),
                np.array(choices).T,
                strict=True,
            )
        )
    )
    assert columns.num_streams == len(instance.streams)
    plan = columns.schedule(instance)
    assert columns.schedule(columns_of(instance)) == plan
    evaluation = evaluate(instance, plan)
    enough = sum(i + r for _, i, r in choices) <= instance.total_units
    assert evaluation.feasible == (enough and min(values) >= 0)
    if min(values) >= 0:
        weights = [each.weight for each in instance.streams]
        mean = np.average(values, weights=weights)
        assert evaluation.objective == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"retraining": []}, "retraining: has the shape (0,), expected at least one"),
        ({"retraining": 0}, "retraining: has the shape ()"),
        ({"retraining": [[0, 0]]}, "retraining: has the shape (1, 2)"),
        ({"retraining": [0.0, 1]}, "retraining: is float64 of shape (2,)"),
        ({"retraining": [True, False]}, "retraining: is bool"),
        ({"retraining": [0, -2]}, "retraining[1]: is -2, expected an integer from -1"),
        ({"inference_units": [1]}, "inference_units: is int64 of shape (1,), expected"),
        ({"inference_units": [-1, 0]}, "inference_units[0]: is -1"),
        ({"training_units": [0, 2**60]}, "training_units[1]: is 1152921504606846976"),
        ({"training_units": np.array([0, 2**63], np.uint64)}, "training_units[1]"),
        ({"training_units": None}, "training_units: is object"),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[str, Any], said: str) -> None:
    """The error names the column and the entry, the value and what was expected."""
    with pytest.raises(InvalidSchedule) as caught:
        make(**changes)
    assert said in str(caught.value)


def test_the_most_units_are_the_most() -> None:
    """The end of the domain is in it."""
    units = make(training_units=[MOST_UNITS, 0]).training_units
    assert units.tolist() == [10**12, 0]


def test_it_keeps_its_own_numbers() -> None:
    """Later changes of the caller's arrays do not reach it, nor can it be written."""
    units = np.array([2, 5])
    columns = make(inference_units=units)
    units[0] = 7
    assert columns.inference_units.tolist() == [2, 5]
    with pytest.raises(ValueError, match="read-only"):
        columns.inference_units[0] = 7


def test_it_fits_its_instance_only() -> None:
    """Other numbers of streams and configs that a stream lacks are named."""
    two = window(stream("A", retraining=(retraining(15, 0.9),)), stream("B"))
    make().check_fits(two)
    for problem in (two, columns_of(two)):
        with pytest.raises(InvalidSchedule, match=r"retraining\[1\]: is 0, expected"):
            make(retraining=[0, 0]).schedule(problem)
        with pytest.raises(InvalidSchedule, match=r"retraining\[0\]: is 1, expected"):
            make(retraining=[1, -1]).check_fits(problem)
    one = window(stream("A"), name="single")
    for problem in (one, columns_of(one)):
        with pytest.raises(InvalidSchedule, match="has 2 streams, expected the 1 of"):
            make().schedule(problem)


def test_slots_are_no_static_window() -> None:
    """What may change in every slot is not a choice of units for the window."""
    slots = window(stream("A"), stream("B"), reallocation="server", slot_seconds=50)
    with pytest.raises(SolverUnavailable, match="not a static window"):
        make(retraining=[-1, -1]).schedule(slots)
