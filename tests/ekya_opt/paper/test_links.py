"""Transfers to the cloud and back on paper, and turns against enumeration."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekya_opt.paper.links import NETWORKS, Network, Sharing, arrivals, best_turns

CELLULAR, SATELLITE, TWICE = NETWORKS


def test_transfers_on_paper() -> None:
    """Cellular: 160/5.1 s up, 398/17.5 s down; eight of both take 433 s."""
    assert CELLULAR.upload_seconds == pytest.approx(31.3725, abs=1e-4)
    assert CELLULAR.download_seconds == pytest.approx(22.7429, abs=1e-4)
    turns = arrivals(CELLULAR, 8, Sharing.TURNS)
    assert turns[0] == pytest.approx(54.1154, abs=1e-4)
    assert turns[-1] == pytest.approx(432.923, abs=1e-3)
    assert arrivals(CELLULAR, 8, Sharing.AT_ONCE) == pytest.approx([432.923] * 8)
    assert arrivals(CELLULAR, 8, Sharing.OWN) == pytest.approx([54.1154] * 8)


def test_both_links_at_once_on_paper() -> None:
    """The slower link sets the pace: 8 · 31.37 + 22.74 s, and 18.82 + 8 · 26.53 s."""
    cellular = arrivals(CELLULAR, 8, Sharing.PIPELINED)
    assert cellular[-1] == pytest.approx(273.723, abs=1e-3)
    satellite = arrivals(SATELLITE, 8, Sharing.PIPELINED)
    assert satellite[-1] == pytest.approx(231.090, abs=1e-3)


def test_twice_the_links_take_half_the_time() -> None:
    """Twice the megabits a second bring every model in half the time."""
    for sharing in Sharing:
        once, twice = (arrivals(each, 5, sharing) for each in (CELLULAR, TWICE))
        assert [2 * each for each in twice] == pytest.approx(once)


@given(st.floats(0.5, 50), st.floats(0.5, 50), st.integers(1, 9))
def test_pipelined_transfers_follow_each_other(
    up: float, down: float, streams: int
) -> None:
    """Simulated, each link takes the next transfer as soon as it and its model can."""
    network = Network(name="some", up=up, down=down, claimed=0)
    uploaded = arrived = 0.0
    expected = []
    for _ in range(streams):
        uploaded += network.upload_seconds
        arrived = max(uploaded, arrived) + network.download_seconds
        expected.append(arrived)
    assert arrivals(network, streams, Sharing.PIPELINED) == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 3))
def test_turns_are_the_best_of_all(seed: int, streams: int, turns: int) -> None:
    """The program finds what enumeration of turns and units finds, and says how."""
    rng = np.random.default_rng(seed)
    size = 4
    tables = np.maximum.accumulate(rng.uniform(size=(turns + 1, streams, size)), axis=2)
    stay, given_turns = tables[0], list(tables[1:])

    def worth(taken: tuple[int | None, ...]) -> float:
        rows = [
            (stay if turn is None else given_turns[turn])[v]
            for v, turn in enumerate(taken)
        ]
        return max(
            sum(float(row[j]) for row, j in zip(rows, units, strict=True))
            for units in product(range(size), repeat=streams)
            if sum(units) < size
        )

    slots: list[int | None] = [*range(turns), *[None] * streams]
    total, found = best_turns(stay, given_turns)
    best = max(worth(taken) for taken in set(permutations(slots, streams)))
    assert total == pytest.approx(best)
    assert worth(tuple(found)) == pytest.approx(best)
    given_to = [turn for turn in found if turn is not None]
    assert len(given_to) == len(set(given_to))
