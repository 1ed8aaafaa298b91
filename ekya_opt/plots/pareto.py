"""What retraining configs of a stream cost and yield, and which are worth it."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.labels import lay_out, write_beside
from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import COLOURS, GREY, plain
from ekya_opt.plots.scales import FAR, log_seconds, zero_log
from ekya_opt.plots.sizes import Size, drawing, measures_of
from instances import InvalidData
from solvers.config_rules import pareto_front

if TYPE_CHECKING:
    from instances import Stream

BLUE, VERMILION = COLOURS[0], COLOURS[4]


def plot_pareto(stream: "Stream", ax: Any = None, *, size: Size = "notebook") -> Any:
    """Draw accuracy against cost of a stream's retraining configs (Ekya, Fig. 3).

    A line joins the configs of the Pareto front, which no other beats in cost and
    accuracy. A profiler's estimates are hollow, each joined to the truth. The dashed
    line is the model held.

    Parameters
    ----------
    stream
        A stream of a window, with one retraining config at least.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    InvalidData
        If the stream has no retraining config.
    """
    configs = getattr(stream, "retraining", None)
    if not configs:
        name = getattr(stream, "name", stream)
        message = f"stream {name!r} has no retraining config, expected at least one"
        raise InvalidData(message)
    front = [configs[idx] for idx in pareto_front(stream)]
    others = [config for config in configs if config not in front]
    estimated = [config for config in configs if config.estimate is not None]
    measures = measures_of(size)
    with drawing(ax, size) as axes:
        handles = []
        for config in estimated:
            axes.plot(
                [config.gpu_seconds, config.estimate.gpu_seconds],
                [config.accuracy, config.estimate.accuracy],
                color=GREY,
                linewidth=0.4 * measures.line,
                alpha=0.6,
                label="_error",
            )
        if estimated:
            handles += axes.plot(
                [config.estimate.gpu_seconds for config in estimated],
                [config.estimate.accuracy for config in estimated],
                linestyle="none",
                marker="o",
                markerfacecolor="none",
                color=GREY,
                markersize=0.8 * measures.marker,
                label="estimates",
            )
        if others:
            handles += axes.plot(
                [config.gpu_seconds for config in others],
                [config.accuracy for config in others],
                linestyle="none",
                marker="o",
                color=BLUE,
                label="configs",
            )
        handles += axes.plot(
            [config.gpu_seconds for config in front],
            [config.accuracy for config in front],
            drawstyle="steps-post",
            marker="D",
            color=VERMILION,
            label="Pareto front",
        )
        handles.append(
            axes.axhline(
                stream.accuracy,
                color="black",
                linestyle="--",
                linewidth=0.8 * measures.line,
                label="model held",
            )
        )
        costs = [config.gpu_seconds for config in configs]
        costs += [config.estimate.gpu_seconds for config in estimated]
        axes.margins(x=0.08, y=0.1)
        _scale(axes, costs)
        axes.set_xlabel("cost of the retraining, GPU-seconds")
        axes.set_ylabel("accuracy")
        axes.set_title(plain(stream.name, 48))
        axes.grid(linewidth=0.4, alpha=0.6)
        place_legend(axes, handles, size, ax is None)
        lay_out(axes)
        taken = _boxes(axes, configs, measures.marker)
        taken += _lines(axes, stream.accuracy, front)
        for config in front:
            point = config.gpu_seconds, config.accuracy
            name = plain(config.name)
            write_beside(axes, point, name, VERMILION, taken, measures.small)
    return axes


def _scale(axes: Any, costs: list[float]) -> None:
    """Make the costs logarithmic if they go far, with a place for those of zero."""
    above = [cost for cost in costs if cost > 0]
    if len(above) < len(costs) and above and max(above) > FAR * min(above):
        zero_log(axes, "x", costs)
    else:
        log_seconds(axes, "x", costs)


def _boxes(axes: Any, configs: Any, marker: float) -> list[Any]:
    """Return boxes around all marks, in pixels."""
    from matplotlib.transforms import Bbox

    points = [(config.gpu_seconds, config.accuracy) for config in configs]
    points += [
        (config.estimate.gpu_seconds, config.estimate.accuracy)
        for config in configs
        if config.estimate is not None
    ]
    pixels = axes.transData.transform(points)
    half = marker / 2 * axes.get_figure().dpi / 72
    return [Bbox([point, point]).padded(half) for point in pixels]


def _lines(axes: Any, held: float, front: Any) -> list[Any]:
    """Return thin boxes around the line of the model held and the front's steps."""
    from matplotlib.transforms import Bbox

    left, right = axes.get_xlim()
    pieces = [[(left, held), (right, held)]]
    for before, after in pairwise(front):
        corner = after.gpu_seconds, before.accuracy
        pieces.append([(before.gpu_seconds, before.accuracy), corner])
        pieces.append([corner, (after.gpu_seconds, after.accuracy)])
    return [Bbox(axes.transData.transform(piece)).padded(1) for piece in pieces]
