"""The core's program against a plain dynamic program over all changes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import Options, Search
from solvers.core_program import (
    Changes,
    best_changes,
    cheapest_changes,
    most_changes,
)

losses = st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 1.3])
options = st.lists(
    st.tuples(st.sampled_from([-4, -3, -2, -1, 1, 2, 3, 5]), losses), max_size=3
)


@st.composite
def cores(draw: st.DrawFn) -> tuple[Changes, int, float]:
    """Draw changes of up to 40 streams of few types, room, and a price."""
    types = draw(st.lists(options, min_size=1, max_size=4))
    kinds = draw(st.lists(st.sampled_from(types), max_size=40))
    rows = [
        (v, units, loss)
        for v, kind in enumerate(kinds)
        for units, loss in dict(kind).items()
    ]
    changes = Changes(
        stream=np.array([row[0] for row in rows], dtype=np.int64),
        units=np.array([row[1] for row in rows], dtype=np.int64),
        loss=np.array([row[2] for row in rows], dtype=np.float64),
    )
    return changes, draw(st.integers(0, 6)), draw(st.sampled_from([0.05, 0.2, 0.5]))


def least_loss(changes: Changes, room: int, price: float) -> float:
    """Return the least loss by a dictionary over the units added, nothing left out."""
    best = {0: 0.0}
    for v in sorted(set(changes.stream.tolist())):
        own = [(0, 0.0)] + [
            (int(changes.units[i]), float(changes.loss[i]))
            for i in np.flatnonzero(changes.stream == v)
        ]
        grown: dict[int, float] = {}
        for added, loss in best.items():
            for units, more in own:
                known = grown.get(added + units, math.inf)
                grown[added + units] = min(known, loss + more)
        best = grown
    return min(
        loss + price * (room - added) for added, loss in best.items() if added <= room
    )


@given(core=cores())
def test_the_program_finds_the_least_loss(core: tuple[Changes, int, float]) -> None:
    """With the gap of the base alone, whatever is left out is not missed."""
    changes, room, price = core
    search = Search(Options())
    loss, chosen = best_changes(changes, room, price, price * room, search)
    assert loss == pytest.approx(least_loss(changes, room, price), abs=1e-9)
    assert len(set(changes.stream[chosen].tolist())) == len(chosen)
    added = int(changes.units[chosen].sum())
    assert added <= room
    paid = float(changes.loss[chosen].sum()) + price * (room - added)
    assert paid == pytest.approx(loss, abs=1e-9)


@given(core=cores())
def test_a_tighter_gap_changes_nothing(core: tuple[Changes, int, float]) -> None:
    """With the optimum itself as the gap the program still finds it."""
    changes, room, price = core
    least = least_loss(changes, room, price)
    loss, _ = best_changes(changes, room, price, least, Search(Options()))
    assert loss == pytest.approx(least, abs=1e-9)


def test_the_cheapest_of_each_size_are_kept() -> None:
    """Two of the three that add 1 unit, and the only one that removes 2."""
    changes = Changes(
        stream=np.arange(4),
        units=np.array([1, 1, -2, 1]),
        loss=np.array([0.3, 0.1, 0.9, 0.2]),
    )
    assert cheapest_changes(changes, 2).tolist() == [1, 2, 3]


def test_equal_streams_do_not_enlarge_the_core() -> None:
    """With steps of 3 up and 1 down, and 2 units of room, 6 changes are enough.

    A price of 1 and a gap of 2 allow both units to stay idle.
    """
    changes = Changes(
        stream=np.arange(2000),
        units=np.tile([3, -1], 1000),
        loss=np.zeros(2000),
    )
    assert most_changes(changes, room=2, price=1.0, gap=2.0) <= 6
    loss, chosen = best_changes(changes, 2, 1.0, 2.0, Search(Options()))
    assert loss == 0
    assert sorted(changes.units[chosen].tolist()) == [-1, 3]
