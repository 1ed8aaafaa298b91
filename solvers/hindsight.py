"""What could be had in each scenario by who knows its numbers."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.averages import Averages
from formulations.kernels.simulation import nominal
from instances.columns import Columns
from instances.scenarios import Scenarios
from solvers.dp import best_units
from solvers.options import Options
from solvers.search import Search


def hindsight_optima(
    columns: Columns,
    scenarios: Scenarios,
    between: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Return the optimum of the instance as it is in each scenario, shape ``(S,)``.

    NaN where a scenario's instance has no schedule. A plan made without the numbers
    exceeds the optimum only where it breaks a floor. ``between`` is called between
    scenarios.

    Raises
    ------
    SolverUnavailable
        If the reallocation mode is ``server``.
    """
    search = Search(Options())
    optima = np.full(scenarios.count, np.nan)
    for s in range(scenarios.count):
        between()
        perturbed = scenarios.columns(columns, s)
        table = Averages(perturbed, nominal(perturbed)).table().values
        units = best_units(table, search)
        if units is not None:
            optima[s] = table.objective(units)
    return optima
