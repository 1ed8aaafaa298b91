"""Certificates: prices that prove an upper bound on every schedule of a window.

With a price λ ≥ 0 on units, no schedule of a static window with K units is worth more
than L(λ) = λ·K + Σ_v max_k (w_v·A_v(k) - λ·k): the Lagrangian relaxation of the one
capacity that couples the streams (Geoffrion, 1974). The price is all that a reader of
the instance needs to prove the bound again; see :mod:`formulations.reproof`. A window
that reallocates everything has a price for each slot, several times in turn; see
:mod:`formulations.reproof_server`.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from instances import InvalidSchedule
from instances.checks import check_name, set_integer, set_number, shown

LAST_STREAM = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a solver hands over for its bound to be proven again.

    Parameters
    ----------
    price
        Multiplier λ of the capacity, in objective a unit, at least 0. The bound of
        any price holds; that of the relaxation's break is the lowest.
    break_stream
        Name or index of the stream whose next step along its hull does not fit
        whole; ``None`` if the linear relaxation needs no part of a step. It says
        where the price comes from; no proof needs it.

    prices
        For a window with reallocation ``server``, in place of a price: rows of prices
        of a unit in each slot, at least 0. Any rows hold; what the first ones prove the
        later ones use.
    bound
        What the prices prove, where the claimed bound rests on branch and bound as
        well; ``None`` if they prove the claimed one.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain.
    """

    error: ClassVar[type[InvalidSchedule]] = InvalidSchedule

    price: float | None = None
    break_stream: str | int | None = None
    prices: tuple[tuple[float, ...], ...] | None = None
    bound: float | None = None

    def __post_init__(self) -> None:
        if (self.price is None) == (self.prices is None):
            wrong = "is None" if self.price is None else "is given beside prices"
            message = f"{wrong}, expected one price, or prices for a server's window"
            raise InvalidSchedule(message, "price")
        if self.price is not None:
            set_number(self, "price")
        if self.prices is not None:
            self._check_prices()
        if self.bound is not None:
            set_number(self, "bound")
        if isinstance(self.break_stream, str):
            check_name(self, "break_stream")
        elif self.break_stream is not None:
            set_integer(self, "break_stream", low=0, high=LAST_STREAM)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object of the certificate."""
        if self.prices is not None:
            rows = [list(row) for row in self.prices]
            return {"prices": rows, "bound": self.bound}
        return {"price": self.price, "break_stream": self.break_stream}

    def _check_prices(self) -> None:
        rows = self.prices
        if not isinstance(rows, list | tuple) or not rows:
            message = f"is {shown(rows)}, expected at least one list of prices"
            raise InvalidSchedule(message, "prices")
        for idx, row in enumerate(rows):
            if not isinstance(row, list | tuple) or not row:
                message = f"is {shown(row)}, expected a price for each slot"
                raise InvalidSchedule(message, f"prices[{idx}]")
            for slot, price in enumerate(row):
                if not _is_price(price):
                    message = f"is {shown(price)}, expected a number of at least 0"
                    raise InvalidSchedule(message, f"prices[{idx}][{slot}]")
        checked = tuple(tuple(float(price) for price in row) for row in rows)
        object.__setattr__(self, "prices", checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproof:
    """What a certificate proves, found from the instance and the price alone.

    Parameters
    ----------
    lagrangian_bound
        L(λ) at the certificate's price, rounded up; ``-inf`` if some stream cannot be
        kept at its floor, ``inf`` if the window is not static.
    proven_bound
        No schedule is worth more: the lower of L(λ) and what is left when all that
        could beat the claim were enumerated.
    holds
        Whether the claim is proven: no schedule that the referee accepts is worth
        more than the claimed bound by over ``OBJECTIVE_TOLERANCE``.
    method
        ``exact rational`` or ``outward rounding``.
    explanation
        How it was proven, or why not, as a sentence.
    """

    lagrangian_bound: float
    proven_bound: float
    holds: bool
    method: str
    explanation: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object of the verdict; numbers without bounds are null."""
        return {
            key: None if isinstance(value, float) and math.isinf(value) else value
            for key, value in asdict(self).items()
        }


def _is_price(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < math.inf
