"""Pruning: what lies far from the Pareto front is dropped, never too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import InvalidOption
from instances.profiler.observations import Candidate, Observation
from instances.profiler.pruning import front_distances, kept_configs


def seen(config: str, cost: float, accuracy: float, window: int = 1) -> Observation:
    """Return an observation of stream A."""
    candidate = Candidate(stream="A", window=window, config=config, start_accuracy=0.5)
    return Observation(
        candidate=candidate,
        gpu_seconds=cost,
        validation_accuracy=accuracy,
        accuracy=accuracy,
    )


def history(windows: int = 2) -> list[Observation]:
    """Return windows with a front of a, b, c; d lacks 0.02 and e lacks 0.3."""
    return [
        each
        for window in range(1, windows + 1)
        for each in (
            seen("a", 1, 0.6, window),
            seen("b", 5, 0.7, window),
            seen("c", 20, 0.8, window),
            seen("d", 9, 0.68, window),
            seen("e", 30, 0.5, window),
        )
    ]


def test_distances_are_measured_at_the_same_cost() -> None:
    """D compares with b, which is cheaper, and e with c."""
    found = front_distances(history(1))
    expected = {"a": [0], "b": [0], "c": [0], "d": [0.02], "e": [0.3]}
    assert found.keys() == expected.keys()
    for config, distances in expected.items():
        assert found[config] == pytest.approx(distances)


def test_what_stays_far_is_dropped() -> None:
    """Only e lacks more than 0.05; at 0.01 d goes as well."""
    assert kept_configs(history()) == ("a", "b", "c", "d")
    assert kept_configs(history(), tolerance=0.01, min_kept=1) == ("a", "b", "c")


def test_nothing_is_judged_too_early() -> None:
    """After one window of two needed all configs stay."""
    assert kept_configs(history(1)) == ("a", "b", "c", "d", "e")
    assert kept_configs(history(1), min_windows=1) == ("a", "b", "c", "d")


def test_the_nearest_fill_up() -> None:
    """With four to keep, d returns before e."""
    found = kept_configs(history(), tolerance=0.01, min_kept=4)
    assert found == ("a", "b", "c", "d")


def test_a_dropped_config_stays_out() -> None:
    """Later windows without e do not bring it back."""
    later = [each for each in history(4) if each.candidate.config != "e"]
    later = [each for each in later if each.candidate.window > 2]
    assert "e" not in kept_configs([*history(), *later])


def test_streams_are_fronts_of_their_own() -> None:
    """A config is compared only within its stream's window."""
    assert front_distances([seen("a", 1, 0.9, 1), seen("b", 2, 0.4, 2)]) == {
        "a": [0.0],
        "b": [0.0],
    }


def test_no_history_keeps_nothing_to_name() -> None:
    """Without observations there are no names."""
    assert kept_configs([]) == ()


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(1, 9), st.floats(0, 1)),
        max_size=20,
    ),
    st.integers(1, 6),
)
def test_enough_remain(rows: list[tuple[str, int, float]], min_kept: int) -> None:
    """As many as asked remain, if there are, and nothing is made up."""
    table = [seen(*row, window=window) for window, row in enumerate(rows)]
    table += [seen(*row, window=99) for row in rows]
    found = kept_configs(table, min_kept=min_kept, min_windows=1)
    names = {config for config, *_ in rows}
    assert min(min_kept, len(names)) <= len(found) <= len(names)
    assert set(found) <= names


@pytest.mark.parametrize(
    "words", [{"tolerance": 1.5}, {"min_kept": 0}, {"min_windows": 0}]
)
def test_numbers_outside_their_domain_are_refused(words: dict[str, float]) -> None:
    """The message names the number."""
    with pytest.raises(InvalidOption, match=next(iter(words))):
        kept_configs([], **words)  # type: ignore[arg-type]
