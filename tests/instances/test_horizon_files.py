"""Files of horizons and of their schedules."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from formulations.horizon_schedule_files import (
    HorizonScheduleFile,
    horizon_schedule_from_dict,
    horizon_schedule_to_dict,
)
from instances import InvalidInstance, InvalidSchedule, instance_hash
from instances.generators.paper import paper_horizon, paper_windows
from instances.horizon import Horizon
from instances.horizon_files import (
    horizon_from_dict,
    horizon_to_dict,
)
from instances.horizon_stream import Decay
from instances.problems import (
    problem_from_dict,
    problem_hash,
    read_problem,
    write_problem,
)
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon, plan, windows
from tests.small import segment

LEAST: dict[str, Any] = {
    "schema_version": 1,
    "kind": "horizon",
    "name": "least",
    "window_seconds": 120,
    "gpus": 3,
    "units_per_gpu": 20,
    "streams": [
        {
            "name": "A",
            "accuracy": 0.65,
            "inference": [{"name": "all", "gpus": 0.25, "relative_accuracy": 1}],
            "windows": [{}, {}],
        }
    ],
}


@given(horizons(feasible=False))
def test_horizons_round_trip(problem: Horizon) -> None:
    """What is written is read as the same horizon, by any kind's reader too."""
    data = json.loads(json.dumps(horizon_to_dict(problem)))
    assert horizon_from_dict(data) == problem
    assert problem_from_dict(data) == problem


@pytest.mark.parametrize("name", ["one.json", "one.json.gz"])
def test_horizons_round_trip_through_files(tmp_path: Path, name: str) -> None:
    """Plain and compressed files give back the horizon, metadata included."""
    problem = horizon(
        camera((config(20, 0.9, later_accuracy=(0.8,)),), (), decay=Decay(loss=0.1)),
        cached_models=1,
        metadata={"source": "a test"},
    )
    write_problem(problem, tmp_path / name)
    again = read_problem(tmp_path / name)
    assert again == problem
    assert again.metadata == {"source": "a test"}


def test_defaults_are_those_of_the_format() -> None:
    """A horizon with only the required keys has the documented defaults."""
    problem = horizon_from_dict(LEAST)
    (stream,) = problem.streams
    assert (problem.cached_models, problem.warm_gb, problem.num_windows) == (0, 0, 2)
    assert problem.reallocation == "never"
    assert (stream.load_seconds, stream.model_gb, stream.weight) == (0, 0, 1)
    assert stream.decay == Decay(factor=1, loss=0, least=0)
    assert stream.later_accuracy is None
    assert stream.scores("initial") == (0.65, 0.65)
    assert horizon_to_dict(problem) == LEAST | {"metadata": {}}


def test_every_key_of_the_format_is_read() -> None:
    """A horizon that uses every optional key keeps what it says."""
    data = json.loads(json.dumps(LEAST))
    data |= {"cached_models": 2, "warm_gb": 4, "min_accuracy": 0.1}
    data |= {"reallocation": "server", "slot_seconds": 5}
    data["streams"][0] |= {
        "later_accuracy": [0.6],
        "decay": {"factor": 0.9, "loss": 0.05, "least": 0.3},
        "weight": 2,
        "min_accuracy": 0.2,
        "load_seconds": 3,
        "model_gb": 1.5,
        "windows": [
            {
                "retraining": [
                    {
                        "name": "Cfg",
                        "gpu_seconds": 85,
                        "accuracy": 0.75,
                        "delay_seconds": 1,
                        "estimate": {"gpu_seconds": 80, "accuracy": 0.7},
                        "later_accuracy": [0.7],
                    }
                ],
                "inference": [{"name": "half", "gpus": 0.1, "relative_accuracy": 0.5}],
            },
            {},
        ],
    }
    problem = horizon_from_dict(data)
    (stream,) = problem.streams
    assert stream.decay == Decay(factor=0.9, loss=0.05, least=0.3)
    assert stream.scores("1/Cfg") == (0.75, 0.7)
    assert stream.scores("initial") == (0.65, 0.6)
    assert [each.name for each in stream.serving(0)] == ["half"]
    assert [each.name for each in stream.serving(1)] == ["all"]
    assert horizon_to_dict(problem) == data | {"metadata": {}}


def test_the_hash_names_the_problem() -> None:
    """Name and metadata do not count, everything else does; windows differ from it."""
    problem = paper_horizon()
    same = replace(problem, name="other", metadata={"x": 1})
    assert problem_hash(same) == problem_hash(problem)
    stream = replace(problem.streams[0], decay=Decay(loss=0.1))
    for other in (
        replace(problem, slot_seconds=10),
        replace(problem, cached_models=1),
        replace(problem, streams=(stream, problem.streams[1])),
    ):
        assert problem_hash(other) != problem_hash(problem)
    assert instance_hash(paper_windows()[0]) != problem_hash(problem)


def _changed(path: str, value: Any) -> dict[str, Any]:
    """Return the least horizon with a value at a path such as ``streams.0.name``."""
    data: dict[str, Any] = json.loads(json.dumps(LEAST))
    place: Any = data
    *outer, last = path.split(".")
    for key in outer:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("kind", "placement", "kind: is 'placement', expected 'horizon'"),
        ("kind", None, "kind: is missing, expected 'horizon'"),
        ("schema_version", 2, "schema_version: is 2, expected 1"),
        ("colour", "red", "colour: is an unknown key"),
        ("streams.0.retraining", [], r"streams\[0\].retraining: is an unknown key"),
        ("streams.0.windows", {}, r"streams\[0\].windows: is {}, expected a list"),
        ("streams.0.windows", [], r"streams\[0\].windows: has 0 items"),
        ("streams.0.windows", [3], r"streams\[0\].windows\[0\]: is 3, expected an ob"),
        ("streams.0.decay", {"lost": 1}, r"streams\[0\].decay.lost: is an unknown key"),
        ("streams.0.decay", {"loss": 2}, r"streams\[0\].decay.loss: is 2, expected a"),
        ("streams.0.decay", None, r"streams\[0\].decay: is None, expected a Decay"),
        ("streams.0.later_accuracy", [], r"streams\[0\].later_accuracy: has 0 numbers"),
        ("cached_models", 0.5, "cached_models: is 0.5, expected an integer"),
    ],
)
def test_bad_files_name_the_place(path: str, value: Any, said: str) -> None:
    """One clear error names the path inside the file."""
    with pytest.raises(InvalidInstance, match=f"^{said}"):
        horizon_from_dict(_changed(path, value))


def test_schedules_round_trip() -> None:
    """Plans and claims are read as they are written; every key is written out."""
    schedule = windows(
        plan("train", kept=("initial",)),
        plan(reuse="initial", warm=True),
        plan(None, segment(0, "full", 5), segment(40, None, 0)),
    )
    data = horizon_schedule_to_dict(
        schedule, instance="small", solver="myopic", objective=0.5, bound=0.75
    )
    again = horizon_schedule_from_dict(json.loads(json.dumps(data)))
    assert again == HorizonScheduleFile(
        instance="small",
        solver="myopic",
        objective=0.5,
        bound=0.75,
        windows=schedule.windows,
    )
    assert again.schedule == schedule
    first = data["windows"][0]["streams"][0]
    assert list(first) == [
        *("stream", "retraining", "reuse", "warm", "kept", "segments")
    ]
    bare = horizon_schedule_from_dict(horizon_schedule_to_dict(schedule))
    assert (bare.instance, bare.solver, bare.objective, bare.bound) == (None,) * 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": None}, "kind: is missing, expected 'horizon'"),
        ({"kind": "window"}, "kind: is 'window', expected 'horizon'"),
        ({"streams": []}, "streams: is an unknown key"),
        ({"windows": []}, "windows: has 0 items"),
        ({"windows": [{}]}, r"windows\[0\].streams: is missing"),
        ({"windows": [{"streams": []}]}, r"windows\[0\].streams: has 0 items"),
        (
            {"windows": [{"streams": [{"stream": "A", "segments": []}]}]},
            r"windows\[0\].streams\[0\].segments: has 0 items",
        ),
        ({"objective": 2}, "objective: is 2"),
        ({"bound": -1}, "bound: is -1"),
        ({"solver": ""}, "solver: is ''"),
    ],
)
def test_bad_schedules_name_the_place(change: dict[str, Any], said: str) -> None:
    """One clear error names the path inside the file."""
    data = horizon_schedule_to_dict(windows(plan()))
    with pytest.raises(InvalidSchedule, match=f"^{said}"):
        horizon_schedule_from_dict(data | change)
