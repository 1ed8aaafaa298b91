"""What streams hold and yield over time, of windows, horizons and placements alike."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from formulations.problems import evaluate_any
from formulations.tolerances import TIME_TOLERANCE
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from formulations.evaluate import StreamEvaluation
    from formulations.evaluate_horizon import HorizonStreamEvaluation
    from formulations.problems import AnySchedule
    from instances.problems import Problem


class Origin(StrEnum):
    """Where the model comes from that begins to serve."""

    RETRAINED = "retrained"
    REUSED = "reused"
    WARM = "reused, warm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The instant at which another model begins to serve a stream.

    Parameters
    ----------
    seconds
        Since the start of the first window.
    model
        Name of the retraining config or, in a horizon, of the model.
    origin
        Where the model comes from.
    """

    seconds: float
    model: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTimeline:
    """What one stream holds and yields in each stretch of a timeline.

    Parameters
    ----------
    stream
        Name of the stream.
    inference, retraining
        Names of the inference config in use and of the retraining config that runs,
        ``None`` for none, one a stretch.
    inference_units, training_units
        Units held, one number a stretch. Training units without a retraining idle.
    accuracies
        Instantaneous inference accuracies, one a stretch.
    changes
        When other models begin to serve.
    """

    stream: str
    inference: tuple[str | None, ...]
    retraining: tuple[str | None, ...]
    inference_units: tuple[int, ...]
    training_units: tuple[int, ...]
    accuracies: tuple[float, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A schedule cut into stretches in which nothing changes.

    Parameters
    ----------
    name
        Name of the problem.
    objective
        What the referee finds the schedule worth.
    violations
        What the referee finds that it breaks, as sentences.
    window_seconds
        Length of a window.
    window_objectives
        What each window is worth, one number a window.
    gpus, units_per_gpu, min_accuracy
        As in :class:`instances.Instance`.
    edges
        Starts of the stretches and the end of the last, in seconds since the start of
        the first window; the windows' ends are among them.
    streams
        One timeline a stream, in the problem's order.
    mean_accuracies
        Weighted mean over the streams of their accuracies, one a stretch.
    """

    name: str
    objective: float
    violations: tuple[str, ...]
    window_seconds: float
    window_objectives: tuple[float, ...]
    gpus: float
    units_per_gpu: int
    min_accuracy: float
    edges: tuple[float, ...]
    streams: tuple[StreamTimeline, ...]
    mean_accuracies: tuple[float, ...]

    def window_of(self, stretch_idx: int) -> int:
        """Return the index of the window that a stretch lies in."""
        middle = (self.edges[stretch_idx] + self.edges[stretch_idx + 1]) / 2
        return int(middle / self.window_seconds)


def timeline_of(problem: "Problem", schedule: "AnySchedule") -> Timeline:
    """Return the timeline of a schedule, feasible or not.

    Parameters
    ----------
    problem
        An instance, a horizon or a placement.
    schedule
        A schedule of the same kind.

    Raises
    ------
    InvalidSchedule
        If the schedule is one of another kind of problem.
    """
    verdict: Any = evaluate_any(problem, schedule)
    horizon = kind_of(problem) is Kind.HORIZON
    windows = verdict.windows if horizon else (verdict,)
    plans = _plans(schedule, len(windows))
    given: tuple[Any, ...] = problem.streams
    steps = []
    for v, stream in enumerate(given):
        own = _Steps(stream.name, problem.window_seconds)
        for w, window in enumerate(windows):
            own.add_window(w, plans[w].get(stream.name), window.streams[v], horizon)
        if horizon:
            own.add_models(verdict.streams[v], [p.get(stream.name) for p in plans])
        steps.append(own)
    edges = _edges(steps, problem.window_seconds, len(windows))
    streams = tuple(own.timeline(edges) for own in steps)
    weights = [stream.weight for stream in given]
    levels = zip(*(stream.accuracies for stream in streams), strict=True)
    return Timeline(
        name=problem.name,
        objective=verdict.objective,
        violations=verdict.violations,
        window_seconds=problem.window_seconds,
        window_objectives=tuple(window.objective for window in windows),
        gpus=problem.total_units / problem.units_per_gpu,
        units_per_gpu=problem.units_per_gpu,
        min_accuracy=problem.min_accuracy,
        edges=edges,
        streams=streams,
        mean_accuracies=tuple(_mean(weights, level) for level in levels),
    )


class _Step:
    """Values from their starts on, each until the next one's."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.values: list[Any] = []

    def add(self, start: float, value: Any) -> None:
        self.starts.append(start)
        self.values.append(value)

    def at(self, seconds: float) -> Any:
        return self.values[bisect_right(self.starts, seconds) - 1]


class _Steps:
    """How one stream's units, configs and accuracy change, window by window."""

    def __init__(self, stream: str, window_seconds: float) -> None:
        self.stream = stream
        self.window_seconds = window_seconds
        self.segments = _Step()
        self.retraining = _Step()
        self.accuracy = _Step()
        self.changes: list[Change] = []

    @property
    def cuts(self) -> list[float]:
        """Instants at which something changes, in any order."""
        steps = (self.segments, self.retraining, self.accuracy)
        return [start for step in steps for start in step.starts]

    def add_window(
        self, w: int, plan: Any, verdict: "StreamEvaluation", horizon: bool
    ) -> None:
        """Take over what a plan, if there is one, and its verdict say of a window."""
        begin = w * self.window_seconds
        done = verdict.completion_seconds
        self.segments.add(begin, None)
        self.retraining.add(begin, None if plan is None else plan.retraining)
        for segment in () if plan is None else plan.segments:
            if segment.start_seconds < self.window_seconds:
                self.segments.add(begin + segment.start_seconds, segment)
        for start, _, level in verdict.timeline:
            self.accuracy.add(begin + start, level)
        if done is None or plan is None:
            return
        self.retraining.add(begin + done, None)
        same = TIME_TOLERANCE * self.window_seconds
        serving = [start for start, _, _ in verdict.timeline if start >= done - same]
        if serving and not horizon:
            change = Change(
                seconds=begin + serving[0],
                model=plan.retraining,
                origin=Origin.RETRAINED,
            )
            self.changes.append(change)

    def add_models(
        self, verdict: "HorizonStreamEvaluation", plans: Sequence[Any]
    ) -> None:
        """Take over when a horizon's models begin to serve, and where they are from."""
        before = verdict.held[0]
        for start, end, model in verdict.models:
            if model != before:
                w = int((start + end) / 2 / self.window_seconds)
                # A model that is held when its window begins was chosen in the last.
                plan = plans[w - 1 if model == verdict.held[w] else w]
                origin = Origin.RETRAINED
                if plan.reuse is not None:
                    origin = Origin.WARM if plan.warm else Origin.REUSED
                self.changes.append(Change(seconds=start, model=model, origin=origin))
            before = model

    def timeline(self, edges: Sequence[float]) -> StreamTimeline:
        """Return what the stream holds and yields in the middle of each stretch."""
        middles = [(start + end) / 2 for start, end in pairwise(edges)]
        segments = [self.segments.at(middle) for middle in middles]
        return StreamTimeline(
            stream=self.stream,
            inference=tuple(part and part.inference for part in segments),
            retraining=tuple(self.retraining.at(middle) for middle in middles),
            inference_units=tuple(
                part.inference_units if part else 0 for part in segments
            ),
            training_units=tuple(
                part.training_units if part else 0 for part in segments
            ),
            accuracies=tuple(self.accuracy.at(middle) for middle in middles),
            changes=tuple(self.changes),
        )


def _plans(schedule: Any, num_windows: int) -> list[dict[str, Any]]:
    """Return the plans by stream of each window; none in windows without plans."""
    windows = getattr(schedule, "windows", (schedule,))
    plans = [{plan.stream: plan for plan in window.streams} for window in windows]
    return [*plans, *({} for _ in range(num_windows))][:num_windows]


def _edges(
    steps: Sequence[_Steps], window_seconds: float, num_windows: int
) -> tuple[float, ...]:
    """Return all instants at which something changes, those that are the same once."""
    same = TIME_TOLERANCE * window_seconds
    ends = [w * window_seconds for w in range(num_windows + 1)]
    cuts = sorted({cut for own in steps for cut in own.cuts}.union(ends))
    edges = [cuts[0]]
    for cut in cuts[1:]:
        if cut > ends[-1] + same:
            break
        if cut > edges[-1] + same:
            edges.append(cut)
    return tuple(edges)


def _mean(weights: Sequence[float], values: Sequence[float]) -> float:
    pairs = zip(weights, values, strict=True)
    return math.fsum(weight * value for weight, value in pairs) / math.fsum(weights)
