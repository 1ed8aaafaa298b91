"""Family drift: the horizons that its documentation declares."""

import itertools
import json
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances import InvalidInstance, InvalidOption
from instances.generators import (
    PROBLEM_FAMILIES,
    family_options,
    generate,
    generate_problem,
    regenerate,
    regenerate_problem,
)
from instances.generators.drift import drift
from instances.generators.recorded_like import recorded_like
from instances.horizon import Horizon
from instances.horizon_files import horizon_from_dict, horizon_to_dict
from instances.horizon_stream import HorizonStream, model_name


def models(problem: Horizon) -> list[tuple[HorizonStream, int, tuple[float, ...]]]:
    """Return each stream's models with their window and their scores."""
    return [
        (stream, w, stream.scores(model_name(w, config.name)))
        for stream in problem.streams
        for w in range(problem.num_windows)
        for config in stream.windows[w].retraining
    ]


@settings(max_examples=30)
@given(
    num_streams=st.integers(1, 4),
    units=st.integers(1, 60),
    seed=st.integers(0, 2**31 - 1),
    options=st.fixed_dictionaries(
        {},
        optional={
            "windows": st.integers(1, 5),
            "scenes": st.sampled_from([0, 2, 3]),
            "order": st.sampled_from(["periodic", "random"]),
            "cached_models": st.integers(0, 3),
            "load_seconds": st.integers(0, 300),
            "warm_gb": st.integers(0, 3),
            "model_gb": st.integers(0, 3),
            "weighted": st.booleans(),
            "least": st.floats(0, 1),
            "reallocation": st.sampled_from(["never", "stream"]),
        },
    ),
)
def test_any_size_is_a_valid_horizon_that_its_metadata_make_again(
    num_streams: int, units: int, seed: int, options: dict[str, Any]
) -> None:
    """Any size, seed and options give a horizon, the same again from metadata."""
    problem = drift(num_streams, units / 10, seed, **options)
    assert len(problem.streams) == num_streams
    assert problem.num_windows == options.get("windows", 8)
    assert problem.total_units == units
    assert problem.cached_models == options.get("cached_models", 0)
    written = json.loads(json.dumps(horizon_to_dict(problem)))
    assert horizon_from_dict(written) == problem
    again = regenerate_problem(written["metadata"])
    assert again == problem
    assert again.metadata == written["metadata"]


def test_a_model_loses_up_to_a_tenth_in_each_window() -> None:
    """From window to window a model loses 0.02 to 0.1, the same for all of a stream."""
    problem = drift(4, 2, 0, windows=6)
    lost: dict[tuple[str, int], set[float]] = {}
    for stream, w, scores in models(problem):
        for later, (before, after) in enumerate(itertools.pairwise(scores), start=w):
            key = (stream.name, later)
            lost.setdefault(key, set()).add(round(before - after, 5))
    assert len(lost) == 4 * 5
    for found in lost.values():
        assert 0.02 - 1e-5 <= min(found) <= max(found) <= 0.1 + 1e-5
        assert max(found) - min(found) < 3e-5


def test_losses_are_uniform() -> None:
    """Over many streams the mean loss is 0.06."""
    problem = drift(100, 20, 1, windows=5)
    losses = [
        before - after
        for stream in problem.streams
        for before, after in itertools.pairwise(stream.scores("initial"))
    ]
    assert mean(losses) == pytest.approx(0.06, abs=0.004)


def test_nothing_falls_below_the_least_accuracy_by_ageing() -> None:
    """After two losses of a half a model is at 0.3, or where it began below it."""
    problem = drift(3, 1, 0, windows=4, lowest_loss=0.5, highest_loss=0.5)
    for _, _, scores in models(problem):
        if len(scores) > 2:
            assert scores[-1] == pytest.approx(min(scores[0], 0.3))
    for _, _, scores in models(drift(3, 1, 0, windows=4, least=1)):
        assert set(scores) == {scores[0]}


def test_a_scene_that_returns_finds_its_models_good() -> None:
    """Own windows take their losses; another scene costs 0.2 and all losses.

    With a loss of 0.05 a window and two scenes in turn, a model of window 1 has lost
    0.2 + 0.05 in window 2, 0.05 in window 3, 0.2 + 0.15 in window 4, 0.1 in window 5.
    """
    problem = drift(
        3,
        1,
        0,
        windows=5,
        scenes=2,
        lowest_loss=0.05,
        highest_loss=0.05,
        lowest_scene_loss=0.2,
        highest_scene_loss=0.2,
        least=0,
    )
    for stream, w, scores in models(problem):
        lost = [scores[0] - score for score in scores]
        assert lost == pytest.approx([0, 0.25, 0.05, 0.35, 0.1][: 5 - w], abs=2e-6)
        first = stream.scores("initial")
        assert first[0] - first[2] == pytest.approx(0.05, abs=2e-6)


def test_scenes_come_in_turn_or_at_random() -> None:
    """In turn the scene of window w is w modulo 3; at random it always changes.

    A scene shows by its own models alone having lost next to nothing.
    """
    options: dict[str, Any] = {"windows": 40, "lowest_loss": 0, "highest_loss": 0}
    seen = {}
    for order in ("periodic", "random"):
        problem = drift(2, 1, 3, scenes=3, order=order, **options)
        same = [
            [accuracy > scores[0] - 0.05 for accuracy in scores]
            for scores in (stream.scores("initial") for stream in problem.streams)
        ]
        assert same[0] == same[1]
        seen[order] = same[0]
    assert seen["periodic"] == [w % 3 == 0 for w in range(40)]
    assert seen["random"] != seen["periodic"]
    random = seen["random"]
    assert not any(now and before for before, now in itertools.pairwise(random))
    assert 5 <= sum(random) <= 20


def test_windows_are_drawn_like_recorded_ones() -> None:
    """Configs, costs and inference curves have the statistics of recorded-like."""
    problem = drift(30, 10, 5, windows=4)
    known = recorded_like(30, 10, 5)
    names = [config.name for config in known.streams[0].retraining]
    gains = []
    for stream in problem.streams:
        assert len(stream.inference) == 12
        assert 0.6 <= stream.accuracy <= 0.96
        for window in stream.windows:
            assert [config.name for config in window.retraining] == names
            costs = [config.gpu_seconds for config in window.retraining]
            assert max(costs) / min(costs) == pytest.approx(200, rel=1e-5)
            gains.append(window.retraining[-1].accuracy - stream.accuracy)
        assert len({window.retraining[0].gpu_seconds for window in stream.windows}) == 4
    # The mean gain of 0.425 · 0.22, of which the ceiling of 0.99 takes a little.
    assert mean(gains) == pytest.approx(0.0935, abs=0.012)


def test_a_larger_horizon_holds_the_smaller_one() -> None:
    """More streams or windows do not change those there are, but for later scores."""
    small, large = drift(2, 1, 5, windows=3), drift(4, 2, 5, windows=6)
    for one, other in zip(small.streams, large.streams, strict=False):
        assert one.accuracy == other.accuracy
        for w in range(3):
            configs = zip(
                one.windows[w].retraining, other.windows[w].retraining, strict=True
            )
            for fewer, more in configs:
                assert fewer.gpu_seconds == more.gpu_seconds
                assert fewer.estimate == more.estimate
                assert fewer.later_accuracy is not None
                assert more.later_accuracy is not None
                assert more.later_accuracy[: 2 - w] == fewer.later_accuracy


def test_seeds_make_different_horizons() -> None:
    """Ten seeds make ten different sets of streams."""
    made = {drift(2, 1, seed, windows=2).streams for seed in range(10)}
    assert len(made) == 10


def test_the_family_is_one_of_problems() -> None:
    """It is generated by name as a horizon, and refused where a window is wanted."""
    assert "drift" in PROBLEM_FAMILIES
    problem = generate_problem("drift", 2, 1, 4, windows=2, window_seconds=120)
    assert problem == drift(2, 1, 4, windows=2, window_seconds=120)
    assert set(problem.metadata["options"]) <= set(family_options("drift"))
    with pytest.raises(InvalidOption, match="family drift makes no single windows"):
        generate("drift", 2, 1)
    with pytest.raises(InvalidOption, match="family drift makes no single windows"):
        regenerate(problem.metadata)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"windows": 0}, "windows is 0, expected an integer from 1 to 1000"),
        ({"windows": 2.5}, "windows is 2.5"),
        ({"scenes": 1}, "scenes is 1, expected 0 or an integer from 2 to 100"),
        ({"scenes": -1}, "scenes is -1"),
        ({"order": "backwards"}, "order is 'backwards', expected one of periodic, ran"),
        ({"lowest_loss": -0.1}, "lowest_loss is -0.1"),
        ({"lowest_loss": 0.5}, "highest_loss is 0.1, expected a number from 0.5 to 1"),
        ({"highest_scene_loss": 2}, "highest_scene_loss is 2"),
        ({"least": 1.1}, "least is 1.1"),
        ({"cost_error": -1}, "cost_error is -1"),
        ({"accuracy_error": None}, "accuracy_error is None"),
        ({"labelling_seconds": -1}, "labelling_seconds is -1"),
        ({"colour": 1}, "family drift has no option 'colour'; it has: windows, scenes"),
    ],
)
def test_options_are_checked(options: dict[str, Any], said: str) -> None:
    """An unknown option or a value outside its domain is refused in words."""
    with pytest.raises(InvalidOption, match=said):
        drift(2, 1, 0, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cached_models": -1}, "cached_models: is -1"),
        ({"load_seconds": -1}, "load_seconds: is -1"),
        ({"warm_gb": "much"}, "warm_gb: is 'much'"),
        ({"slot_seconds": 7}, "slot_seconds: is 7"),
    ],
)
def test_fields_are_the_horizons_to_check(options: dict[str, Any], said: str) -> None:
    """What goes into the horizon as it is is checked there."""
    with pytest.raises(InvalidInstance, match=said):
        drift(2, 1, 0, **options)
