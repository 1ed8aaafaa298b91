"""Proving a claimed bound of a server's window again, from rows of prices."""

import math
from fractions import Fraction

from formulations.certificate import Certificate, Reproof
from formulations.reproof_slots import ServerRelaxation
from formulations.tolerances import OBJECTIVE_TOLERANCE, TIME_TOLERANCE
from instances import Instance

METHOD = "outward fixed point"

MOST_LOOKS = 20
"""Times that the last row is looked at again, while it leaves out something."""


def reprove_server(
    instance: Instance,
    certificate: Certificate,
    bound: float | None,
    objective: float | None,
) -> Reproof:
    """Return what rows of prices prove of a window with reallocation ``server``.

    The parameters are those of :func:`formulations.reproof.reprove`. What is to be
    proven is the certificate's own bound if it names one, else the claimed one.
    """
    relaxation = ServerRelaxation(instance)
    slots, rows = relaxation.slots, certificate.prices or ()
    wrong = [len(row) for row in rows if len(row) != slots]
    if wrong:
        text = f"A row has {wrong[0]} prices, the window {slots} slots."
        return _reproof(math.inf, math.inf, False, text)
    if not relaxation.has_plans:
        text = "Some stream cannot be kept at its floor: there is no schedule."
        return _reproof(-math.inf, -math.inf, True, text)
    # With the slots' places a billionth of the window off, every stream may change a
    # little earlier or later to what is better.
    slack = 2 * (slots + 1) * Fraction(TIME_TOLERANCE)
    limit = relaxation.bound_at(rows[0])
    claim = bound if certificate.bound is None else certificate.bound
    if claim is None:
        text = "No bound is claimed; the prices prove the Lagrangian bound."
        return _reproof(limit, limit, True, text)
    most = Fraction(claim) + Fraction(OBJECTIVE_TOLERANCE) - slack
    if objective is not None and objective > most:
        text = f"The schedule itself is worth {objective:.9g}, more than is claimed."
        return _reproof(limit, limit, False, text)
    best, looks = _narrowed(relaxation, rows, most)
    shown = "one row" if looks == 1 else f"{looks} rows"
    if best > most:
        text = f"What {shown} of prices leave may be worth {float(best):.9g}."
        return _reproof(limit, min(limit, best), False, text)
    text = f"What {shown} of prices leave is worth no more than {claim:.9g}."
    if bound is not None and claim > bound:
        text += f" The claimed {bound:.9g} rests on branch and bound as well."
    return _reproof(limit, min(limit, Fraction(claim)), True, text)


def _narrowed(
    relaxation: ServerRelaxation, rows: tuple[tuple[float, ...], ...], most: Fraction
) -> tuple[Fraction, int]:
    """Return the bound on what the rows leave, and how many were looked at."""
    bound, looks = Fraction(0), 0
    for row in (*rows, *[rows[-1]] * MOST_LOOKS):
        size = relaxation.size
        bound = relaxation.look(row, most)
        looks += 1
        if bound <= most or (looks > len(rows) and relaxation.size == size):
            break
    return bound, min(looks, len(rows))


def _reproof(
    limit: Fraction | float, best: Fraction | float, holds: bool, explanation: str
) -> Reproof:
    return Reproof(
        lagrangian_bound=_rounded_up(limit),
        proven_bound=_rounded_up(best),
        holds=holds,
        method=METHOD if math.isfinite(limit) else "none",
        explanation=explanation,
    )


def _rounded_up(number: Fraction | float) -> float:
    nearest = float(number)
    return nearest if nearest >= number else math.nextafter(nearest, math.inf)
