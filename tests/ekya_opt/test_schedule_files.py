"""Schedule files: round trips and what they refuse."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations import Schedule, Segment, StreamPlan
from formulations.schedule_files import (
    read_schedule,
    schedule_from_dict,
    schedule_to_dict,
    write_schedule,
)
from instances import InvalidSchedule

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9)
SHARES = st.floats(0, 1)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Return any schedule, feasible or not."""
    plans = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        later = draw(st.sets(st.floats(0.001, 1e6), max_size=3))
        segments = [
            Segment(
                start_seconds=start,
                inference=draw(st.none() | NAMES),
                inference_units=draw(st.integers(0, 10**12)),
                training_units=draw(st.integers(0, 10**12)),
            )
            for start in [0.0, *sorted(later)]
        ]
        retraining = draw(st.none() | NAMES)
        plans.append(
            StreamPlan(stream=name, retraining=retraining, segments=tuple(segments))
        )
    return Schedule(streams=tuple(plans))


@given(
    schedule=schedules(),
    instance=st.none() | NAMES,
    solver=st.none() | NAMES,
    objective=st.none() | SHARES,
    bound=st.none() | st.floats(0, 2),
)
def test_schedules_round_trip(
    schedule: Schedule,
    instance: str | None,
    solver: str | None,
    objective: float | None,
    bound: float | None,
) -> None:
    """Any schedule and its claims come back from their JSON value as they were."""
    content = schedule_to_dict(
        schedule, instance=instance, solver=solver, objective=objective, bound=bound
    )
    file = schedule_from_dict(content)
    assert file.schedule == schedule
    claims = (file.instance, file.solver, file.objective, file.bound)
    assert claims == (instance, solver, objective, bound)


@pytest.mark.parametrize("name", ["schedule.json", "schedule.json.gz"])
def test_files_round_trip(tmp_path: Path, name: str) -> None:
    """What is written to a file, compressed or not, is what is read."""
    segment = Segment(start_seconds=0, inference_units=1, training_units=0)
    schedule = Schedule(streams=(StreamPlan(stream="A", segments=(segment,)),))
    path = tmp_path / name
    write_schedule(path, schedule_to_dict(schedule, objective=0.5))
    file = read_schedule(path)
    assert file.schedule == schedule
    assert file.objective == 0.5


def test_a_rounding_error_above_1_is_written_as_1() -> None:
    """The referee's mean may exceed 1 in the last bit; a claim may not."""
    segment = Segment(start_seconds=0, inference_units=1, training_units=0)
    schedule = Schedule(streams=(StreamPlan(stream="A", segments=(segment,)),))
    assert schedule_to_dict(schedule, objective=1 + 2e-16)["objective"] == 1


@pytest.mark.parametrize("value", [None, [], "schedule", 3])
def test_what_is_no_object_is_refused(value: Any) -> None:
    """A schedule file holds one object."""
    with pytest.raises(InvalidSchedule, match="expected an object"):
        schedule_from_dict(value)
