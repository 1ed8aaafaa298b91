"""Broken files of every kind: accepted and certified, or refused in one line."""

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

# A warning would be a second line on standard error.
pytestmark = pytest.mark.filterwarnings("error")

INSTANCE: dict[str, Any] = {
    "schema_version": 1,
    "name": "small",
    "window_seconds": 120,
    "gpus": 3,
    "units_per_gpu": 2,
    "reallocation": "never",
    "slot_seconds": 30,
    "min_accuracy": 0.1,
    "training_throughput": [[0.5, 0.4], [1, 1]],
    "streams": [
        {
            "name": name,
            "accuracy": 0.65,
            "weight": 2,
            "min_accuracy": None,
            "retraining": [
                {
                    "name": "long",
                    "gpu_seconds": 85,
                    "accuracy": 0.75,
                    "delay_seconds": 3,
                    "estimate": {"gpu_seconds": 80, "accuracy": 0.7},
                },
                {"name": "short", "gpu_seconds": 40, "accuracy": 0.7},
            ],
            "inference": [
                {"name": "every-frame", "gpus": 1, "relative_accuracy": 1},
                {"name": "every-second", "gpus": 0.5, "relative_accuracy": 0.8},
            ],
        }
        for name in ("A", "B")
    ],
    "metadata": {"source": "a test"},
}
SCHEDULE: dict[str, Any] = {
    "schema_version": 1,
    "instance": "small",
    "solver": "dp",
    "objective": 0.65,
    "bound": 0.7,
    "streams": [
        {
            "stream": name,
            "retraining": None,
            "segments": [
                {
                    "start_seconds": 0,
                    "inference": "every-frame",
                    "inference_units": 2,
                    "training_units": 0,
                },
            ],
        }
        for name in ("A", "B")
    ],
}
ODD_NUMBERS = [-1, 0, 1, 0.5, 1e-300, 5e-324, 1e12, 1e13, 1e308, 10**30, 2**63, -0.0]
ODD_TEXTS = ["", " ", "A", "never", "server", "stream", "\n", "\ud800", "\0", "é", "1"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, False, *ODD_NUMBERS, *ODD_TEXTS])
    | st.integers(0, 200)
    | st.floats(0, 1)
    | st.floats(allow_nan=True, allow_infinity=True),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "gpus", "x", "\n"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
EXTENT = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a JSON value, the outermost left out."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    inner = [part for key in keys for part in places(value[key], (*path, key))]
    return [(*path, key) for key in keys] + inner


@st.composite
def mutated(draw: st.DrawFn, original: dict[str, Any]) -> bytes:
    """Return the text of a JSON value in which a few places were changed."""
    data = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        spots = places(data)
        if not spots:
            break
        *outer, key = draw(st.sampled_from(spots))
        holder = data
        for step in outer:
            holder = holder[step]
        change = draw(st.sampled_from(["replace", "replace", "delete", "repeat"]))
        if change == "replace":
            holder[key] = draw(VALUES)
        elif change == "delete":
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            name = draw(st.sampled_from(["extra", "name", "metadata", "weight"]))
            holder[name] = copy.deepcopy(holder[key])
    return json.dumps(data).encode()


SHARES = st.sampled_from([0, 5e-324, 1e-12, 0.3, 1 - 2**-53, 1]) | st.floats(0, 1)
SECONDS = st.sampled_from([0, 5e-324, 1e-15, 1e-9, 60, 120, 1e12]) | st.floats(0, 240)
AT_LEAST_1E_6 = st.sampled_from([1e-6, 1e-3, 1 / 3, 1, 1000, 1e6])


@st.composite
def extreme(draw: st.DrawFn) -> bytes:
    """Return the text of a valid instance with numbers at the ends of their domains."""
    data = copy.deepcopy(INSTANCE)
    window = draw(st.sampled_from([1e-3, 1 / 3, 120, 1e9]))
    data["window_seconds"] = window
    data["slot_seconds"] = draw(st.sampled_from([None, window, window / 3]))
    data["reallocation"] = draw(st.sampled_from(["never", "stream"]))
    data["gpus"] = draw(st.sampled_from([0.01, 0.3, 1, 3, 50]))
    data["units_per_gpu"] = draw(st.sampled_from([100, 1000]))
    data["min_accuracy"] = draw(SHARES)
    speeds = sorted(draw(st.lists(AT_LEAST_1E_6, min_size=2, max_size=2)))
    points = [[1e-6, speeds[0]], [draw(st.sampled_from([1.5, 3, 1e6])), speeds[1]]]
    data["training_throughput"] = draw(st.sampled_from([None, points]))
    for stream in data["streams"]:
        stream["accuracy"] = draw(SHARES)
        stream["weight"] = draw(AT_LEAST_1E_6)
        stream["min_accuracy"] = draw(st.none() | SHARES)
        for config in stream["retraining"]:
            config["gpu_seconds"] = draw(SECONDS)
            config["delay_seconds"] = draw(SECONDS)
            config["accuracy"] = draw(SHARES)
        for config in stream["inference"]:
            config["gpus"] = draw(st.sampled_from([0, 5e-324, 1e-9, 0.01, 0.3, 1e6]))
            config["relative_accuracy"] = draw(SHARES)
    return json.dumps(data).encode()


@st.composite
def damaged(draw: st.DrawFn, original: dict[str, Any]) -> bytes:
    """Return the text of a JSON value with bytes changed or the end cut off."""
    content = bytearray(json.dumps(original).encode())
    for _ in range(draw(st.integers(0, 3))):
        idx = draw(st.integers(0, len(content) - 1))
        content[idx] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)) | st.just(None))])


def write(content: bytes, directory: str, name: str) -> Path:
    """Write the content to a file in the directory and return its path."""
    path = Path(directory) / name
    path.write_bytes(content)
    return path


def is_refused(outcome: Any, name: str) -> bool:
    """Return whether a command was refused, checking that it was in one line."""
    assert "Traceback" not in outcome.err
    assert "internal error" not in outcome.err
    if outcome.status != 2:
        assert outcome.status in (0, 1)
        assert outcome.err == ""
        return False
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("ekya-opt: ")
    assert name in line
    assert "referee" not in line
    assert "claims" not in line
    assert "violations" not in line
    return True


def solves_or_refuses(run: Any, content: bytes) -> None:
    """Check that an instance file is refused, or solved with a checked result."""
    with tempfile.TemporaryDirectory() as directory:
        path = write(content, directory, "small.json")
        output = Path(directory) / "schedule.json"
        words = ("solve", path, "--json", "--time-limit", 20, "--output", output)
        outcome = run(*words)
        if is_refused(outcome, "small"):
            return
        result = outcome.data
        if outcome.status == 1:
            assert result["status"] in ("infeasible", "no_solution")
            assert not output.exists()
        else:
            assert result["status"] == "optimal" or result["stopped_by"]
            assert run("check", path, output).status == 0


@EXTENT
@given(content=mutated(INSTANCE))
def test_mutated_instances(run: Any, content: bytes) -> None:
    """Values replaced, deleted or repeated anywhere in an instance file."""
    solves_or_refuses(run, content)


@EXTENT
@given(content=extreme())
def test_extreme_instances(run: Any, content: bytes) -> None:
    """Numbers at the ends of their domains: the referee agrees with the solver."""
    solves_or_refuses(run, content)


@EXTENT
@given(content=damaged(INSTANCE))
@example(content=b"")
@example(content=b"\xff\xfe")
def test_damaged_instances(run: Any, content: bytes) -> None:
    """Bytes flipped anywhere in an instance file, and truncated files."""
    solves_or_refuses(run, content)


def checks_or_refuses(run: Any, content: bytes) -> None:
    """Check that a schedule file is refused or judged."""
    with tempfile.TemporaryDirectory() as directory:
        instance = write(json.dumps(INSTANCE).encode(), directory, "small.json")
        path = write(content, directory, "schedule.json")
        outcome = run("check", instance, path, "--json")
        if is_refused(outcome, "schedule"):
            return
        verdict = outcome.data
        assert verdict["passed"] == (outcome.status == 0)
        reasons = verdict["violations"] + verdict["false_claims"]
        assert verdict["passed"] == (not reasons)
        assert run("check", instance, path).status == outcome.status


@EXTENT
@given(content=mutated(SCHEDULE))
def test_mutated_schedules(run: Any, content: bytes) -> None:
    """Values replaced, deleted or repeated anywhere in a schedule file."""
    checks_or_refuses(run, content)


@EXTENT
@given(content=damaged(SCHEDULE))
def test_damaged_schedules(run: Any, content: bytes) -> None:
    """Bytes flipped anywhere in a schedule file, and truncated files."""
    checks_or_refuses(run, content)


def test_the_originals_are_accepted(run: Any) -> None:
    """The files that the mutations start from are valid, so they test something."""
    with tempfile.TemporaryDirectory() as directory:
        instance = write(json.dumps(INSTANCE).encode(), directory, "small.json")
        path = write(json.dumps(SCHEDULE).encode(), directory, "schedule.json")
        assert run("solve", instance).status == 0
        assert run("check", instance, path).status == 0
