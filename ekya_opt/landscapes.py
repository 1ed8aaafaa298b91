"""The study of landscapes: local optima and plateaus against the steal step."""

from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from ekya_opt.reading import read_window
from instances import EkyaOptError, Instance, InvalidOption
from solvers import StoppedBy
from solvers import solve as solve_instance
from solvers.allocations import random_splits
from solvers.result import relative_gap

Neighbourhood = Literal["one-step", "all-amounts", "pairs"]
NEIGHBOURHOODS: tuple[Neighbourhood, ...] = ("one-step", "all-amounts", "pairs")

USUAL_STEPS = (1, 2, 4)

Row = dict[str, Any]


def landscape(
    instance: Instance | str | PathLike[str],
    steal_units: Sequence[int] | None = None,
    *,
    starts: int = 200,
    seed: int = 0,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    workers: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> pd.DataFrame:
    """Return a table of local optima, a row for each step and neighbourhood.

    From random splits of the units in multiples of the step, the same for all
    neighbourhoods, the best move is made until there is none: a steal of one step from
    job to job as in the paper's Thief, a steal of any multiple of it, or a pair of such
    steals. Units that are no whole step go to the first stream's inference. Columns:

    ``local_optima``, ``levels``
        Different allocations, and different mean accuracies, that the climbs end at.
    ``reach_best``, ``reach_optimum``
        Shares of the climbs that end as well as the best of them that keeps every
        floor, and at the optimum.
    ``best_gap``, ``mean_gap``, ``worst_gap``
        (optimum - accuracy) / optimum of the ends that keep every floor (their share
        is ``feasible``); the optimum is proven by ``dp`` and in ``attrs["optimum"]``.
    ``neutral``
        Share of the neighbours of local optima that are worth the same: plateaus. Of
        at most 50 optima, with 1,000 random neighbours each; in the neighbourhood of
        pairs, these are pairs that share a stream.
    ``moves``
        Mean number of moves to the end.
    ``pair_units``
        Step of the pairs, which is coarser than ``steal_units`` on large windows.

    Ctrl-C ends the study with the rows so far; ``attrs["interrupted"]`` tells.

    Parameters
    ----------
    instance
        An instance, a path, or a shipped name; reallocation ``never`` or ``stream``.
    steal_units
        Steps, each from 1 to the total of units; ``None``: 1, 2 and 4 as far as there
        are units.
    starts
        Random starts, at least 1.
    seed, workers
        As in :class:`solvers.Options`.
    device
        Where to climb: ``auto``, ``cpu`` or ``cuda``.
    progress
        Called with the rows done, the rows in all and what comes next.

    Raises
    ------
    EkyaOptError
        If the input or an option is wrong, or the instance is infeasible or too large.
    """
    problem = instance if isinstance(instance, Instance) else read_window(instance)
    total = problem.total_units
    if steal_units is None:
        steal_units = [step for step in USUAL_STEPS if step <= total]
    if starts < 1:
        raise InvalidOption(f"starts is {starts}, expected at least 1")
    for step in steal_units:
        if not 1 <= step <= total:
            message = f"steal_units has {step}, expected 1 to {total} (all units)"
            raise InvalidOption(message)
    best = solve_instance(problem, "dp")
    if best.stopped_by is StoppedBy.INTERRUPT:
        raise KeyboardInterrupt
    if best.objective is None:
        raise EkyaOptError(f"{problem.name}: {best.status}, there is no optimum")
    rows: list[Row] = []
    interrupted = False
    try:
        own: Any = {"device": device, "workers": workers}
        study = _rows(problem, steal_units, starts, seed, best.objective, own)
        for done, step in enumerate(steal_units):
            for place, neighbourhood in enumerate(NEIGHBOURHOODS):
                if progress is not None:
                    what = f"{neighbourhood}, steps of {step}"
                    count = len(NEIGHBOURHOODS)
                    progress(done * count + place, len(steal_units) * count, what)
                rows.append(next(study))
    except KeyboardInterrupt:
        interrupted = True
    frame = pd.DataFrame(rows)
    frame.attrs.update(optimum=best.objective, interrupted=interrupted)
    return frame


def _rows(
    problem: Instance,
    steal_units: Sequence[int],
    starts: int,
    seed: int,
    optimum: float,
    own: Any,
) -> Iterator[Row]:
    """Yield the rows, by step and then by neighbourhood."""
    from formulations.kernels.tabled_picks import TabledPicks
    from solvers.landscape import SAME, survey_landscape

    picks = TabledPicks(problem, "penalised", workers=own["workers"])
    for step in steal_units:
        begun = random_splits(problem, starts, np.random.default_rng(seed), step)
        for neighbourhood in NEIGHBOURHOODS:
            rng = np.random.default_rng(seed)
            found = survey_landscape(picks, begun, step, neighbourhood, rng, **own)
            reached = found.best is not None and found.best >= optimum - SAME
            yield {
                "instance": problem.name,
                "steal_units": step,
                "neighbourhood": neighbourhood,
                "starts": starts,
                "feasible": found.feasible,
                "local_optima": found.local_optima,
                "levels": found.levels,
                "reach_best": found.reach_best,
                "reach_optimum": found.reach_best if reached else 0.0,
                "best_gap": _gap(optimum, found.best),
                "mean_gap": _gap(optimum, found.mean),
                "worst_gap": _gap(optimum, found.worst),
                "neutral": np.nan if found.neutral is None else found.neutral,
                "moves": found.moves,
                "pair_units": found.pair_units if neighbourhood == "pairs" else np.nan,
            }


def _gap(optimum: float, objective: float | None) -> float:
    return np.nan if objective is None else max(0.0, relative_gap(optimum, objective))
