"""What accuracy any number of GPUs is good for, and how many an accuracy takes."""

import math
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ekya_opt.reading import read_window
from formulations import OBJECTIVE_TOLERANCE
from instances import Instance, InvalidData, InvalidOption, Reallocation
from instances.problems import kind_of
from solvers.capacity_curve import capacity_curve
from solvers.options import Options
from solvers.search import Search

if TYPE_CHECKING:
    from numpy.typing import NDArray

GPUS_A_STREAM = 4
"""GPUs for each stream up to which a capacity is looked for unless told otherwise."""


def accuracy_curve(
    instance: Instance | str | PathLike[str],
    *,
    gpus: float | None = None,
    reallocation: Reallocation | str | None = None,
) -> pd.DataFrame:
    """Return the optimal objective for every number of units, proven by one program.

    The exact curve of Ekya's Fig. 8 and Table 2: the table has a row for each number
    of units from 0 on, with the columns ``units``, ``gpus`` and ``objective``, NaN
    where some stream cannot be kept at its floor. It takes the time of one ``dp`` run
    with the largest number of units.

    Parameters
    ----------
    instance
        A window, its file or shipped name.
    gpus
        Largest number of GPUs; by default that of the instance.
    reallocation
        ``never`` or ``stream`` in the place of the instance's own mode.

    Raises
    ------
    InvalidInstance
        If ``gpus`` is no whole number of units.
    SolverUnavailable
        If the reallocation is ``server``: its windows are no multiple-choice knapsacks.
    InstanceTooLarge
        If there are too many streams and units for one table.
    """
    window = _window(instance, reallocation)
    if gpus is not None:
        window = replace(window, gpus=gpus)
    objectives = _curve(window)
    units = np.arange(len(objectives))
    return pd.DataFrame(
        {
            "units": units,
            "gpus": units / window.units_per_gpu,
            "objective": np.where(np.isinf(objectives), math.nan, objectives),
        }
    )


def capacity_for(
    instance: Instance | str | PathLike[str],
    accuracy: float,
    *,
    most_gpus: float | None = None,
    reallocation: Reallocation | str | None = None,
) -> float | None:
    """Return the least GPUs with which the optimum reaches a mean accuracy.

    The question of Ekya's Table 2, the other way round. It is a whole number of units;
    ``None`` if the accuracy takes more than ``most_gpus`` or is beyond every number.

    Parameters
    ----------
    instance
        A window, its file or shipped name; the number of its GPUs does not matter.
    accuracy
        Objective to reach, in [0, 1].
    most_gpus
        Largest number of GPUs tried, above 0; by default 4 for each stream, and at
        least those of the instance.
    reallocation
        ``never`` or ``stream`` in the place of the instance's own mode.

    Raises
    ------
    InvalidOption
        If the accuracy or ``most_gpus`` lies outside its domain.
    SolverUnavailable, InstanceTooLarge
        As in :func:`accuracy_curve`.
    """
    if not 0 <= accuracy <= 1:
        raise InvalidOption(f"accuracy is {accuracy!r}, expected from 0 to 1")
    if most_gpus is not None and not 0 < most_gpus <= 1e6:
        message = f"most_gpus is {most_gpus!r}, expected above 0 and at most 1e6"
        raise InvalidOption(message)
    window = _window(instance, reallocation)
    if most_gpus is None:
        most_gpus = max(window.gpus, GPUS_A_STREAM * len(window.streams))
    per_gpu = window.units_per_gpu
    most = max(0, math.floor(most_gpus * per_gpu * (1 + 1e-12)))
    tried = min(window.total_units, most)
    while tried > 0:
        curve = _curve(replace(window, gpus=tried / per_gpu))
        enough = np.flatnonzero(curve >= accuracy - OBJECTIVE_TOLERANCE)
        if len(enough):
            return int(enough[0]) / per_gpu
        if tried == most:
            break
        tried = min(2 * tried, most)
    return None


def _window(
    source: Instance | str | PathLike[str], reallocation: Reallocation | str | None
) -> Instance:
    window = read_window(source) if isinstance(source, str | PathLike) else source
    if not isinstance(window, Instance):
        raise InvalidData(f"is a {kind_of(window)}, expected a window", "instance")
    if reallocation is None:
        return window
    changes: dict[str, Any] = {"reallocation": reallocation}
    return replace(window, **changes)


def _curve(window: Instance) -> "NDArray[np.float64]":
    return capacity_curve(window, Search(Options()))
