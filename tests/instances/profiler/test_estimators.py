"""Estimators on numbers that a reader checks on paper."""

from dataclasses import replace

import pytest

from instances import Estimate, InvalidOption
from instances.profiler.estimators import ESTIMATORS, estimates, perfect
from instances.profiler.observations import (
    Candidate,
    Observation,
    observations_of_points,
)
from instances.profiler.points import Point
from instances.profiler.time_rules import TIME_RULES
from tests.instances.profiler import records

# Losses 1/2 and 1/3 are those of slope 1, offset 1 and no floor.
MICRO = records.micro(validation_accuracy=(1 / 2, 2 / 3))
POINTS: list[Point] = [records.window(), records.run(), MICRO]


def seen(
    stream: str, window: int, config: str, start: float, end: float, said: float
) -> Observation:
    """Return an observation of 10 GPU-seconds with an estimate of 20."""
    return Observation(
        candidate=Candidate(
            stream=stream,
            window=window,
            config=config,
            start_accuracy=start,
            recorded=Estimate(gpu_seconds=20.0, accuracy=said),
        ),
        gpu_seconds=10.0,
        validation_accuracy=end,
        accuracy=end,
    )


TABLE = [
    seen("A", 1, "x", 0.5, 0.6, 0.7),
    seen("A", 1, "y", 0.5, 0.8, 0.5),
    seen("B", 1, "x", 0.4, 0.7, 0.6),
    seen("B", 1, "y", 0.4, 0.7, 0.6),
    seen("A", 2, "x", 0.6, 0.9, 0.8),
    seen("A", 2, "y", 0.6, 0.9, 0.7),
    seen("A", 2, "z", 0.6, 0.9, 0.3),
]


def accuracies(observations: list[Observation], name: str, **words: str) -> list[float]:
    """Return the estimated accuracies in the order of the observations."""
    found = estimates(observations, name, **words)  # type: ignore[arg-type]
    return [found[each.candidate.key].accuracy for each in observations]


def test_the_paper_extrapolates_over_epochs() -> None:
    """With slope and offset 1, an epoch gives 1/2 and three give 3/4."""
    found = accuracies(observations_of_points(POINTS), "paper")
    assert found == pytest.approx([1 / 2, 3 / 4], abs=1e-6)


def test_samples_extrapolates_over_samples() -> None:
    """A full epoch has 10 micro-epochs' samples: 10 and 30 steps along the curve."""
    found = accuracies(observations_of_points(POINTS), "samples")
    assert found == pytest.approx([10 / 11, 30 / 31], abs=1e-6)


def test_last_is_the_last_micro_accuracy() -> None:
    """It is the same for all epochs of a recipe."""
    assert accuracies(observations_of_points(POINTS), "last") == [2 / 3, 2 / 3]


def test_recorded_is_what_the_file_says() -> None:
    """Accuracy and, as linear time, GPU-seconds are the recorded ones."""
    assert accuracies(TABLE, "recorded") == [0.7, 0.5, 0.6, 0.6, 0.8, 0.7, 0.3]
    assert {each.gpu_seconds for each in estimates(TABLE, "recorded").values()} == {20}


def test_history_adds_the_mean_gain() -> None:
    """Gains of x: 0.1 and 0.3; of y: 0.3 and 0.3; z and window 1 have no history."""
    found = accuracies(TABLE, "history")
    assert found == pytest.approx([0.7, 0.5, 0.6, 0.6, 0.8, 0.9, 0.3])


def test_combo_joins_level_and_shape() -> None:
    """Level 0.6; x lay 0.1 and 0 below its windows' means, y as much above."""
    found = accuracies(TABLE, "combo")
    assert found[:4] == [0.7, 0.5, 0.6, 0.6]
    assert found[4:] == pytest.approx([0.55, 0.65, 0.3])


def test_calibrated_corrects_the_level() -> None:
    """In both earlier windows the profiles' mean lay 0.1 below what came true."""
    found = accuracies(TABLE, "calibrated")
    assert found[:4] == [0.7, 0.5, 0.6, 0.6]
    assert found[4:] == pytest.approx([0.65, 0.75, 0.4])


def test_a_perfect_profile_says_the_validation_at_the_true_cost() -> None:
    """What comes true on the window's own frames is not what it sees."""
    drifted = replace(TABLE[0], accuracy=0.1)
    found = perfect([drifted])
    assert found == {("A", 1, "x"): Estimate(gpu_seconds=10.0, accuracy=0.6)}


def test_other_streams_are_a_history_of_their_own() -> None:
    """B learns from A's gains of 0.1 and 0.3 with x, 0.3 and 0.3 with y."""
    found = accuracies(TABLE, "history", history="other-streams")
    assert found[2:4] == pytest.approx([0.4 + 0.2, 0.4 + 0.3])
    # A learns from B alone: gains of 0.3; z is unknown to B.
    assert found[4:] == pytest.approx([0.9, 0.9, 0.3])


def test_history_time_is_the_mean_cost() -> None:
    """Known configs took 10 s; others fall back on the recorded 20."""
    found = estimates(TABLE, "recorded", time="history")
    assert [each.gpu_seconds for each in found.values()] == [20] * 4 + [10, 10, 20]


@pytest.mark.parametrize("name", ["recorded", "history", "combo", "calibrated"])
@pytest.mark.parametrize("history", ["earlier", "other-streams"])
def test_no_estimator_sees_its_own_truth(name: str, history: str) -> None:
    """Whatever comes true in a window, its own estimates stay as they are."""
    words = {"history": history}
    places = {each.candidate.key[:2] for each in TABLE}
    for place in places:
        changed = [
            replace(each, validation_accuracy=0.0, accuracy=0.0, gpu_seconds=99.0)
            if each.candidate.key[:2] == place
            else each
            for each in TABLE
        ]
        before = dict(
            zip(
                (each.candidate.key for each in TABLE),
                accuracies(TABLE, name, **words),
                strict=True,
            )
        )
        after = estimates(changed, name, **words)  # type: ignore[arg-type]
        own = [key for key in after if key[:2] == place]
        assert [after[key].accuracy for key in own] == [before[key] for key in own]


def test_gains_beyond_one_are_cut() -> None:
    """An estimate is an accuracy: 0.9 plus a gain of 0.4 is 1."""
    table = [
        seen("A", 1, "x", 0.5, 0.9, 0.5),
        seen("A", 2, "x", 0.9, 0.9, 0.5),
    ]
    assert accuracies(table, "history")[1] == 1.0


def test_without_anything_the_start_accuracy_stands() -> None:
    """The history prior of a first window without micro-profile expects no gain."""
    bare = replace(TABLE[0], candidate=replace(TABLE[0].candidate, recorded=None))
    table = [replace(bare, gpu_seconds=1.0)]
    with pytest.raises(InvalidOption, match="linear needs an estimate of config x"):
        estimates(table, "history")
    measured = replace(bare.candidate, nominal_seconds=3.0)
    found = estimates([replace(bare, candidate=measured)], "history", time="nominal")
    assert found["A", 1, "x"] == Estimate(gpu_seconds=3.0, accuracy=0.5)


@pytest.mark.parametrize("name", ["paper", "samples", "last"])
def test_a_missing_micro_profile_is_named(name: str) -> None:
    """The message says which estimator needs what of which config."""
    message = f"{name} needs the micro-profile of config x of stream A, window 1"
    with pytest.raises(InvalidOption, match=message):
        estimates(TABLE, name)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"estimator": "oracle"}, f"expected one of {', '.join(ESTIMATORS)}"),
        ({"time": "clock"}, f"expected one of {', '.join(TIME_RULES)}"),
        ({"history": "all"}, "expected earlier or other-streams"),
    ],
)
def test_unknown_names_are_refused(words: dict[str, str], message: str) -> None:
    """A wrong name lists the right ones."""
    with pytest.raises(InvalidOption, match=message):
        estimates(TABLE, **words)  # type: ignore[arg-type]
