"""Links to the cloud: what is transferred over them, and when it is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

UPLOAD_MEGABITS = 160.0
"""Sub-sampled video of one stream's window (Ekya, Table 3)."""

DOWNLOAD_MEGABITS = 398.0
"""One retrained model."""

Floats = NDArray[np.float64]


class Sharing(StrEnum):
    """Who has the links when."""

    AT_ONCE = "shared, all at once"
    TURNS = "shared, one after the other"
    PIPELINED = "shared, up and down at once"
    OWN = "a link each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A way to the cloud, and what the paper reports with it (Ekya, Table 3).

    Parameters
    ----------
    name
        As the paper has it.
    up, down
        Megabits a second of the two links.
    claimed
        Mean accuracy with retraining in the cloud, in per cent.
    """

    name: str
    up: float
    down: float
    claimed: float

    @property
    def upload_seconds(self) -> float:
        """Seconds that the video of one stream takes on the whole link."""
        return UPLOAD_MEGABITS / self.up

    @property
    def download_seconds(self) -> float:
        """Seconds that one model takes on the whole link."""
        return DOWNLOAD_MEGABITS / self.down


NETWORKS = (
    Network(name="cellular", up=5.1, down=17.5, claimed=68.5),
    Network(name="satellite", up=8.5, down=15.0, claimed=69.2),
    Network(name="cellular, twice", up=10.2, down=35.0, claimed=71.2),
)


def arrivals(network: Network, streams: int, sharing: Sharing) -> list[float]:
    """Return when each model is here, in seconds, in the order of the streams' turns.

    With u seconds up and d down on the whole link, retraining in no time and V streams,
    the model of turn k is here after

    - *all at once*, equal shares of a link: V (u + d), for all;
    - *one after the other*, one transfer at a time: k (u + d);
    - *up and down at once*, each link serving one transfer after the other:
      max(k u + d, u + k d);
    - *a link each*: u + d.

    No order or preemption of equal transfers has k models here before turn k of the
    second and third kind: one transfer at a time needs k (u + d) seconds of work; with
    both links busy, the last of k uploads ends at k u at the earliest, and k
    downloads that begin after u end at u + k d at the earliest.
    """
    up, down = network.upload_seconds, network.download_seconds
    turns = range(1, streams + 1)
    if sharing is Sharing.AT_ONCE:
        return [streams * (up + down)] * streams
    if sharing is Sharing.TURNS:
        return [k * (up + down) for k in turns]
    if sharing is Sharing.PIPELINED:
        return [max(k * up + down, up + k * down) for k in turns]
    return [up + down] * streams


def best_turns(stay: Floats, turns: Sequence[Floats]) -> tuple[float, list[int | None]]:
    """Return the best sum of values, and each stream's turn, ``None`` if it has none.

    An exact program over streams, sets S of turns taken and units k,

        F_v(S, k) = max over j of F_{v-1}(S, k - j) + stay_v(j)
                    and of F_{v-1}(S - {s}, k - j) + turn_{s,v}(j) for s in S.

    Parameters
    ----------
    stay
        What each stream is worth with j units and no turn, streams × units.
    turns
        The same with each turn.
    """
    num_streams, size = stay.shape
    options = [(None, stay), *enumerate(turns)]
    before = np.full((2 ** len(turns), size), -np.inf)
    before[0] = 0.0
    sums = [before]
    sets = np.arange(len(before))
    for v in range(num_streams):
        after = np.full_like(before, -np.inf)
        for turn, values in options:
            bit = 0 if turn is None else 1 << turn
            taken = sets[sets & bit == bit]
            joined = _joined(sums[-1][taken - bit], values[v])
            after[taken] = np.maximum(after[taken], joined)
        sums.append(after)
    taken_set, units = divmod(int(sums[-1].argmax()), size)
    total = float(sums[-1][taken_set, units])
    found: list[int | None] = []
    for v in reversed(range(num_streams)):
        pick = partial(_picked, sums[v], taken_set, units)
        _, turn, taken_set, units = max(
            (pick(turn, values[v]) for turn, values in options),
            key=lambda choice: choice[0],
        )
        found.append(turn)
    return total, found[::-1]


def _joined(before: Floats, row: Floats) -> Floats:
    """Return max over j of before(·, k - j) + row(j), for all k."""
    joined: Floats = before + row[0]
    for j in np.flatnonzero(row[1:] > row[:-1]) + 1:
        np.maximum(joined[:, j:], before[:, :-j] + row[j], out=joined[:, j:])
    return joined


def _picked(
    before: Floats, taken_set: int, units: int, turn: int | None, row: Floats
) -> tuple[float, int | None, int, int]:
    """Return what a choice is worth, the choice, and the set and units it leaves."""
    bit = 0 if turn is None else 1 << turn
    if taken_set & bit != bit:
        return -np.inf, turn, taken_set, units
    sums = before[taken_set - bit, units::-1] + row[: units + 1]
    j = int(sums.argmax())
    return float(sums[j]), turn, taken_set - bit, units - j
