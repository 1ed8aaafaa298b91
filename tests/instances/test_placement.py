"""Placements: their domains, their files, and the family whose memory binds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from instances import InvalidInstance, InvalidOption, instance_to_dict, write_instance
from instances.generators import generate
from instances.generators.memory_tight import memory_tight
from instances.placement import Gpu, Placement, Shares, placement_of
from instances.placement_files import placement_from_dict, placement_to_dict
from tests.placed import gpus, placement, placements
from tests.small import retraining, serving, stream, window


@given(placements())
def test_files_hold_all_of_a_placement(drawn: Placement) -> None:
    """A placement read from its own JSON text is the same."""
    text = json.dumps(placement_to_dict(drawn), allow_nan=False)
    assert placement_from_dict(json.loads(text)) == drawn


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("kind", "horizon", "kind: is 'horizon', expected 'placement'"),
        ("gpus", [], "gpus: has 0 items, expected at least 1"),
        ("gpus", 2, "gpus: is 2, expected a list"),
        ("shares", "thirds", "shares: is 'thirds', expected one of inverse, "),
        ("whole_gpus", 1, "whole_gpus: is 1, expected true or false"),
        ("units_per_gpu", 0, "units_per_gpu: is 0, expected an integer from 1"),
        ("reallocation", "never", "reallocation: is an unknown key"),
        ("streams", [], "streams: has 0 items, expected at least 1"),
    ],
)
def test_bad_fields_are_named(place: str, value: Any, message: str) -> None:
    """A file with one wrong value gives one error that names it."""
    content = placement_to_dict(placement(stream()))
    with pytest.raises(InvalidInstance) as error:
        placement_from_dict(content | {place: value})
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("gpu", "message"),
    [
        ({"name": ""}, "gpus[1].name: is '', expected a non-empty printable string"),
        ({"name": "g0"}, "gpus[1].name: is 'g0', which gpus[0] already has"),
        ({"name": "x", "speed": 0}, "gpus[1].speed: is 0, expected a number of at "),
        ({"name": "x", "memory_gb": 0}, "gpus[1].memory_gb: is 0, expected a number"),
        ({"name": "x", "cores": 4}, "gpus[1].cores: is an unknown key"),
    ],
)
def test_bad_gpus_are_named(gpu: dict[str, Any], message: str) -> None:
    """A wrong GPU in a file gives one error with its index."""
    content = placement_to_dict(placement(stream(), gpus=gpus(1)))
    content["gpus"].append(gpu)
    with pytest.raises(InvalidInstance) as error:
        placement_from_dict(content)
    assert str(error.value).startswith(message)


def test_a_slow_gpu_keeps_demands_in_their_domain() -> None:
    """At speed 0.01 a demand of 10,000 GPUs is the largest, 10,001 one too many."""
    slow = gpus(0.01)
    most = stream(inference=(serving(10_000, 1, "large"),))
    assert placement(most, gpus=slow).gpus == slow
    beyond = stream(inference=(serving(10_001, 1, "large"),))
    with pytest.raises(InvalidInstance, match=r"streams\[0\].inference\[0\].gpus"):
        placement(beyond, gpus=slow)


def test_the_pooled_window_has_as_many_gpus() -> None:
    """Two GPUs of ten units are a pool of twenty, whatever their speeds."""
    pooled = placement(stream(), gpus=gpus(1, 0.5)).instance
    assert (pooled.gpus, pooled.total_units, pooled.reallocation) == (2, 20, "never")


def test_a_window_becomes_a_placement() -> None:
    """A pooled window of whole GPUs becomes one placement on as many equal GPUs."""
    pooled = window(stream(), gpus=2)
    found = placement_of(pooled, "units", units_per_gpu=4)
    assert [gpu.name for gpu in found.gpus] == ["gpu-0", "gpu-1"]
    assert (found.shares, found.units_per_gpu) == (Shares.UNITS, 4)
    with pytest.raises(InvalidInstance, match=r"gpus: is 0.9, expected a whole number"):
        placement_of(window(stream(), gpus=0.9))


def test_memory_is_no_part_of_files_that_have_none(tmp_path: Path) -> None:
    """Without memory files stay as they were; with it an .npz file is refused."""
    plain = window(stream(retraining=(retraining(5, 0.9),)))
    assert "memory_gb" not in json.dumps(instance_to_dict(plain))
    heavy = replace(plain.streams[0].retraining[0], memory_gb=3)
    loaded = window(replace(plain.streams[0], retraining=(heavy,)))
    assert json.dumps(instance_to_dict(loaded)).count('"memory_gb": 3') == 1
    write_instance(plain, tmp_path / "plain.npz")
    with pytest.raises(InvalidInstance, match=r"retraining\[0\].memory_gb: is 3, whi"):
        write_instance(loaded, tmp_path / "loaded.npz")
    assert not (tmp_path / "loaded.npz").exists()


def test_memory_tight_has_the_streams_of_recorded_like() -> None:
    """Without memory, a memory-tight placement states the recorded-like window."""
    found = memory_tight(4, 2, 7, shares="units", memory_gb=24)
    assert (found.shares, [gpu.memory_gb for gpu in found.gpus]) == ("units", [24, 24])
    streams = tuple(
        replace(
            each,
            retraining=tuple(replace(c, memory_gb=0) for c in each.retraining),
            inference=tuple(replace(c, memory_gb=0) for c in each.inference),
        )
        for each in found.streams
    )
    assert streams == generate("recorded-like", 4, 2, 7).streams
    assert memory_tight(4, 2, 7, shares="units", memory_gb=24) == found


def test_memory_tight_stays_in_its_ranges() -> None:
    """Models take 1 to 6 GB, trainings 4 to 14, alike for one hyper-parameter set."""
    found = memory_tight(20, 3, 1, heterogeneous=True)
    assert [(gpu.speed, gpu.memory_gb) for gpu in found.gpus] == [
        (1, 40),
        (0.7, 24),
        (0.5, 16),
    ]
    for each in found.streams:
        serving_gb = [config.memory_gb for config in each.inference]
        assert 1 <= min(serving_gb) <= max(serving_gb) <= 6
        assert sorted(serving_gb, reverse=True) == serving_gb
        training = {config.name[:3]: config.memory_gb for config in each.retraining}
        assert len(training) == 6
        assert 4 <= min(training.values()) <= max(training.values()) <= 14
        assert all(training[c.name[:3]] == c.memory_gb for c in each.retraining)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": "thirds"}, "shares is 'thirds', expected one of inverse"),
        ({"heterogeneous": "yes"}, "heterogeneous is 'yes', expected true or false"),
        ({"memory_gb": 0}, "memory_gb is 0, expected a number from 1"),
        ({"reallocation": "stream"}, "reallocation is 'stream', expected 'never'"),
        ({"colour": 1}, "family memory-tight has no option 'colour'"),
    ],
)
def test_memory_tight_names_bad_options(options: dict[str, Any], message: str) -> None:
    """An option outside its domain gives one line that names it."""
    with pytest.raises(InvalidOption) as error:
        memory_tight(2, 1, **options)
    assert str(error.value).startswith(message)


def test_gpus_are_shown_as_a_table() -> None:
    """A notebook shows each GPU's speed and memory."""
    html = placement(stream(), gpus=(Gpu(name="<A>", memory_gb=16),))._repr_html_()
    assert "&lt;A&gt;" in html
    assert "16" in html
