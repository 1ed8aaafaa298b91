"""What a stream yields with each number of units, and the concave hull of it."""

from typing import TYPE_CHECKING, Any

from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import COLOURS, plain
from ekya_opt.plots.sizes import Size, drawing, measures_of
from instances import InvalidData, InvalidOption

if TYPE_CHECKING:
    from instances import Instance, Stream

BLUE, VERMILION = COLOURS[0], COLOURS[4]

MANY = 30
"""Marks from which they are smaller."""


def plot_value_curve(
    instance: "Instance",
    stream: "Stream | str | int",
    ax: Any = None,
    *,
    size: Size = "notebook",
) -> Any:
    """Draw a stream's best accuracy for each number of units, and its concave hull.

    Between two marks more units are worth nothing. The hull is what the linear
    relaxation sees; below it the greedy steps and the Thief can be trapped.

    Parameters
    ----------
    instance
        A window with reallocation ``never`` or ``stream``.
    stream
        One of its streams, the name or the index of one.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    EkyaOptError
        If there is no such stream, its floor cannot be kept with all units, or the
        server's units may move during the window.
    """
    from formulations.hull import concave_hull
    from formulations.value_tables import value_table

    v = _index(instance, stream)
    own = instance.streams[v]
    table = value_table(instance)
    units, values = table.options(v)
    if not len(units):
        message = f"stream {own.name!r} of {instance.name} cannot be kept at its floor"
        raise InvalidData(f"{message} of {instance.floor(own):g} with all units")
    kept = concave_hull(units, values)
    gpus = units / instance.units_per_gpu
    measures = measures_of(size)
    with drawing(ax, size) as axes:
        most = instance.total_units / instance.units_per_gpu
        curve = axes.plot(
            [*gpus, most],
            [*values, values[-1]],
            drawstyle="steps-post",
            color=BLUE,
            marker="o",
            markersize=(0.6 if len(units) <= MANY else 0.35) * measures.marker,
            markevery=range(len(gpus)),
            label="best accuracy",
        )
        hull = axes.plot(
            [*gpus[kept], most],
            [*values[kept], values[-1]],
            color=VERMILION,
            linestyle="--",
            marker="D",
            markersize=(0.9 if len(kept) <= MANY else 0.5) * measures.marker,
            markerfacecolor="none",
            markevery=range(len(kept)),
            label="concave hull",
        )
        axes.set_xlim(-0.02 * most, 1.02 * most)
        unit = f"units of 1/{instance.units_per_gpu}"
        axes.set_xlabel(f"GPUs given to the stream ({unit})")
        axes.set_ylabel("accuracy over the window")
        axes.set_title(f"{plain(instance.name, 30)}: {plain(own.name)}")
        axes.grid(linewidth=0.4, alpha=0.6)
        place_legend(axes, [*curve, *hull], size, ax is None)
    return axes


def _index(instance: "Instance", stream: "Stream | str | int") -> int:
    """Return the index of a stream given as itself, by its name or its index."""
    names = [own.name for own in instance.streams]
    if isinstance(stream, int):
        if 0 <= stream < len(names):
            return stream
        message = f"stream is {stream}, expected an index below {len(names)}"
        raise InvalidOption(message)
    name = getattr(stream, "name", stream)
    if name not in names:
        some = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
        raise InvalidOption(f"{instance.name} has no stream {name!r}; it has {some}")
    return names.index(name)
