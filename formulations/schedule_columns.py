"""The columnar schedule: what every stream of a static window does, as arrays."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from formulations.schedule import MOST_UNITS, Schedule
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance, InvalidSchedule
from instances.columns import Columns

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScheduleColumns:
    """A retraining config and units for each stream of a static window.

    The inference configs follow: at every instant the most accurate one that fits.
    Under ``stream`` the training units join the inference at the completion.

    Parameters
    ----------
    retraining
        Shape ``(V,)``: index of the retraining config among the stream's;
        ``NO_RETRAINING`` (-1) for none.
    inference_units, training_units
        Shape ``(V,)``: units at the start of the window, at least 0.

    Raises
    ------
    InvalidSchedule
        If a column has another shape or a value outside its domain.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    retraining: Whole
    inference_units: Whole
    training_units: Whole

    def __post_init__(self) -> None:
        shape = np.shape(self.retraining)
        if len(shape) != 1 or shape[0] < 1:
            message = f"has the shape {shape}, expected at least one integer"
            raise InvalidSchedule(message, "retraining")
        for name, low in (
            ("retraining", NO_RETRAINING),
            ("inference_units", 0),
            ("training_units", 0),
        ):
            column = np.asarray(getattr(self, name))
            if column.shape != shape or column.dtype.kind not in "iu":
                message = f"is {column.dtype} of shape {column.shape}, expected"
                raise InvalidSchedule(f"{message} {shape[0]} integers", name)
            outside = (column < low) | (column > MOST_UNITS)
            if outside.any():
                at = int(outside.argmax())
                message = f"is {column[at]}, expected an integer from {low}"
                raise InvalidSchedule(f"{message} to {MOST_UNITS}", f"{name}[{at}]")
            column = column.astype(np.int64)
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    @property
    def num_streams(self) -> int:
        """Number of streams V."""
        return len(self.retraining)

    def check_fits(self, problem: Columns | Instance) -> None:
        """Raise ``InvalidSchedule`` unless the problem has these streams and configs.

        Whether the schedule is feasible is another matter.
        """
        if isinstance(problem, Columns):
            configs = np.diff(problem.retraining_offsets)
        else:
            configs = np.array([len(stream.retraining) for stream in problem.streams])
        if len(configs) != self.num_streams:
            message = f"has {self.num_streams} streams, expected the {len(configs)} of"
            raise InvalidSchedule(f"{message} {problem.name}", "retraining")
        outside = self.retraining >= configs
        if outside.any():
            at = int(outside.argmax())
            message = f"is {self.retraining[at]}, expected one of the stream's"
            message += f" {configs[at]} retraining configs or {NO_RETRAINING} for none"
            raise InvalidSchedule(message, f"retraining[{at}]")

    def schedule(self, problem: Columns | Instance) -> Schedule:
        """Return the same schedule as objects, for an instance with these streams.

        Raises
        ------
        InvalidSchedule
            If the problem has other streams or lacks a retraining config.
        SolverUnavailable
            If the problem is no static window.
        """
        self.check_fits(problem)
        instance = problem if isinstance(problem, Instance) else problem.instance()
        choices: Any = zip(
            instance.streams,
            self.retraining.tolist(),
            self.inference_units.tolist(),
            self.training_units.tolist(),
            strict=True,
        )
        plans = tuple(
            StreamModel(instance, stream).plan(idx, inference, training)
            for stream, idx, inference, training in choices
        )
        return Schedule(streams=plans)
