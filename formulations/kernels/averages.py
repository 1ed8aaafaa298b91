"""Value tables averaged over weighted scenarios.

A retraining config is chosen before the scenario is known. For every stream, config
and share the value is averaged over the scenarios; the best choice of a share and the
best share of a number of units then make a table like the nominal one, and the mean
over the streams is still separable.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from formulations.averaged_tables import AveragedTable
from formulations.kernels.averages_cpu import averages_range
from formulations.kernels.chunks import run_chunks
from formulations.kernels.profiles import profiles_of
from formulations.value_tables import MOST_CELLS, ValueTable
from instances import InstanceTooLarge, Reallocation, SolverUnavailable
from instances.columns import Columns
from instances.scenarios import Scenarios

CHOICES_AT_ONCE = 3_000_000
"""Choices between two looks at the clock, some ten milliseconds of work."""


class Averages:
    """Tables of one instance for any weights of the same scenarios.

    The costs are sorted once, so that a table takes S + K steps for each config
    instead of S · K, and then K for each serving level.

    Parameters
    ----------
    columns
        The instance, with reallocation ``never`` or ``stream``.
    scenarios
        Of this instance.

    Raises
    ------
    SolverUnavailable
        If the reallocation mode is ``server``.
    InstanceTooLarge
        If a table would have more than ``MOST_CELLS`` cells.
    """

    def __init__(self, columns: Columns, scenarios: Scenarios) -> None:
        if columns.reallocation is Reallocation.SERVER:
            message = "reallocation server is not a static window"
            raise SolverUnavailable(f"{message}; expected never or stream")
        self._shape = columns.num_streams, columns.total_units + 1
        if self._shape[0] * self._shape[1] > MOST_CELLS:
            message = f"the value table would have more than {MOST_CELLS} cells"
            raise InstanceTooLarge(message)
        self._profiles = profiles_of(columns)
        order = np.argsort(scenarios.gpu_seconds.T, axis=1, kind="stable")
        self._cost = np.take_along_axis(scenarios.gpu_seconds.T, order, axis=1)
        self._accuracy = np.take_along_axis(scenarios.accuracy.T, order, axis=1)
        self._scenario = order
        self._count = scenarios.count
        levels = int(np.diff(columns.inference_offsets).max()) + 1
        configs = int(np.diff(columns.retraining_offsets).max()) + 1
        choices = configs * (levels * self._shape[1] + scenarios.count)
        self._at_once = max(1, CHOICES_AT_ONCE // choices)

    def table(
        self,
        weights: NDArray[np.float64] | None = None,
        *,
        workers: int = 1,
        between: Callable[[], None] = lambda: None,
    ) -> AveragedTable:
        """Return the table of the mean with some weights of the scenarios.

        Parameters
        ----------
        weights
            Shape ``(S,)``, at least 0, with the sum 1; ``None`` for equal ones.
        workers
            Threads; they change no bit.
        between
            Called every some ten milliseconds; what it raises ends the work.
        """
        if weights is None:
            weights = np.full(self._count, 1 / self._count)
        values = np.empty(self._shape)
        retraining, inference, training = np.empty((3, *self._shape), dtype=np.int32)

        def work(start: int, stop: int) -> None:
            averages_range(
                self._profiles,
                self._cost,
                self._accuracy,
                self._scenario,
                weights,
                start,
                stop,
                values,
                retraining,
                inference,
                training,
            )

        for first in range(0, len(values), self._at_once * workers):
            between()
            count = min(self._at_once * workers, len(values) - first)

            def part(start: int, stop: int, first: int = first) -> None:
                work(first + start, first + stop)

            run_chunks(part, count, workers, at_least=max(1, self._at_once // 8))
        return AveragedTable(
            values=ValueTable(
                values=values,
                inference_units=inference,
                training_units=training,
                weights=self._profiles.weight,
            ),
            retraining=retraining,
        )
