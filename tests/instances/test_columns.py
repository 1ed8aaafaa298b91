"""Columns: the same problem as objects, checked as strictly."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import InvalidInstance, Reallocation, column_checks
from instances.column_checks import check_unique_entries
from instances.columns import Columns, columns_of
from instances.names import Names
from tests.comparing import assert_same_columns
from tests.strategies import instances


def make(**changes: Any) -> Columns:
    """Return two streams, with 2 and no retraining configs, 1 and 2 inference ones."""
    values: dict[str, Any] = {
        "name": "two",
        "window_seconds": 100,
        "gpus": 2,
        "units_per_gpu": 10,
        "accuracy": [0.5, 0.75],
        "retraining_offsets": [0, 2, 2],
        "gpu_seconds": [8, 40],
        "retrained_accuracy": [0.7, 0.9],
        "inference_offsets": [0, 1, 3],
        "demand_gpus": [0.5, 0.25, 1],
        "relative_accuracy": [1, 0.5, 1],
    }
    return Columns(**(values | changes))


@given(instance=instances(metadata={"source": ["a", {"b": 1}]}))
def test_every_instance_comes_back_from_its_columns(instance: Any) -> None:
    """Objects to columns and back change nothing, metadata included."""
    columns = columns_of(instance)
    again = columns.instance()
    assert again == instance
    assert again.metadata == instance.metadata
    assert columns.num_streams == len(instance.streams)
    assert columns.total_units == instance.total_units
    assert columns.floors.tolist() == [instance.floor(s) for s in instance.streams]
    assert columns.has_estimates == any(
        config.estimate for stream in instance.streams for config in stream.retraining
    )
    assert_same_columns(columns_of(again), columns)


def test_columns_that_are_left_out_take_their_defaults() -> None:
    """Weight 1, no delay, no floor, no estimate, numbered names."""
    first, second = make().instance().streams
    assert (first.name, second.name) == ("camera-0", "camera-1")
    assert [config.name for config in first.retraining] == [
        "retraining-0",
        "retraining-1",
    ]
    assert [config.name for config in second.inference] == [
        "inference-0",
        "inference-1",
    ]
    assert second.retraining == ()
    assert first.weight == second.weight == 1
    assert first.min_accuracy is None
    assert all(config.delay_seconds == 0 for config in first.retraining)
    assert all(config.estimate is None for config in first.retraining)


def test_the_entries_of_a_stream_lie_between_its_offsets() -> None:
    """Numbers and names come from the right places of the columns."""
    columns = make(
        weight=[1, 2],
        delay_seconds=[3, 4],
        stream_min_accuracy=[np.nan, 0.25],
        estimated_gpu_seconds=[np.nan, 30],
        estimated_accuracy=[np.nan, 0.8],
        min_accuracy=0.125,
        reallocation="stream",
        stream_names=Names.of(["north", "south"]),
        retraining_names=Names.of(["short", "long"]),
        inference_names=Names.of(["all", "half", "all"]),
    )
    north, south = columns.instance().streams
    short, long = north.retraining
    assert (north.name, south.name) == ("north", "south")
    assert (short.name, short.gpu_seconds, short.delay_seconds) == ("short", 8, 3)
    assert (long.name, long.gpu_seconds, long.delay_seconds) == ("long", 40, 4)
    assert short.estimate is None
    assert long.estimate is not None
    assert (long.estimate.gpu_seconds, long.estimate.accuracy) == (30, 0.8)
    assert [(c.name, c.gpus) for c in north.inference] == [("all", 0.5)]
    assert [(c.name, c.gpus) for c in south.inference] == [("half", 0.25), ("all", 1)]
    assert (south.weight, south.min_accuracy) == (2, 0.25)
    assert columns.reallocation is Reallocation.STREAM
    assert columns.floors.tolist() == [0.125, 0.25]


def test_numbers_of_any_type_become_read_only_doubles() -> None:
    """Float32, integers, lists and strides are converted; doubles are shared."""
    doubles = np.array([8.0, 40.0])
    columns = make(
        gpu_seconds=doubles,
        accuracy=np.array([0.5, 0, 0.75, 0], dtype=np.float32)[::2],
        demand_gpus=np.array([0, 1, 2], dtype=np.uint8),
        retraining_offsets=np.array([0, 2, 2], dtype=np.uint16),
        relative_accuracy=np.array([1, 0.5, 1], dtype=">f8"),
    )
    assert np.shares_memory(columns.gpu_seconds, doubles)
    assert doubles.flags.writeable
    assert columns.accuracy.tolist() == [0.5, 0.75]
    assert columns.relative_accuracy.tolist() == [1, 0.5, 1]
    for array in (columns.accuracy, columns.demand_gpus, columns.relative_accuracy):
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
    assert columns.retraining_offsets.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        columns.gpu_seconds[0] = 1


def test_estimates_that_are_all_gaps_are_none() -> None:
    """Two columns of NaN say the same as no columns."""
    gaps = [np.nan, np.nan]
    columns = make(estimated_gpu_seconds=gaps, estimated_accuracy=gaps)
    assert not columns.has_estimates
    assert_same_columns(columns, make())


def test_a_change_is_checked() -> None:
    """Changed fields are there, the rest is as before, and errors are found."""
    changed = make().changed(gpus=3, weight=[2, 2])
    assert changed.total_units == 30
    assert changed.weight is not None
    assert changed.weight.tolist() == [2, 2]
    assert_same_columns(changed.changed(gpus=2, weight=None), make())
    with pytest.raises(InvalidInstance, match=r"weight\[0\]: is 0"):
        changed.changed(weight=[0, 2])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "name: is ''"),
        ({"gpus": 0.25}, "gpus: is 0.25"),
        ({"window_seconds": np.nan}, "window_seconds: is nan"),
        ({"reallocation": "often"}, "reallocation: is 'often'"),
        ({"reallocation": "server"}, "slot_seconds: is missing"),
        ({"metadata": [1]}, "metadata: is [1]"),
        ({"accuracy": []}, "accuracy: has the shape (0,)"),
        ({"accuracy": [[0.5], [0.5]]}, "accuracy: has the shape (2, 1)"),
        ({"accuracy": 0.5}, "accuracy: has the shape ()"),
        ({"accuracy": [0.5, 1.5]}, "accuracy[1]: is 1.5, expected a number from 0 to"),
        ({"accuracy": [np.nan, 0.5]}, "accuracy[0]: is nan"),
        ({"accuracy": [True, False]}, "accuracy: is bool"),
        ({"accuracy": ["a", "b"]}, "accuracy: is <U1"),
        ({"weight": [1]}, "weight: is int64 of shape (1,), expected 2 numbers"),
        ({"weight": [1, 0]}, "weight[1]: is 0.0, expected a number from 1e-06"),
        ({"weight": [1, np.nan]}, "weight[1]: is nan"),
        ({"stream_min_accuracy": [-0.1, 0]}, "stream_min_accuracy[0]: is -0.1"),
        ({"gpu_seconds": [1]}, "gpu_seconds: is int64 of shape (1,), expected 2"),
        ({"gpu_seconds": None}, "gpu_seconds: is object"),
        ({"gpu_seconds": [np.inf, 1]}, "gpu_seconds[0]: is inf"),
        ({"gpu_seconds": [1, 2e12]}, "gpu_seconds[1]: is 2000000000000.0"),
        ({"delay_seconds": [-1, 0]}, "delay_seconds[0]: is -1.0"),
        ({"delay_seconds": [0, np.nan]}, "delay_seconds[1]: is nan"),
        ({"retrained_accuracy": [1, 2]}, "retrained_accuracy[1]: is 2.0"),
        ({"demand_gpus": [0, 0, 2e6]}, "demand_gpus[2]: is 2000000.0"),
        ({"relative_accuracy": [1, 1, -1]}, "relative_accuracy[2]: is -1.0"),
        ({"estimated_accuracy": [0.5, 0.5]}, "is missing in one of the two"),
        (
            {"estimated_accuracy": [0.5, np.nan], "estimated_gpu_seconds": [1, 2]},
            "estimated_accuracy[1]: is missing in one of the two",
        ),
        (
            {"estimated_accuracy": [0.5, 2], "estimated_gpu_seconds": [1, 2]},
            "estimated_accuracy[1]: is 2.0",
        ),
        ({"retraining_offsets": [0, 2]}, "retraining_offsets: is int64 of shape (2,)"),
        ({"retraining_offsets": [0, 2.0, 2]}, "retraining_offsets: is float64"),
        ({"retraining_offsets": [1, 2, 2]}, "retraining_offsets[0]: is 1"),
        ({"retraining_offsets": [-1, 2, 2]}, "retraining_offsets[0]: is -1"),
        ({"retraining_offsets": [0, 2, 1]}, "retraining_offsets[2]: is 1"),
        ({"retraining_offsets": [0, 3, 3]}, "gpu_seconds: is int64 of shape (2,)"),
        ({"inference_offsets": [0, 0, 3]}, "inference_offsets[1]: is 0, expected off"),
        ({"stream_names": ["a", "b"]}, "stream_names: is a list, expected Names"),
        ({"stream_names": Names.of("a")}, "stream_names: has 1 names, expected 2"),
        (
            {"stream_names": Names.of("aa")},
            "stream_names[1]: is 'a', which stream_names[0] already is",
        ),
        (
            {"retraining_names": Names.of("aa")},
            "retraining_names[1]: is 'a', which retraining_names[0] already is",
        ),
        (
            {"inference_names": Names.of("abb")},
            "inference_names[2]: is 'b', which inference_names[1] already is",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[str, Any], said: str) -> None:
    """The error names the column and the entry, the value and what was expected."""
    with pytest.raises(InvalidInstance) as caught:
        make(**changes)
    assert said in str(caught.value)


def test_offsets_do_not_wrap_around() -> None:
    """Four steps of 2**62 are a multiple of 2**64, and still refused."""
    jumps = [0, 2**62, 2**63, 3 * 2**62, 0]
    columns = make(
        accuracy=[0.5] * 4,
        retraining_offsets=[0, 2, 2, 2, 2],
        inference_offsets=[0, 1, 2, 3, 4],
        demand_gpus=[0] * 4,
        relative_accuracy=[1] * 4,
    )
    for offsets in (np.array(jumps, dtype=np.uint64), np.array(jumps, np.uint64) // 2):
        for wrapped in (offsets, offsets.astype(np.int64)):
            with pytest.raises(InvalidInstance, match=r"retraining_offsets\["):
                columns.changed(retraining_offsets=wrapped)


@given(
    groups=st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=7),
    at_once=st.sampled_from([1, 2, 3, 100]),
)
def test_repeated_names_are_found_in_their_group_only(
    groups: list[list[int]], at_once: int
) -> None:
    """A name repeated in one list is an error at two of its places, else nothing is."""
    codes = np.array([*itertools.chain(*groups)], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, groups)])
    names = Names(tuple("abcdef"), codes)
    before = column_checks.GROUPS_AT_ONCE
    column_checks.GROUPS_AT_ONCE = at_once
    try:
        if all(len(set(group)) == len(group) for group in groups):
            check_unique_entries(names, "names", offsets)
            return
        with pytest.raises(InvalidInstance) as caught:
            check_unique_entries(names, "names", offsets)
    finally:
        column_checks.GROUPS_AT_ONCE = before
    two = int(caught.value.place.removeprefix("names[").removesuffix("]"))
    one = int(caught.value.problem.split("names[")[1].split("]")[0])
    assert one < two
    assert names[one] == names[two]
    group = np.searchsorted(offsets, [one, two], side="right")
    assert group[0] == group[1]


@given(st.lists(st.sampled_from(["a", "b", "ö ö", "every-frame"])))
def test_names_are_what_they_were_made_of(given_names: list[str]) -> None:
    """A column of names holds each distinct name once and gives all of them back."""
    names = Names.of(given_names)
    assert [names[idx] for idx in range(len(names))] == given_names
    assert sorted(names.values) == sorted(set(given_names))


def test_codes_take_as_few_bytes_as_they_can() -> None:
    """256 names have codes of one byte, 257 of two."""
    texts = [f"n{idx}" for idx in range(257)]
    assert Names.of(texts[:256]).codes.dtype == np.uint8
    assert Names.of(texts).codes.dtype == np.uint16


@pytest.mark.parametrize(
    ("values", "codes", "said"),
    [
        (("a", ""), [0, 1], "values[1]: is ''"),
        (("a\n",), [0], "values[0]: is 'a\\n'"),
        (("a", 7), [0], "values[1]: is 7"),
        (("a", "b", "a"), [0], "values[2]: is 'a', which values[0] already is"),
        (("a",), [0, 1], "codes[1]: is 1, expected the position of one of 1 values"),
        (("a",), [0, -1], "codes[1]: is -1"),
        ((), [0], "codes[0]: is 0"),
        (("a",), [0.0], "codes: is float64"),
        (("a",), [[0]], "codes: is int64 of shape (1, 1)"),
        (("a",), 0, "codes: is int64 of shape ()"),
    ],
)
def test_codes_and_names_are_checked(values: Any, codes: Any, said: str) -> None:
    """Empty, unprintable and repeated names and codes without a name are errors."""
    with pytest.raises(InvalidInstance) as caught:
        Names(values, np.array(codes))
    assert said in str(caught.value)
