"""Who holds how much of the GPUs in each window, a bar a window."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import (
    GREY,
    HATCH,
    IDLE,
    job_handles,
    look_of,
    stream_handles,
)
from ekya_opt.plots.sizes import Size, drawing
from ekya_opt.timelines import timeline_of

if TYPE_CHECKING:
    from ekya_opt.timelines import Timeline
    from formulations.problems import AnySchedule
    from instances.problems import Problem

WIDTH = 0.78
"""Of a bar; the distance of two is 1."""


def plot_shares(
    problem: "Problem",
    schedule: "AnySchedule",
    ax: Any = None,
    *,
    size: Size = "notebook",
) -> Any:
    """Draw the GPUs that each stream holds, averaged over each window.

    Inference lies below, retraining with hatches above it, each in the streams' order;
    on top, in grey, what is held for training while no retraining runs.

    Parameters
    ----------
    problem
        A horizon; or a window or placement, which has one bar.
    schedule
        A schedule of the same kind, feasible or not.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    InvalidSchedule
        If the schedule is one of another kind of problem.
    """
    timeline = timeline_of(problem, schedule)
    held = held_gpus(timeline)
    windows = range(len(timeline.window_objectives))
    lows = [0.0 for _ in windows]
    with drawing(ax, size) as axes:
        for kind, v, shares in held:
            look = look_of(v)
            colours = {"inference": look.pale, "retraining": look.colour}
            axes.bar(
                [w + 1 for w in windows],
                shares,
                width=WIDTH,
                bottom=lows,
                facecolor=colours.get(kind, IDLE),
                edgecolor=GREY if kind == "idle" else "white",
                linewidth=0.4,
                hatch=HATCH if kind == "retraining" else None,
            )
            lows = [low + share for low, share in zip(lows, shares, strict=True)]
        axes.axhline(timeline.gpus, color="black", linewidth=1)
        axes.set_ylim(0, 1.04 * max(timeline.gpus, *lows))
        axes.set_xlim(0.4, len(windows) + 0.6)
        _ticks(axes, len(windows))
        axes.set_xlabel("window")
        axes.set_ylabel("GPUs held, mean of the window")
        axes.tick_params(axis="x", length=0)
        place_legend(axes, _handles(timeline, held), size, ax is None)
    return axes


def held_gpus(timeline: "Timeline") -> list[tuple[str, int, list[float]]]:
    """Return GPUs held in each window, averaged over it, from the lowest bar up.

    Each entry is ``inference``, ``retraining`` or ``idle``, the index of the stream,
    and one number a window; entries without any GPU are left out.
    """
    lengths = [end - start for start, end in pairwise(timeline.edges)]
    windows = [timeline.window_of(i) for i in range(len(lengths))]
    whole = timeline.window_seconds * timeline.units_per_gpu
    held = []
    for kind in ("inference", "retraining", "idle"):
        for v, stream in enumerate(timeline.streams):
            gpus = [0.0] * len(timeline.window_objectives)
            for i, (length, w) in enumerate(zip(lengths, windows, strict=True)):
                trains = stream.retraining[i] is not None
                if kind == "inference":
                    units = stream.inference_units[i]
                else:
                    counted = trains == (kind == "retraining")
                    units = stream.training_units[i] if counted else 0
                gpus[w] += units * length / whole
            if any(gpus):
                held.append((kind, v, gpus))
    return held


def _ticks(axes: Any, num_windows: int) -> None:
    step = 1 + (num_windows - 1) // 12
    axes.set_xticks(range(1, num_windows + 1, step))


def _handles(
    timeline: "Timeline", held: list[tuple[str, int, list[float]]]
) -> list[Any]:
    """Return what the legend shows: the kinds of jobs, then the streams."""
    idle = any(kind == "idle" for kind, _, _ in held)
    names = (stream.stream for stream in timeline.streams)
    return [*job_handles(idle=idle), *stream_handles(names)]
