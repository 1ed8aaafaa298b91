"""How streams and their jobs look, the same in every figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ekya_opt.text import one_line

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
"""Okabe and Ito's colours but for black, the mean's, and yellow, too pale for lines."""

ROUNDS = (
    ("-", "#000000", 0.0),
    ("--", "#000000", 0.45),
    ("-.", "#FFFFFF", 0.45),
    (":", "#000000", 0.25),
)
"""Dashes of each round through the colours, and what is blended in how much."""

HATCH = "////"
"""Tells training from inference without any colour."""

IDLE = "#E8E8E8"
GREY = "#777777"
SMALL = 7
"""Size of the text inside a figure, in points."""

MOST_LISTED = 40
"""Streams that a legend lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one stream is drawn.

    Parameters
    ----------
    colour, pale
        Colours of its lines and retraining, and of its inference, as ``#RRGGBB``.
    dashes
        Style of its lines.
    """

    colour: str
    pale: str
    dashes: str


def look_of(stream_idx: int) -> Look:
    """Return the look of the stream at an index; 24 streams look different."""
    rounds, idx = divmod(stream_idx, len(COLOURS))
    dashes, other, share = ROUNDS[rounds % len(ROUNDS)]
    colour = blend(COLOURS[idx], other, share)
    return Look(colour=colour, pale=blend(colour, "#FFFFFF", 0.6), dashes=dashes)


def blend(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another one in it."""
    parts = zip(_parts(colour), _parts(other), strict=True)
    mixed = (round((1 - share) * own + share * its) for own, its in parts)
    return "#" + "".join(f"{part:02X}" for part in mixed)


def ink_on(colour: str) -> str:
    """Return black or white, whichever is read better on a colour."""
    red, green, blue = _parts(colour)
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 110 else "#FFFFFF"


def plain(name: str, most: int = 20) -> str:
    """Return a name as one short line that matplotlib takes for no formula."""
    text = one_line(name)
    if len(text) > most:
        text = text[: most - 1].rstrip() + "…"
    # Names that begin with an underscore would be left out of legends.
    return f"{' ' if text.startswith('_') else ''}{text}".replace("$", r"\$")


def job_handles(*, idle: bool, fill: str = GREY) -> list[Any]:
    """Return what a legend shows of the jobs of any stream."""
    from matplotlib.patches import Patch

    pale = blend(fill, "#FFFFFF", 0.6)
    handles = [
        Patch(facecolor=fill, hatch=HATCH, edgecolor="white", label="retraining"),
        Patch(facecolor=pale, label="inference"),
    ]
    if idle:
        handles.append(Patch(facecolor=IDLE, edgecolor=GREY, label="held, idle"))
    return handles


def stream_handles(names: Iterable[str]) -> list[Any]:
    """Return what a legend shows of streams, and how many more there are of many."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=look_of(v).colour, label=plain(name))
        for v, name in enumerate(names)
    ]
    if len(handles) > MOST_LISTED:
        more = f"and {len(handles) - MOST_LISTED + 1} more"
        handles[MOST_LISTED - 1 :] = [Patch(facecolor="none", label=more)]
    return handles


def put_legend(axes: Any, handles: list[Any], title: str | None = None) -> None:
    """Put a legend to the right of the axes, in columns if it is long."""
    axes.legend(
        handles=handles,
        title=title,
        fontsize=SMALL,
        title_fontsize=SMALL,
        loc="upper left",
        bbox_to_anchor=(1.03, 1.0),
        borderaxespad=0,
        frameon=False,
        ncols=1 + (len(handles) - 1) // 14,
        columnspacing=1,
        labelspacing=0.3,
        handlelength=2.6,
    )


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
