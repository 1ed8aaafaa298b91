"""What is decided for a window: a schedule and its parts."""

from dataclasses import dataclass
from typing import ClassVar

from instances.checks import (
    check_name,
    check_unique_names,
    set_integer,
    set_number,
    set_tuple,
    shown,
)
from instances.errors import InvalidSchedule
from instances.html import MOST_ROWS, html_table, rest_of

MOST_UNITS = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of the window in which a stream's shares do not change.

    Parameters
    ----------
    start_seconds
        Start of the segment, at least 0; it lasts to the next segment's start or to
        the end of the window.
    inference
        Name of the inference config in use, or ``None``.
    inference_units, training_units
        Units given to the stream's inference and retraining, at least 0.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    start_seconds: float
    inference: str | None = None
    inference_units: int
    training_units: int

    def __post_init__(self) -> None:
        set_number(self, "start_seconds")
        if self.inference is not None:
            check_name(self, "inference")
        set_integer(self, "inference_units", low=0, high=MOST_UNITS)
        set_integer(self, "training_units", low=0, high=MOST_UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """What one stream does in the window.

    Parameters
    ----------
    stream
        Name of the stream.
    retraining
        Name of the retraining config to run, or ``None``.
    segments
        At least one; the first starts at 0 and the starts increase.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    stream: str
    retraining: str | None = None
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        check_name(self, "stream")
        if self.retraining is not None:
            check_name(self, "retraining")
        set_tuple(self, "segments", Segment, at_least=1)
        starts = [segment.start_seconds for segment in self.segments]
        if starts[0] != 0:
            message = f"is {shown(starts[0])}, expected 0 in the first segment"
            raise InvalidSchedule(message, "segments[0].start_seconds")
        for idx in range(1, len(starts)):
            if starts[idx] <= starts[idx - 1]:
                message = f"is {shown(starts[idx])}, expected above {starts[idx - 1]!r}"
                raise InvalidSchedule(message, f"segments[{idx}].start_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A plan for every stream of an instance, in any order.

    Parameters
    ----------
    streams
        One plan a stream, with unique stream names; at least one.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    streams: tuple[StreamPlan, ...]

    def __post_init__(self) -> None:
        set_tuple(self, "streams", StreamPlan, at_least=1)
        check_unique_names(self, "streams", key="stream")

    def _repr_html_(self) -> str:
        from formulations.pictures import units_picture

        shown = self.streams[:MOST_ROWS]
        segments = [segment for plan in shown for segment in plan.segments]
        most = max(part.inference_units + part.training_units for part in segments)
        rows = [
            [
                plan.stream,
                plan.retraining or "none",
                f"{segment.start_seconds:.1f}",
                segment.inference or "none",
                segment.inference_units,
                segment.training_units,
                units_picture(segment, most),
            ]
            for plan in shown
            for segment in plan.segments
        ]
        columns = ["stream", "retraining", "from, s", "inference"]
        columns += ["inference units", "training units", "units"]
        caption = f"Schedule of {len(self.streams)} streams"
        return html_table(columns, rows, caption, rest_of(len(self.streams), "streams"))
