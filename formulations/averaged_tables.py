"""The value table of the mean over scenarios, with the choices behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.schedule_columns import ScheduleColumns
from formulations.value_tables import ValueTable


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragedTable:
    """Best mean value and choice of each stream for each number of units.

    A choice is a retraining config, inference and training units that keep every rule
    on the nominal numbers. In a scenario its retraining ends when it ends; one that
    does not end in the window gives nothing, and a floor that only a scenario's
    numbers break stays broken there.

    Parameters
    ----------
    values
        The values, ``NEVER_SERVED`` where no choice keeps the rules, and the units of
        the choices. Its own ``schedule`` would pick configs on the nominal numbers.
    retraining
        Shape ``(V, K + 1)``: index of the retraining config; -1 for none.
    """

    values: ValueTable
    retraining: NDArray[np.int32]

    def plan(self, units: Sequence[int]) -> ScheduleColumns:
        """Return the schedule in which stream v takes its choice of units[v]."""
        rows = np.arange(len(self.retraining))
        at = np.asarray(units)
        return ScheduleColumns(
            retraining=self.retraining[rows, at],
            inference_units=self.values.inference_units[rows, at],
            training_units=self.values.training_units[rows, at],
        )
