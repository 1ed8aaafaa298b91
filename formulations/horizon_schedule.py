"""What is decided for a horizon: a schedule for each window, and what is kept."""

from dataclasses import dataclass
from typing import ClassVar

from formulations.schedule import Segment, StreamPlan
from instances.checks import check_name, check_unique_names, set_tuple, shown
from instances.errors import InvalidSchedule
from instances.html import MOST_ROWS, html_table, rest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonPlan:
    """What one stream does in one window of a horizon.

    Parameters
    ----------
    stream
        Name of the stream.
    retraining
        Name of the window's retraining config to run, or ``None``.
    reuse
        Name of a kept model to use again, or ``None``; not with a retraining.
    warm
        Whether the kept model is in memory when the window begins, so that it serves
        at once; otherwise it takes its load time.
    kept
        Names of the earlier models kept for the next window, of those kept so far and
        the one that the window replaced.
    segments
        As in :class:`formulations.StreamPlan`.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    stream: str
    retraining: str | None = None
    reuse: str | None = None
    warm: bool = False
    kept: tuple[str, ...] = ()
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        # The window's own plan checks names and segments.
        plan = StreamPlan(
            stream=self.stream, retraining=self.retraining, segments=self.segments
        )
        object.__setattr__(self, "segments", plan.segments)
        if self.reuse is not None:
            check_name(self, "reuse")
            if self.retraining is not None:
                message = f"is {shown(self.reuse)}, expected nothing with a retraining"
                raise InvalidSchedule(message, "reuse")
        if not isinstance(self.warm, bool):
            message = f"is {shown(self.warm)}, expected true or false"
            raise InvalidSchedule(message, "warm")
        if self.warm and self.reuse is None:
            message = "is True, expected false without a model to use again"
            raise InvalidSchedule(message, "warm")
        set_tuple(self, "kept", str)
        if len(set(self.kept)) < len(self.kept):
            raise InvalidSchedule("holds a name twice", "kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlans:
    """The plans of one window, one for each stream.

    Parameters
    ----------
    streams
        Plans of different streams, at least one.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    streams: tuple[HorizonPlan, ...]

    def __post_init__(self) -> None:
        set_tuple(self, "streams", HorizonPlan, at_least=1)
        check_unique_names(self, "streams", "stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonSchedule:
    """A schedule of a horizon.

    Parameters
    ----------
    windows
        The plans of each window, in order.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    windows: tuple[WindowPlans, ...]

    def __post_init__(self) -> None:
        set_tuple(self, "windows", WindowPlans, at_least=1)

    def _repr_html_(self) -> str:
        shown = [plan.stream for plan in self.windows[0].streams[:MOST_ROWS]]
        plans = [{plan.stream: plan for plan in each.streams} for each in self.windows]
        rows = [
            [stream, *(_choice(own.get(stream)) for own in plans)] for stream in shown
        ]
        columns = ["stream", *(f"window {w}" for w in range(1, len(plans) + 1))]
        count = len(self.windows[0].streams)
        caption = f"Schedule of {count} streams over {len(plans)} windows"
        return html_table(columns, rows, caption, rest_of(count, "streams"))


def _choice(plan: HorizonPlan | None) -> str:
    """Return what a plan retrains or uses again, and its units at the start."""
    if plan is None:
        return "no plan"
    begin = plan.segments[0]
    what = plan.retraining or "none"
    if plan.reuse is not None:
        what = f"{plan.reuse} again, {'warm' if plan.warm else 'cold'}"
    return f"{what} ({begin.inference_units} + {begin.training_units} units)"
