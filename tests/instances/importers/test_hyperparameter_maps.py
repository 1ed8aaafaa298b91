"""Maps from Ekya's hyperparameter ids to what they stand for."""

from pathlib import Path
from typing import Any

import pytest

from instances import InvalidInstance
from instances.importers.hyperparameter_maps import describe, read_hyperparameters
from tests.instances.importers.ekya_files import hyperparameters, write


def test_maps_are_joined_in_the_order_of_ids(tmp_path: Path) -> None:
    """Two maps that share an equal entry make one."""
    a, b, c = (hyperparameters(f"net{letter}") for letter in "ABC")
    first = write(tmp_path / "hyp_map_1.json", {"10": c, "2": b})
    second = write(tmp_path / "hyp_map_2.json", {"2": b, "0": {"id": "0", **a}})
    found = read_hyperparameters([first, second])
    assert list(found) == [0, 2, 10]
    assert found[2] == b


def test_maps_that_disagree_are_refused(tmp_path: Path) -> None:
    """An id with two meanings is named with both files."""
    first = write(tmp_path / "hyp_map_1.json", {"2": hyperparameters("netA")})
    second = write(tmp_path / "hyp_map_2.json", {"2": hyperparameters("netB")})
    with pytest.raises(InvalidInstance) as problem:
        read_hyperparameters([first, second])
    assert str(problem.value).startswith(f"{second}: 2: differs from the entry in")
    assert str(first) in str(problem.value)


def test_an_entry_is_described_in_a_line() -> None:
    """The line tells network, layers, width, data and batch, as far as known."""
    entry = hyperparameters("netA", last_layer_only=False)
    assert describe(entry) == "netA, all layers, 16 hidden, 25% of the data, batch 4"
    assert describe({"batch_size": 4}) == "batch 4"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "is [], expected a non-empty object"),
        ({"a": {"batch_size": 4}}, "has the key 'a', expected a number"),
        ({"1": 5}, "1: is 5, expected a non-empty object"),
        ({"1": {"id": "2"}}, "1.id: is '2', expected 1 as its key"),
        ({"1": {"subsample": 0}}, "1.subsample: is 0, expected a number above 0"),
        ({"1": {"model_name": 5}}, "1.model_name: is 5, expected a non-empty"),
        ({"1": {"last_layer_only": 1}}, "1.last_layer_only: is 1, expected true or"),
        ({"1": {"momentum": [0.9]}}, "1.momentum: is [0.9], expected a single value"),
    ],
)
def test_another_shape_is_refused_by_name(
    content: Any, message: str, tmp_path: Path
) -> None:
    """Each thing that can be wrong is named: file, place, value, expected."""
    file = write(tmp_path / "hyp_map.json", content)
    with pytest.raises(InvalidInstance) as problem:
        read_hyperparameters([file])
    assert str(problem.value).startswith(f"{file}: {message}")
