"""A schedule as small pictures in a table: shares over time, and what they yield."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from formulations.problems import evaluate_any
from instances.html import MOST_ROWS, Markup, html_table, rest_of
from instances.problems import Kind, kind_of
from instances.svg import BLUE, GREY, IDLE, ORANGE, PALE, bar, key, line, picture

if TYPE_CHECKING:
    from formulations.problems import AnySchedule
    from formulations.schedule import Segment
    from instances.problems import Problem

WIDTH, HEIGHT, PAD = 200.0, 30.0, 2.0
BAR = 120.0

KEY = ((PALE, "inference"), (BLUE, "retraining"), (IDLE, "held, idle"))


def schedule_table(problem: "Problem", schedule: "AnySchedule") -> str:
    """Return a table with a row for each of the first streams, by the referee.

    Its shares over time are stacked, and its inference accuracy stands beside them, 0
    to 1 with its floor dashed. Windows of a horizon follow each other.
    """
    verdict: Any = evaluate_any(problem, schedule)
    horizon = kind_of(problem) is Kind.HORIZON
    windows = verdict.windows if horizon else (verdict,)
    of_windows: Any = getattr(schedule, "windows", (schedule,))
    plans = [{plan.stream: plan for plan in each.streams} for each in of_windows]
    most = max(
        (
            part.inference_units + part.training_units
            for own in plans
            for plan in own.values()
            for part in plan.segments
        ),
        default=0,
    )
    given: tuple[Any, ...] = problem.streams
    rows = []
    for v, stream in enumerate(given[:MOST_ROWS]):
        own = [each.get(stream.name) for each in plans]
        verdicts = [window.streams[v] for window in windows]
        rows.append(
            [
                stream.name,
                ", ".join(map(_choice, own)),
                _shares(stream.name, own, verdicts, problem.window_seconds, most),
                _accuracy(verdicts, problem.window_seconds, problem.floor(stream)),
                f"{verdict.streams[v].accuracy:.4f}",
            ]
        )
    columns = ["stream", "retraining", "shares over time", "accuracy over time", "mean"]
    span = f"{problem.window_seconds:g} s"
    if horizon:
        span = f"{len(windows)} windows of {span}"
    caption = f"Schedule of {len(given)} streams over {span}"
    height = f"full height: {most} of {problem.total_units} units, accuracy 1"
    told = key([*KEY, (ORANGE, "accuracy, dashed: floor"), ("none", height)])
    table = html_table(columns, rows, caption, rest_of(len(given), "streams"))
    return table + told


def units_picture(segment: "Segment", most: int) -> Markup:
    """Return the units of a segment, the longest bar for ``most`` units."""
    scale = BAR / max(most, 1)
    serving, training = segment.inference_units, segment.training_units
    parts = [bar(0, 3, serving * scale, 10, PALE)]
    parts.append(bar(serving * scale, 3, training * scale, 10, BLUE))
    label = f"{serving} inference units, {training} training units"
    return picture(BAR, 16, parts, label)


def _choice(plan: Any) -> str:
    """Return what a plan retrains or reuses in its window."""
    if plan is None:
        return "no plan"
    reuse = getattr(plan, "reuse", None)
    if reuse is not None:
        return f"{reuse} again"
    return plan.retraining or "none"


def _shares(
    name: str, plans: Sequence[Any], verdicts: Sequence[Any], window: float, most: int
) -> Markup:
    """Return the stacked units of a stream over all windows."""
    across = (WIDTH - 2 * PAD) / (window * len(verdicts))
    up = (HEIGHT - 2 * PAD) / max(most, 1)
    parts = []
    for w, (plan, verdict) in enumerate(zip(plans, verdicts, strict=True)):
        done = verdict.completion_seconds
        for part, end in _stretches(() if plan is None else plan.segments, window):
            begin, x = part.start_seconds, w * window + part.start_seconds
            serving, training = part.inference_units * up, part.training_units * up
            low = HEIGHT - PAD - serving
            wide = across * (end - begin)
            parts.append(bar(PAD + across * x, low, wide, serving, PALE))
            stop = min(max(begin, done), end) if done is not None else begin
            busy = across * (stop - begin)
            top = low - training
            parts.append(bar(PAD + across * x, top, busy, training, BLUE))
            parts.append(bar(PAD + across * x + busy, top, wide - busy, training, IDLE))
    parts += [_border(w * window * across) for w in range(1, len(verdicts))]
    done = [f"{v.completion_seconds:.1f} s" for v in verdicts if v.completion_seconds]
    label = f"{name}: shares over time"
    if done:
        label += f", retraining complete at {', '.join(done)}"
    return picture(WIDTH, HEIGHT, parts, label)


def _accuracy(verdicts: Sequence[Any], window: float, floor: float) -> Markup:
    """Return the instantaneous accuracy of a stream over all windows."""
    across = (WIDTH - 2 * PAD) / (window * len(verdicts))
    high = HEIGHT - 2 * PAD
    steps = [
        (PAD + across * (w * window + at), PAD + high * (1 - level))
        for w, verdict in enumerate(verdicts)
        for start, end, level in verdict.timeline
        for at in (start, end)
    ]
    parts = [_border(w * window * across) for w in range(1, len(verdicts))]
    if floor > 0:
        level = PAD + high * (1 - floor)
        parts.append(line([(PAD, level), (WIDTH - PAD, level)], GREY, 1, "3 2"))
    parts.append(line(steps, ORANGE, 1.6))
    levels = [level for verdict in verdicts for _, _, level in verdict.timeline]
    label = f"accuracy from {min(levels):.3f} to {max(levels):.3f}, floor {floor:g}"
    return picture(WIDTH, HEIGHT, parts, label)


def _stretches(
    segments: Sequence["Segment"], window: float
) -> list[tuple["Segment", float]]:
    """Return the segments with their ends."""
    starts = [part.start_seconds for part in segments if part.start_seconds < window]
    ends = [end for _, end in pairwise([*starts, window])]
    return list(zip(segments, ends, strict=False))


def _border(x: float) -> str:
    return line([(PAD + x, 0), (PAD + x, HEIGHT)], GREY, 0.6)
