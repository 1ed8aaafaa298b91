"""Whether any choice of options loses little enough: integers, rounded to be safe.

Given each stream's options as (units, loss), the question is for the least sum of
losses plus price times idle units within the capacity, if that is below a gap. Losses
and price are rounded down to multiples of a power of two and the gap up, so that a
"no" is a proof.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

MOST_ALIKE = 64
"""Equal streams up to which each chooses on its own; more of them share counts."""

MOST_AT_ONCE = 20_000_000
MOST_IN_ALL = 300_000_000
"""Combinations of a state and an option that are looked at, at once and in all."""

Whole = NDArray[np.int64]
Options = tuple[tuple[int, ...], tuple[int, ...]]
"""Units and losses, as whole multiples of the power of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What became of the options within a gap.

    Parameters
    ----------
    least
        Least loss below the gap, rounded down; ``None`` if there is none.
    num_streams, num_options
        Streams with a choice, and their options.
    complete
        Whether everything was looked at; otherwise ``least`` says nothing.
    """

    least: Fraction | None
    num_streams: int
    num_options: int
    complete: bool = True


def least_loss(
    streams: Iterable[tuple[Sequence[int], Sequence[Fraction | float]]] | None,
    total_units: int,
    price: Fraction,
    gap: Fraction,
) -> Core:
    """Return the least loss below the gap of one option a stream, and idle units.

    Parameters
    ----------
    streams
        Units and losses of each stream's options; ``None`` if they are too many.
    total_units
        Capacity that the units of all streams fit in.
    price
        Loss of a unit that is left idle.
    gap
        Losses of this and more are of no interest; above 0.
    """
    if streams is None:
        return Core(least=None, num_streams=0, num_options=0, complete=False)
    room, spread, spent = total_units, 0, Fraction(0)
    several: list[tuple[Sequence[int], Sequence[Fraction | float]]] = []
    for units, losses in streams:
        if not units:
            return Core(least=None, num_streams=0, num_options=0)
        if len(units) == 1:
            room -= units[0]
            spent += Fraction(losses[0])
            continue
        spread += (max(units) - min(units)) * (len(units) - 1)
        several.append((units, losses))
    left = gap - spent
    if left <= 0:
        return Core(least=None, num_streams=0, num_options=0)
    scale = _scale(2 * gap + price * (spread + 2))
    groups: Counter[Options] = Counter()
    for units, losses in several:
        base = units[min(range(len(units)), key=lambda idx: losses[idx])]
        room -= base
        away = tuple(each - base for each in units)
        groups[away, tuple(math.floor(loss * scale) for loss in losses)] += 1
    found, complete = _search(
        [each for group in groups.items() for each in _choices(*group, left * scale)],
        room,
        math.floor(price * scale),
        math.ceil(left * scale),
    )
    return Core(
        least=None if found is None else Fraction(found) / scale + spent,
        num_streams=len(several),
        num_options=sum(len(units) for units, _ in several),
        complete=complete,
    )


def _scale(largest: Fraction) -> Fraction:
    """Return the power of two by which the largest sum stays within 62 bits."""
    return Fraction(2) ** (61 - math.ceil(largest).bit_length())


def _choices(options: Options, copies: int, gap: Fraction) -> Iterator[Options]:
    """Yield what some equal streams choose, as streams with options of their own.

    Many equal streams count how often each option but the base is taken, by ones,
    twos, fours and so on. Counts of different options may together exceed the number
    of streams, which allows more than there is and so is safe.
    """
    if copies <= MOST_ALIKE:
        yield from [options] * copies
        return
    base = options[0].index(0)
    for idx, (units, loss) in enumerate(zip(*options, strict=True)):
        if idx == base:
            continue
        left = copies if loss == 0 else min(copies, int(gap / loss))
        times = 1
        while left > 0:
            taken = min(times, left)
            yield (0, units * taken), (0, loss * taken)
            left -= taken
            times *= 2


def _search(
    choices: list[Options], room: int, price: int, gap: int
) -> tuple[int | None, bool]:
    """Return the least loss below the gap, if any, and whether the search ended.

    States are (units beyond the base, loss). One that uses no fewer units and whose
    units' price less its loss is no higher than another's is dropped.
    """
    choices.sort(key=lambda options: len(options[0]))
    fewest, most = _extremes(choices)
    longest = gap // price + 1 if price else 0
    used, loss = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    looked_at = 0
    for position, (units, losses) in enumerate(choices, start=1):
        looked_at += len(used) * len(units)
        if len(used) * len(units) > MOST_AT_ONCE or looked_at > MOST_IN_ALL:
            return None, False
        grown = (used[:, None] + np.array(units, dtype=np.int64)).ravel()
        lost = (loss[:, None] + np.array(losses, dtype=np.int64)).ravel()
        spare = room - grown
        idle = np.clip(spare - most[position], 0, longest)
        index = np.flatnonzero(
            (spare >= fewest[position]) & (lost + price * idle < gap)
        )
        index = index[np.lexsort((lost[index], grown[index]))]
        worth = price * grown[index] - lost[index]
        record = np.maximum.accumulate(worth)
        first = np.ones(len(index), dtype=bool)
        first[1:] = worth[1:] > record[:-1]
        index = index[first]
        used, loss = grown[index], lost[index]
    idle = np.clip(room - used, 0, longest)
    total = (loss + price * idle)[room >= used]
    least = int(total.min()) if len(total) else gap
    return (least if least < gap else None), True


def _extremes(choices: list[Options]) -> tuple[list[int], list[int]]:
    """Return the fewest and most units of the choices from each position on."""
    fewest, most = [0], [0]
    for units, _ in reversed(choices):
        fewest.append(fewest[-1] + min(units))
        most.append(most[-1] + max(units))
    return fewest[::-1], most[::-1]
