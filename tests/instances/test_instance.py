"""Data classes and instance files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from instances import (
    Estimate,
    Instance,
    InvalidInstance,
    Reallocation,
    RetrainingConfig,
    as_estimated,
    instance_from_dict,
    instance_hash,
    instance_to_dict,
    read_instance,
    write_instance,
)
from tests.small import retraining, serving, stream, window
from tests.strategies import instances


@given(instances())
def test_instances_round_trip_through_dictionaries(instance: Instance) -> None:
    """What is written is read as the same instance."""
    assert instance_from_dict(instance_to_dict(instance)) == instance


@pytest.mark.parametrize("name", ["one.json", "one.json.gz"])
def test_instances_round_trip_through_files(tmp_path: Path, name: str) -> None:
    """Plain and compressed files give back the instance, metadata included."""
    instance = window(
        stream(retraining=(retraining(20, 0.9, 5),)), metadata={"source": "a test"}
    )
    write_instance(instance, tmp_path / name)
    again = read_instance(tmp_path / name)
    assert again == instance
    assert again.metadata == {"source": "a test"}


def test_defaults_are_those_of_the_format() -> None:
    """An instance with only the required keys has the documented defaults."""
    data = {
        "schema_version": 1,
        "name": "least",
        "window_seconds": 120,
        "gpus": 3,
        "units_per_gpu": 20,
        "streams": [
            {
                "name": "A",
                "accuracy": 0.65,
                "inference": [{"name": "all", "gpus": 0.25, "relative_accuracy": 1}],
            }
        ],
    }
    instance = instance_from_dict(data)
    assert instance.reallocation is Reallocation.NEVER
    assert instance.slot_seconds is None
    assert instance.min_accuracy == 0
    assert instance.training_throughput is None
    assert instance.total_units == 60
    camera = instance.streams[0]
    assert (camera.weight, camera.min_accuracy, camera.retraining) == (1, None, ())


def test_the_example_of_the_design_is_read() -> None:
    """The documented example is a valid instance, estimate included."""
    data: dict[str, Any] = {
        "schema_version": 1,
        "name": "example",
        "window_seconds": 120,
        "gpus": 3,
        "units_per_gpu": 20,
        "reallocation": "never",
        "slot_seconds": None,
        "min_accuracy": 0.4,
        "training_throughput": None,
        "streams": [
            {
                "name": "A",
                "accuracy": 0.65,
                "weight": 1,
                "min_accuracy": None,
                "retraining": [
                    {
                        "name": "Cfg1A",
                        "gpu_seconds": 85,
                        "accuracy": 0.75,
                        "delay_seconds": 0,
                        "estimate": {"gpu_seconds": 80, "accuracy": 0.7},
                    }
                ],
                "inference": [
                    {"name": "every-frame", "gpus": 0.25, "relative_accuracy": 1}
                ],
            }
        ],
        "metadata": {"source": "the design"},
    }
    config = instance_from_dict(data).streams[0].retraining[0]
    assert config.estimate == Estimate(gpu_seconds=80, accuracy=0.7)
    seen = as_estimated(instance_from_dict(data)).streams[0].retraining[0]
    assert (seen.gpu_seconds, seen.accuracy, seen.estimate) == (80, 0.7, None)


def test_a_config_without_estimate_keeps_its_numbers() -> None:
    """The instance as the profiler saw it falls back on the truth."""
    instance = window(stream(retraining=(retraining(20, 0.9),)))
    assert as_estimated(instance) == instance


def test_overrides_by_replace_are_validated() -> None:
    """Other GPUs and modes are valid or refused like those of a file."""
    instance = window(stream())
    assert replace(instance, gpus=2).total_units == 20
    assert replace(instance, gpus=0.3).total_units == 3
    assert replace(instance, reallocation=Reallocation.STREAM).gpus == 1
    with pytest.raises(InvalidInstance, match=r"gpus: is 0.25, expected gpus"):
        replace(instance, gpus=0.25)
    with pytest.raises(InvalidInstance, match="slot_seconds: is missing"):
        replace(instance, reallocation=Reallocation.SERVER)


def test_total_units_forgive_rounding() -> None:
    """0.7 GPUs in tenths are 7 units; so are 4.35 GPUs in hundredths 435."""
    assert replace(window(stream()), gpus=0.7).total_units == 7
    assert window(stream(), gpus=4.35, units_per_gpu=100).total_units == 435


def test_numbers_of_numpy_are_numbers() -> None:
    """Generators hand over NumPy scalars; files hold plain ones."""
    config = RetrainingConfig(
        name="c", gpu_seconds=np.float64(3), accuracy=float(np.float32(1))
    )
    assert type(config.gpu_seconds) is float
    instance = window(stream(retraining=(config,)), units_per_gpu=np.int64(10))
    assert type(instance.units_per_gpu) is int


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"window_seconds": 0},
            "window_seconds: is 0, expected a number of at least 0.001",
        ),
        ({"window_seconds": float("nan")}, "window_seconds: is nan"),
        ({"gpus": -1}, "gpus: is -1, expected a number above 0"),
        ({"units_per_gpu": 0}, "units_per_gpu: is 0, expected an integer from 1"),
        ({"units_per_gpu": 10.0}, "units_per_gpu: is 10.0, expected an integer"),
        ({"units_per_gpu": True}, "units_per_gpu: is True, expected an integer"),
        ({"min_accuracy": 1.1}, "min_accuracy: is 1.1, expected a number of at least"),
        ({"reallocation": "often"}, "reallocation: is 'often', expected one of never"),
        ({"slot_seconds": 30}, "slot_seconds: is 30, expected a divisor"),
        ({"slot_seconds": 200}, "slot_seconds: is 200, expected a number above 0"),
        ({"streams": ()}, "streams: has 0 items, expected at least 1"),
        ({"streams": "abc"}, "streams: is 'abc', expected a list"),
        ({"streams": (1,)}, r"streams\[0\]: is 1, expected a Stream"),
        ({"streams": (stream("A"), stream("A"))}, r"streams\[1\].name: is 'A', which"),
        ({"training_throughput": []}, "training_throughput: has 0 items"),
        (
            {"training_throughput": [[1, 1], [1, 2]]},
            r"throughput\[1\]: .*that increase",
        ),
        (
            {"training_throughput": [[1, 2], [2, 1]]},
            r"throughput\[1\]: .*that increase",
        ),
        ({"training_throughput": [[1]]}, r"throughput\[0\]: has 1 numbers"),
        ({"training_throughput": [[1, "2"]]}, r"throughput\[0\]: is '2'"),
        ({"name": ""}, r"name: is '', expected a non-empty printable string"),
        ({"name": "a\nb"}, r"name: is 'a\\nb', expected"),
        ({"metadata": 3}, "metadata: is 3, expected an object"),
    ],
)
def test_a_wrong_value_is_refused_by_place(
    values: dict[str, Any], message: str
) -> None:
    """The error tells the place, the value and what was expected."""
    with pytest.raises(InvalidInstance, match=message):
        replace(window(stream()), **values)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: retraining(-1, 0.5), "gpu_seconds: is -1"),
        (lambda: retraining(1e13, 0.5), "gpu_seconds: is 1"),
        (lambda: retraining(1, 1.5), "accuracy: is 1.5"),
        (lambda: retraining(1, 0.5, -1), "delay_seconds: is -1"),
        (lambda: serving(-0.1, 1, "s"), "gpus: is -0.1"),
        (lambda: serving(0.1, 2), "relative_accuracy: is 2"),
        (lambda: stream(weight=0), "weight: is 0, expected a number of at least 1e-06"),
        (lambda: stream(inference=()), "inference: has 0 items"),
        (lambda: stream(accuracy="0.5"), "accuracy: is '0.5'"),
        (lambda: stream(accuracy=True), "accuracy: is True"),
        (lambda: stream(min_accuracy=-0.1), "min_accuracy: is -0.1"),
        (lambda: stream(inference=(serving(1, 1), serving(1, 1))), r"inference\[1\]"),
    ],
)
def test_parts_check_themselves(make: Any, message: str) -> None:
    """Each data class refuses what lies outside its domain."""
    with pytest.raises(InvalidInstance, match=message):
        make()


def test_the_hash_names_the_problem_alone() -> None:
    """Name and metadata leave the hash; every number of the problem changes it."""
    instance = window(stream(retraining=(retraining(20, 0.9),)))
    same = replace(instance, name="other", metadata={"seed": 1})
    assert instance_hash(same) == instance_hash(instance)
    assert len(instance_hash(instance)) == 16
    changes: list[dict[str, Any]] = [
        {"gpus": 2},
        {"min_accuracy": 0.1},
        {"reallocation": "stream"},
    ]
    for values in changes:
        changed = replace(instance, **values)
        assert instance_hash(changed) != instance_hash(instance)


def test_instances_cannot_be_changed() -> None:
    """Data is frozen once it is validated."""
    with pytest.raises(AttributeError):
        window(stream()).gpus = 3  # type: ignore[misc]


def test_a_table_shows_in_notebooks_with_names_escaped() -> None:
    """Names are text, never markup."""
    html = window(stream("<b>A</b>"))._repr_html_()
    assert "&lt;b&gt;A&lt;/b&gt;" in html
    assert "<b>" not in html
