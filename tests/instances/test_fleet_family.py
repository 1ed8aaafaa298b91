"""Family fleet: recorded-like streams, made as columns."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from instances import InvalidInstance, InvalidOption, Stream
from instances.columns import Columns, columns_of
from instances.generators import (
    FAMILIES,
    generate,
    generate_columns,
    regenerate,
    regenerate_columns,
)
from instances.generators.assembly import stream_rng
from instances.generators.fleet import BLOCK
from instances.generators.recorded_like import recorded_stream
from tests.comparing import assert_same_columns

OPTIONS: dict[str, Any] = {
    "estimates": True,
    "weighted": True,
    "labelling_seconds": 10,
    "min_accuracy": 0.2,
    "reallocation": "stream",
}


def part(columns: Columns, first: int, count: int) -> list[Stream]:
    """Return some streams of a fleet as objects."""
    return [columns.stream(v) for v in range(first, first + count)]


def features(columns: Columns) -> NDArray[np.float64]:
    """Return a row of numbers for each stream: all that is drawn, and its gain."""
    num_streams = columns.num_streams
    assert columns.estimated_gpu_seconds is not None
    assert columns.estimated_accuracy is not None
    guess = columns.estimated_gpu_seconds / columns.gpu_seconds
    error = columns.estimated_accuracy - columns.retrained_accuracy
    start = np.repeat(columns.accuracy, 18)
    log_cost = np.log(columns.gpu_seconds).reshape(num_streams, -1)
    ends = columns.retrained_accuracy.reshape(num_streams, -1)
    kept = columns.relative_accuracy.reshape(num_streams, -1)
    parts = (
        columns.accuracy,
        log_cost,
        np.diff(log_cost, axis=1),
        ends,
        np.diff(ends, axis=1),
        columns.retrained_accuracy - start,
        columns.retrained_accuracy < start,
        columns.relative_accuracy,
        np.diff(np.log(kept), axis=1),
        np.log(guess),
        error,
        np.abs(error),
    )
    return np.concatenate([each.reshape(num_streams, -1) for each in parts], axis=1)


def test_the_distributions_are_those_of_recorded_streams() -> None:
    """Means and spreads agree within 5 standard errors with streams drawn one by one.

    So do the means of every fifth product of two features, hence correlations.
    """
    drawn = features(generate_columns("fleet", BLOCK, 100, 1, estimates=True))
    streams = tuple(
        recorded_stream(f"camera-{v}", stream_rng(1, v)) for v in range(3000)
    )
    pattern = generate("recorded-like", 1, 1, 0)
    reference = features(columns_of(_with_streams(pattern, streams)))
    assert drawn.shape[1] == reference.shape[1] == 1 + 18 * 7 + 17 * 2 + 12 + 11
    for first, second in (
        (drawn, reference),
        (np.abs(drawn - drawn.mean(0)), np.abs(reference - drawn.mean(0))),
        (_products(drawn, drawn), _products(reference, drawn)),
    ):
        error = np.sqrt(first.var(0) / len(first) + second.var(0) / len(second))
        apart = np.abs(first.mean(0) - second.mean(0))
        assert (apart <= 5 * error + 1e-12).all()


def _with_streams(pattern: Any, streams: tuple[Stream, ...]) -> Any:
    from dataclasses import replace

    return replace(pattern, streams=streams)


def _products(
    rows: NDArray[np.float64], whole: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the products of every fifth pair of standardised features."""
    spread = whole.std(0)
    scaled = (rows - whole.mean(0)) / np.where(spread > 1e-12, spread, 1)
    first, second = np.triu_indices(rows.shape[1], 1)
    products: NDArray[np.float64] = scaled[:, first[::5]] * scaled[:, second[::5]]
    return products


def test_configs_and_ranges_are_those_of_recorded_streams() -> None:
    """The same names and demands, costs spread over 200, six decimals, no more."""
    fleet = generate("fleet", 200, 80, 3)
    model = recorded_stream("any", stream_rng(0, 0))
    for idx, stream in enumerate(fleet.streams):
        assert stream.name == f"camera-{idx}"
        for mine, its in zip(stream.retraining, model.retraining, strict=True):
            assert mine.name == its.name
            assert mine.estimate is None
            assert mine.delay_seconds == 0
            assert 0.05 <= mine.accuracy <= 0.99
        for serving, its_own in zip(stream.inference, model.inference, strict=True):
            assert (serving.name, serving.gpus) == (its_own.name, its_own.gpus)
        costs = [config.gpu_seconds for config in stream.retraining]
        assert 0.8 <= costs[0] <= 1.8
        assert costs[-1] / costs[0] == pytest.approx(200, rel=1e-5)
        kept = [config.relative_accuracy for config in stream.inference]
        assert kept[0] == 1
        assert kept == sorted(kept, reverse=True)
        values = [stream.accuracy, *costs, *kept]
        values += [config.accuracy for config in stream.retraining]
        assert values == [round(value, 6) for value in values]
        assert stream.weight == 1
    assert len({stream.accuracy for stream in fleet.streams}) > 190


@pytest.mark.parametrize("options", [{}, OPTIONS, {**OPTIONS, "num_types": 4500}])
def test_a_smaller_fleet_is_the_start_of_a_larger_one(options: dict[str, Any]) -> None:
    """The streams do not depend on how many there are, across blocks of draws."""
    large = generate_columns("fleet", 2 * BLOCK + 5, 100, 7, **options)
    for num_streams in (1, BLOCK - 1, BLOCK, BLOCK + 1):
        small = generate_columns("fleet", num_streams, 3, 7, **options)
        for first in {0, max(0, num_streams - 3)}:
            count = min(3, num_streams)
            assert part(small, first, count) == part(large, first, count)
    assert part(large, 0, 3) != part(large, BLOCK, 3)


@pytest.mark.parametrize("num_types", [1, 3, 100])
def test_types_repeat_in_turn(num_types: int) -> None:
    """Stream v is of type v modulo the number of types, in everything but its name."""
    options = OPTIONS | {"reallocation": "never"}
    distinct = generate_columns("fleet", 30, 12, 5, **options)
    fleet = generate_columns("fleet", 30, 12, 5, **options, num_types=num_types)
    for v in range(30):
        twin = distinct.stream(v % num_types)
        mine = fleet.stream(v)
        assert mine.name == f"camera-{v}"
        assert (mine.accuracy, mine.weight) == (twin.accuracy, twin.weight)
        assert (mine.retraining, mine.inference) == (twin.retraining, twin.inference)


def test_options_change_only_what_they_say() -> None:
    """Estimates, weights and delays leave all other numbers as they are."""
    plain = generate_columns("fleet", 50, 20, 5)
    rich = generate_columns("fleet", 50, 20, 5, **OPTIONS)
    assert plain.weight is not None
    assert rich.weight is not None
    assert set(plain.weight.tolist()) == {1}
    assert set(rich.weight.tolist()) == {1, 2, 4}
    assert rich.delay_seconds is not None
    assert set(rich.delay_seconds.tolist()) == {10}
    assert rich.has_estimates
    assert rich.floors.tolist() == [0.2] * 50
    same = plain.changed(
        metadata=rich.metadata,
        weight=rich.weight,
        delay_seconds=rich.delay_seconds,
        estimated_gpu_seconds=rich.estimated_gpu_seconds,
        estimated_accuracy=rich.estimated_accuracy,
        min_accuracy=0.2,
        reallocation="stream",
    )
    assert_same_columns(rich, same)


def test_objects_and_columns_are_one_family() -> None:
    """Objects hold what the columns do, and metadata make both again."""
    columns = generate_columns("fleet", 7, 2, 3, **OPTIONS)
    instance = generate("fleet", 7, 2, 3, **OPTIONS)
    assert instance == columns.instance()
    assert regenerate(instance.metadata) == instance
    assert_same_columns(regenerate_columns(columns.metadata), columns)
    assert columns.name == "fleet-n7-g2-s3"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_columns(family: str) -> None:
    """The columns of a generated instance are those of its objects."""
    columns = generate_columns(family, 3, 1.5, 2)
    instance = generate(family, 3, 1.5, 2)
    assert columns.instance() == instance
    assert columns.metadata == instance.metadata
    assert regenerate_columns(columns.metadata).instance() == instance


@pytest.mark.parametrize(
    ("num_streams", "options", "said"),
    [
        (0, {}, "num_streams is 0, expected an integer from 1 to 10000000"),
        (10_000_001, {}, "num_streams is 10000001"),
        (2.5, {}, "num_streams is 2.5"),
        (3, {"num_types": 0}, "num_types is 0"),
        (3, {"num_types": "two"}, "num_types is 'two'"),
        (3, {"cost_error": -1}, "cost_error is -1"),
        (3, {"accuracy_error": "big"}, "accuracy_error is 'big'"),
        (3, {"labelling_seconds": -1}, "labelling_seconds is -1"),
        (3, {"types": 3}, "family fleet has no option 'types'; it has: num_types"),
    ],
)
def test_sizes_and_options_are_checked(
    num_streams: Any, options: dict[str, Any], said: str
) -> None:
    """What lies outside its domain is refused in words."""
    with pytest.raises(InvalidOption, match=said):
        generate_columns("fleet", num_streams, 1, 0, **options)


def test_fewer_streams_are_made_into_objects_than_into_columns() -> None:
    """Objects stop at 100,000 streams, where columns go on."""
    with pytest.raises(InvalidOption, match=r"num_streams is 100001.* to 100000"):
        generate("fleet", 100_001, 1000)
    assert generate_columns("fleet", 100_001, 1000, num_types=9).num_streams == 100_001
    with pytest.raises(InvalidInstance, match=r"gpus: is 0\.25"):
        generate_columns("fleet", 3, 0.25)
