"""Numbers written as text in the files of other programs."""

import math
from pathlib import Path

from instances.checks import LARGEST_NUMBER, shown
from instances.errors import InvalidInstance


def as_number(
    text: str,
    place: str,
    path: Path,
    *,
    low: float = 0.0,
    high: float = LARGEST_NUMBER,
    above: bool = False,
    whole: bool = False,
) -> float:
    """Return the number that a text holds after checking ``low <= number <= high``.

    With ``above`` the lower end is excluded; with ``whole`` only integers pass.

    Raises
    ------
    InvalidInstance
        If it is no such number; the message names the file and the place.
    """
    try:
        number = math.nan if "_" in text else float(text)
    except ValueError:
        number = math.nan
    inside = low < number <= high if above else low <= number <= high
    if inside and not (whole and number != int(number)):
        return number
    kind = "a whole number" if whole else "a number"
    bounds = f"{'above' if above else 'of at least'} {low:g} and at most {high:g}"
    message = f"is {shown(text)}, expected {kind} {bounds}"
    raise InvalidInstance(message, place, str(path))
