"""What streams are served at over time: the lower half of Ekya's Fig. 4."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ekya_opt.plots import new_axes
from ekya_opt.plots.labels import lay_out, write_beside, write_in_a_row
from ekya_opt.plots.looks import (
    GREY,
    MOST_LISTED,
    look_of,
    plain,
    put_legend,
)
from ekya_opt.timelines import Origin

if TYPE_CHECKING:
    from ekya_opt.timelines import Timeline

FEW = 4
"""Streams up to which the names of new models are written beside their lines."""

MARKERS = {Origin.RETRAINED: "o", Origin.REUSED: "s", Origin.WARM: "*"}


def plot_accuracy(timeline: "Timeline", ax: Any = None) -> Any:
    """Draw each stream's instantaneous accuracy over time, and their weighted mean.

    A marker tells that a new model begins to serve: retrained, or kept and reused.

    Parameters
    ----------
    timeline
        What :func:`ekya_opt.timelines.timeline_of` returns.
    ax
        Axes of matplotlib to draw on; new ones by default.
    """
    axes = new_axes() if ax is None else ax
    draw_accuracy(timeline, axes)
    lay_out(axes)
    write_models(timeline, axes)
    return axes


def draw_accuracy(timeline: "Timeline", axes: Any) -> None:
    """Draw the same without names of models and windows."""
    from matplotlib.lines import Line2D

    num_streams = len(timeline.streams)
    handles = []
    for v, stream in enumerate(timeline.streams):
        look = look_of(v)
        (line,) = axes.plot(
            timeline.edges,
            [*stream.accuracies, stream.accuracies[-1]],
            drawstyle="steps-post",
            color=look.colour,
            linestyle=look.dashes,
            linewidth=1.6 if num_streams <= FEW else 1,
            label=plain(stream.stream),
        )
        handles.append(line)
        for change in stream.changes:
            axes.plot(
                [change.seconds],
                [_level(timeline, v, change.seconds)],
                marker=MARKERS[change.origin],
                markersize=(4 if num_streams <= FEW else 3)
                * (1.8 if change.origin is Origin.WARM else 1),
                color=look.colour,
                linestyle="none",
                zorder=3,
                clip_on=False,
            )
    if num_streams > MOST_LISTED:
        more = f"and {num_streams - MOST_LISTED + 1} more"
        handles[MOST_LISTED - 1 :] = [Line2D([], [], linestyle="none", label=more)]
    if num_streams > 1:
        handles += axes.plot(
            timeline.edges,
            [*timeline.mean_accuracies, timeline.mean_accuracies[-1]],
            drawstyle="steps-post",
            color="black",
            linewidth=1.8,
            label="mean",
        )
    if timeline.min_accuracy > 0:
        handles.append(
            axes.axhline(
                timeline.min_accuracy,
                color=GREY,
                linestyle=(0, (1, 2)),
                linewidth=1,
                label="floor",
            )
        )
    origins = {change.origin for each in timeline.streams for change in each.changes}
    handles += [
        Line2D(
            [], [], color=GREY, marker=MARKERS[origin], linestyle="none", label=origin
        )
        for origin in Origin
        if origin in origins
    ]
    put_legend(axes, handles)
    axes.set_xlim(timeline.edges[0], timeline.edges[-1])
    levels = [level for each in timeline.streams for level in each.accuracies]
    low, high = min(*levels, timeline.min_accuracy or 1), max(levels)
    room = max(0.16 * (high - low), 0.02)
    axes.set_ylim(max(low - room, -0.02), high + room)
    axes.set_xlabel("time, s")
    axes.set_ylabel("inference accuracy")
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    for w in range(1, len(timeline.window_objectives)):
        axes.axvline(
            w * timeline.window_seconds, color="black", linewidth=0.8, linestyle="--"
        )


def write_models(timeline: "Timeline", axes: Any) -> None:
    """Write the windows' mean accuracies above the axes, and new models of few streams.

    The layout of the figure must be final (:func:`ekya_opt.plots.labels.lay_out`).
    """
    values = timeline.window_objectives
    if len(values) > 1:
        names = [f"window {w + 1}: " for w in range(len(values))]
        edges = [w * timeline.window_seconds for w in range(len(values) + 1)]
        numbers = [f"{value:.3f}" for value in values]
        both = [name + text for name, text in zip(names, numbers, strict=True)]
        full = [text.replace(": ", ": mean ") for text in both]
        write_in_a_row(axes, edges, [full, both, numbers])
    if len(timeline.streams) <= FEW:
        taken = _lines(timeline, axes)
        for v, stream in enumerate(timeline.streams):
            for change in stream.changes:
                point = change.seconds, _level(timeline, v, change.seconds)
                write_beside(axes, point, plain(change.model), look_of(v).colour, taken)


def _lines(timeline: "Timeline", axes: Any) -> list[Any]:
    """Return thin boxes around all lines, in pixels."""
    from matplotlib.transforms import Bbox

    boxes = []
    levels = [stream.accuracies for stream in timeline.streams]
    for row in [*levels, timeline.mean_accuracies]:
        corners = [
            point
            for level, limits in zip(row, pairwise(timeline.edges), strict=True)
            for point in ((limits[0], level), (limits[1], level))
        ]
        pixels = axes.transData.transform(corners)
        boxes += [
            Bbox([start, end]).padded(1)
            for start, end in pairwise(pixels)
            if tuple(start) != tuple(end)
        ]
    return boxes


def _level(timeline: "Timeline", stream_idx: int, seconds: float) -> float:
    """Return a stream's accuracy from an instant on."""
    same = 1e-9 * timeline.window_seconds
    starts = timeline.edges[:-1]
    i = max(i for i, start in enumerate(starts) if start <= seconds + same)
    return timeline.streams[stream_idx].accuracies[i]
