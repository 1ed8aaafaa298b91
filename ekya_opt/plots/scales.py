"""Axes of gaps and times: logarithmic, and honest about zero."""

import math
from collections.abc import Iterable
from typing import Any

LEAST = 1e-4
"""Gaps in per cent below which a logarithm tells nothing: that of the tolerance."""

DECADES = 4
"""Powers of ten that an axis has at most, so that all of them have a label."""

FAR = 10
"""Ratios from which an axis is logarithmic."""


def zero_log(axes: Any, axis: str, values: Iterable[float]) -> float | None:
    """Make an axis logarithmic down to the least values above 0, and linear below.

    The logarithm covers four powers of ten at most. Zero has its own tick, and values
    below 0 have a place, too.

    Returns
    -------
    Where the logarithm begins; ``None`` if no value is above 0, where the axis stays
    linear.
    """
    told = [value for value in values if math.isfinite(value)]
    above = [abs(value) for value in told if abs(value) >= LEAST]
    if not above:
        return None
    from matplotlib.ticker import FuncFormatter, NullLocator

    highest = math.ceil(math.log10(max(above)) - 1e-9)
    least = math.floor(math.log10(min(above)) + 1e-9)
    exponent = max(min(least, highest - 1), highest - DECADES)
    threshold = float(10.0**exponent)
    set_scale = axes.set_xscale if axis == "x" else axes.set_yscale
    set_scale("symlog", linthresh=threshold, linscale=0.6)
    powers = [10.0**power for power in range(exponent, highest + 1)]
    below = [-power for power in powers if min(told) <= -power]
    ticks = [*reversed(below), 0.0, *powers]
    own = axes.xaxis if axis == "x" else axes.yaxis
    own.set_ticks(ticks)
    own.set_minor_locator(NullLocator())
    own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = min(told), max(told)
    lower = -0.12 * threshold if low >= 0 else 1.3 * low
    limits = (lower, max(1.3 * high, 1.5 * threshold))
    (axes.set_xlim if axis == "x" else axes.set_ylim)(limits)
    return threshold


def log_seconds(axes: Any, axis: str, seconds: Iterable[float]) -> None:
    """Make an axis of times logarithmic, with ticks such as 0.01 and 10.

    It stays linear if a time is 0 or they are close to each other.
    """
    told = {float(value) for value in seconds if math.isfinite(value)}
    if not told or min(told) <= 0 or max(told) < FAR * min(told):
        return
    _log(axes, axis, min(told), max(told))


def log_ratios(axes: Any, last: float) -> None:
    """Make the x axis of ratios from 1 on logarithmic, if they go far."""
    if last > FAR:
        _log(axes, "x", 1, last)
    axes.set_xlim(1 if last > 1 else 0.99, last if last > 1 else 1.1)


def _log(axes: Any, axis: str, first: float, last: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
    own = axes.xaxis if axis == "x" else axes.yaxis
    low, high = math.floor(math.log10(first)), math.ceil(math.log10(last))
    decades = range(low, high + 1, max(1, math.ceil((high - low) / 6)))
    parts = (1, 2, 5) if high - low <= 2 else (1,)
    ticks = [part * 10.0**power for power in decades for part in parts]
    own.set_major_locator(FixedLocator(ticks))
    own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    own.set_minor_formatter(NullFormatter())
