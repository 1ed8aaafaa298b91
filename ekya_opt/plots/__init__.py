"""Figures; each is a function ``plot_x(thing, ax=None)`` that returns the axes.

They need matplotlib, the optional dependency ``plots``, and load it when called.
"""

import io
from typing import Any

from instances import EkyaOptError

FILES = {"svg.hashsalt": "ekya-opt", "svg.fonttype": "none", "pdf.fonttype": 42}
"""Settings of files: the same each time, with text as text; publishers take no fonts
of type 3."""


def check_plots() -> None:
    """Raise ``EkyaOptError`` if figures cannot be drawn here."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        message = "figures need matplotlib (pip install 'ekya-opt[plots]')"
        raise EkyaOptError(message)


def new_axes() -> Any:
    """Return the axes of a new figure."""
    check_plots()
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6.4, 4.2), layout="constrained")[1]


def save_figure(axes: Any, path: str) -> None:
    """Write the figure that axes are part of; the same figure gives the same file.

    Raises
    ------
    EkyaOptError
        If the name's ending is no format that can be written.
    """
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    try:
        _save(axes, path, metadata=dated.get(path[-4:]))
    except ValueError as problem:
        raise EkyaOptError(f"{path}: cannot be written: {problem}") from None


def svg_of(axes: Any) -> str:
    """Return what :func:`save_figure` would write to an SVG file."""
    content = io.StringIO()
    _save(axes, content, format="svg", metadata={"Date": None})
    return content.getvalue()


def _save(axes: Any, target: Any, **options: Any) -> None:
    """Write the figure that axes are part of, and close it."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure = axes.get_figure()
    try:
        with mpl.rc_context(FILES):
            figure.savefig(target, dpi=150, **options)
    finally:
        plt.close(figure)
