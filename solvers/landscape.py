"""The landscape that local search by steals meets: local optima and plateaus."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.batches import evaluate_batch
from formulations.kernels.shares import BELOW_FLOOR
from formulations.kernels.steals import Neighbourhood, climb_all
from formulations.kernels.tabled_picks import TabledPicks

Units = NDArray[np.int64]
Device = Literal["auto", "cpu", "cuda"]

NEUTRAL = 1e-12
"""Difference of two mean accuracies that counts as none."""

SAME = 1e-9
"""Difference of the mean accuracies of two ends that count as equally good."""

NEIGHBOURS, OPTIMA = 1000, 50
"""Random neighbours looked at around a local optimum, and of how many of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """Where climbs from random starts end, in one neighbourhood with one step.

    Parameters
    ----------
    starts
        Number of climbs.
    feasible
        Share of them that ends with every stream at its floor.
    local_optima, levels
        Number of different allocations they end at, and of different accuracies.
    reach_best
        Share of the climbs that end as well as the best feasible one.
    best, mean, worst
        Mean accuracies of the feasible ends; ``None`` if there are none.
    neutral
        Share of the neighbours of local optima that are worth the same; ``None`` if
        there are no neighbours.
    moves
        Mean number of moves.
    pair_units
        Pairs of steals moved multiples of this many units.
    """

    starts: int
    feasible: float
    local_optima: int
    levels: int
    reach_best: float
    best: float | None
    mean: float | None
    worst: float | None
    neutral: float | None
    moves: float
    pair_units: int


def survey_landscape(
    picks: TabledPicks,
    starts: Units,
    steal_units: int,
    neighbourhood: Neighbourhood,
    rng: np.random.Generator,
    *,
    device: Device = "auto",
    workers: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Landscape:
    """Climb from all starts and describe where that ends.

    Parameters
    ----------
    picks
        What shares are worth, ``penalised`` below the floor.
    starts
        Shape ``(S, V, 2)``: allocations, as :func:`climb_all` takes them.
    steal_units, neighbourhood, device, workers, between
        As in :func:`formulations.kernels.steals.climb_all`.
    rng
        For the neighbours that are looked at.
    """
    ends = starts.copy()
    own: Any = {"device": device, "workers": workers, "between": between}
    climbs = climb_all(picks.gains, ends, steal_units, neighbourhood, **own)
    values = _values(picks, ends)
    codes = picks.gains.codes(ends[..., 0], ends[..., 1])
    served = picks.table.picks[picks.table.offsets[:-1] + codes] != BELOW_FLOOR
    feasible = served.all(axis=1)
    kept = values[feasible]
    optima = np.unique(ends, axis=0)
    shown = optima[:: -(-len(optima) // OPTIMA)]
    neutral = [
        _neutral_share(picks, each, steal_units, neighbourhood, rng) for each in shown
    ]
    told = [share for share in neutral if share is not None]
    return Landscape(
        starts=len(ends),
        feasible=float(feasible.mean()),
        local_optima=len(optima),
        levels=int((np.diff(np.sort(values)) > SAME).sum()) + 1,
        reach_best=_share_of_best(kept, len(ends)),
        best=float(kept.max()) if len(kept) else None,
        mean=float(kept.mean()) if len(kept) else None,
        worst=float(kept.min()) if len(kept) else None,
        neutral=float(np.mean(told)) if told else None,
        moves=float(climbs.moves.mean()),
        pair_units=climbs.pair_stride * steal_units,
    )


def _share_of_best(kept: NDArray[np.float64], count: int) -> float:
    return float((kept >= kept.max(initial=-np.inf) - SAME).sum() / count)


def _values(picks: TabledPicks, units: Units) -> NDArray[np.float64]:
    codes = picks.gains.codes(units[..., 0], units[..., 1])
    values: NDArray[np.float64] = evaluate_batch(picks.gains, codes, device="cpu")
    return values


def _neutral_share(
    picks: TabledPicks,
    optimum: Units,
    steal_units: int,
    neighbourhood: Neighbourhood,
    rng: np.random.Generator,
) -> float | None:
    """Return the share of an allocation's neighbours that are worth the same.

    Of pairs of steals, those that share a stream and do not undo each other.
    """
    most = 1 if neighbourhood == "one-step" else None
    here = np.repeat(optimum[None], NEIGHBOURS, axis=0)
    if not (optimum >= steal_units).any():
        return None
    moved, streams = random_steals(here, steal_units, most, rng)
    if neighbourhood == "pairs":
        moved, _ = random_steals(moved, steal_units, most, rng, streams)
    moved = moved[(moved != optimum).any(axis=(1, 2))]
    if not len(moved):
        return None
    values = _values(picks, moved)
    return float((abs(values - _values(picks, optimum[None])) <= NEUTRAL).mean())


def random_steals(
    units: Units,
    steal_units: int,
    most_amount: int | None,
    rng: np.random.Generator,
    near: Units | None = None,
) -> tuple[Units, Units]:
    """Return allocations after one random steal each, and the streams that took part.

    Each of an allocation's steals is as likely as any other.

    Parameters
    ----------
    units
        Shape ``(n, V, 2)``: allocations with something to steal.
    steal_units, most_amount
        Amounts are 1 to ``most_amount`` times ``steal_units``; ``None``: all.
    near
        Shape ``(n, 2)``: streams of which one takes part at least.

    Returns
    -------
    The allocations, of the shape of ``units``, and the streams of thief and victim,
    shape ``(n, 2)``.
    """
    count, num_jobs = len(units), 2 * units.shape[1]
    rows = np.arange(count)
    jobs = units.reshape(count, num_jobs).copy()
    amounts = jobs // steal_units
    if most_amount is not None:
        amounts = np.minimum(amounts, most_amount)
    thieves = np.ones((count, num_jobs), dtype=np.bool_)
    close = thieves
    if near is not None:
        close = (np.arange(num_jobs)[:, None] // 2 == near[:, None, :]).any(axis=2)
    # Near ones are robbed by any other job, the others by near ones only.
    robbers = np.where(close, num_jobs - 1, close.sum(axis=1, keepdims=True))
    victims = _drawn(amounts * robbers, rng)
    taken = rng.integers(1, amounts[rows, victims], endpoint=True) * steal_units
    thieves = close | close[rows, victims, None]
    thieves[rows, victims] = False
    thief = _drawn(thieves, rng)
    jobs[rows, victims] -= taken
    jobs[rows, thief] += taken
    return jobs.reshape(units.shape), np.stack((thief // 2, victims // 2), axis=1)


def _drawn(weights: NDArray[Any], rng: np.random.Generator) -> Units:
    """Return an index for every row, drawn by the row's weights."""
    sums = np.cumsum(weights, axis=1)
    marks = rng.integers(0, sums[:, -1])
    drawn: Units = (sums > marks[:, None]).argmax(axis=1)
    return drawn
