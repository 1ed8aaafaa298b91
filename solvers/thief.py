"""The Thief scheduler of Ekya (NSDI 2022), Algorithms 1 and 2 as printed."""

from typing import Literal

from formulations.pick_configs import BelowFloor, PickConfigs, Share
from instances import Instance, InvalidOption
from solvers.allocations import (
    allocation_of,
    answer_allocation,
    fair_split,
    report_allocation,
)
from solvers.search import Answer, Search

INFERENCE, TRAINING = 0, 1
LEAST_IMPROVEMENT = 1e-12

USUAL_STEAL_GPUS = 0.1
"""Δ in the paper's evaluation (Ekya, §6.2)."""

JobOrder = Literal["inference-first", "training-first", "by-stream"]
Job = tuple[int, int]
"""Index of a stream, and which of its two jobs."""


def solve_thief(
    instance: Instance,
    search: Search,
    *,
    steal_units: int = 0,
    passes: int = 1,
    order: JobOrder = "inference-first",
    remainder: JobOrder = "inference-first",
    below_floor: BelowFloor = "penalised",
) -> Answer:
    """Ekya's Thief: from a fair start, each job steals from each other while it pays.

    The paper leaves open what the settings fix.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents. An initial schedule takes the place
        of the fair start.
    steal_units
        Δ, in units; 0 is a tenth of a GPU as in the paper's evaluation, at least one
        unit.
    passes
        How often all pairs of jobs are tried; 0 goes on until a pass changes nothing.
    order
        Order of the thieves, and of each thief's victims.
    remainder
        Order in which jobs get one unit each of those that the fair start leaves.
    below_floor
        What a stream counts for which no inference config keeps the floor:
        ``penalised`` is the accuracy it has less 1, so that stealing leads back to
        the floor, ``unserved`` is nothing.
    """
    if steal_units < 0 or passes < 0:
        message = f"thief: steal_units is {steal_units}, passes is {passes}"
        raise InvalidOption(f"{message}, expected at least 0")
    step = steal_units or max(1, round(USUAL_STEAL_GPUS * instance.units_per_gpu))
    picks = PickConfigs(instance, below_floor)
    best = _fair_start(instance, remainder)
    if search.options.initial_schedule is not None:
        best = allocation_of(instance, search.options.initial_schedule)
    report_allocation(search, picks, best)

    jobs = _ordered_jobs(len(instance.streams), order)
    done, stolen = 0, -1
    while stolen != 0 and (passes == 0 or done < passes):
        stolen = 0
        for thief in jobs:
            for victim in jobs:
                if victim != thief:
                    search.check_time()
                    steals, best = _steal(picks, best, thief, victim, step)
                    if steals:
                        stolen += steals
                        report_allocation(search, picks, best)
        done += 1
    answer = answer_allocation(picks, best)
    answer.metadata.update(passes_done=done, steal_units=step)
    return answer


def _steal(
    picks: PickConfigs, best: list[Share], thief: Job, victim: Job, steal_units: int
) -> tuple[int, list[Share]]:
    """Steal Δ while the mean accuracy improves; return how often, and the best."""
    steals = 0
    while True:
        trial = _moved(best, thief, victim, steal_units)
        if trial[victim[0]][victim[1]] < 0:
            return steals, best
        streams = {thief[0], victim[0]}
        before = sum(picks.gain(v, best[v]) for v in streams)
        after = sum(picks.gain(v, trial[v]) for v in streams)
        if after <= before + LEAST_IMPROVEMENT:
            return steals, best
        best = trial
        steals += 1


def _moved(allocation: list[Share], thief: Job, victim: Job, units: int) -> list[Share]:
    """Return the allocation with units moved from the victim to the thief."""
    moved = list(allocation)
    for (v, kind), change in ((victim, -units), (thief, units)):
        inference, training = moved[v]
        moved[v] = (
            inference + change * (kind == INFERENCE),
            training + change * (kind == TRAINING),
        )
    return moved


def _fair_start(instance: Instance, remainder: JobOrder) -> list[Share]:
    """Return equal units for all jobs, the remainder one each in the given order."""
    jobs = _ordered_jobs(len(instance.streams), remainder)
    units = dict(zip(jobs, fair_split(instance.total_units, len(jobs)), strict=True))
    return [
        (units[v, INFERENCE], units[v, TRAINING]) for v in range(len(instance.streams))
    ]


def _ordered_jobs(num_streams: int, order: JobOrder) -> list[Job]:
    jobs = [(v, kind) for v in range(num_streams) for kind in (INFERENCE, TRAINING)]
    if order == "by-stream":
        return jobs
    first = INFERENCE if order == "inference-first" else TRAINING
    return sorted(jobs, key=lambda job: (job[1] != first, job[0]))
