"""What is decided for a placement: plans of streams, and the GPUs of their jobs."""

from dataclasses import dataclass
from typing import ClassVar

from formulations.schedule import Schedule, Segment, StreamPlan
from instances.checks import check_unique_names, set_tuple, shown
from instances.errors import InvalidSchedule
from instances.html import MOST_ROWS, html_table, rest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPlan:
    """What one stream does in the window, and where.

    Parameters
    ----------
    stream
        Name of the stream.
    retraining
        Name of the retraining config to run, or ``None``.
    segments
        One segment, which starts at 0: what jobs hold does not change.
    inference_gpus, training_gpus
        Names of the GPUs that the job lies on, different ones: one as a rule, several
        for a job that takes whole GPUs, none for a job without units.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    stream: str
    retraining: str | None = None
    segments: tuple[Segment, ...]
    inference_gpus: tuple[str, ...] = ()
    training_gpus: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # The plan of a window checks names and segments.
        object.__setattr__(self, "segments", self.plan.segments)
        if len(self.segments) > 1:
            message = f"has {len(self.segments)} items, expected 1 in a placement"
            raise InvalidSchedule(message, "segments")
        for name in ("inference_gpus", "training_gpus"):
            set_tuple(self, name, str)
            gpus = getattr(self, name)
            for idx, gpu in enumerate(gpus):
                if gpu in gpus[:idx]:
                    message = f"is {shown(gpu)}, which is there already"
                    raise InvalidSchedule(message, f"{name}[{idx}]")

    @property
    def plan(self) -> StreamPlan:
        """The plan without the GPUs."""
        return StreamPlan(
            stream=self.stream, retraining=self.retraining, segments=self.segments
        )

    @property
    def segment(self) -> Segment:
        """What the jobs hold from the start to the end of the window."""
        return self.segments[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSchedule:
    """A plan for every stream of a placement, in any order.

    Parameters
    ----------
    streams
        One plan a stream, with unique stream names; at least one.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    streams: tuple[PlacedPlan, ...]

    def __post_init__(self) -> None:
        set_tuple(self, "streams", PlacedPlan, at_least=1)
        check_unique_names(self, "streams", key="stream")

    @property
    def schedule(self) -> Schedule:
        """The plans without the GPUs, a schedule of the pooled window."""
        return Schedule(streams=tuple(plan.plan for plan in self.streams))

    def _repr_html_(self) -> str:
        from formulations.pictures import units_picture

        shown = self.streams[:MOST_ROWS]
        most = max(
            plan.segment.inference_units + plan.segment.training_units for plan in shown
        )
        rows = [
            [
                plan.stream,
                plan.retraining or "none",
                plan.segment.inference or "none",
                plan.segment.inference_units,
                ", ".join(plan.inference_gpus) or "none",
                plan.segment.training_units,
                ", ".join(plan.training_gpus) or "none",
                units_picture(plan.segment, most),
            ]
            for plan in shown
        ]
        columns = ["stream", "retraining", "inference", "inference units", "on"]
        columns += ["training units", "on", "units"]
        caption = f"Placement of {len(self.streams)} streams"
        return html_table(columns, rows, caption, rest_of(len(self.streams), "streams"))
