"""The optimum for every number of units, from one dynamic program."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from formulations.value_tables import value_table
from instances import Instance
from solvers.dp import best_sums
from solvers.search import Search


def capacity_curve(instance: Instance, search: Search) -> NDArray[np.float64]:
    """Return the optimal objective with 0, 1, …, K units, shape ``(K + 1,)``.

    The last row F_V of the dynamic program that ``dp`` runs for K units holds it for
    every k ≤ K: a stream's values with j units do not depend on how many there are.
    ``-inf`` where some stream cannot be kept at its floor.

    Raises
    ------
    SolverUnavailable
        If the instance's reallocation is ``server``.
    InstanceTooLarge
        If its value table has too many cells.
    TimeUp
        If the time limit of the search passes.
    """
    table = value_table(instance, search.check_time)
    rows = table.weights[:, None] * table.values
    return deque(best_sums(rows, search), maxlen=1).pop()
