"""The generated families: what every one of them promises."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances import (
    InvalidInstance,
    InvalidOption,
    instance_to_dict,
    read_instance,
    write_instance,
)
from instances.generators import (
    FAMILIES,
    contention_sweep,
    family_options,
    generate,
    regenerate,
)
from solvers import Status, solve

families = st.sampled_from(sorted(FAMILIES))


@settings(max_examples=60)
@given(
    family=families,
    num_streams=st.integers(1, 12),
    units=st.integers(1, 60),
    units_per_gpu=st.sampled_from([1, 7, 10, 20, 100]),
    seed=st.integers(0, 2**31 - 1),
    reallocation=st.sampled_from(["never", "stream"]),
)
def test_any_size_is_a_valid_instance_that_its_metadata_make_again(
    family: str,
    num_streams: int,
    units: int,
    units_per_gpu: int,
    seed: int,
    reallocation: str,
) -> None:
    """Any size and seed gives a solvable instance, the same again from metadata."""
    gpus = units / units_per_gpu
    options = {"units_per_gpu": units_per_gpu, "reallocation": reallocation}
    instance = generate(family, num_streams, gpus, seed, **options)
    assert len(instance.streams) == num_streams
    assert instance.total_units == units
    assert instance.reallocation == reallocation
    assert instance == generate(family, num_streams, gpus, seed, **options)
    written = json.loads(json.dumps(instance_to_dict(instance)))
    again = regenerate(written["metadata"])
    assert again == instance
    assert again.metadata == written["metadata"]
    assert solve(instance, "dp").status is Status.OPTIMAL


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_make_different_instances(family: str) -> None:
    """Ten seeds make ten different sets of streams."""
    assert len({generate(family, 4, 2, seed).streams for seed in range(10)}) == 10


@pytest.mark.parametrize("family", ["recorded-like", "contention", "ties"])
def test_a_larger_instance_holds_the_streams_of_a_smaller_one(family: str) -> None:
    """The streams do not depend on how many there are, nor on the server."""
    small, large = generate(family, 4, 2, 5), generate(family, 9, 0.3, 5)
    assert large.streams[:4] == small.streams


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generated_file_reads_back(family: str, tmp_path: Path) -> None:
    """A generated instance survives its file, metadata included."""
    instance = generate(family, 3, 1, 2)
    write_instance(instance, tmp_path / "instance.json")
    read = read_instance(tmp_path / "instance.json")
    assert read == instance
    assert read.metadata == instance.metadata


@pytest.mark.parametrize("family", FAMILIES)
def test_metadata_say_what_was_asked_for(family: str) -> None:
    """The metadata hold the family, its arguments, its options and the version."""
    instance = generate(family, 3, 1.5, 2, window_seconds=120)
    metadata = dict(instance.metadata)
    options = metadata.pop("options")
    assert options["window_seconds"] == 120
    assert set(options) <= set(family_options(family))
    assert metadata == {
        "family": family,
        "num_streams": 3,
        "gpus": 1.5,
        "seed": 2,
        "generator_version": 1,
    }


def test_the_sweep_goes_from_1_to_10_streams_per_gpu() -> None:
    """The sweep keeps the server and adds streams, keeping those there are."""
    sweep = contention_sweep(3, gpus=2)
    assert [len(each.streams) / each.gpus for each in sweep] == list(range(1, 11))
    for fewer, more in itertools.pairwise(sweep):
        assert more.streams[: len(fewer.streams)] == fewer.streams
        assert regenerate(more.metadata) == more


@pytest.mark.parametrize("num_streams", [0, -1, 100_001, 2.5, True, "3", None])
def test_the_number_of_streams_is_checked(num_streams: Any) -> None:
    """A number of streams beyond 1 to 100,000 is refused by name and value."""
    with pytest.raises(InvalidOption, match=r"num_streams is .* from 1 to 100000"):
        generate("trap", num_streams, 1, 0)


@pytest.mark.parametrize("seed", [-1, 2**31, 0.5, True, "0"])
def test_the_seed_is_checked(seed: Any) -> None:
    """A seed that is no integer from 0 to 2**31 - 1 is refused."""
    with pytest.raises(InvalidOption, match="seed is "):
        generate("ties", 2, 1, seed)


@pytest.mark.parametrize("gpus", [0.25, 0, -1, float("nan"), "many"])
def test_the_gpus_are_the_instances_to_check(gpus: Any) -> None:
    """GPUs that make no whole number of units break a rule of the instance."""
    for family in FAMILIES:
        with pytest.raises(InvalidInstance, match="gpus: is "):
            generate(family, 3, gpus, 0, units_per_gpu=10)


def test_an_unknown_family_lists_those_there_are() -> None:
    """The error names the unknown family and all known ones."""
    with pytest.raises(InvalidOption) as caught:
        generate("traps", 3, 1, 0)
    assert all(name in str(caught.value) for name in ["'traps'", *FAMILIES])


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        ("trap", {"num_types": 3}, "family trap has no option 'num_types'"),
        ("ties", {"types": 3}, "it has: num_types, units_per_gpu"),
        ("ties", {"num_types": 0}, "num_types is 0"),
        ("recorded-like", {"cost_error": -0.1}, "cost_error is -0.1"),
        ("recorded-like", {"accuracy_error": "big"}, "accuracy_error is 'big'"),
        ("recorded-like", {"cached_models": 1.5}, "cached_models is 1.5"),
        ("recorded-like", {"cloud_seconds": float("nan")}, "cloud_seconds is nan"),
        ("recorded-like", {"labelling_seconds": -1}, "labelling_seconds is -1"),
    ],
)
def test_options_are_checked(family: str, options: dict[str, Any], said: str) -> None:
    """An unknown option or a value outside its domain is refused in words."""
    with pytest.raises(InvalidOption, match=said):
        generate(family, 3, 1, 0, **options)


def test_only_a_generators_metadata_make_an_instance() -> None:
    """Metadata of another origin or version are refused."""
    with pytest.raises(InvalidOption, match="have no family"):
        regenerate({"source": "a camera"})
    metadata = {**generate("trap", 2, 1, 0).metadata, "generator_version": 2}
    with pytest.raises(InvalidOption, match="generator_version is 2, expected 1"):
        regenerate(metadata)
