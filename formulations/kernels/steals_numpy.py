"""The Thief's neighbourhood written out in NumPy, for small windows."""

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


def steals(units: Whole, steal_units: int, most_amount: int | None = None) -> Whole:
    """Return the allocations that one steal leads to, shape ``(n, V, 2)``.

    Every job steals 1 to ``most_amount`` times ``steal_units`` from every other, as
    far as that has them.
    """
    found = []
    for thief in range(units.size):
        for victim in range(units.size):
            most = int(units.flat[victim]) // steal_units
            most = most if most_amount is None else min(most, most_amount)
            for amount in range(1, most + 1 if victim != thief else 1):
                moved = units.copy()
                moved.flat[thief] += amount * steal_units
                moved.flat[victim] -= amount * steal_units
                found.append(moved)
    return np.array(found, dtype=np.int64).reshape(-1, *units.shape)


def pairs_of_steals(units: Whole, steal_units: int) -> Whole:
    """Return the allocations that two steals lead to, each once, one steal included.

    Any two, whether or not they share a stream.
    """
    once = steals(units, steal_units)
    if not len(once):
        return once
    twice = [steals(each, steal_units) for each in once]
    return np.unique(np.concatenate([once, *twice]), axis=0)
