"""Who holds which units over time: the upper half of Ekya's Fig. 4."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ekya_opt.plots import new_axes
from ekya_opt.plots.labels import Area, lay_out, write_labels
from ekya_opt.plots.looks import (
    GREY,
    HATCH,
    IDLE,
    MOST_LISTED,
    job_handles,
    look_of,
    plain,
    put_legend,
)

if TYPE_CHECKING:
    from ekya_opt.timelines import StreamTimeline, Timeline


def plot_allocation(timeline: "Timeline", ax: Any = None) -> Any:
    """Draw the units of all streams over time, stacked, in GPUs.

    Inference lies below, retraining with hatches above it, each in the streams' order.
    An area is one patch: a stream's inference in one window, or one retraining. Units
    held for training while no retraining runs are grey.

    Parameters
    ----------
    timeline
        What :func:`ekya_opt.timelines.timeline_of` returns.
    ax
        Axes of matplotlib to draw on; new ones by default.
    """
    axes = new_axes() if ax is None else ax
    areas = draw_allocation(timeline, axes)
    axes.set_xlabel("time, s")
    lay_out(axes)
    write_labels(axes, areas)
    return axes


def draw_allocation(timeline: "Timeline", axes: Any) -> list[Area]:
    """Draw the same without labels; return the areas that they may be written into."""
    areas = []
    lows = [0.0] * (len(timeline.edges) - 1)
    idle = False
    few = len(timeline.streams) <= MOST_LISTED
    for training in (False, True):
        for v, stream in enumerate(timeline.streams):
            units = stream.training_units if training else stream.inference_units
            highs = [
                low + held / timeline.units_per_gpu
                for low, held in zip(lows, units, strict=True)
            ]
            runs = _training if training else _inference
            for stretches, texts in runs(timeline, stream):
                area = _area(timeline, v, stretches, (lows, highs), texts, training)
                idle = idle or area.colour == IDLE
                _fill(axes, area, 0.5 if few else 0)
                areas.append(area)
            lows = highs
    _dress(axes, timeline, max(lows))
    put_legend(axes, job_handles(idle=idle))
    return areas if few else []


_Run = tuple[list[int], list[str]]


def _inference(timeline: "Timeline", stream: "StreamTimeline") -> Iterator[_Run]:
    """Yield the stretches of a window in which a stream serves, and their labels."""
    name = plain(stream.stream)
    for stretches in _runs(timeline, [units > 0 for units in stream.inference_units]):
        configs = {stream.inference[i] for i in stretches}
        config = configs.pop() if len(configs) == 1 else None
        yield stretches, [name] if config is None else [f"{name} {plain(config)}", name]


def _training(timeline: "Timeline", stream: "StreamTimeline") -> Iterator[_Run]:
    """Yield the stretches of each retraining, and of units that idle, with labels."""
    held = zip(stream.training_units, stream.retraining, strict=True)
    for stretches in _runs(
        timeline, [units > 0 and (name or "") for units, name in held]
    ):
        name = stream.retraining[stretches[0]]
        own = plain(stream.stream)
        yield (
            stretches,
            [] if name is None else [f"{own} {plain(name)}", plain(name), own],
        )


def _runs(timeline: "Timeline", keys: list[bool | str]) -> Iterator[list[int]]:
    """Yield the stretches in a row that have the same key, if not false, and window."""
    both = [(timeline.window_of(i), key) for i, key in enumerate(keys)]
    for (_, key), run in groupby(range(len(keys)), key=lambda i: both[i]):
        if key is not False:
            yield list(run)


def _area(
    timeline: "Timeline",
    stream_idx: int,
    stretches: list[int],
    limits: tuple[list[float], list[float]],
    texts: list[str],
    training: bool,
) -> Area:
    look = look_of(stream_idx)
    colour = look.colour if training else look.pale
    first, last = stretches[0], stretches[-1] + 1
    return Area(
        edges=timeline.edges[first : last + 1],
        lows=limits[0][first:last],
        highs=limits[1][first:last],
        texts=texts,
        colour=colour if texts else IDLE,
        hatched=training,
    )


def _fill(axes: Any, area: Area, linewidth: float) -> None:
    idle = area.colour == IDLE
    axes.stairs(
        area.highs,
        area.edges,
        baseline=area.lows,
        fill=True,
        facecolor=area.colour,
        edgecolor=GREY if idle else "white",
        linewidth=linewidth,
        hatch=HATCH if area.hatched and not idle else None,
    )


def _dress(axes: Any, timeline: "Timeline", most: float) -> None:
    """Set the axes, with a line at all GPUs and between windows."""
    axes.axhline(timeline.gpus, color="black", linewidth=1)
    axes.set_xlim(timeline.edges[0], timeline.edges[-1])
    axes.set_ylim(0, 1.03 * max(timeline.gpus, most))
    axes.set_ylabel("GPUs in use")
    axes.spines[["top", "right"]].set_visible(False)
    for w in range(1, len(timeline.window_objectives)):
        axes.axvline(
            w * timeline.window_seconds, color="black", linewidth=0.8, linestyle="--"
        )
