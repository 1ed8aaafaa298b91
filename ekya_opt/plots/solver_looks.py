"""How solvers look, the same in every figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ekya_opt.plots.looks import COLOURS, GREY, blend
from ekya_opt.text import one_line

BLACK = "#000000"
BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY = COLOURS

DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "p", "h", "d")
SHADES = ((BLACK, 0.0), (BLACK, 0.4), ("#FFFFFF", 0.35))
"""What is blended, and how much, into the colour of a solver with settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverLook:
    """How one solver is drawn.

    Parameters
    ----------
    colour
        Of its lines and markers, as ``#RRGGBB``.
    marker, dashes
        Of matplotlib; they tell solvers apart without their colour.
    """

    colour: str
    marker: str
    dashes: str


def _look(colour: str, marker: str, dashes: str = "-") -> SolverLook:
    return SolverLook(colour=colour, marker=marker, dashes=dashes)


LOOKS = {
    "dp": _look(BLACK, "o"),
    "core": _look(BLACK, "s", "--"),
    "fleet": _look(BLACK, "D", "-."),
    "milp": _look(BLACK, "^", ":"),
    "decomposition": _look(BLACK, "P"),
    "cp-sat": _look(GREY, "s"),
    "network": _look(GREY, "o", "--"),
    "brute-force": _look(GREY, "D", "-."),
    "bound": _look(GREY, "v", ":"),
    "random": _look(GREY, "X", ":"),
    "thief": _look(VERMILION, "^"),
    "thief-released": _look(VERMILION, "v", "--"),
    "greedy": _look(GREEN, "D"),
    "max-min": _look(GREEN, "p", "--"),
    "steal-search": _look(BLUE, "s"),
    "schedule-search": _look(BLUE, "P", "--"),
    "look-ahead": _look(BLUE, "d", "-."),
    "myopic": _look(SKY, "<"),
    "round-and-pack": _look(SKY, "h", "--"),
    "expected": _look(SKY, "X", "-."),
    "cvar": _look(SKY, "D", ":"),
    "uniform": _look(ORANGE, "o"),
    "inference-only": _look(ORANGE, "X", "--"),
    "fixed-res": _look(PURPLE, "s"),
    "fixed-config": _look(PURPLE, "P", "--"),
}
"""Exact ways are black and grey, the Thief is vermilion, baselines are warm."""


def solver_looks(labels: Iterable[str]) -> dict[str, SolverLook]:
    """Return the look of each label of a solver, all of them different.

    A solver named without settings always looks the same. With settings it has a shade
    of the same colour and a marker that follow from the label; where two would look
    the same, the later one in the alphabet takes the next that is free.
    """
    wanted = list(dict.fromkeys(labels))
    looks = {label: LOOKS[label] for label in wanted if label in LOOKS}
    taken = set(looks.values()) | set(LOOKS.values())
    for label in sorted(set(wanted) - set(looks)):
        choices = list(_choices(label))
        free = [look for look in choices if look not in taken]
        looks[label] = (free or choices)[0]
        taken.add(looks[label])
    return {label: looks[label] for label in wanted}


def _choices(label: str) -> list[SolverLook]:
    """Return the looks that a label may have, its own first."""
    solver = label.partition(":")[0]
    own = LOOKS.get(solver)
    start = crc32(label.encode())
    colour = own.colour if own else COLOURS[crc32(solver.encode()) % len(COLOURS)]
    looks = []
    for step in range(len(MARKERS) * len(DASHES)):
        shade, share = SHADES[(start // len(MARKERS) + step) % len(SHADES)]
        look = _look(
            _shaded(colour, shade, share),
            MARKERS[(start + step) % len(MARKERS)],
            DASHES[(start + step // len(MARKERS)) % len(DASHES)],
        )
        looks.append(look)
    return looks


def _shaded(colour: str, shade: str, share: float) -> str:
    # Black becomes no other shade with black in it.
    return blend(colour, "#FFFFFF" if colour == BLACK else shade, share)


def solver_texts(labels: Iterable[str], most: int = 34) -> dict[str, str]:
    """Return each label as text of a figure, all different, at most so long a line.

    Long labels go on in a second line at a colon; the middle of what is still too long
    is left out.
    """
    texts: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        text = "\n".join(_shortened(line, most) for line in _lines(label, most))
        # Texts that begin with an underscore would be left out of legends.
        text = (" " if text.startswith("_") else "") + text.replace("$", r"\$")
        texts[label] = text
        count = 1
        while list(texts.values()).count(texts[label]) > 1:
            count += 1
            texts[label] = f"{text} ({count})"
    return texts


def _lines(label: str, most: int) -> list[str]:
    """Return a label as a line, or cut at a colon into two."""
    text = one_line(label)
    if len(text) <= most or ":" not in text:
        return [text]
    first, *words = text.split(":")
    while words and len(first) + len(words[0]) + 2 <= most:
        first += f":{words.pop(0)}"
    return [f"{first}:", "  " + ":".join(words)] if words else [first]


def _shortened(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    front = most // 2
    return f"{line[:front]}…{line[len(line) - (most - 1 - front) :]}"


def marked(look: SolverLook, **values: Any) -> dict[str, Any]:
    """Return what lines and markers of a look are drawn with."""
    return {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": look.dashes,
        "markeredgecolor": "white",
        "markeredgewidth": 0.4,
        **values,
    }
